"""Silero's real network: a voice is told from silence, noise and tones, however the sound is cut."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.hearing import silero
from lipsync.hearing.silero import SileroDetector
from lipsync.hearing.types import WINDOW
from lipsync.server.app import ROOT
from tests.hearing.sounds import Sound, noise, silence, spoken, tones


def test_a_voice_is_found() -> None:
    probabilities = list(SileroDetector().probabilities(spoken()))
    assert len(probabilities) == len(spoken()) // WINDOW
    assert np.mean(np.array(probabilities) > 0.5) > 0.6
    assert all(0 <= probability <= 1 for probability in probabilities)


@pytest.mark.parametrize(
    "sound", [silence(5), noise(5), noise(5, 0.01), tones(5)], ids=["silence", "loud", "faint", "chord"]
)
def test_other_sounds_are_no_voice(sound: Sound) -> None:
    assert max(SileroDetector().probabilities(sound)) < 0.6


@pytest.mark.parametrize("size", [1, 160, 512, 1000, 20_000])
def test_the_pieces_of_a_stream_do_not_matter(size: int) -> None:
    sound = spoken()[:20_000]
    detector = SileroDetector()
    found = [one for at in range(0, len(sound), size) for one in detector.probabilities(sound[at : at + size])]
    assert found == pytest.approx(list(SileroDetector().probabilities(sound)), abs=1e-4)


def test_it_is_what_faster_whisper_finds() -> None:
    from faster_whisper.vad import get_vad_model  # noqa: PLC0415 - an extra

    sound = spoken()[: len(spoken()) // WINDOW * WINDOW]
    assert list(SileroDetector().probabilities(sound)) == pytest.approx(list(get_vad_model()(sound.copy())), abs=1e-3)


def test_a_stream_is_consumed_though_nobody_reads_the_probabilities() -> None:
    detector, other = SileroDetector(), SileroDetector()
    detector.probabilities(spoken()[:10_240])
    list(other.probabilities(spoken()[:10_240]))
    assert list(detector.probabilities(spoken()[10_240:12_288])) == list(other.probabilities(spoken()[10_240:12_288]))


def test_after_reset_a_new_stream_begins() -> None:
    detector = SileroDetector()
    list(detector.probabilities(spoken()[:10_300]))
    detector.reset()
    assert list(detector.probabilities(spoken()[:5120])) == list(SileroDetector().probabilities(spoken()[:5120]))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    silero._session.cache_clear()
    with pytest.raises(LipsyncError, match="conversation") as caught:
        SileroDetector()
    assert caught.value.code == "hearing_not_installed"


def test_onnxruntime_sends_no_telemetry(tmp_path: Path) -> None:
    """With telemetry it stores a device id and what it will send."""
    code = "import numpy; from lipsync.hearing.silero import SileroDetector as Detector; "
    code += "list(Detector().probabilities(numpy.zeros(1024, numpy.float32)))"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=home, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
