"""Where in the microphone's sound an echo of the answer is expected."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.parts import SoundPart
from lipsync.conversation.session import listening as module
from lipsync.conversation.session.listening import Listening
from lipsync.hearing.types import RATE
from tests.conversation.session.fakes import LoudnessDetector


class Echo:
    """Keeps the times at which sound is played."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def play(self, samples: NDArray[np.float32], at: float) -> None:
        assert len(samples)
        self.times.append(at)

    def is_own_voice(self, samples: NDArray[np.float32]) -> bool:  # noqa: ARG002
        return False


def test_a_pause_in_the_answer_moves_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    echo = Echo()
    monkeypatch.setattr(module, "EchoDetector", lambda: echo)
    listening = Listening(LoudnessDetector)
    listening.open(RATE)

    def hear(seconds: float) -> None:
        list(listening.add(bytes(2 * round(seconds * RATE))))

    def send(start: float, seconds: float = 1.0) -> None:
        listening.add_answer_sound(SoundPart(1, start, seconds, bytes(2 * round(seconds * SEGMENT_RATE))))

    hear(2.0)
    listening.begin_answer()
    send(0.0)  # played from 2 s on
    send(1.0)  # ahead: from 3 s on
    hear(6.0)
    send(2.0)  # from 8 s on, although the sound before ended at 4 s
    send(3.0)
    assert echo.times == pytest.approx([2.0, 3.0, 8.0, 9.0], abs=0.05)
