"""To which clause of a reply its moods and actions belong, however the reply is cut into pieces."""

from __future__ import annotations

import pytest

from lipsync.conversation.reply_text import ReplyClause, SpokenClauses
from lipsync.language_models.types import CompletePart

Expected = tuple[str, str | None, str | None]


def clauses_of(reply: str, size: int) -> tuple[list[ReplyClause], str | None]:
    stream = SpokenClauses("en")
    pieces = [reply[start : start + size] for start in range(0, len(reply), size)]
    clauses = [clause for piece in pieces for clause in stream.add(piece)]
    return clauses + stream.finish(), stream.action


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
@pytest.mark.parametrize(
    ("reply", "expected", "action"),
    [
        ("Yes. I do.", [("Yes.", None, None), ("I do.", None, None)], None),
        (
            "[action: nod] Yes. [happy] I do! It is fine.",
            [("Yes.", None, "nod"), ("I do!", "happy", None), ("It is fine.", "happy", None)],
            "nod",
        ),
        (
            "Hello there. *nods* Of course! *shakes her head* But never again.",
            [("Hello there.", None, None), ("Of course!", None, "nod"), ("But never again.", None, "shake")],
            "nod",
        ),
        ("Well, it is so. *nods*", [("Well, it is so.", None, "nod")], "nod"),
        (
            "One. Two and [sad] three. Four.",
            [("One.", None, None), ("Two and three.", "sad", None), ("Four.", "sad", None)],
            None,
        ),
        ("*waves* [action: shake] No.", [("No.", None, "shake")], "shake"),
        (
            "I say yes, [action: nod] and I mean it.",
            [("I say yes,", None, None), ("and I mean it.", None, "nod")],
            "nod",
        ),
        ("All is well. [happy]", [("All is well.", "happy", None)], None),
        ("[action: nod]", [], "nod"),
    ],
)
def test_marks_belong_to_the_clause_that_has_them(
    reply: str, expected: list[Expected], action: str | None, size: int
) -> None:
    clauses, named = clauses_of(reply, size)
    assert [(clause.text, clause.mood, clause.action) for clause in clauses] == expected
    assert named == action


def test_signs_that_are_not_spoken_move_no_mark() -> None:
    clauses, _ = clauses_of("One! ... — 😀 Two. [action: nod] Three. [action: shake] Four.", 4)
    assert [(clause.text, clause.action) for clause in clauses][-2:] == [("Three.", "nod"), ("Four.", "shake")]


def test_a_reply_in_one_piece_is_read_as_one() -> None:
    clauses, _ = clauses_of("It is 5 * 3 = 15. *nods* Yes, *very* much so.", 1000)
    assert [(clause.text, clause.action) for clause in clauses] == [
        ("It is 5 × 3 = 15.", None),
        ("Yes, very much so.", "nod"),
    ]


def test_a_complete_part_is_a_clause_at_once() -> None:
    stream = SpokenClauses("en")
    assert [clause.text for clause in stream.add(CompletePart("I have been thinking of it "))] == [
        "I have been thinking of it"
    ]
    assert stream.add("[action: nod] for") == []
    assert stream.add(CompletePart(" a long time. ")) == [ReplyClause("for a long time.", None, "nod")]
    assert stream.finish() == []


def test_a_mark_that_is_open_at_the_end_of_a_part_is_waited_for() -> None:
    stream = SpokenClauses("en")
    assert stream.add(CompletePart("It is *so ")) == []
    assert stream.add(CompletePart("large* today. ")) == [ReplyClause("It is so large today.", None, None)]
