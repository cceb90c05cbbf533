"""Places of those who talk, and the levels of the picture."""

from __future__ import annotations

import pytest

from lipsync.conversation.errors import TalkLimitError
from lipsync.conversation.talk_limits import LEVELS, Overload, TalkSlots


def test_more_than_the_limit_are_refused_until_one_has_ended() -> None:
    slots = TalkSlots(2)
    with slots.slot():
        with slots.slot():
            with pytest.raises(TalkLimitError) as caught, slots.slot():
                pass
            assert caught.value.code == "too_many_talks"
            assert caught.value.facts["seconds"] == 10
        with slots.slot():
            assert slots.taken == 2
    assert slots.taken == 0


def test_a_slow_machine_goes_down_step_by_step_and_comes_back() -> None:
    overload, seen = Overload(), []
    for _ in range(4):
        seen.append(overload.level.degraded)
        overload.drawn(1.0, 1.0)
    assert seen == [None, "fps", "size", "video"]
    assert not overload.level.has_video
    for _ in range(3):
        overload.skipped()
    assert overload.level is LEVELS[2]
    for _ in range(5):
        overload.drawn(4.0, 3.0)  # fast enough, but not for more
    assert overload.level is LEVELS[2]
    for _ in range(6):
        overload.drawn(4.0, 1.0)
    assert overload.level is LEVELS[0]
