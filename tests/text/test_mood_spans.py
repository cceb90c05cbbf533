from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.errors import LipsyncError
from lipsync.text.mood_spans import mood_spans
from lipsync.text.script import prepare_script


def spans(
    text: str, language: str = "en", *, detect: bool = False, strength: float = 1.0
) -> list[tuple[str, float, str]]:
    script = prepare_script(text, language, 5000)
    found = mood_spans(script, detect=detect, strength=strength)
    return [(span.mood, round(span.strength, 3), script.spoken_text[span.start : span.end].strip()) for span in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No mark. None.", []),
        ("[happy] One. Two.", [("happy", 1.0, "One.")]),
        ("One [sad:0.5] two three. Four.", [("sad", 0.5, "two three.")]),
        ("[happy] One, [sad] two, [neutral] three.",
         [("happy", 1.0, "One,"), ("sad", 1.0, "two,"), ("neutral", 1.0, "three.")]),
        ("One. [angry] Two!\nThree.", [("angry", 1.0, "Two!")]),
        ("One. [angry]\nTwo. Three.", [("angry", 1.0, "Two.")]),
        ("I paid [happy] $5 for 10 km, [sad] Dr. Smith.", [("happy", 1.0, "five dollars for ten kilometres,"),
                                                           ("sad", 1.0, "Doctor Smith.")]),
        ("Five [happy]", []),
        ("😀 [happy] 5 km 😀. Six.", [("happy", 1.0, "five kilometres .")]),
    ],
)  # fmt: skip
def test_a_mark_holds_until_the_next_or_the_end_of_the_sentence(
    text: str, expected: list[tuple[str, float, str]]
) -> None:
    assert spans(text) == expected


def test_a_mark_holds_to_the_end_of_a_sentence_that_is_spoken_in_parts() -> None:
    [(_, _, text)] = spans(f"[happy] {'word, ' * 200}end. Next.")
    assert text.endswith("end.")
    assert len(text) > 1000


def test_a_mark_without_a_number_has_the_strength_of_the_request() -> None:
    assert spans("[happy] A. [sad:0.5] B.", strength=0.2) == [("happy", 0.2, "A."), ("sad", 0.5, "B.")]


def test_moods_are_found_where_no_mark_precedes() -> None:
    text = "I am so happy! It is late. I am so happy! [sad:0.3] Really."
    assert spans(text, detect=True) == [
        ("happy", pytest.approx(0.7, abs=0.1), "I am so happy!"),
        ("happy", pytest.approx(0.7, abs=0.1), "I am so happy!"),
        ("sad", 0.3, "Really."),
    ]
    assert spans("[sad:0.3] I am so happy!", detect=True) == [("sad", 0.3, "I am so happy!")]
    assert [mood for mood, *_ in spans("I am so happy, [sad] you know!", detect=True)] == ["happy", "sad"]
    [(_, strong, _)], [(_, weak, _)] = spans("Hurray!", detect=True), spans("Hurray!", detect=True, strength=0.5)
    assert weak == pytest.approx(strong / 2, abs=0.001)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is late. 😀 It is early.", [("happy", "It is late.")]),
        ("It is late.\n😀 It is early.", [("happy", "It is early.")]),
        ("It is late.\n😀\nIt is early.", [("happy", "It is late.")]),
        ("😢 It is late. It is early. 😡", [("sad", "It is late."), ("angry", "It is early.")]),
    ],
)
def test_an_emoji_belongs_to_the_sentence_before_it_on_its_line(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(mood, sentence) for mood, _, sentence in spans(text, detect=True)] == expected


@pytest.mark.parametrize("text", ["[happy]", " [sad:0.5] [neutral] 😀", "[радостно]…"])
def test_a_text_of_markup_alone_has_nothing_to_say(text: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        prepare_script(text, "auto", 100)
    assert caught.value.code == "nothing_to_say"


def test_markup_does_not_count_as_text() -> None:
    assert prepare_script("[happy] Yes", "en", 6).spoken_text == "Yes"
    with pytest.raises(LipsyncError) as caught:
        prepare_script("[happy] Yesterdays", "en", 9)
    assert caught.value.facts["length"] == 10
    with pytest.raises(LipsyncError) as caught:  # markup is bounded too
        prepare_script("[happy]" * 100 + "Yes", "en", 100)
    assert caught.value.code == "text_too_long"


def test_markup_does_not_change_the_language() -> None:
    assert prepare_script("[радостно] Good evening, how are you?", "auto", 100).language == "en"


@given(
    st.lists(
        st.sampled_from(
            ["[happy]", "[sad:0.5]", "One", "5 km", "Dr. Who", ".", "! ", " ", "\n", "😀", "é", ", ", "e\u0301"]
        ),
        max_size=40,
    ),
    st.booleans(),
)
def test_spans_are_in_order_and_within_the_text(parts: list[str], detect: bool) -> None:
    try:
        script = prepare_script("".join(parts), "en", 5000)
    except LipsyncError:
        return
    position = 0
    for span in mood_spans(script, detect=detect):
        assert position <= span.start < span.end <= len(script.spoken_text)
        position = span.end
