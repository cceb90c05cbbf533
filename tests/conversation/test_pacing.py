"""An answer is sent a little ahead of what is heard."""

from __future__ import annotations

import pytest

from lipsync.conversation.pacing import PlaybackClock


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_played_is_what_the_player_reports_and_a_little_more() -> None:
    clock = Clock()
    playback = PlaybackClock(clock)
    assert (playback.played, playback.ahead) == (0.0, 0.0)
    playback.send(2.0)
    clock.now = 0.5
    assert playback.played == 0.5
    playback.report(0.2)
    assert playback.played == pytest.approx(0.2)
    clock.now = 0.6
    assert playback.played == pytest.approx(0.3)
    clock.now = 1.5
    assert playback.played == pytest.approx(1.2)  # a player that says nothing plays on
    playback.report(0.2)
    assert playback.played == pytest.approx(0.2)  # one that has stalled says so
    playback.report(9.0)
    assert playback.ahead == 0.0


def test_a_pause_in_the_sound_is_not_taken_for_playing() -> None:
    clock = Clock()
    playback = PlaybackClock(clock)
    playback.send(1.0)
    clock.now = 5.0
    assert (playback.played, playback.ahead) == (1.0, 0.0)
    playback.send(3.0)
    assert playback.played == 1.0
    clock.now = 5.5
    assert playback.played == pytest.approx(1.5)
    playback.send(4.0)  # while it plays
    assert playback.played == pytest.approx(1.5)
