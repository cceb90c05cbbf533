"""The basis laid onto heads whose turn is known."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.types import ARKIT_NAMES
from lipsync.face.pose import fit_head, load_basis
from lipsync.face.topology import LIPS


def turned(yaw: float = 0, pitch: float = 0, roll: float = 0) -> np.ndarray:
    """Rotation of a head, y up: roll after yaw after pitch."""
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def landmarks_of(
    rotation: np.ndarray, scale: float = 100, at: tuple[float, float, float] = (300, 200, 5)
) -> np.ndarray:
    return load_basis().points @ rotation.T * scale * [1, -1, -1] + at


def test_the_basis_has_the_units_of_the_track_in_its_order() -> None:
    basis = load_basis()
    assert basis.names == ARKIT_NAMES
    assert basis.points.shape == (468, 3)
    assert basis.displacements.shape == (52, 468, 3)
    assert np.linalg.norm(basis.points[33] - basis.points[263]) == pytest.approx(1, abs=0.01)
    assert basis.unit("jawOpen")[152, 1] < -0.2  # the chin goes down, and y is up


def test_the_basis_cannot_be_changed_by_one_who_shares_it() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load_basis().points[0] = 0


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (30, 0, 0), (0, 20, 0), (0, 0, 40), (-25, -10, 30)])
def test_a_known_turn_is_found(yaw: float, pitch: float, roll: float) -> None:
    fit = fit_head(landmarks_of(turned(yaw, pitch, roll)))
    assert fit.rotation == pytest.approx(turned(yaw, pitch, roll), abs=1e-6)
    assert fit.scale == pytest.approx(100)
    assert fit.error == pytest.approx(0, abs=1e-6)
    assert (fit.yaw, fit.pitch, fit.roll) == pytest.approx((yaw, pitch, roll), abs=1e-4)
    assert np.linalg.det(fit.rotation) == pytest.approx(1)


def test_signs_of_the_angles_as_the_viewer_sees_them() -> None:
    nose, right_of_picture = 1, 263
    straight = landmarks_of(turned())
    right = landmarks_of(turned(yaw=20))
    assert right[nose, 0] > straight[nose, 0]
    assert fit_head(right).yaw == pytest.approx(20)
    up = landmarks_of(turned(pitch=20))
    assert up[nose, 1] < straight[nose, 1]
    assert fit_head(up).pitch == pytest.approx(20)
    tilted = landmarks_of(turned(roll=20))  # counter-clockwise lifts the right side of the picture
    assert tilted[right_of_picture, 1] < straight[right_of_picture, 1]
    assert fit_head(tilted).roll == pytest.approx(20)


def test_points_stand_in_landmark_coordinates() -> None:
    landmarks = landmarks_of(turned(yaw=15, roll=-10))
    fit = fit_head(landmarks)
    assert fit.points == pytest.approx(landmarks, abs=1e-6)
    assert fit.place(load_basis().points) == pytest.approx(landmarks, abs=1e-6)
    down = fit_head(landmarks_of(turned())).turn(np.array([0.0, -1.0, 0.0]))
    assert down == pytest.approx([0, 100, 0], abs=1e-6)


def test_lips_and_jaw_do_not_turn_the_head() -> None:
    basis = load_basis()
    opened = landmarks_of(turned(yaw=10)) + basis.unit("jawOpen") @ turned(yaw=10).T * 100 * [1, -1, -1]
    opened[list(LIPS)] += 30
    fit = fit_head(opened)
    assert fit.rotation == pytest.approx(turned(yaw=10), abs=0.04)
    assert fit.scale == pytest.approx(100, rel=0.03)
