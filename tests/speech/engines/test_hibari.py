"""hibari, the real one: its voice is in its wheel."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from pathlib import Path

import hibari as package
import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.speech.engines.hibari import HibariVoice, hibari_voice
from lipsync.weights.catalogue import model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hibari() -> HibariVoice:
    return hibari_voice(Settings(_env_file=None))


def test_one_speech_per_sentence(hibari: HibariVoice) -> None:
    pieces = list(hibari.speak("Bob bumped my broken map. Who made it pop?", "en"))
    assert [one.text for one in pieces] == ["Bob bumped my broken map.", "Who made it pop?"]
    for one in pieces:
        assert (one.rate, one.language, one.voice) == (24000, "en", "hibari-heart")
        assert one.samples.dtype == np.float32
        assert 0.8 < one.duration < 4
        assert 0.05 < np.abs(one.samples).max() <= 1


def test_the_same_text_is_the_same_sound_also_in_many_threads(hibari: HibariVoice) -> None:
    wanted = next(hibari.speak("Say it again.", "en")).samples
    others = next(hibari.speak("And something else.", "en")).samples
    assert len(wanted) != len(others)
    heard: list[bool] = []

    def speak() -> None:
        heard.append(np.array_equal(next(hibari.speak("Say it again.", "en")).samples, wanted))

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == [True] * 4


def test_languages_and_voices(hibari: HibariVoice) -> None:
    assert hibari.speaks("en")
    assert hibari.speaks("en", "hibari-heart")
    assert not hibari.speaks("ru")
    assert not hibari.speaks("en", "hibari-emma")  # that one would be downloaded
    with pytest.raises(LipsyncError, match="“ru”"):
        hibari.speak("Привет", "ru")
    with pytest.raises(LipsyncError, match="hibari-heart"):
        hibari.speak("Hello", "en", "hibari-emma")


def test_the_man_speaks_when_his_file_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the same make stands in for his: the wheel's own, under his name."""
    place = model("hibari-fenrir").paths(tmp_path)[0]
    place.parent.mkdir()
    shutil.copy(Path(package.__file__).parent / "assets" / "hibari.onnx", place)
    monkeypatch.setattr("hibari.voices.download", None)  # nothing is downloaded
    voice = hibari_voice(Settings(_env_file=None, checkpoints=tmp_path))
    assert [(one.name, one.sex) for one in voice.voices()] == [("hibari-heart", "female"), ("hibari-fenrir", "male")]
    (his,), (hers,) = (list(voice.speak("Say it.", "en", name)) for name in ("hibari-fenrir", "hibari-heart"))
    assert his.voice == "hibari-fenrir"
    assert np.array_equal(his.samples, hers.samples)  # as the file says
    assert voice.fingerprint("en", "hibari-fenrir") != voice.fingerprint("en", "hibari-heart")


def test_letters_that_it_does_not_know(hibari: HibariVoice) -> None:
    assert len(list(hibari.speak("A café, naïve.", "en"))) == 1
    with pytest.raises(LipsyncError) as caught:
        list(hibari.speak("She said привет.", "en"))
    assert caught.value.code == "voice_cannot_say"


def test_its_versions_are_in_its_fingerprint(hibari: HibariVoice) -> None:
    assert hibari.fingerprint("en").startswith("hibari-tts 0.")


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "hibari" else object())
    with pytest.raises(LipsyncError, match="make install EXTRAS=hibari"):
        hibari_voice(Settings(_env_file=None))
