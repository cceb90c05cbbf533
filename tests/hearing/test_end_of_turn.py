"""How long a person must be silent, by the last words."""

from __future__ import annotations

import pytest

from lipsync.hearing.end_of_turn import FINISHED_S, OPEN_S, UNFINISHED_S, TextTurnDetector
from lipsync.hearing.unfinished_words import UNFINISHED
from lipsync.text.languages import LANGUAGES


@pytest.mark.parametrize(
    ("text", "language", "seconds"),
    [
        ("What is the capital of France?", "en", FINISHED_S),
        ("Stop!", "en", FINISHED_S),
        ("I think so.", "en", FINISHED_S),
        ("Скажи, который час?", "ru", FINISHED_S),
        ("Да, конечно.", "ru", FINISHED_S),
        ("Пока.", "ru", FINISHED_S),
        ("He said: “Go.”", "en", FINISHED_S),
        ("Ну и что?", "ru", FINISHED_S),
        ("hello there", "en", OPEN_S),
        ("расскажи анекдот", "ru", OPEN_S),
        ("I went home because.", "en", UNFINISHED_S),
        ("I went to the", "en", UNFINISHED_S),
        ("Well, um.", "en", UNFINISHED_S),
        ("It is, for example", "en", UNFINISHED_S),
        ("Я хотел спросить, потому что.", "ru", UNFINISHED_S),
        ("Мы поехали в", "ru", UNFINISHED_S),
        ("Э-э...", "ru", UNFINISHED_S),
        ("Я прийшов, щоб", "uk", UNFINISHED_S),
        ("Мен келдім, өйткені", "kk", UNFINISHED_S),
        ("Ich komme, weil", "de", UNFINISHED_S),
        ("One, two,", "en", UNFINISHED_S),
        ("I was just…", "en", UNFINISHED_S),
        ("", "en", UNFINISHED_S),
        ("  ", "ru", UNFINISHED_S),
        ("whatever and", "xx", OPEN_S),
    ],
)
def test_seconds(text: str, language: str, seconds: float) -> None:
    assert TextTurnDetector().required_silence(text, language) == seconds


def test_every_language_has_its_words() -> None:
    assert set(UNFINISHED) == {language.code for language in LANGUAGES}
    for words in UNFINISHED.values():
        assert all(word == word.casefold() and word.count(" ") < 3 for word in words)
