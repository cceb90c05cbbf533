"""The splines that carry landmarks' displacements over the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet.face_warp import Lattice, plan_warp, thin_plate_operator
from lipsync.animation.puppet.head.weights import plan_weights
from lipsync.face.finder import FaceFinder
from lipsync.face.topology import LOWER_LIP, UPPER_LIP
from tests.animation.puppet.acting import Actor, cast, read_avatar, track, viseme

RNG = np.random.default_rng(4)
GRID = np.stack(np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 6)), -1).reshape(-1, 2)
CONTROLS, PLACES = GRID + RNG.uniform(-0.1, 0.1, GRID.shape), RNG.uniform(-1.5, 1.5, (200, 2))


@pytest.mark.parametrize("stiffness", [0.0, 1e-4, 1.0])
def test_affine_maps_are_carried_exactly(stiffness: float) -> None:
    operator = thin_plate_operator(CONTROLS, PLACES, stiffness)
    matrix, shift = np.array([[0.8, -0.3], [0.25, 1.1]]), np.array([0.4, -2.0])
    assert operator.shape == (200, 42)
    np.testing.assert_allclose(operator @ (CONTROLS @ matrix.T + shift), PLACES @ matrix.T + shift, atol=5e-4)


def test_values_are_interpolated() -> None:
    values = RNG.normal(size=(42, 3))
    np.testing.assert_allclose(thin_plate_operator(CONTROLS, CONTROLS, 0.0) @ values, values, atol=1e-3)
    loose = thin_plate_operator(CONTROLS, CONTROLS, 1e-4) @ values
    assert np.abs(loose - values).max() < 0.05
    stiff = thin_plate_operator(CONTROLS, CONTROLS, 10.0) @ values
    assert stiff.std() < 0.5 * values.std()


def test_a_smooth_field_is_followed_between_the_controls() -> None:
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), -1).reshape(-1, 2)
    places = RNG.uniform(-0.9, 0.9, (100, 2))

    def field(points: np.ndarray) -> np.ndarray:
        return np.sin(2 * points[:, 0]) * np.cos(points[:, 1])

    np.testing.assert_allclose(thin_plate_operator(grid, places, 0.0) @ field(grid), field(places), atol=0.02)


def test_lattice_coordinates() -> None:
    lattice = Lattice(left=-4, top=10, step=6, columns=5, rows=4)
    nodes = lattice.nodes()
    assert nodes.shape == (4, 5, 2)
    np.testing.assert_allclose(nodes[0, 0], [-1.5, 12.5])  # the middle of pixels -4 ... 1 and 10 ... 15
    y, x = np.mgrid[:4, :5]
    np.testing.assert_allclose(lattice.to_cells(nodes), np.dstack([x, y]), atol=1e-6)


def test_a_frame_s_geometry_costs_as_much_in_a_large_face(finder: FaceFinder, hopper: Actor) -> None:
    large = cast(finder, cv2.resize(read_avatar("hopper"), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC))
    assert large.portrait.eye_distance == pytest.approx(3 * hopper.portrait.eye_distance, rel=0.05)
    small_, large_ = hopper.rig.warp, large.rig.warp

    assert large_.lattice.columns * large_.lattice.rows == pytest.approx(
        small_.lattice.columns * small_.lattice.rows, rel=0.3
    )
    for side in ("upper", "lower"):
        assert getattr(large_, side).size == pytest.approx(getattr(small_, side).size, rel=0.3)


def test_the_border_of_the_moved_part_is_still(actor: Actor) -> None:
    warp = actor.rig.warp
    for operator in (warp.upper, warp.lower):
        ring = operator.reshape(*warp.shape, -1)
        for edge in (ring[0], ring[-1], ring[:, 0], ring[:, -1]):
            assert not edge.any()


def test_planning_again_gives_the_same(hopper: Actor) -> None:
    again = plan_warp(hopper.rig.motion, plan_weights(hopper.portrait).box, has_glasses=True)
    assert again.lattice == hopper.rig.warp.lattice
    np.testing.assert_array_equal(again.upper, hopper.rig.warp.upper)


def test_the_field_takes_the_lips_where_their_landmarks_go(actor: Actor) -> None:
    """To a part of a pixel that none sees, in the middle of each lip."""
    warp, motion = actor.rig.warp, actor.rig.motion
    for name in ("AA", "EE", "OO"):
        moved = motion.displacements(track(weights=viseme(name)))
        for field, ring in zip(warp.fields(moved), (UPPER_LIP[3], LOWER_LIP[3]), strict=True):
            inner = list(ring[3:8])
            at = warp.lattice.to_cells(motion.mouth.points[inner]) - np.array([warp.column0, warp.row0], np.float32)
            there = cv2.remap(field[0], at[None], None, cv2.INTER_LINEAR)[0]
            assert np.abs(there - moved[0, inner]).max() < 0.012 * motion.eye_distance
