"""Recognition with tiny weights in the real layout: pieces, languages, times, and what is dropped."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.hearing import whisper
from lipsync.hearing.types import RATE
from lipsync.hearing.whisper import WhisperTranscriber, _window_s
from tests.hearing.sounds import Sound, noise, silence, spoken
from tests.hearing.tiny_whisper import TEXT, TEXT_WITH_TIMES, WORD_S, make_whisper

LONG = np.concatenate([silence(1), spoken(), silence(4), spoken(), silence(1)])
"""Two sentences with a long pause between them."""


@pytest.fixture(scope="module")
def base(tiny_whisper: Path) -> WhisperTranscriber:
    return WhisperTranscriber("base", tiny_whisper)


def test_a_sentence(base: WhisperTranscriber) -> None:
    found = base.transcribe(spoken(), "en")
    assert (found.text, found.language) == (TEXT, "en")
    assert found.duration == len(spoken()) / RATE
    assert [segment.text for segment in found.segments] == [TEXT]
    assert found.segments[0].no_speech_probability < 0.1
    assert base.name == "whisper-base"


@pytest.mark.parametrize("sound", [silence(3), noise(3), silence(0)], ids=["silence", "noise", "nothing"])
@pytest.mark.parametrize("timestamps", [False, True])
def test_without_a_voice_there_are_no_words(base: WhisperTranscriber, sound: Sound, timestamps: bool) -> None:
    found = base.transcribe(sound, "ru", timestamps=timestamps)
    assert (found.text, found.language, found.segments) == ("", "ru", ())


def test_the_language_is_detected_where_none_is_given(base: WhisperTranscriber) -> None:
    assert base.transcribe(spoken()).language == "uk"
    assert base.transcribe(spoken(), timestamps=True).language == "uk"


def test_the_language_is_detected_from_the_longest_of_the_first_pieces(
    base: WhisperTranscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    detect = whisper._detect_language
    monkeypatch.setattr(
        whisper, "_detect_language", lambda model, sound: heard.append(len(sound)) or detect(model, sound)
    )
    sound = np.concatenate([spoken()[:RATE], silence(4), spoken(), silence(4), spoken()[:RATE]])
    assert {part.language for part in base.stream(sound)} == {"uk"}
    assert [length > 2 * RATE for length in heard] == [True]


def test_a_long_sound_comes_in_pieces(base: WhisperTranscriber) -> None:
    parts = list(base.stream(LONG, "en"))
    assert [part.text for part in parts] == [TEXT, TEXT]
    (first,), (second,) = (part.segments for part in parts)
    assert 0.5 < first.start < 1.2
    assert 1 + len(spoken()) / RATE + 3.5 < second.start < second.end < len(LONG) / RATE
    assert base.transcribe(LONG, "en").text == f"{TEXT} {TEXT}"


def test_times_are_those_of_the_whole_sound(base: WhisperTranscriber) -> None:
    found = base.transcribe(LONG, "en", timestamps=True)
    assert found.text == f"{TEXT_WITH_TIMES} {TEXT_WITH_TIMES}"
    for segment, start in zip(found.segments, (1.0, 5.0 + len(spoken()) / RATE), strict=True):
        assert segment.start == pytest.approx(start, abs=0.5)
        assert [word.text for word in segment.words] == TEXT_WITH_TIMES.split()
        assert segment.words[0].start == pytest.approx(segment.start, abs=0.01)
        assert segment.words[1].start == pytest.approx(segment.start + WORD_S, abs=0.05)
        assert type(segment.start) is type(segment.words[1].end) is float


def test_english_alone(tiny_whisper: Path) -> None:
    english = WhisperTranscriber("tiny.en", tiny_whisper)
    assert english.transcribe(spoken()).language == "en"
    assert english.transcribe(spoken(), "en", timestamps=True).text == TEXT_WITH_TIMES
    with pytest.raises(LipsyncError, match=r"whisper-tiny\.en") as caught:
        english.transcribe(spoken(), "ru")
    assert caught.value.code == "hearing_language"


def test_what_repeats_itself_until_the_limit_is_cut(tmp_path: Path) -> None:
    make_whisper(tmp_path / "whisper-loop", (" One", " two", " three", "."), repeats=True)
    assert WhisperTranscriber("loop", tmp_path).transcribe(spoken(), "en").text == "One two three."


def test_probable_silence_is_dropped(tmp_path: Path) -> None:
    make_whisper(tmp_path / "whisper-still", no_speech=True)
    for timestamps in (False, True):
        assert WhisperTranscriber("still", tmp_path).transcribe(spoken(), "en", timestamps=timestamps).text == ""


@pytest.mark.parametrize(("seconds", "window"), [(0.3, 10), (8.5, 10), (8.6, 15), (13.5, 15), (13.6, 30), (28.5, 30)])
def test_a_second_of_silence_follows_in_every_window(seconds: float, window: int) -> None:
    assert _window_s(seconds) == window
    assert window - seconds >= 1


def test_the_decoder_is_limited_by_the_length_and_russian_has_a_wider_beam(
    base: WhisperTranscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    model = base._require_model(None)
    recognize = whisper._recognize

    def generate(*values: Any, **options: Any) -> Any:
        asked.append(options)
        return model.model.generate(*values, **options)

    decoder = SimpleNamespace(is_multilingual=True, generate=generate)
    spy = SimpleNamespace(
        hf_tokenizer=model.hf_tokenizer,
        model=decoder,
        encode=model.encode,
        feature_extractor=model.feature_extractor,
    )
    monkeypatch.setattr(whisper, "_recognize", lambda _, *values: recognize(spy, *values))
    for language in ("ru", "en"):
        base.transcribe(spoken(), language)
    assert [options["beam_size"] for options in asked] == [5, 1]
    seconds = base.transcribe(spoken(), "en").segments[0]
    tokens = round(8 * (seconds.end - seconds.start)) + 16
    assert asked[0]["max_length"] == 2 * tokens  # CTranslate2 halves it


def test_the_model_is_loaded_once_by_many_threads(tiny_whisper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []
    load = whisper.load_model
    monkeypatch.setattr(
        whisper, "load_model", lambda folder, threads: loaded.append(threads) or load(folder, threads)
    )
    one = WhisperTranscriber("base", tiny_whisper)
    gate = threading.Barrier(4)

    def recognize(_: int) -> str:
        gate.wait(10)
        return one.transcribe(spoken(), "en").text

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(recognize, range(4))) == {TEXT}
    assert len(loaded) == 1
    one.transcribe(spoken(), "en", threads=1)
    assert loaded[1:] in ([], [1])  # [] on a machine with one core
    one.unload()
    one.load(threads=1)
    assert loaded[-1] == 1
    assert len(loaded) >= 2


def test_health(tiny_whisper: Path, tmp_path: Path) -> None:
    assert WhisperTranscriber("base", tiny_whisper).health_check()
    absent = WhisperTranscriber("base", tmp_path)
    assert not absent.health_check()
    for sound in (spoken(), silence(1)):
        with pytest.raises(LipsyncError) as caught:
            absent.transcribe(sound, "en")
        assert caught.value.code == "hearing_no_weights"


def test_weights_that_come_later_are_found(tiny_whisper: Path, tmp_path: Path) -> None:
    late = WhisperTranscriber("base", tmp_path)
    assert not late.health_check()
    (tmp_path / "whisper-base").symlink_to(tiny_whisper / "whisper-base")
    assert late.transcribe(spoken(), "en").text == TEXT


def test_a_failure_of_the_library_has_our_error(base: WhisperTranscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(whisper, "_recognize", fail)
    with pytest.raises(LipsyncError) as caught:
        base.transcribe(spoken(), "en")
    assert caught.value.code == "hearing_failed"
