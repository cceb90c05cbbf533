from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.mood_times import add_moods
from lipsync.speech.types import Phone, Speech, SpeechMood, SpeechWord
from lipsync.text.mood_spans import MoodSpan, mood_spans
from lipsync.text.script import prepare_script

WORDS = (SpeechWord("One", 0.2, 0.5), SpeechWord("two,", 0.6, 0.9), SpeechWord("three.", 1.0, 1.6))


def piece(text: str = "One two, three.", words: Sequence[SpeechWord] = WORDS) -> Speech:
    phones = (Phone("", 0, 0.2), Phone("a", 0.2, 1.6), Phone("", 1.6, 2.0))
    return Speech(np.zeros(2000, np.float32), 1000, phones, text=text, words=tuple(words))


def moods(spans: list[MoodSpan], *pieces: Speech, text: str = "One two, three.") -> list[tuple[SpeechMood, ...]]:
    marked = [(speech, number == len(pieces) - 1) for number, speech in enumerate(pieces)]
    return [speech.moods for speech, _ in add_moods(iter(marked), text, spans)]


def test_a_mood_begins_with_its_word_and_ends_with_the_piece() -> None:
    assert moods([MoodSpan("sad", 0.5, 4, 15)], piece()) == [(SpeechMood("sad", 0.5, 0.6, 2.0),)]


def test_the_first_word_has_its_mood_from_the_start_of_the_piece() -> None:
    spans = [MoodSpan("sad", 1, 0, 4), MoodSpan("happy", 1, 4, 9)]
    assert moods(spans, piece()) == [(SpeechMood("sad", 1, 0.0, 0.6), SpeechMood("happy", 1, 0.6, 1.0))]


def test_a_mark_within_a_word_concerns_the_whole_word_and_one_after_the_last_none() -> None:
    assert moods([MoodSpan("sad", 1, 6, 14)], piece()) == [(SpeechMood("sad", 1, 0.6, 1.0),)]
    assert moods([MoodSpan("sad", 1, 15, 16)], piece()) == [()]


def test_without_word_times_the_letters_share_the_time() -> None:
    [(mood,)] = moods([MoodSpan("sad", 1, 4, 15)], piece(words=()))
    assert mood.start == pytest.approx(0.2 + 1.4 * 3 / 13)


def test_a_span_over_several_pieces_is_in_each_and_a_skipped_piece_shifts_nothing() -> None:
    text = "Skipped… One two, three. One two, three. End."
    spans = [MoodSpan("angry", 1, 9, 40)]
    pieces = [piece(), piece(), piece("End.", [SpeechWord("End.", 0.2, 1.6)])]
    assert moods(spans, *pieces, text=text) == [(SpeechMood("angry", 1, 0, 2.0),)] * 2 + [()]


def test_pieces_of_another_text_stay_as_they_are() -> None:
    assert moods([MoodSpan("angry", 1, 0, 5)], piece("Other"), text="One two, three.") == [()]


@pytest.mark.parametrize(
    ("text", "language", "word", "mood"),
    [
        ("It was late. Then [happy] the 25 guests came in, singing.", "en", "the", "happy"),
        ("Было поздно. Потом [грустно:0.4] пришли 25 гостей с песнями.", "ru", "пришли", "sad"),
        ("Кеш болды. Сосын [ашулы] 25 қонақ келді.", "kk", "жиырма", "angry"),
    ],
)
def test_a_mark_is_timed_by_the_word_that_follows_it(text: str, language: str, word: str, mood: str) -> None:
    script = prepare_script(text, language, 1000)
    speeches = [*EspeakVoice().speak(script.spoken_text, language)]
    pieces = [(speech, speech is speeches[-1]) for speech in speeches]
    first, second = (speech for speech, _ in add_moods(pieces, script.spoken_text, mood_spans(script, detect=False)))
    assert first.moods == ()
    [found] = second.moods
    assert found.mood == mood
    assert found.start == next(spoken.start for spoken in second.words if spoken.text == word)
    assert found.start > second.words[0].end - 0.05
    assert found.end == second.duration
