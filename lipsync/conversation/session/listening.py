"""The microphone of a session, examined for the person's voice and for an echo of the answer that is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.audio.segment import SEGMENT_RATE, decode_pcm16
from lipsync.conversation.parts import SoundPart
from lipsync.conversation.session.microphone import Microphone
from lipsync.conversation.turns.events import VoiceWindow
from lipsync.hearing.echo import EchoDetector
from lipsync.hearing.hum import is_hum
from lipsync.hearing.types import RATE, VoiceActivityDetector

Samples = NDArray[np.float32]


class Listening:
    """Voice activity and echo detection in the microphone's sound of one session. Not thread-safe."""

    def __init__(self, open_detector: Callable[[], VoiceActivityDetector] | None) -> None:
        """``open_detector``: None where no voice can be recognized; then only sound that is committed is heard."""
        self._open_detector = open_detector
        self._microphone: Microphone | None = None
        self._echo = EchoDetector()
        self._resampler = Resampler(SEGMENT_RATE, RATE)
        self._answer_began: float | None = None
        """Seconds of the microphone's sound at which the present answer began to be played."""

    @property
    def seconds(self) -> float:
        """Seconds of the microphone's sound received so far."""
        return 0.0 if self._microphone is None else self._microphone.seconds

    def open(self, rate: int) -> None:
        """Begin to hear, at ``rate`` samples a second; sound received before is forgotten."""
        detector = _NoDetector() if self._open_detector is None else self._open_detector()
        self._microphone = Microphone(detector, rate)

    def add(self, pcm16: bytes) -> Iterator[VoiceWindow]:
        """Take sound of the microphone; the windows that are complete now. :meth:`open` comes first."""
        if self._microphone is None:
            self.open(RATE)
        assert self._microphone is not None
        for window in self._microphone.add(pcm16):
            own = self._echo.is_own_voice(window.samples)
            yield VoiceWindow(window.probability, window.end, own, is_hum(window.samples))

    def part(self, start: float, end: float) -> Samples:
        """(n,) float32 samples from ``start`` to ``end`` seconds of the microphone's sound, RATE a second."""
        return np.zeros(0, np.float32) if self._microphone is None else self._microphone.part(start, end)

    def begin_answer(self) -> None:
        """Another answer is played from now on."""
        self._resampler = Resampler(SEGMENT_RATE, RATE)
        self._answer_began = None

    def add_answer_sound(self, part: SoundPart) -> None:
        """``part`` of the answer is sent to be played; its echo is recognized when the microphone picks it up."""
        if self._microphone is None:
            return
        began = self.seconds - part.start
        # Where all that was sent has been played, the sound stood still until now.
        self._answer_began = began if self._answer_began is None else max(self._answer_began, began)
        samples = self._resampler.add(decode_pcm16(part.data))
        self._echo.play(samples, self._answer_began + part.start)

    def note_played(self, seconds: float) -> None:
        """The client has played the present answer up to ``seconds``."""
        if self._answer_began is not None:
            self._answer_began = self.seconds - seconds

    def stop_answer_sound(self) -> None:
        """The present answer is silent from now on."""
        self._echo.stop(self.seconds)


class _NoDetector:
    """A detector that never finds a voice."""

    def probabilities(self, samples: Samples) -> Iterator[float]:  # noqa: ARG002
        return iter(())
