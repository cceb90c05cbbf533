"""Silero: a tiny network, packed and loaded as theirs is. (Theirs are fetched, and may not be passed on.)"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.package import PackageExporter

from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.speech.engines import silero
from lipsync.speech.engines.silero import RATE, SileroVoice, silero_voice, spell_for_network
from lipsync.weights import catalogue
from lipsync.weights.catalogue import Model
from tests.speech.engines import silero_tiny
from tests.speech.engines.silero_tiny import PITCH, TinySilero

RUSSIAN = TinySilero.symbols
ENGLISH = "_~| !\"',-.:;?abcdefghijklmnopqrstuvwxyz"


def pack(path: Path, network: object) -> Model:
    """The file, and an entry of the catalogue that fits it."""
    path.parent.mkdir(exist_ok=True)
    with PackageExporter(path) as exporter:
        exporter.intern(silero_tiny.__name__)
        exporter.extern("torch")
        exporter.save_pickle("tts_models", "model", network)
    data = path.read_bytes()
    known = catalogue.model("silero-ru")
    return known.model_copy(update={"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)})


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Model]:
    """Both files, as if the catalogue meant them."""
    entries = {
        "silero-ru": pack(tmp_path / "silero/v4_ru.pt", TinySilero()),
        "silero-en": pack(tmp_path / "silero/v3_en.pt", TinySilero(ENGLISH)),
    }
    paths = {name: catalogue.model(name).path for name in entries}
    entries = {name: one.model_copy(update={"path": paths[name]}) for name, one in entries.items()}
    monkeypatch.setattr(silero, "model", entries.__getitem__)
    return entries


def settings_of(folder: Path) -> Settings:
    return Settings(_env_file=None, checkpoints=folder)


@pytest.fixture
def voice(packed: Mapping[str, Model], tmp_path: Path) -> SileroVoice:
    assert set(packed) == {"silero-ru", "silero-en"}
    return silero_voice(settings_of(tmp_path))


def pitch(samples: np.ndarray) -> float:
    """Hz of a tone, from its crossings of zero."""
    return float(np.count_nonzero(np.diff(np.signbit(samples))) * RATE / 2 / len(samples))


def test_one_speech_per_sentence_of_the_speaker(voice: SileroVoice) -> None:
    pieces = list(voice.speak("Привет, это я. Кто там?", "ru", "silero-eugene"))
    assert [(one.text, one.rate, one.language, one.voice) for one in pieces] == [
        ("Привет, это я.", RATE, "ru", "silero-eugene"),
        ("Кто там?", RATE, "ru", "silero-eugene"),
    ]
    assert pitch(pieces[0].samples) == pytest.approx(PITCH["eugene"], rel=0.02)
    (english,) = voice.speak("Hello, it's a café.", "en", "silero-en-20")
    assert pitch(english.samples) == pytest.approx(PITCH["en_20"], rel=0.02)


def test_the_first_voice_speaks_when_none_is_named(voice: SileroVoice) -> None:
    names = {code: next(one.name for one in voice.voices() if code in one.languages) for code in ("ru", "en")}
    assert names == {"ru": "silero-xenia", "en": "silero-en-0"}
    assert [one.voice for code in names for one in voice.speak("х" if code == "ru" else "x", code)] == [
        *names.values()
    ]


def test_languages_and_voices(voice: SileroVoice) -> None:
    assert voice.speaks("ru")
    assert voice.speaks("ru", "silero-baya")
    assert not voice.speaks("ru", "silero-en-0")
    assert not voice.speaks("ru", "silero-random")
    assert not voice.speaks("de")
    assert len(voice.voices()) == 9
    assert {one.sex for one in voice.voices()} == {"female", "male"}
    with pytest.raises(LipsyncError, match="silero-kseniya"):
        voice.speak("Привет", "ru", "silero-en-0")
    with pytest.raises(LipsyncError, match="ru, en"):
        voice.speak("Hallo", "de")


def test_only_the_language_whose_file_is_there(packed: Mapping[str, Model], tmp_path: Path) -> None:
    (tmp_path / packed["silero-en"].path).unlink()
    voice = silero_voice(settings_of(tmp_path))
    assert voice.speaks("ru")
    assert not voice.speaks("en")
    assert {code for one in voice.voices() for code in one.languages} == {"ru"}


def test_a_sentence_that_becomes_nothing_is_an_error(voice: SileroVoice) -> None:
    for text in ("Здесь тишина.", "Здесь ошибка."):
        with pytest.raises(LipsyncError) as caught:
            list(voice.speak(text, "ru"))
        assert caught.value.code == "speech_failed"


def test_many_threads_hear_their_own_text(voice: SileroVoice) -> None:
    heard: dict[int, float] = {}

    def speak(number: int) -> None:
        heard[number] = sum(one.duration for one in voice.speak("а" * (number + 5), "ru"))

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: (number + 5) / 20 for number in range(8)}


# ---- the characters


def test_characters_that_would_be_skipped_are_rejected() -> None:
    assert spell_for_network("Ёлка — это «да»!", RUSSIAN, "v") == "Ёлка — это «да»!"
    assert spell_for_network("The café’s naïve", ENGLISH, "v") == "The cafe's naive"
    for text, lost in (("Я люблю iPhone", "i"), ("Нас 5", "5"), ("½ кг", "1")):
        with pytest.raises(LipsyncError) as caught:
            spell_for_network(text, RUSSIAN, "v")
        assert caught.value.facts["character"] == lost


def test_stress_is_written_as_it_has_it() -> None:
    assert spell_for_network("за\u0301мок и замо\u0301к", RUSSIAN, "v") == "з+амок и зам+ок"
    assert spell_for_network("а+б", RUSSIAN, "v") == "а б"  # a plus of the text is no stress


def test_russian_letters_keep_their_diacritics() -> None:
    assert spell_for_network("Йод и\u0306 ёж", RUSSIAN, "v") == "Йод й ёж"


# ---- the file


def test_a_file_of_another_sum_is_not_opened(
    packed: Mapping[str, Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / packed["silero-ru"].path
    path.write_bytes(path.read_bytes() + b"\0")
    monkeypatch.setattr(torch.package, "PackageImporter", None)  # whoever used it would fail otherwise
    voice = silero_voice(settings_of(tmp_path))
    for ask in (voice.load, lambda: list(voice.speak("Привет", "ru"))):
        with pytest.raises(LipsyncError) as caught:
            ask()
        assert caught.value.code == "wrong_sum"


def test_a_vanished_file_is_reported(packed: Mapping[str, Model], tmp_path: Path) -> None:
    voice = silero_voice(settings_of(tmp_path))
    (tmp_path / packed["silero-ru"].path).unlink()
    with pytest.raises(LipsyncError) as caught:
        voice.load()
    assert caught.value.code == "cannot_read"


def test_loading_leaves_gradients_as_they_were(voice: SileroVoice) -> None:
    voice.load()
    list(voice.speak("Привет", "ru"))
    assert torch.is_grad_enabled()


def test_missing_files_or_torch_are_reported_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LipsyncError, match="models fetch silero-ru"):
        silero_voice(settings_of(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LipsyncError) as caught:
        silero_voice(settings_of(tmp_path))
    assert caught.value.code == "needs_torch"


def test_the_catalogue_s_sum_is_in_the_fingerprint(voice: SileroVoice, packed: Mapping[str, Model]) -> None:
    assert packed["silero-ru"].sha256 in voice.fingerprint("ru")
    assert voice.fingerprint("ru") != voice.fingerprint("en")


def test_both_models_are_in_the_catalogue() -> None:
    for name in ("silero-ru", "silero-en"):
        one = catalogue.model(name)
        assert one.restricted
        assert "non-commercial" in one.licence
        assert one.sources
