"""Answers go before renders: on a clock that the test turns."""

from __future__ import annotations

from lipsync.runtime.talk_priority import MIN_AHEAD_S, RenderPacer, TalkPriority


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


FRAME_S = 0.04


def frames(pacer: RenderPacer, clock: Clock, until: float) -> int:
    """Number of frames that a render draws until then."""
    count = 0
    while clock.now < until:
        pacer.before_frame()
        clock.now += FRAME_S
        count += 1
    return count


def test_without_answers_a_render_does_not_wait() -> None:
    clock, priority = Clock(), TalkPriority()
    assert frames(priority.pacer(clock, clock.sleep), clock, 4.0) >= 99


def test_one_frame_in_four_goes_on_while_an_answer_is_urgent() -> None:
    clock, priority = Clock(), TalkPriority()
    with priority.answering(lambda: 0.0):
        assert 24 <= frames(priority.pacer(clock, clock.sleep), clock, 4.0) <= 27


def test_a_render_goes_on_as_soon_as_an_answer_is_ahead() -> None:
    clock, priority = Clock(), TalkPriority()
    ahead = 0.0
    with priority.answering(lambda: MIN_AHEAD_S if clock.now > 1.0 else ahead):
        pacer = priority.pacer(clock, clock.sleep)
        assert frames(pacer, clock, 1.0) <= 8
        assert frames(pacer, clock, 5.0) >= 98


def test_one_urgent_answer_of_several_is_enough() -> None:
    priority = TalkPriority()
    with priority.answering(lambda: 9.0):
        assert not priority.is_urgent
        with priority.answering(lambda: 0.5):
            assert priority.is_urgent
        assert not priority.is_urgent
