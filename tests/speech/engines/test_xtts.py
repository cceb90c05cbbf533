"""The real loading and speaking code of XTTS, on a tiny model of random weights in the published layout."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.speech.cloning.store import ClonedVoiceStore
from lipsync.speech.engines.coqui import import_xtts, missing_package
from lipsync.speech.engines.xtts import XttsVoice, xtts_voice
from lipsync.speech.engines.xtts_model import sampled_checksum
from lipsync.speech.types import Speech, Style

pytestmark = pytest.mark.skipif(
    missing_package() is not None, reason=f"XTTS is not tried: {missing_package()} (make install EXTRAS=xtts)"
)


@pytest.fixture(scope="module")
def voice(tiny_xtts: Path, tmp_path_factory: pytest.TempPathFactory) -> XttsVoice:
    """The engine, loaded once for this module."""
    made = xtts_voice(settings_of(tiny_xtts, tmp_path_factory.mktemp("xtts")))
    made.load()
    return made


def settings_of(weights: Path, folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, checkpoints=weights, cloned_voices=folder / "voices", cache=folder, **more)


def copied(weights: Path, folder: Path) -> Path:
    """The model in a folder of its own, by links: one file of it may be replaced."""
    shutil.copytree(weights / "xtts", folder / "xtts", copy_function=os.link)
    return folder / "xtts"


def sound(pieces: Iterator[Speech]) -> np.ndarray:
    return np.concatenate([piece.samples for piece in pieces])


def code_of(weights: Path, folder: Path) -> str:
    with pytest.raises(LipsyncError) as raised:
        xtts_voice(settings_of(weights, folder)).load()
    return raised.value.code


# ---- speaking


def test_one_speech_per_sentence(voice: XttsVoice) -> None:
    pieces = list(voice.speak("Hello there. How are you?", "en"))
    assert [piece.text for piece in pieces] == ["Hello there.", "How are you?"]
    for piece in pieces:
        assert (piece.rate, piece.language, piece.voice, piece.phones) == (24000, "en", "xtts:Claribel Dervla", ())
        assert piece.samples.dtype == np.float32
        assert 0.05 < np.abs(piece.samples).max() <= 1
        assert 0.3 < piece.duration < 1


def test_the_same_request_gives_the_same_sound_and_others_random_numbers_stay(voice: XttsVoice) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = sound(voice.speak("Привет!", "ru"))
    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(first, sound(voice.speak("Привет!", "ru")))
    assert not np.array_equal(first, sound(voice.speak("Привет!", "ru", "xtts:Andrew Chipper")))
    assert not np.array_equal(first, sound(voice.speak("Пока!", "ru")))


def test_many_at_once_get_each_their_own_sound(voice: XttsVoice) -> None:
    texts = ["One.", "Two.", "Three.", "Four."]
    alone = [sound(voice.speak(text, "en")) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: sound(voice.speak(text, "en")), texts))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_xtts_changes_the_speed_itself(voice: XttsVoice) -> None:
    usual = len(sound(voice.speak("Hello.", "en")))
    assert len(sound(voice.speak("Hello.", "en", style=Style(speed=2)))) == pytest.approx(usual / 2, rel=0.1)


def test_a_long_sentence_is_split_to_fit_the_network(voice: XttsVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    network = voice._require_model().network
    taken: list[str] = []

    def stream(text: str, *_: object, **__: object) -> Iterator[torch.Tensor]:
        taken.append(text)
        yield torch.full((10,), 0.1)

    monkeypatch.setattr(network, "inference_stream", stream)
    text = "слово " * 60 + "конец, " + "ещё одно слово " * 10 + "." + " Ы" * 3
    list(voice.speak(text, "ru"))
    assert "".join(taken).replace(" ", "") == text.replace(" ", "")
    assert all(len(part) <= 182 for part in taken)  # coqui's limit for Russian
    taken.clear()
    list(voice.speak("я" * 390, "ru"))
    tokens = [len(network.tokenizer.encode(part, lang="ru")) for part in taken]
    assert sum(len(part) for part in taken) == 390
    assert max(tokens) < 400


def test_babble_is_retried_with_another_seed(voice: XttsVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = iter([24000 * 20, 24000 * 2])
    network = voice._require_model().network
    monkeypatch.setattr(network, "inference_stream", lambda *_, **__: iter([torch.full((next(lengths),), 0.1)]))
    (piece,) = voice.speak("Hello.", "en")
    assert piece.duration == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_invalid_sound_is_reported(voice: XttsVoice, monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    network = voice._require_model().network
    monkeypatch.setattr(network, "inference_stream", lambda *_, **__: iter([torch.full((2400,), value)]))
    with pytest.raises(LipsyncError) as raised:
        list(voice.speak("Hello.", "en"))
    assert raised.value.code == "speech_failed"


def test_the_chain_goes_on_when_its_memory_is_out_and_it_serves_again(
    tiny_xtts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = VoiceChain(settings_of(tiny_xtts, tmp_path, voices="xtts"))
    installed = chain.engine("xtts")
    assert installed is not None
    assert isinstance(installed.voice, XttsVoice)
    network = installed.voice._require_model().network
    real, calls = network.inference_stream, []

    def stream(text: str, *arguments: object, **more: object) -> Iterator[torch.Tensor]:
        calls.append(text)
        if len(calls) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        yield from real(text, *arguments, **more)

    monkeypatch.setattr(network, "inference_stream", stream)
    speaking = chain.speak("Hello there. How are you?", "en")
    assert [piece.voice for piece in speaking] == ["xtts:Claribel Dervla", "espeak-male"]
    assert [one.reason for one in speaking.fallbacks] == ["voice_no_memory"]
    monkeypatch.undo()
    again = chain.speak("And once more.", "en", "Andrew Chipper")
    assert [piece.voice for piece in again] == ["xtts:Andrew Chipper"]
    assert again.fallbacks == []


# ---- which voices and languages


def test_voices_and_languages(voice: XttsVoice) -> None:
    first, second = voice.voices()
    assert (first.name, first.sex, second.name, second.sex) == (
        "xtts:Claribel Dervla", "female", "xtts:Andrew Chipper", "male",
    )  # fmt: skip
    assert set(first.languages) == {"ru", "en", "de", "fr", "es", "it", "pt", "pl", "cs", "tr"}
    assert voice.speaks("ru")
    assert voice.speaks("ru", "xtts:andrew chipper")
    assert not voice.speaks("kk")
    assert not voice.speaks("ru", "xtts:nobody")
    for language, name, code in (("kk", None, "unknown_language"), ("ru", "xtts:nobody", "unknown_voice")):
        with pytest.raises(LipsyncError) as raised:
            voice.speak("Да.", language, name)
        assert raised.value.code == code


def test_listing_voices_loads_nothing(tiny_xtts: Path, tmp_path: Path) -> None:
    made = xtts_voice(settings_of(tiny_xtts, tmp_path))
    assert made.speaks("ru", "xtts:Claribel Dervla")
    assert len(made.voices()) == 2
    assert made.fingerprint("ru") == made.fingerprint("en", "xtts:Claribel Dervla") != ""
    assert made.fingerprint("ru", "xtts:Andrew Chipper") not in ("", made.fingerprint("ru"))
    assert made._model is None


def test_a_cloned_voice_speaks_and_belongs_to_its_model(tiny_xtts: Path, tmp_path: Path) -> None:
    made = xtts_voice(settings_of(tiny_xtts, tmp_path))
    noise = np.random.default_rng(0).normal(0, 0.1, 7 * 22050).astype(np.float32)
    style, speaker, model = made.compute_speaker_latents(noise)
    assert (style.shape, speaker.shape) == ((1, 32, 64), (1, 512, 1))
    assert np.linalg.norm(speaker) == pytest.approx(1, abs=1e-3)
    made.cloned.add("Аня", style, speaker, model=model, seconds=7, sex="female")
    assert [one.name for one in made.voices()][1] == "xtts:Аня"
    assert made.speaks("ru", "Аня")
    (piece,) = made.speak("Привет!", "ru", "xtts:аня")
    assert piece.voice == "xtts:Аня"
    before = made.fingerprint("ru", "xtts:Аня")
    made.cloned.delete("Аня")
    made.cloned.add("Аня", style, speaker, model="another", seconds=7)
    assert made.fingerprint("ru", "xtts:Аня") not in ("", before)
    with pytest.raises(LipsyncError) as raised:
        made.speak("Привет!", "ru", "xtts:Аня")
    assert raised.value.code == "voice_damaged"


# ---- loading


def test_missing_files_are_reported(tiny_xtts: Path, tmp_path: Path) -> None:
    assert code_of(tmp_path, tmp_path) == "xtts_missing"
    folder = copied(tiny_xtts, tmp_path)
    (folder / "licence-accepted.json").unlink()
    assert code_of(tmp_path, tmp_path) == "xtts_licence"
    (folder / "licence-accepted.json").write_text('{"licence": "some other"}')
    assert code_of(tmp_path, tmp_path) == "xtts_licence"


@pytest.mark.parametrize(
    ("key", "value"),
    [("gpt_layers", 10**9), ("gpt_n_model_channels", -1), ("gpt_layers", "many"), ("decoder_input_dim", 10**12)],
)
def test_a_configuration_is_bounded_before_a_network_is_made(
    tiny_xtts: Path, tmp_path: Path, key: str, value: object
) -> None:
    folder = copied(tiny_xtts, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["model_args"][key] = value
    (folder / "config.json").unlink()
    (folder / "config.json").write_text(json.dumps(config))
    assert code_of(tmp_path, tmp_path) == "xtts_config"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model": "vits"}', "<html>", "\0" * 2_000_000])
@pytest.mark.parametrize("name", ["config.json", "vocab.json"])
def test_json_that_is_not_xtts_s(tiny_xtts: Path, tmp_path: Path, name: str, text: str) -> None:
    folder = copied(tiny_xtts, tmp_path)
    (folder / name).unlink()
    (folder / name).write_text(text)
    assert code_of(tmp_path, tmp_path) == "xtts_config"


class Runs:
    """A stranger's object that runs code when it is unpickled without care."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("name", ["model.pth", "speakers_xtts.pth"])
def test_a_stranger_s_file_runs_nothing(tiny_xtts: Path, tmp_path: Path, name: str) -> None:
    folder, marker = copied(tiny_xtts, tmp_path), tmp_path / "ran"
    (folder / name).unlink()
    torch.save({"model": {"gpt.x": torch.zeros(1)}, "config": Runs(marker)}, folder / name)
    assert code_of(tmp_path, tmp_path) == "weights_unsafe"
    assert not marker.exists()


def test_weights_that_do_not_fit(tiny_xtts: Path, tmp_path: Path) -> None:
    weights = {
        "gpt.text_head.weight": torch.zeros(3, 3),
    }
    for changed, code in (
        (weights, "weights_shape"),
        ({"gpt.strange": torch.zeros(1)}, "weights_keys"),
        ({"other": torch.zeros(1)}, "weights_other_network"),
    ):
        folder = copied(tiny_xtts, tmp_path / code)
        (folder / "model.pth").unlink()
        torch.save({"model": changed}, folder / "model.pth")
        assert code_of(folder.parent, tmp_path) == code
    folder = copied(tiny_xtts, tmp_path / "speakers")
    (folder / "speakers_xtts.pth").unlink()
    torch.save({"A": {"gpt_cond_latent": torch.zeros(1, 32, 65), "speaker_embedding": torch.zeros(1, 512, 1)}},
               folder / "speakers_xtts.pth")  # fmt: skip
    assert code_of(folder.parent, tmp_path) == "weights_shape"


def test_the_published_file_is_not_written_to(tiny_xtts: Path, voice: XttsVoice) -> None:
    """coqui-tts writes it anew when it holds the old configuration."""
    stored = torch.load(tiny_xtts / "xtts" / "model.pth", weights_only=False, map_location="meta")
    assert type(stored["config"]).__name__ == "XttsConfig"
    assert sampled_checksum(tiny_xtts / "xtts" / "model.pth") == voice._require_model().fingerprint


@pytest.mark.slow
def test_torchaudio_s_formulas_are_there() -> None:
    import_xtts()
    import torchaudio  # noqa: PLC0415 - imported so that it runs with any torch

    sine = torch.sin(2 * torch.pi * 440 * torch.arange(22050) / 22050)[None]
    resampled = torchaudio.functional.resample(sine, 22050, 16000)
    expected = torch.sin(2 * torch.pi * 440 * torch.arange(16000) / 16000)[None]
    assert (resampled - expected)[:, 100:-100].abs().max() < 0.01
    mel = torchaudio.transforms.MelSpectrogram(16000, n_fft=512, win_length=400, hop_length=160, n_mels=64)(expected)
    assert mel.shape == (1, 64, 101)
    # The mel filters are HTK's: 440 Hz is 549 mel, of 0 to 2840 in 65 steps.
    assert int(mel[0, :, 50].argmax()) == round(549 / (2840 / 65)) - 1


def test_the_store_lists_stored_voices(tmp_path: Path) -> None:
    assert ClonedVoiceStore(tmp_path / "none").list() == []
