from __future__ import annotations

import numpy as np
import pytest

from lipsync.animate.gestures import GestureSource

FPS = 25
STILL = np.zeros(100 * FPS)


def blinks(lids: np.ndarray) -> list[int]:
    """The first frame of each blink."""
    return (np.flatnonzero(np.diff((lids > 0).astype(int)) == 1) + 1).tolist()


def test_it_blinks_every_few_seconds_and_each_blink_shuts() -> None:
    lids = GestureSource(FPS, 1).frames(0, STILL, STILL).blink
    starts = blinks(lids)
    gaps = np.diff(starts) / FPS
    assert 100 / 5.8 - 1 <= len(starts) <= 100 / 2.6 * 1.3
    assert lids[0] == lids[: FPS // 2].max() == 0
    singles = gaps[gaps > 1]
    assert singles.min() > 2.2
    assert singles.max() < 5.9
    assert len(np.unique(np.round(gaps, 2))) > 5
    for start in starts:
        assert lids[start : start + 8].max() == pytest.approx(1)
        assert lids[start : start + 9].min() == 0


@pytest.mark.parametrize("cuts", [[1], [7, 8, 9], list(range(1, 2500, 3)), [0, 0, 2500]])
def test_pieces_continue_as_one(cuts: list[int]) -> None:
    voice = np.abs(np.sin(np.arange(len(STILL)) / 7))
    accent = (np.arange(len(STILL)) % 90 < 5).astype(float)
    whole = GestureSource(FPS, 5).frames(0, voice, accent)
    source = GestureSource(FPS, 5)
    parts = [source.frames(a, voice[a:b], accent[a:b]) for a, b in zip([0, *cuts], [*cuts, len(voice)], strict=True)]
    for name in ("blink", "pose", "brow"):
        np.testing.assert_allclose(
            np.concatenate([getattr(p, name) for p in parts]), getattr(whole, name), atol=1e-12
        )


def test_the_seed_decides() -> None:
    first, again, other = (GestureSource(FPS, seed).frames(0, STILL, STILL) for seed in (3, 3, 4))
    assert np.array_equal(first.pose, again.pose)
    assert np.array_equal(first.blink, again.blink)
    assert not np.array_equal(first.pose, other.pose)
    assert not np.array_equal(first.blink, other.blink)


def test_the_head_starts_at_rest_and_stays_near_it_without_jumping() -> None:
    loud = (np.arange(len(STILL)) % 50 < 25).astype(float)
    pose = GestureSource(FPS, 2).frames(0, loud, STILL).pose
    assert np.abs(pose[0]).max() < 1e-4
    assert (np.abs(pose).max(axis=0) <= [0.016, 0.016, 0.010, 0.004]).all()
    assert (np.abs(pose).max(axis=0) >= [0.008, 0.006, 0.005, 0.002]).all()
    # a tenth of the range in a frame would be seen as a jerk
    assert (np.abs(np.diff(pose, axis=0)).max(axis=0) < [0.002, 0.002, 0.0012, 0.0005]).all()
    assert (np.abs(np.diff(pose, 2, axis=0)).max(axis=0) < [0.0004, 0.0006, 0.0003, 0.0001]).all()


def test_the_head_goes_with_the_voice_and_the_brows_with_an_accent() -> None:
    loud = np.zeros(len(STILL))
    loud[1000:1050] = 1
    still, speaking = GestureSource(FPS, 2).frames(0, STILL, STILL), GestureSource(FPS, 2).frames(0, loud, loud)
    moved = speaking.pose[:, 1] - still.pose[:, 1]
    assert np.abs(moved[:1000]).max() == 0
    assert moved[1000:1060].max() > 0.003
    assert abs(moved[1200]) < 1e-4
    assert 0.1 < speaking.brow.max() <= 0.3
    assert still.brow.max() == 0
