"""What was spoken once is not spoken again, by whatever thread or process."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.speech.speech_cache import load_speech, save_speech, speech_key
from lipsync.speech.types import PLAIN, Phone, Speech, SpeechWord, Style
from lipsync.storage.cache import ArrayCache
from tests.speech.fake_engines import FakeEngine, changes, engine_factories

TEXT = "Мама мыла раму. Папа пил чай."
SPEECH = Speech(
    np.linspace(-1, 1, 5000, dtype=np.float32),
    24_000,
    (Phone("", 0.0, 0.1), Phone("ˈa", 0.1, 1 / 3)),
    "Á «б»\n",
    "ru",
    "xtts:Аня",
    (SpeechWord("Á", 0.1, 1 / 3),),
)


def chain(folder: Path, engine: FakeEngine, **settings: Any) -> VoiceChain:
    return VoiceChain(Settings(_env_file=None, cache=folder, voices="engine", **settings), engine_factories(engine))


def sound(voices: VoiceChain, text: str = TEXT, voice: str | None = None, style: Style = PLAIN) -> bytes:
    return b"".join(piece.samples.tobytes() for piece in voices.speak(text, "ru", voice, style))


def test_speech_is_cached_losslessly(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, 10)
    save_speech(cache, "ab", SPEECH)
    kept = load_speech(ArrayCache(tmp_path, 10), "ab")
    assert kept is not None
    np.testing.assert_array_equal(kept.samples, SPEECH.samples)
    assert replace(kept, samples=SPEECH.samples) == SPEECH
    assert load_speech(cache, "cd") is None


def test_a_key_is_made_of_all_facts() -> None:
    keys = {
        speech_key(*facts)
        for facts in (("a", "b"), ("a", "B"), ("ab",), ("a", "b", ""), ("a", 1), ("a", "1"), ("a", None), ("а", "b"))
    }
    assert len(keys) == 8
    assert all(key.isalnum() for key in keys)


def test_the_same_is_spoken_once(tmp_path: Path) -> None:
    engine = FakeEngine("engine", version="1")
    first = sound(chain(tmp_path, engine))
    again = chain(tmp_path, engine)  # as after a restart
    assert sound(again) == first
    assert sound(again, "Папа пил чай. Мама мыла раму.") != first
    assert engine.sentences == ["Мама мыла раму.", "Папа пил чай."]
    assert sorted(path.suffix for path in (tmp_path / "speech").iterdir()) == [".npz", ".npz"]


def test_whatever_changes_the_sound_is_spoken_anew(tmp_path: Path) -> None:
    engine = FakeEngine("engine", version="1")
    voices = chain(tmp_path, engine)
    first = sound(voices, "Раз.")
    engine.version, engine._pitch = "2", 4.0  # new weights
    assert sound(voices, "Раз.") != first
    sound(voices, "Раз.", "engine:high")
    assert len(engine.sentences) == 3
    sound(voices, "Раз.", "engine:high", Style(speed=2.0, pause=2.0))  # the chain does that, of what is kept
    assert len(engine.sentences) == 3
    engine.version = ""  # an engine that does not know what it stands on
    for _ in range(2):
        sound(voices, "Раз.")
    assert len(engine.sentences) == 5


def test_invalid_sound_is_not_cached(tmp_path: Path) -> None:
    engine = FakeEngine("engine", changes(lambda piece: replace(piece, samples=piece.samples * 0)), version="1")
    voices = chain(tmp_path, engine)
    sound(voices, "Раз.")
    engine._behaviour = None
    speaking = voices.speak("Раз.", "ru")
    assert next(speaking).voice == "engine:low"
    assert len(engine.sentences) == 2


def _facts(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with np.load(path) as kept:
            arrays = dict(kept)
        facts = change(json.loads(arrays["facts"].tobytes()))
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        np.savez(path, **arrays)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-500]),
        lambda path: path.write_bytes(b"<html>" * 1000),
        lambda path: np.savez(path, samples=np.zeros(10, np.float32)),
        lambda path: np.savez(path, samples=np.zeros(10), facts=np.zeros(3, np.uint8)),
        lambda path: np.savez(path, samples=np.zeros((10, 2), np.float32), facts=np.frombuffer(b"{}", np.uint8)),
        lambda path: np.savez(path, facts=np.frombuffer(b"[" * 100_000, np.uint8), samples=np.zeros(1, np.float32)),
        _facts(lambda _: [1, 2]),
        _facts(lambda facts: {**facts, "phones": [["a"]]}),
        _facts(lambda facts: {**facts, "rate": None}),
        _facts(lambda facts: {**facts, "words": 5}),
    ],
)
def test_a_damaged_entry_is_spoken_anew(
    tmp_path: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    engine = FakeEngine("engine", version="1")
    first = sound(chain(tmp_path, engine), "Раз.")
    (entry,) = (tmp_path / "speech").iterdir()
    damage(entry)
    assert sound(chain(tmp_path, engine), "Раз.") == first
    assert "damaged" in caplog.text
    assert len(engine.sentences) == 2
    assert sound(chain(tmp_path, engine), "Раз.") == first
    assert len(engine.sentences) == 2


@pytest.mark.slow
def test_it_is_bounded(tmp_path: Path) -> None:
    engine = FakeEngine("engine", version="1")
    voices = chain(tmp_path, engine, speech_cache_max_mb=0.5)
    for number in range(12):
        sound(voices, f"Это предложение номер {number}.")
    kept = list((tmp_path / "speech").iterdir())
    assert 1 <= len(kept) < 8
    assert sum(path.stat().st_size for path in kept) < 500_000 + max(path.stat().st_size for path in kept)


def test_an_unwritable_cache_does_not_prevent_speech(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "speech").write_text("not a folder")
    engine = FakeEngine("engine", version="1")
    assert sound(chain(tmp_path, engine), "Раз.") == sound(chain(tmp_path / "other", engine), "Раз.")
    assert "cannot keep the speech" in caplog.text


def test_concurrent_requests_share_one_synthesis(tmp_path: Path) -> None:
    engine = FakeEngine("engine", version="1")
    voices, starting, sounds = chain(tmp_path, engine), threading.Barrier(8), list[bytes]()

    def ask() -> None:
        starting.wait()
        sounds.append(sound(voices))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(sounds)) == 1
    assert len(sounds) == 8
    assert sorted(engine.sentences) == ["Мама мыла раму.", "Папа пил чай."]


def _work(folder: str, queue: Any) -> None:
    engine = FakeEngine("engine", version="1")
    voices = chain(Path(folder), engine, speech_cache_max_mb=0.4)
    queue.put([sound(voices, f"Номер {number % 4}.") for number in range(12)])


@pytest.mark.slow
def test_processes_race_for_one_folder(tmp_path: Path) -> None:
    """Some write what others remove and read: every one gets the right sound each time."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=_work, args=(str(tmp_path), queue)) for _ in range(3)]
    for process in processes:
        process.start()
    got = [queue.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    alone = chain(tmp_path / "alone", FakeEngine("engine"))
    expected = [sound(alone, f"Номер {number % 4}.") for number in range(12)]
    assert got == [expected] * 3
    assert {path.suffix for path in (tmp_path / "speech").iterdir()} == {".npz"}
