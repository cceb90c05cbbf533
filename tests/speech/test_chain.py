"""The chain with engines that really misbehave, and real espeak-ng below them."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lipsync.audio.loudness import CEILING, TARGET, integrated_loudness, true_peaks
from lipsync.errors import LipsyncError
from lipsync.runtime.progress import Cancelled, use_heartbeat
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.engines.registry import EngineFactory
from lipsync.speech.trim_silence import LEAD, TAIL
from lipsync.speech.types import PLAIN, Fallback, Speech, Style
from lipsync.text.errors import NothingToSayError
from tests.speech.fake_engines import (
    Behaviour,
    FakeEngine,
    changes,
    closes_at_once,
    engine_factories,
    hangs,
    never_ends,
    raises,
    raises_in_the_middle,
)

pytestmark = pytest.mark.slow

TEXT = "Мама мыла раму. Папа пил чай. Бабушка пела песню."


def chain(folder: Path, engines: dict[str, EngineFactory], **settings: Any) -> VoiceChain:
    order = settings.pop("voices", ",".join(engines))
    facts = {"voice_timeout_s": 60.0, **settings}
    return VoiceChain(Settings(_env_file=None, cache=folder, voices=order, **facts), engines)


def spoken(
    voices: VoiceChain, text: str = TEXT, voice: str | None = None, style: Style = PLAIN, **facts: str
) -> tuple[list[Speech], list[Fallback]]:
    speaking = voices.speak(text, facts.pop("language", "ru"), voice, style, **facts)
    return list(speaking), speaking.fallbacks


def check_pieces(pieces: list[Speech], count: int = 3) -> None:
    """What the track and the video rely on."""
    assert len(pieces) == count
    assert len({piece.rate for piece in pieces}) == 1
    for piece in pieces:
        assert piece.samples.dtype == np.float32
        assert np.isfinite(piece.samples).all()
        assert true_peaks(piece.samples, piece.rate).max() <= CEILING * 1.03
        assert piece.phones[0].start == 0
        assert piece.phones[-1].end == pytest.approx(piece.duration, abs=1e-3)
        assert [one.start for one in piece.phones[1:]] == [one.end for one in piece.phones[:-1]]
        assert piece.words[0].start >= 0
        assert [word.text for word in piece.words] == piece.text.split()
    whole = np.concatenate([piece.samples for piece in pieces])
    assert integrated_loudness(whole, pieces[0].rate) == pytest.approx(TARGET, abs=1.5)


def test_the_first_that_can_speak_the_language_speaks(tmp_path: Path) -> None:
    english, both = FakeEngine("english", languages=("en",)), FakeEngine("both")
    pieces, fallbacks = spoken(chain(tmp_path, engine_factories(english, both)))
    check_pieces(pieces)
    assert [piece.voice for piece in pieces] == ["both:low"] * 3
    assert [piece.text for piece in pieces] == ["Мама мыла раму.", "Папа пил чай.", "Бабушка пела песню."]
    assert pieces[0].rate == 24_000
    assert (english.sentences, fallbacks) == ([], [])


def test_espeak_is_always_the_fallback(tmp_path: Path) -> None:
    voices = chain(tmp_path, engine_factories(FakeEngine("english", languages=("en",))), voices="english")
    pieces, fallbacks = spoken(voices, sex="female")
    check_pieces(pieces)
    assert {piece.voice for piece in pieces} == {"espeak-female"}
    assert fallbacks == []
    assert voices.available() == ["english", "espeak"]


def not_a_number(piece: Speech) -> Speech:
    samples = piece.samples.copy()
    samples[100] = np.nan
    return replace(piece, samples=samples)


def an_hour(piece: Speech) -> Speech:
    return replace(piece, rate=8000, samples=np.tile(piece.samples, 3600 * 8000 // len(piece.samples)))


def babbles(piece: Speech) -> Speech:
    """Goes on for six seconds after the sentence, as XTTS and Bark may."""
    (more,) = FakeEngine("other").speak("Буба вана тити рома лаза кему сода", "ru")
    return replace(piece, samples=np.concatenate([piece.samples, np.resize(more.samples, 6 * piece.rate)]))


class OutOfMemoryError(RuntimeError):
    """Named as torch's is."""


FAILURES: list[tuple[Behaviour, str]] = [
    (raises(RuntimeError("boom")), "voice_failed"),
    (raises(TimeoutError("its own")), "voice_failed"),
    (raises(LipsyncError("speech_failed")), "speech_failed"),
    (raises(StopIteration()), "voice_failed"),
    (raises_in_the_middle(ConnectionError("gone")), "voice_failed"),
    (raises_in_the_middle(MemoryError()), "voice_no_memory"),
    (raises_in_the_middle(OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")), "voice_no_memory"),
    (raises(RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 GB")), "voice_no_memory"),
    (changes(not_a_number), "voice_broken"),
    (changes(lambda piece: replace(piece, samples=piece.samples * 32768)), "voice_broken"),
    (changes(lambda piece: replace(piece, samples=piece.samples[None])), "voice_broken"),
    (changes(lambda piece: replace(piece, samples=piece.samples.astype(np.float64))), "voice_broken"),
    (changes(lambda piece: replace(piece, rate=0)), "voice_broken"),
    (changes(lambda piece: replace(piece, rate=10**9)), "voice_broken"),
    (changes(lambda piece: replace(piece, samples=piece.samples * 0)), "voice_silent"),
    (changes(lambda piece: replace(piece, samples=piece.samples[:0])), "voice_silent"),
    (changes(lambda piece: replace(piece, samples=piece.samples[7000:8000])), "voice_length"),
    (changes(an_hour), "voice_length"),
    (never_ends, "voice_length"),
    (changes(babbles), "voice_babbles"),
    (closes_at_once, "voice_silent"),
]


@pytest.mark.parametrize(("behaviour", "reason"), FAILURES)
def test_the_next_takes_over_from_that_sentence_on(
    tmp_path: Path, behaviour: Behaviour, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = FakeEngine("first", behaviour, "Папа"), FakeEngine("second", rate=16_000)
    with caplog.at_level(logging.WARNING):
        pieces, fallbacks = spoken(chain(tmp_path, engine_factories(first, second)))
    check_pieces(pieces)
    assert [piece.voice for piece in pieces] == ["first:low", "second:low", "second:low"]
    assert pieces[0].rate == 24_000  # the first engine's, whoever goes on
    (one,) = fallbacks
    assert (one.engine, one.reason, one.piece, one.voice) == ("first", reason, 1, "second:low")
    assert one.sentence["en"].endswith(".")
    assert any("а" <= letter <= "я" for letter in one.sentence["ru"])
    assert "second:low takes over from sentence 1 on" in caplog.text
    assert (len(first.sentences), len(second.sentences)) == (2, 2)


def test_every_engine_may_fail_and_espeak_speaks(tmp_path: Path) -> None:
    broken = [FakeEngine(f"engine{turn}", behaviour) for turn, (behaviour, _) in enumerate(FAILURES)]
    pieces, fallbacks = spoken(chain(tmp_path, engine_factories(*broken)), sex="male")
    check_pieces(pieces)
    assert {piece.voice for piece in pieces} == {"espeak-male"}
    assert [one.reason for one in fallbacks] == [reason for _, reason in FAILURES]
    assert all(one.piece == 0 for one in fallbacks)
    (alone, *_) = EspeakVoice().speak(TEXT, "ru", "espeak-male")
    assert pieces[0].phones == alone.phones


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_an_engine_that_hangs_is_left_behind_and_not_asked_while_it_does(
    tmp_path: Path, release: threading.Event
) -> None:
    hanging = FakeEngine("hanging", hangs(release), "Папа")
    voices = chain(tmp_path, engine_factories(hanging), voice_timeout_s=1.5)
    pieces, (one,) = spoken(voices)
    check_pieces(pieces)
    assert (one.reason, one.piece) == ("voice_slow", 1)
    assert one.sentence["en"] == "The voice hanging took longer than 1.5 s."
    running = [thread for thread in threading.enumerate() if thread.name == "voice"]

    for _ in range(5):
        _, (again,) = spoken(voices)
        assert (again.reason, again.piece) == ("voice_busy", 0)
    assert [thread for thread in threading.enumerate() if thread.name == "voice"] == running
    assert len(hanging.sentences) == 2

    release.set()
    for thread in running:
        thread.join(30)
    hanging._behaviour = None
    pieces, fallbacks = spoken(voices)
    assert ([piece.voice for piece in pieces], fallbacks) == (["hanging:low"] * 3, [])


@pytest.mark.parametrize("version", ["", "cached"])
def test_cancelling_ends_the_stream_and_is_no_failure_of_the_engine(
    tmp_path: Path, release: threading.Event, version: str
) -> None:
    hanging = FakeEngine("hanging", hangs(release), "Папа", version=version)
    voices = chain(tmp_path, engine_factories(hanging))
    calls = []

    def cancel() -> None:
        if len(hanging.sentences) > before + 1:  # the second sentence is what it hangs at
            calls.append(threading.current_thread())
            raise Cancelled

    for before in (0, 2):
        speaking = voices.speak(TEXT.replace("Мама", f"Мама {'и ' * before}"), "ru")
        with pytest.raises(Cancelled), use_heartbeat(cancel):
            list(speaking)
        assert speaking.fallbacks == []
    assert calls == [threading.current_thread()] * 2
    release.set()
    pieces, fallbacks = spoken(voices)  # it is asked again, at once
    assert ([piece.voice for piece in pieces], fallbacks) == (["hanging:low"] * 3, [])


def test_each_piece_says_whether_it_is_the_last(tmp_path: Path) -> None:
    voices = chain(tmp_path, engine_factories())
    for text, count in ((TEXT, 3), ("Мама.", 1)):
        pieces = list(voices.speak(text, "ru").with_last())
        assert [last for _, last in pieces] == [False] * (count - 1) + [True]
        assert [piece.text for piece, _ in pieces] == [piece.text for piece in voices.speak(text, "ru")]


def test_nothing_is_synthesized_ahead_of_what_is_taken(tmp_path: Path) -> None:
    engine = FakeEngine("first")
    pieces = chain(tmp_path, engine_factories(engine)).speak(TEXT, "ru").with_last()
    next(pieces)
    assert len(engine.sentences) == 1, "the first frame does not wait for the second sentence"


def test_a_text_whose_end_cannot_be_pronounced_ends_in_silence(tmp_path: Path) -> None:
    engine = FakeEngine("espeak", raises(NothingToSayError("nothing_to_say")), "Папа")
    voices = chain(tmp_path, {"espeak": lambda _settings: engine})
    pieces = list(voices.speak("Мама. Папа.", "ru").with_last())
    assert [(piece.text, last) for piece, last in pieces] == [("Мама.", False), ("", True)]
    assert not pieces[1][0].samples.any()
    assert pieces[1][0].rate == pieces[0][0].rate
    assert pieces[1][0].duration == pytest.approx(TAIL, abs=1e-3)


def test_the_memory_of_an_engine_that_ran_out_is_returned(tmp_path: Path) -> None:
    class Weights:
        pass

    held: list[weakref.ref[Weights]] = []

    def behaviour(pieces: Iterator[Speech]) -> Iterator[Speech]:
        weights = Weights()
        held.append(weakref.ref(weights))
        yield next(pieces)
        raise MemoryError(weights)

    voices = chain(tmp_path, engine_factories(FakeEngine("large", behaviour)))
    gc.disable()  # it must not have to be found
    try:
        speaking = voices.speak(TEXT, "ru")
        next(speaking)
        assert [reference() for reference in held] == [None]
    finally:
        gc.enable()
    assert [one.reason for one in speaking.fallbacks] == ["voice_no_memory"]


def test_a_named_voice_speaks_and_its_fallback_is_similar(tmp_path: Path) -> None:
    first, second = FakeEngine("first"), FakeEngine("second", raises(OSError("x")), "Папа")
    voices = chain(tmp_path, engine_factories(first, second))
    pieces, (one,) = spoken(voices, voice="second:high")
    assert [piece.voice for piece in pieces] == ["second:high", "first:high", "first:high"]
    assert (one.engine, one.voice) == ("second", "first:high")
    assert [piece.voice for piece in spoken(voices, voice="espeak-female")[0]] == ["espeak-female"] * 3
    assert spoken(voices, "Раз.", voice="second", sex="female")[0][0].voice == "second:high"


def test_a_named_voice_that_cannot_speak_it_says_so(tmp_path: Path) -> None:
    def absent(_settings: Settings) -> FakeEngine:
        raise LipsyncError("missing_part", part="xtts", remedy="pip install")

    voices = chain(
        tmp_path, {"xtts": absent, **engine_factories(FakeEngine("english", languages=("en",)), FakeEngine("both"))}
    )
    for voice, engine, reason in (
        ("xtts:anna", "xtts", "missing_part"),
        ("xtts", "xtts", "missing_part"),
        ("english:high", "english", "voice_language"),
    ):
        pieces, (one,) = spoken(voices, voice=voice)
        assert (one.engine, one.reason, one.piece) == (engine, reason, 0)
        assert pieces[0].voice == ("both:high" if voice == "english:high" else "both:low")
    assert {name: error.code for name, error in voices.unavailable().items()} == {"xtts": "missing_part"}
    assert spoken(voices)[1] == []  # nobody asked for it


@pytest.mark.parametrize("voice", ["nobody", "both:", "both:nobody", "espeak-nobody", "../both:low", "x" * 500])
def test_an_unknown_voice(tmp_path: Path, voice: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        chain(tmp_path, engine_factories(FakeEngine("both"))).speak("Да", "ru", voice)
    assert caught.value.code == "unknown_voice"
    assert "both:low, both:high, espeak-male" in str(caught.value)


def test_an_engine_is_created_once_on_first_use(tmp_path: Path) -> None:
    made: list[str] = []

    def factory(engine: FakeEngine, problem: Exception | None = None) -> EngineFactory:
        def make(_settings: Settings) -> FakeEngine:
            made.append(engine.name)
            if problem is not None:
                raise problem
            return engine

        return make

    engines = {
        "broken": factory(FakeEngine("broken"), ImportError("no such package")),
        "good": factory(FakeEngine("good")),
        "later": factory(FakeEngine("later")),
    }
    voices = chain(tmp_path, {**engines, **engine_factories()})
    assert made == []
    threads = [threading.Thread(target=spoken, args=(voices, "Раз.")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(made)) == sorted(made)
    assert {"broken", "good"} <= set(made)
    assert "no such package" in str(voices.unavailable()["broken"])


def test_an_engine_loads_before_its_time_runs(tmp_path: Path) -> None:
    class SlowFakeEngine(FakeEngine):
        loads = 0

        def load(self) -> None:
            self.loads += 1
            threading.Event().wait(1.2)

    slow = SlowFakeEngine("slow")
    pieces, fallbacks = spoken(chain(tmp_path, engine_factories(slow), voice_timeout_s=1.0), "Раз. Два.")
    assert (fallbacks, len(pieces), slow.loads) == ([], 2, 1)


def test_unspeakable_sentences_are_skipped(tmp_path: Path) -> None:
    voices = chain(tmp_path, engine_factories())
    assert [piece.text for piece in spoken(voices, "Да. ⠀? Нет.")[0]] == ["Да.", "Нет."]
    with pytest.raises(LipsyncError) as caught:
        spoken(voices, "?!")
    assert caught.value.code == "nothing_to_say"


@pytest.mark.parametrize("name", ["espeak", "engine"])
def test_speed_pitch_and_pauses_with_any_engine(tmp_path: Path, name: str) -> None:
    voices = chain(tmp_path, engine_factories(FakeEngine("engine")))
    text = "Мама мыла раму, а папа пил чай. Бабушка пела."

    def duration(style: Style) -> float:
        pieces, fallbacks = spoken(voices, text, name, style)
        assert fallbacks == []
        assert pieces[-1].phones[-1].end == pytest.approx(pieces[-1].duration, abs=1e-3)
        return sum(piece.duration for piece in pieces) - LEAD - TAIL

    plain = duration(Style())
    assert duration(Style(speed=2.0)) == pytest.approx(plain / 2, rel=0.15)
    assert duration(Style(speed=0.5)) == pytest.approx(plain * 2, rel=0.15)
    assert duration(Style(pitch=4.0)) == pytest.approx(plain, rel=0.05)
    assert duration(Style(pause=0.0)) < plain - 0.35
    assert duration(Style(pause=3.0)) > plain + 0.7


@pytest.mark.parametrize(
    "setting",
    ["nobody", "espeak,xtts2", "ru:", "xx: espeak", "espeak; russian: espeak"],
    ids=lambda text: text or "-",
)
def test_a_wrong_setting_is_reported(tmp_path: Path, setting: str) -> None:
    if setting == "ru:":  # an empty order: the floor is left
        assert (
            spoken(chain(tmp_path, engine_factories(FakeEngine("both")), voices=setting), "Раз.")[0][0].voice
            == "espeak-male"
        )
        return
    with pytest.raises(LipsyncError) as caught:
        chain(tmp_path, engine_factories(), voices=setting)
    assert caught.value.code == "bad_field"
    assert "LIPSYNC_VOICES" in str(caught.value)


def test_a_language_may_have_an_order_of_its_own(tmp_path: Path) -> None:
    voices = chain(tmp_path, engine_factories(FakeEngine("one"), FakeEngine("two")), voices="one; en: two, espeak")
    assert spoken(voices, "Раз.")[0][0].voice == "one:low"
    assert spoken(voices, "One.", language="en")[0][0].voice == "two:low"
    assert voices.available() == ["one", "espeak", "two"]
