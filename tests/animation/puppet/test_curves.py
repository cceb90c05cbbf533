from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync.animation.puppet.curves import luma, pixels_inside, resample, sample, smoothstep

points = st.lists(
    st.tuples(st.floats(-1000, 1000, width=32), st.floats(-1000, 1000, width=32)),
    min_size=2,
    max_size=12,
    unique=True,
)


def test_smoothstep_is_level_at_its_ends() -> None:
    steps = smoothstep(np.array([-5, 1, 1.01, 2, 2.99, 3, 9]), 1, 3)
    np.testing.assert_allclose(steps, [0, 0, 0, 0.5, 1, 1, 1], atol=1e-4)
    assert (np.diff(smoothstep(np.linspace(0, 4, 100), 1, 3)) >= 0).all()


def test_smoothstep_downwards() -> None:
    assert smoothstep(0.0, 2, 1) == 1
    assert smoothstep(3.0, 2, 1) == 0


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(line=points, count=st.integers(2, 90))
def test_resample_keeps_the_ends(line: list[tuple[float, float]], count: int) -> None:
    curve = resample(np.array(line), count)
    assert curve.shape == (count, 2)
    assert np.isfinite(curve).all()
    np.testing.assert_allclose(curve[[0, -1]], [line[0], line[-1]], atol=1e-3)


def test_resample_goes_evenly_through_the_points() -> None:
    angles = np.array([0, 0.4, 0.7, 1.3, 2.0, 2.9, np.pi])
    curve = resample(np.column_stack([np.cos(angles), np.sin(angles)]) * 100, 81)
    assert np.abs(np.linalg.norm(curve, axis=1) - 100).max() < 3
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    assert steps.max() < 1.35 * steps.min()


def test_resample_of_a_straight_line_is_exact() -> None:
    line = np.array([[0, 0], [10, 5], [12, 6], [40, 20]])
    np.testing.assert_allclose(resample(line, 5), [[0, 0], [10, 5], [20, 10], [30, 15], [40, 20]], atol=1e-9)


def test_sample_reads_between_pixels_and_repeats_the_border() -> None:
    y, x = np.mgrid[:6, :8]
    picture = np.dstack([10 * x, 20 * y, 5 * x + 5 * y]).astype(np.uint8)
    at = np.array([[[2.5, 3.0], [0.25, 0.5]], [[-9, 2], [99, 99]]])
    expected = [[[25, 60, 27.5], [2.5, 10, 3.75]], [[0, 40, 10], [70, 100, 60]]]
    np.testing.assert_allclose(sample(picture, at), expected, atol=1)
    assert sample(picture[..., 0].astype(np.float32), at[0]).shape == (2,)


def test_luma() -> None:
    assert luma(np.array([255.0, 255.0, 255.0])) == pytest.approx(255, abs=0.1)
    assert luma(np.zeros((4, 5, 3))).shape == (4, 5)


def test_pixels_inside_an_outline() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[10:21, 30:41] = [1, 2, 3]
    inside = pixels_inside(picture, np.array([[30, 10], [40, 10], [40, 20], [30, 20]]))
    assert inside.shape == (121, 3)
    assert (inside == [1, 2, 3]).all()


@pytest.mark.parametrize("where", [(-50, -50), (500, 20), (59, 39), (-3, 38)])
def test_pixels_inside_are_never_none(where: tuple[int, int]) -> None:
    outline = np.array([[0, 0], [6, 0], [6, 4], [0, 4]]) + where
    assert len(pixels_inside(np.ones((40, 60, 3), np.uint8), outline)) > 0
