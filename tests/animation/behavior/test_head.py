from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.behavior.head import LIMITS, HeadMotion
from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.nods import Nod
from lipsync.animation.behavior.phrases import Phrase
from lipsync.animation.behavior.timeline import Span


def pose(
    count: int = 1000,
    *,
    motion: float = 1.0,
    bias: tuple[float, float, float] = (0, 0, 0),
    nods: list[Nod] | None = None,
    energy: float = 1.0,
    speaking: float = 1.0,
) -> np.ndarray:
    head = HeadMotion(np.random.default_rng(1), np.random.default_rng(2))
    return head.pose(
        Span(0, count),
        [Phrase(0.3, 9.0)],
        nods or [],
        np.zeros((count, 3)),
        style=MotionStyle(),
        energy=np.full(count, energy),
        speaking=np.full(count, speaking),
        bias=np.tile(bias, (count, 1)).astype(float),
        motion=motion,
    )


def test_it_begins_at_rest_and_without_a_jerk() -> None:
    found = pose()
    assert not found[0].any()
    assert np.abs(np.diff(found[:20], axis=0)).max() < 0.05
    assert np.abs(found[:, 0]).max() > 2


def test_motion_is_the_size_and_0_is_none() -> None:
    assert not pose(motion=0.0, bias=(4, 2, -3)).any()
    np.testing.assert_allclose(pose(motion=1.5), 1.5 * pose(), atol=1e-9)


def test_the_head_moves_further_while_it_speaks() -> None:
    """Drift alone, which is smaller in silence, gives factors of 1.05 at most."""
    factors = pose()[:, :3].std(axis=0) / pose(speaking=0.0)[:, :3].std(axis=0)
    assert (factors > [1.15, 1.1, 1.2]).all()
    assert (factors < 1.6).all()


def test_no_motion_goes_beyond_the_limits() -> None:
    nods = [Nod(at, 3.0, 30.0, 30.0, 30.0, 0.0) for at in np.arange(1, 9, 0.7)]
    assert (np.abs(pose(nods=nods, energy=3)[:, :3]) <= LIMITS).all()


def test_a_mood_turns_the_head_by_its_bias() -> None:
    change = pose(bias=(4, 2, -3))[-1, :3] - pose()[-1, :3]
    assert change == pytest.approx([4, 2, -3], abs=0.01)
    assert pose(bias=(4, 2, -3), motion=1.5)[-1, :3] - pose(motion=1.5)[-1, :3] == pytest.approx([4, 2, -3], abs=0.01)


def test_the_head_goes_where_it_turns() -> None:
    found = pose(bias=(5, 3, 0))
    assert np.corrcoef(found[:, 0], found[:, 3])[0, 1] > 0.8
    np.testing.assert_allclose(found[:, 4], -0.004 * found[:, 1])
