import pytest
from building import reference

from paceflow_assets.rule.user_turn import KINDS, UserTurn, is_in_conversation, is_user_turn, left_out_as, turn_count, turns

REFERENCE = reference(UserTurn, sidechain=True)
TYPED_ONLY = reference(UserTurn, kinds=("typed",), sidechain=False)


@pytest.mark.parametrize(
    ("role", "kind", "agent_id", "by_reference", "by_typed_only"),
    [
        ("assistant", "typed", "", False, False),
        ("assistant", "reply", "", False, False),
        ("system", "typed", "", False, False),
        ("user", "command", "", False, False),
        ("user", "something_new", "", False, False),
        ("user", "", "", False, False),
        ("user", "interrupt", "", True, False),
        ("user", "compact_summary", "", True, False),
        ("user", "command_output", "", True, False),
        ("user", "notification", "", True, False),
        ("user", "typed", "agent-1", True, False),
        ("user", "interrupt", "agent-1", True, False),
        ("user", "typed", "", True, True),
    ],
)
def test_which_messages_are_turns(role, kind, agent_id, by_reference, by_typed_only):
    """Only user messages of the chosen kinds and threads are turns."""
    assert is_user_turn(REFERENCE, role, kind, agent_id) is by_reference
    assert is_user_turn(TYPED_ONLY, role, kind, agent_id) is by_typed_only


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_chosen(kind):
    """A rule that names one kind counts exactly that kind."""
    rule = reference(UserTurn, kinds=(kind,))

    assert [other for other in KINDS if is_user_turn(rule, "user", other, "")] == [kind]


@pytest.mark.parametrize(
    ("role", "kind", "agent_id", "by_reference", "by_typed_only"),
    [
        ("assistant", "reply", "agent-1", True, False),
        ("assistant", "reply", "", True, True),
        ("user", "interrupt", "", True, False),
        ("user", "command", "", False, False),
        ("system", "reply", "", False, False),
    ],
)
def test_replies_follow_their_thread(role, kind, agent_id, by_reference, by_typed_only):
    """Replies of a sub-agent take part only when its prompts do."""
    assert is_in_conversation(REFERENCE, role, kind, agent_id) is by_reference
    assert is_in_conversation(TYPED_ONLY, role, kind, agent_id) is by_typed_only


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], []),
        ([("assistant", "hello")], []),
        ([("assistant", "early"), ("user", "a"), ("assistant", "b")], [("a", "b")]),
        ([("user", "a"), ("user", "b"), ("assistant", "c")], [("a", ""), ("b", "c")]),
        ([("user", "a"), ("assistant", "b"), ("assistant", "c\n")], [("a", "b\nc\n")]),
        ([("user", "a"), ("assistant", ""), ("assistant", "")], [("a", "\n")]),
        ([("user", "a"), ("system", "x"), ("assistant", "b")], [("a", "b")]),
        ([("user", " "), ("assistant", "b"), ("user", "c")], [(" ", "b"), ("c", "")]),
    ],
)
def test_turns(messages, expected):
    """Every user message opens a turn and takes the replies behind it."""
    assert turns(messages) == expected


def test_blank_turns_do_not_count():
    """A turn whose user text is white space is no turn; a control character is not white space."""
    assert turn_count([("", "x"), (" \u3000\u2028\x85", "x"), ("\x1c", ""), ("a", "")]) == 2


def test_why_a_user_message_is_no_turn():
    """By its kind, else because an agent wrote it to a sub-agent."""
    messages = [("user", "typed", ""), ("user", "interrupt", "a1"), ("user", "typed", "a1")]

    assert [left_out_as(TYPED_ONLY, *message) for message in messages] == ["", "interrupt", "sub-agent"]
