"""Heads and mouths that are made to order, from the basis."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.face.checks import check_face, mouth_width, opening
from lipsync.face.pose import fit_head, load_basis


def landmarks(
    yaw: float = 0, pitch: float = 0, scale: float = 100, at: tuple[float, float] = (300, 300), **units: float
) -> np.ndarray:
    """(468, 3): the basis' head, turned, with some of its units."""
    basis = load_basis()
    points = basis.points + sum((weight * basis.unit(name) for name, weight in units.items()), np.zeros(3))
    a, b = np.radians([yaw, pitch])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return points @ (about_y @ about_x).T * scale * [1, -1, -1] + [*at, 0]


def verdict(points: np.ndarray, width: int = 600, height: int = 600) -> str:
    try:
        check_face(points, fit_head(points), width, height)
    except LipsyncError as error:
        error.message("ru")  # every fact that the sentence needs is there
        return error.code
    return "fine"


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (38, 0), (-38, 0), (0, 28), (0, -28), (20, 15)])
def test_a_face_half_turned_will_do(yaw: float, pitch: float) -> None:
    assert verdict(landmarks(yaw, pitch)) == "fine"


@pytest.mark.parametrize(("yaw", "pitch"), [(47, 0), (-60, 0), (0, 40), (0, -40)])
def test_a_face_turned_too_far(yaw: float, pitch: float) -> None:
    assert verdict(landmarks(yaw, pitch)) == "face_turned"


def test_the_angle_and_the_limit_are_told() -> None:
    points = landmarks(yaw=-60)
    with pytest.raises(LipsyncError, match=r"60°.* 42°"):
        check_face(points, fit_head(points), 600, 600)


def test_forty_pixels_are_enough_and_fewer_are_not() -> None:
    assert verdict(landmarks(scale=41)) == "fine"
    assert verdict(landmarks(scale=38)) == "face_too_small"


def test_a_wide_open_mouth_and_a_broad_smile() -> None:
    assert verdict(landmarks(jawOpen=0.15)) == "fine"
    assert verdict(landmarks(jawOpen=0.9)) == "mouth_open"
    lips = {"mouthUpperUpLeft": 0.7, "mouthUpperUpRight": 0.7, "mouthLowerDownLeft": 0.9, "mouthLowerDownRight": 0.9}
    smile = landmarks(mouthSmileLeft=1, mouthSmileRight=1, jawOpen=0.1, **lips)
    assert opening(smile) / mouth_width(smile) > 0.2
    assert verdict(smile) == "fine"


@pytest.mark.parametrize("at", [(300, 570), (300, -50), (10, 300), (590, 300)])
def test_a_mouth_beyond_the_border_is_cut_off(at: tuple[float, float]) -> None:
    assert verdict(landmarks(at=at)) == "mouth_covered"
