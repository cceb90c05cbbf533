from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Speech, SpeechWord
from lipsync.subtitles.cues import MAX_CUE_S, MAX_LINE_LENGTH, Cue, CueBuilder, wrap_lines
from lipsync.text.normalization.normalize import verbalize
from lipsync.text.normalization.rules import NormalizedSpan
from lipsync.text.script import prepare_script

LONG = (
    "Речь — самый естественный способ общения: когда говорит компьютер, мы ждём, что голос будет ясным, а лицо будет "
    "двигаться вместе со словами, и никто не устанет слушать. Да. Встреча 12.03.2024 в 14:30, билет стоит 250,50 руб."
)


def titled(text: str, language: str = "ru") -> tuple[list[Cue], list[Speech]]:
    script = prepare_script(text, language, 5000)
    builder = CueBuilder(script.passage)
    pieces = list(EspeakVoice().speak(script.spoken_text, script.language))
    cues = [cue for piece in pieces for cue in builder.add(piece)]
    return [*cues, *builder.finish()], pieces


def shown(cues: list[Cue]) -> str:
    return " ".join(line for cue in cues for line in cue.lines)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", LONG),
        ("ru", "«Привет, мир!» — сказал он. — И ушёл…"),
        ("en", "Dr. Smith paid $9.99 on March 12, 2024; the rest (about 5 km) he walked. Well-known, isn't it?"),
        ("kk", "2024 жылғы 12 наурыз, сағат 14:30. Сәлем, әлем!"),
    ],
)
def test_cues_contain_the_original_text(language: str, text: str) -> None:
    cues, pieces = titled(text, language)
    assert shown(cues) == text
    total = sum(piece.duration for piece in pieces)
    assert all(before.end < after.start for before, after in pairwise(cues))
    assert cues[0].start >= 0
    assert cues[-1].end <= total + 1e-9
    for cue in cues:
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < len(line) <= MAX_LINE_LENGTH for line in cue.lines)
        assert 0.3 < cue.end - cue.start <= MAX_CUE_S + 0.5


def test_a_cue_is_shown_while_it_is_spoken() -> None:
    cues, pieces = titled("Мама мыла раму. Папа читал длинную газету за столом.")
    assert [cue.lines for cue in cues] == [("Мама мыла раму.",), ("Папа читал длинную газету за столом.",)]
    first = pieces[0].words
    assert cues[0].start == pytest.approx(first[0].start)
    assert first[-1].end <= cues[0].end <= first[-1].end + 0.5
    assert cues[1].start == pytest.approx(pieces[0].duration + pieces[1].words[0].start)


@pytest.mark.parametrize(
    ("language", "marked", "text"),
    [
        (
            "ru",
            "[радостно] Привет! Встреча [грустно:0.5] 12.03.2024.[neutral]Пока.",
            "Привет! Встреча 12.03.2024. Пока.",
        ),
        ("en", "It [happy] is 5 km, [sad]isn't it [note]? [angry]", "It is 5 km, isn't it [note]?"),
    ],
)
def test_markup_of_moods_changes_no_cue(language: str, marked: str, text: str) -> None:
    cues, _ = titled(marked, language)
    assert shown(cues) == text
    assert cues == titled(text, language)[0]


def test_a_long_sentence_is_cut_at_its_joints() -> None:
    cues, _ = titled(LONG)
    assert all(cue.lines[-1][-1] in ".,:" for cue in cues)


def test_a_cue_is_known_when_the_next_is() -> None:
    script = prepare_script("Раз. Два. Три.", "ru", 100)
    builder = CueBuilder(script.passage)
    told = [len(builder.add(piece)) for piece in EspeakVoice().speak(script.spoken_text, "ru")]
    assert told == [0, 1, 1]
    assert len(builder.finish()) == 1
    assert builder.finish() == []


def speech(text: str, seconds: float = 2.0, *, words: bool = False) -> Speech:
    tokens = text.split()
    step = seconds / max(1, len(tokens))
    known = tuple(SpeechWord(token, at * step, (at + 1) * step) for at, token in enumerate(tokens))
    return Speech(np.zeros(round(seconds * 100), np.float32), 100, text=text, words=known if words else ())


def test_words_without_times_share_the_time_of_their_piece() -> None:
    builder = CueBuilder((NormalizedSpan("Раз два"),))
    cues = [*builder.add(speech("Раз два")), *builder.finish()]
    assert [(cue.start, cue.lines) for cue in cues] == [(0.0, ("Раз два",))]
    assert cues[0].end == pytest.approx(2.0)


def test_a_word_that_is_longer_than_a_line_is_cut() -> None:
    word = "https://example.com/" + "а" * 100
    builder = CueBuilder((NormalizedSpan(word, "адрес"), NormalizedSpan(" да")))
    cues = [*builder.add(speech("адрес да", 6.0, words=True)), *builder.finish()]
    assert "".join(line for cue in cues for line in cue.lines).replace(" ", "") == word + "да"
    assert all(len(line) <= MAX_LINE_LENGTH for cue in cues for line in cue.lines)


def test_more_words_are_spoken_than_written() -> None:
    """A voice that adds words does not end the video."""
    builder = CueBuilder((NormalizedSpan("Раз"),))
    assert shown([*builder.add(speech("Раз два три", words=True)), *builder.finish()]) == "Раз"


@given(st.lists(st.text("абв.,—-1", min_size=1, max_size=30), min_size=1, max_size=40), st.floats(0.5, 60))
def test_any_words_become_cues_in_order(words: list[str], seconds: float) -> None:
    text = " ".join(words)
    if not any(character.isalnum() for character in text):
        return
    builder = CueBuilder((NormalizedSpan(text),))
    cues = [*builder.add(speech(verbalize((NormalizedSpan(text),)), seconds)), *builder.finish()]
    assert all(before.end < after.start for before, after in pairwise(cues))
    assert all(cue.end > cue.start and len(line) <= MAX_LINE_LENGTH for cue in cues for line in cue.lines)
    kept = shown(cues).replace(" ", "")
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


def test_lines_break_where_it_is_least_felt() -> None:
    assert wrap_lines("Мама мыла раму.") == ("Мама мыла раму.",)
    assert wrap_lines("Когда говорит компьютер, мы ждём, что голос будет ясным") == (
        "Когда говорит компьютер,",
        "мы ждём, что голос будет ясным",
    )
    assert wrap_lines("а" * 43, strict=False) == ()
    with pytest.raises(ValueError, match="two lines"):
        wrap_lines("а" * 43)
