"""The page in a browser: what is drawn, what it says, asks for and runs, and whether people can read it."""

import pytest
from browser import CHROMIUM, browser
from commands import worked
from logs import ClaudeLog
from repositories import Repository
from samples import ingest, printed, sample

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: pages are looked at with it")

LEGIBLE, LARGE, LARGE_TEXT, LARGE_BOLD = 4.5, 3.0, 24, 18.66  # WCAG 2.2, AA; pixels
SCHEMES = ("light", "dark")
CONTRASTS = """
(() => {
  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(element).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    const style = getComputedStyle(element);
    const paint = element.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const [a, b] = [light(numbers(paint)), light(ground(element))].sort((one, other) => other - one);
    found.push({
      text: walker.currentNode.data.trim().slice(0, 40), size: parseFloat(style.fontSize), weight: Number(style.fontWeight),
      ratio: (a + 0.05) / (b + 0.05), drawn: element.namespaceURI.endsWith('svg'),
    });
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of the sample home."""
    home = sample(tmp_path_factory.mktemp("home"))
    assert printed(home, "report", "--all-projects")[0] == 0
    return home.settings.paceflow_home / "report.html"


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    """One browser for all tests here."""
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def complaints(tab):
    """What the browser or the page's code complained of."""
    entries = [said["entry"] for said in tab.said("Log.entryAdded")]
    return [*entries, *tab.said("Runtime.exceptionThrown"), *tab.said("Runtime.consoleAPICalled")]


def requests(tab):
    """The addresses that were asked for."""
    return [said["request"]["url"] for said in tab.said("Network.requestWillBeSent")]


def test_everything_is_drawn_and_nothing_else_asked_for(tab, page):
    """Sixteen charts that take room, no complaint, and one request: the page."""
    tab.look(width=1280)
    tab.open(page)

    sizes = tab.value("[...document.querySelectorAll('.chart svg')].map(each => each.getBoundingClientRect().height)")
    assert len(sizes) == 16
    assert min(sizes) > 60
    assert complaints(tab) == []
    assert requests(tab) == [page.as_uri()]


def test_a_request_and_a_complaint_would_be_seen(tab, page, tmp_path):
    """The same page with an image of elsewhere and a script: the policy stops both, and the test above would tell."""
    spoiled = tmp_path / "spoiled.html"
    added = "<img src='http://127.0.0.1:9/x.png' alt=''><script>document.title = 'run'</script></body>"
    spoiled.write_text(page.read_text("utf-8").replace("</body>", added), "utf-8")

    tab.open(spoiled)

    assert len(complaints(tab)) == 2
    assert tab.value("document.title") == "Paceflow: All repositories"


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_width_needs_scrolling_sideways(tab, page, width):
    """Also with all numbers open; only a wide table may be moved, within its place."""
    tab.look(width=width)
    tab.open(page)
    tab.value("document.querySelectorAll('details').forEach(each => { each.open = true })")

    assert tab.value("document.documentElement.scrollWidth") == width
    outside = (
        "[...document.querySelectorAll('body *')].filter(each => !each.closest('.scroll, .unseen'))"
        ".filter(each => each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 99))"
    )
    assert tab.value(outside) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_stands_out_from_its_ground(tab, page, scheme):
    """At least as much as WCAG 2.2 AA asks for, words in drawings as well, in both schemes."""
    tab.look(width=1280, scheme=scheme)
    tab.open(page)
    tab.value("document.querySelectorAll('details').forEach(each => { each.open = true })")

    texts = tab.value(CONTRASTS)

    assert sum(each["drawn"] for each in texts) > 100
    large = LARGE_TEXT, LARGE_BOLD
    faint = [each for each in texts if each["ratio"] < (LARGE if each["size"] >= large[each["weight"] >= 700] else LEGIBLE)]
    assert faint == []


def test_light_dark_and_paper_differ(tab, page):
    """The scheme of the reader's system decides, and paper is white whatever it is."""
    grounds = {}
    for name, scheme, media in (("light", "light", ""), ("dark", "dark", ""), ("paper", "dark", "print")):
        tab.look(width=1280, scheme=scheme, media=media)
        tab.open(page)
        grounds[name] = tab.value("getComputedStyle(document.body).backgroundColor")

    assert grounds["paper"] == "rgb(255, 255, 255)"
    assert len(set(grounds.values())) == 3


def test_words_in_drawings_can_be_read_on_a_phone(tab, page):
    """At 360 pixels a drawing is hardly smaller than it was made."""
    tab.look(width=360)
    tab.open(page)

    heights = tab.value(
        "[...document.querySelectorAll('.chart text')].map(each => parseFloat(getComputedStyle(each).fontSize)"
        " * each.ownerSVGElement.getScreenCTM().a)"
    )
    assert min(heights) > 9


def test_hostile_names_run_nothing(tab, home):
    """A model and a branch that are markup, in a browser that would run it."""
    evil = "<img src=x onerror=\"document.title='run'\">"
    repository = Repository(home.path / "src" / "app")
    log = ClaudeLog(home.path, "s1", repository.folder).says(0, "write it").writes(1, repository.folder / "a.py", "one\ntwo\n")
    log.replies(2, "done")
    for record in log.records:
        if record["type"] == "assistant":
            record["message"]["model"] = evil
    log.save()
    repository.commit({"a.py": "one\ntwo\n"}, date=1_767_603_900)
    worked(home, "<script>document.title='run'<", "s2")
    ingest(home)
    assert printed(home, "report")[0] == 0
    page = home.settings.paceflow_home / "report.html"

    tab.open(page)

    assert evil in tab.value("document.body.textContent")
    assert tab.value("document.querySelectorAll('img, script').length") == 0
    assert tab.value("document.title") == "Paceflow: All repositories"
    assert complaints(tab) == []
    assert requests(tab) == [page.as_uri()]
