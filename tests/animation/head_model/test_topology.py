"""The triangles of a face: no hole but mouth and eyes, no point left out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lipsync.animation.head_model.face_topology import face_topology
from lipsync.animation.head_model.triangulation import delaunay
from lipsync.face.topology import FACE_OVAL, LOWER_LIDS, LOWER_LIP, UPPER_LIDS, UPPER_LIP


def border(triangles: np.ndarray) -> set[frozenset[int]]:
    """The edges that only one triangle has."""
    edges = Counter(frozenset(edge) for edge in triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).tolist())
    assert max(edges.values()) == 2
    return {edge for edge, count in edges.items() if count == 1}


def loop(points: tuple[int, ...] | list[int]) -> set[frozenset[int]]:
    return {frozenset((a, b)) for a, b in zip(points, [*points[1:], points[0]], strict=True)}


@pytest.mark.parametrize("open_eyes", [True, False])
def test_the_only_holes_are_mouth_and_eyes(open_eyes: bool) -> None:
    topology = face_topology(open_eyes=open_eyes)
    assert set(np.unique(topology.triangles)) == set(range(468 + len(topology.between)))
    expected = loop(FACE_OVAL) | loop(topology.lip_loop)
    if open_eyes:
        expected |= loop(topology.eye_loops[0]) | loop(topology.eye_loops[1])
    assert border(topology.triangles) == expected


def test_the_loops_run_through_the_rings() -> None:
    topology = face_topology(open_eyes=True)
    assert {point for point in topology.lip_loop if point < 468} == {*UPPER_LIP[3], *LOWER_LIP[3]}
    for side in (0, 1):
        assert {point for point in topology.eye_loops[side] if point < 468} == {*UPPER_LIDS[side], *LOWER_LIDS[side]}


def test_points_between_shut_lips_are_shut() -> None:
    topology = face_topology(open_eyes=True)
    points = np.random.default_rng(1).normal(size=(468, 3))
    points[list(LOWER_LIP[3])] = points[list(UPPER_LIP[3])]
    all_points = topology.extended(points)
    lips = list(topology.lip_loop)
    np.testing.assert_allclose(all_points[lips[1:20]], all_points[lips[:20:-1]], atol=1e-12)


def test_delaunay_of_a_square_with_its_middle() -> None:
    triangles = delaunay(np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5]]))
    assert sorted(sorted(three) for three in triangles.tolist()) == [[0, 1, 4], [0, 3, 4], [1, 2, 4], [2, 3, 4]]
