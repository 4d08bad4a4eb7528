"""HTML as it is nested: a page's elements with their attributes and text, read by the standard library's parser.

What lives here: `read_markup`, which fails where an end tag does not meet its start tag. What belongs here: what tests ask of
a page's structure. What stays out: what a browser makes of it (browser).
"""

import re
from html.parser import HTMLParser
from typing import NamedTuple

EMPTY = {"meta", "br", "hr", "img", "input", "link", "col", "wbr"}
LOADING = {"src", "srcset", "href", "xlink:href", "poster", "data", "action", "background", "formaction", "ping"}
FETCHED = re.compile(r"url\((?!['\"]?#)|@import|image-set\(", re.IGNORECASE)


class Element(NamedTuple):
    """An element. within: the elements around it, the outermost first; texts: what stands in it, at any depth."""

    tag: str
    attributes: dict[str, str]
    within: tuple["Element", ...]
    texts: list[str]

    @property
    def text(self) -> str:
        """What stands in it, blanks run together."""
        return " ".join("".join(self.texts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.declared = ""

    def handle_decl(self, decl: str) -> None:
        self.declared = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        made = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.open), [])
        self.elements.append(made)
        if tag not in EMPTY:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.texts.append(data)


def read_markup(text: str) -> list[Element]:
    """Every element in order; an element that is not closed, or closed by another's tag, is an error."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [], f"<{reader.open[-1].tag}> is not closed"
    assert not text.startswith("<!DOCTYPE") or reader.declared == "DOCTYPE html"
    return reader.elements


def found(elements: list[Element], tag: str, **attributes: str) -> list[Element]:
    """The elements of a tag that have these attributes; `_` stands for `-`."""
    wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return [each for each in elements if each.tag == tag and wanted.items() <= each.attributes.items()]


def loads(elements: list[Element]) -> list[str]:
    """What the elements would fetch, or lead to, outside of the page."""
    linked = [
        f"{name}={value}"
        for each in elements
        for name, value in each.attributes.items()
        if name in LOADING and not value.startswith("#")
    ]
    styled = [value for each in elements for value in each.attributes.values() if FETCHED.search(value)]
    sheets = [each.text for each in elements if each.tag == "style" and FETCHED.search(each.text)]
    return linked + styled + sheets


def handlers(elements: list[Element]) -> list[str]:
    """What would run: scripts, attributes with code, and elements that bring a page of their own."""
    running = {"script", "iframe", "object", "embed", "base", "foreignobject"}
    return [each.tag for each in elements if each.tag in running] + [
        name for each in elements for name in each.attributes if name.startswith("on")
    ]
