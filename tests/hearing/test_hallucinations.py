"""What Whisper invents is cut or dropped, and what people say is not."""

from __future__ import annotations

import pytest

from lipsync.hearing.hallucinations import MIN_VOICED_S, cut_repeats, is_invented


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tell me a joke, please. Tell me a joke, please. Tell me a joke, please. Tell", "Tell me a joke, please."),
        ("Расскажи мне анекдот. Расскажи мне анекдот. Расскажи", "Расскажи мне анекдот."),
        ("How are you? How are you?", "How are you?"),
        ("I said so so so so so so so", "I said so"),
        ("and then we go we go we go we go", "and then we go"),
    ],
)
def test_repetitions_are_cut(text: str, expected: str) -> None:
    assert cut_repeats(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Да.",
        "No, no, no.",
        "Bye bye.",
        "It was the best of times, it was the worst of times.",
        "We were all going direct to heaven, we were all going direct the other way.",
        "Да, да, конечно.",
    ],
)
def test_speech_is_not_cut(text: str) -> None:
    assert cut_repeats(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Редактор субтитров А.Синецкая Корректор А.Кулакова",
        "Субтитры сделал DimaTorzok",
        "ТРЕВОЖНАЯ МУЗЫКА",
        "[MUSIC]",
        "(музыка)",
        "*laughs*",
        "Untertitel im Auftrag des ZDF, 2020",
        "Sous-titres réalisés par la communauté d'Amara.org",
    ],
)
def test_credits_and_descriptions_of_sounds_were_never_said(text: str) -> None:
    assert is_invented(text, 10.0)


@pytest.mark.parametrize("text", ["you", "Thank you.", "Спасибо.", "Продолжение следует...", "Thanks for watching!"])
def test_what_people_say_too_is_believed_where_a_voice_is(text: str) -> None:
    assert is_invented(text, MIN_VOICED_S - 0.1)
    assert not is_invented(text, MIN_VOICED_S)


@pytest.mark.parametrize("text", ["STOP", "Да, я видел субтитры.", "The music was loud.", "Hello (again)."])
def test_speech_is_believed(text: str) -> None:
    assert not is_invented(text, 0.3)
