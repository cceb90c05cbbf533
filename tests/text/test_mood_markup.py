from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.text.mood import MOODS
from lipsync.text.mood_lexicon import mood_names
from lipsync.text.mood_markup import MarkedText, MoodMark, parse_markup


@pytest.mark.parametrize(
    ("text", "plain", "marks"),
    [
        ("[happy] Hello!", "Hello!", [(0, "happy", None)]),
        ("Hello. [sad:0.5] Bye.", "Hello. Bye.", [(7, "sad", 0.5)]),
        ("Well, [ Thinking : 0,25 ] yes.", "Well, yes.", [(6, "thinking", 0.25)]),
        ("[angry:.5]No!", "No!", [(0, "angry", 0.5)]),
        ("[surprised:7]Oh!", "Oh!", [(0, "surprised", 1.0)]),
        ("Hello.[happy]World.", "Hello. World.", [(7, "happy", None)]),
        ("Hello [happy].", "Hello.", [(5, "happy", None)]),
        ("«[happy]Yes» [neutral] he said", "«Yes» he said", [(1, "happy", None), (6, "neutral", None)]),
        ("[happy] [sad] x", "x", [(0, "happy", None), (0, "sad", None)]),
        ("a [happy] [sad].", "a.", [(1, "sad", None)]),
        ("One\n[happy] two", "One\ntwo", [(4, "happy", None)]),
        ("mid[happy]word", "midword", [(3, "happy", None)]),
        ("[радостно] Да. [УДИВЛЁННО]Нет.", "Да. Нет.", [(0, "happy", None), (4, "surprised", None)]),
        ("[сумно] Так. [здивовано:1] Ні.", "Так. Ні.", [(0, "sad", None), (5, "surprised", 1.0)]),
        ("[қуанышты] Иә. [ашулы] Жоқ.", "Иә. Жоқ.", [(0, "happy", None), (4, "angry", None)]),
    ],
)
def test_marks_are_taken_out_of_the_text(text: str, plain: str, marks: list[tuple[int, str, float | None]]) -> None:
    marked = parse_markup(text)
    assert marked.text == plain
    assert [(mark.position, mark.mood, mark.strength) for mark in marked.marks] == marks


@pytest.mark.parametrize(
    "text",
    ["[note] x", "[happy", "happy]", "[happy:]", "[happy:x]", "[happy birthday]", "[happy-ish]", "[1]", "[]",
     "[:0.5]", "(happy)", "{sad}", "[[", "[happy:-1]", "[весело и грустно]"],
)  # fmt: skip
def test_other_brackets_stay(text: str) -> None:
    assert parse_markup(text) == MarkedText(text)


@given(
    st.lists(st.sampled_from(["[happy]", "[sad:0.5]", "[neutral]", "[x]", " ", "\n", "Word", ".", "!", "«", "😀"]))
)
def test_marks_are_in_order_and_all_else_stays(parts: list[str]) -> None:
    text = "".join(parts)
    marked = parse_markup(text)
    assert "[happy]" not in marked.text
    positions = [mark.position for mark in marked.marks]
    assert positions == sorted(positions)
    assert all(0 <= position <= len(marked.text) for position in positions)
    kept = "".join(part for part in parts if not part.startswith("[") or part == "[x]")
    assert "".join(marked.text.split()) == "".join(kept.split())


def test_every_mood_has_a_name_in_every_language() -> None:
    names = mood_names()
    assert {mood for mood in MOODS if names[mood] == mood} == set(MOODS)
    for words in (
        "нейтрально радостно грустно задумчиво удивленно сердито",
        "спокійно радісно сумно задумливо здивовано гнівно",
        "бейтарап қуанышты мұңды ойлы таңғалып ашулы",
    ):
        assert [names[word] for word in words.split()] == [*MOODS]


def test_a_mark_is_a_value() -> None:
    assert parse_markup("[sad:0.5]a").marks == (MoodMark(0, "sad", 0.5),)
