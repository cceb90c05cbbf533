"""bench.living_face.skin follows the skin above and below the lips."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.living_face.figures import compare
from bench.living_face.interpreter import Measured
from bench.living_face.limits import list_failures
from bench.living_face.recording import Recording
from bench.living_face.skin import EYES, crop_mouth, part_of_lips
from bench.living_face.table import mood_table_lines
from lipsync.animation.types import resting_track
from tests.bench.test_living_face import FACE, STILL

Picture = NDArray[np.uint8]
SIDE = round(EYES)


def skin(seed: int = 0) -> Picture:
    grain = np.random.default_rng(seed).normal(0, 1, (SIDE, SIDE))
    return np.clip(128 + 120 * cv2.GaussianBlur(grain, (0, 0), 2.0), 0, 255).astype(np.uint8)


def opened(picture: Picture, above: int, below: int) -> Picture:
    """The lower half ``below`` pixels further down, the upper half ``above``; dark between them."""
    middle = SIDE // 2
    parted = np.full_like(picture, 20)
    parted[: middle + above] = np.roll(picture, above, axis=0)[: middle + above]
    parted[middle + below :] = np.roll(picture, below, axis=0)[middle + below :]
    return parted


def test_the_way_of_the_lower_skin_counts_from_the_upper() -> None:
    shut = skin()
    ways = [(0, 0), (-4, 20), (3, 8), (-6, 34)]
    found = part_of_lips([opened(shut, *way) for way in ways], shut)
    np.testing.assert_allclose(found * EYES, [below - above for above, below in ways], atol=0.3)


def test_skin_that_is_not_recognized_is_not_measured() -> None:
    shut = skin()
    crops = [opened(shut, 0, 5)] * 9
    found = part_of_lips([*crops, skin(1)], shut)
    assert np.isnan(found[-1])
    assert not np.isnan(found[:-1]).any()
    assert np.isnan(part_of_lips([crops[0], skin(1)], shut)).all()


def test_a_best_match_at_the_border_of_the_search_is_none() -> None:
    """What it looks like may lie further on: hopper's wrinkles were taken for one another so."""
    shut = skin()
    found = part_of_lips([opened(shut, 0, 5)] * 9 + [opened(shut, 0, round(0.25 * EYES))], shut)
    assert np.isnan(found).tolist() == [False] * 9 + [True]


def test_a_crop_is_level_and_of_one_size() -> None:
    """A mouth 300 pixels wide in a head tilted by 30 degrees."""
    turn = np.radians(30)
    along, down = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    middle = np.array([500.0, 400.0])
    picture = np.zeros((900, 900), np.uint8)
    for offset in (-150, 150):
        cv2.circle(picture, tuple(np.round(middle + offset * along).astype(int).tolist()), 12, 255, -1)
    cv2.circle(picture, tuple(np.round(middle + 100 * down).astype(int).tolist()), 12, 128, -1)

    crop = crop_mouth(picture, middle, along, 600.0)

    assert crop.shape == (SIDE, SIDE)
    for x, y, level in ((-50, 0, 255), (50, 0, 255), (0, 33, 128)):
        assert crop[SIDE // 2 + y, SIDE // 2 + x] == pytest.approx(level, abs=3)


def test_the_figures_hold_its_correlation_and_a_low_one_fails() -> None:
    count = 100
    opening = np.abs(np.sin(np.arange(count) / 4)).astype(np.float32)
    recording = Recording(fps=25, tracks=[resting_track(25, count)], openings=[opening])
    measured = Measured(np.zeros((count, 3)), opening.astype(np.float64), np.zeros((count, 2)))
    followed = 0.9 * opening.astype(np.float64)
    followed[:5] = np.nan
    assert compare(recording, measured, followed).skin_r == pytest.approx(1.0)
    assert compare(recording, measured).skin_r is None

    good, bad, unknown = (
        replace(FACE, mood="sad", still=replace(STILL, skin_r=r), moving=None) for r in (0.99, 0.9, float("nan"))
    )
    assert not any("skin" in sentence for sentence in list_failures(good))
    assert any("skin beside the lips r 0.900" in sentence for sentence in list_failures(bad))
    assert any("skin" in sentence for sentence in list_failures(unknown))
    assert "0.980 0.990 0.0030" in mood_table_lines([good])[1]
