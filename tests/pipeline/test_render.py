"""Renders give way to answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipsync.pipeline import render as module
from lipsync.pipeline.render import Encoding, render
from lipsync.pipeline.stopwatch import Stopwatch
from lipsync.speech.engines.espeak import EspeakVoice
from tests.helpers.conversation import StillAnimator


class CountingPriority:
    """Counts how often a render would wait."""

    def __init__(self) -> None:
        self.waits = 0

    def pacer(self) -> CountingPriority:
        return self

    def before_frame(self) -> None:
        self.waits += 1


def test_a_render_lets_answers_pass_before_each_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    priority = CountingPriority()
    monkeypatch.setattr(module, "TALK_PRIORITY", priority)
    speech = [*EspeakVoice().speak("One. And two.", "en")]
    facts = render(
        [(piece, number == len(speech) - 1) for number, piece in enumerate(speech)],
        StillAnimator(),
        tmp_path / "film.mp4",
        fps=25,
        seed=0,
        encoding=Encoding(30, "ultrafast", 1),
        characters=13,
        watch=Stopwatch(),
    )
    assert priority.waits == facts.frames + len(speech)  # and once more at the end of each piece
