"""Evidence of a voice in the last windows of the microphone's sound."""

from __future__ import annotations

from collections import deque

from lipsync.conversation.turns.events import VoiceWindow
from lipsync.hearing.types import RATE, WINDOW

WINDOW_S = WINDOW / RATE
"""Seconds of one window."""

VOICED = 0.5
"""Probability from which a window counts as voiced, Silero's own default."""
CONFIRMING = 0.6
"""Probability over which a window counts towards an interruption."""
CONFIRMING_WINDOWS = 5
CONFIRMED_OF = 8
"""An interruption is confirmed by CONFIRMING_WINDOWS of the last CONFIRMED_OF windows (docs/turns.md: figures)."""
MIN_OPEN_WINDOWS = 3
"""Number of the confirming windows that are not a hum, so that "mm-hm" seldom confirms."""
DUCKING_WINDOWS = 2
DUCKING_OF = 3
"""The answer is ducked from DUCKING_WINDOWS of the last DUCKING_OF windows over CONFIRMING."""
ONSET_WINDOWS = 2
"""Consecutive voiced windows with which a voice begins, or goes on after a pause; one alone is a click."""


class VoiceEvidence:
    """The last windows of one microphone. An echo of the answer counts as silence."""

    def __init__(self) -> None:
        self.run = 0
        """Consecutive voiced windows up to now."""
        self.quiet = 0
        """Consecutive windows without a voice up to now."""
        self._windows: deque[VoiceWindow] = deque(maxlen=CONFIRMED_OF)

    def add(self, window: VoiceWindow) -> None:
        """Take the next window."""
        self._windows.append(window)
        if window.probability >= VOICED and not window.own_voice:
            self.run, self.quiet = self.run + 1, 0
        else:
            self.run, self.quiet = 0, self.quiet + 1

    def clear(self) -> None:
        """Forget all windows."""
        self._windows.clear()
        self.run = self.quiet = 0

    @property
    def begins(self) -> bool:
        """Whether a voice has just begun, or has gone on, for long enough to be one."""
        return self.run >= ONSET_WINDOWS

    @property
    def onset(self) -> float:
        """Start of the first confirming window of the last windows, in seconds of the microphone's sound."""
        voiced = [window.end for window in self._windows if _confirms(window) or window.probability >= VOICED]
        return voiced[0] - WINDOW_S if voiced else self._windows[-1].end

    @property
    def ducks(self) -> bool:
        """Whether somebody may be speaking over the answer."""
        return sum(map(_confirms, list(self._windows)[-DUCKING_OF:])) >= DUCKING_WINDOWS

    @property
    def confirms(self) -> bool:
        """Whether somebody certainly speaks over the answer."""
        voiced = [window for window in self._windows if _confirms(window)]
        return (
            len(voiced) >= CONFIRMING_WINDOWS
            and sum(not window.is_hum for window in voiced) >= MIN_OPEN_WINDOWS
            and _confirms(self._windows[-1])
        )


def _confirms(window: VoiceWindow) -> bool:
    return window.probability > CONFIRMING and not window.own_voice
