"""Eyes turn between lids that stay."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet.gaze import EyeGaze, plan_gaze, turn_eyes
from lipsync.animation.puppet.iris import find_iris
from lipsync.video.frame import frame_of
from tests.animation.puppet.acting import Actor, changed, track

Floats = NDArray[np.float32]


def resting_map(actor: Actor) -> tuple[Floats, Floats]:
    width, height = actor.puppet.size
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    places = np.dstack([x, y])
    return places, np.ascontiguousarray(places[: height // 2, : width // 2])


def turned(actor: Actor, gaze: tuple[float, float], eyes: tuple[EyeGaze, ...] | None = None) -> tuple[Floats, Floats]:
    """How far each place's source lies from it, (H, W, 2), and the same of the colour planes."""
    places, half = resting_map(actor)
    begin, half_begin = places.copy(), half.copy()
    turn_eyes(places, half, (0, 0), actor.rig.gaze if eyes is None else eyes, gaze, lambda _: np.zeros(2))
    return places - begin, half - half_begin


@pytest.mark.parametrize(
    ("gaze", "direction"), [((6, 0), (1, 0)), ((-6, 0), (-1, 0)), ((0, 4), (0, -1)), ((0, -4), (0, 1))]
)
def test_the_iris_goes_where_the_eyes_turn(
    actor: Actor, gaze: tuple[float, float], direction: tuple[int, int]
) -> None:
    moved, _ = turned(actor, gaze)
    for eye in actor.rig.gaze:
        x, y = np.round(eye.iris).astype(int)
        way = -moved[y, x]
        expected = eye.turn_radius * np.sin(np.radians(max(map(abs, gaze))))
        room = min(float(other.reach.min()) for other in actor.rig.gaze)
        assert way @ direction > 0.6 * min(expected, room)
        assert np.linalg.norm(way) <= 1.1 * expected + 0.2


@pytest.mark.parametrize("gaze", [(14, 0), (-14, 0), (0, 8), (0, -8), (9, -6)])
def test_the_map_never_folds(actor: Actor, gaze: tuple[float, float]) -> None:
    places, half = resting_map(actor)
    turn_eyes(places, half, (0, 0), actor.rig.gaze, gaze, lambda _: np.zeros(2))
    right, down = np.gradient(places, axis=1), np.gradient(places, axis=0)
    area = right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]
    assert area.min() > 0.05


@pytest.mark.parametrize("name", ["gauss", "newton"])
@pytest.mark.parametrize("gaze", [(12, 0), (-12, 0)])
def test_the_iris_stays_a_disc(actors: dict[str, Actor], name: str, gaze: tuple[float, float]) -> None:
    """Within the iris, all goes by the same way but for what slides along a lid."""
    actor = actors[name]
    moved, _ = turned(actor, gaze)
    for eye in actor.rig.gaze:
        x, y = np.round(eye.iris - [moved[tuple(np.round(eye.iris).astype(int)[::-1])][0], 0]).astype(int)
        reach = max(1, round(0.4 * eye.iris_radius))
        inside = moved[y : y + reach + 1, x - reach : x + reach + 1, 0]
        assert np.ptp(inside) < 0.15 * max(1.0, float(np.abs(inside).max()))


def test_corners_and_the_rest_of_the_face_stay(actor: Actor) -> None:
    points = actor.rig.motion.mouth.points
    moved, half = turned(actor, (14, -8))
    for corner in (33, 133, 362, 263):
        x, y = np.round(points[corner]).astype(int)
        assert np.abs(moved[y, x]).max() < 0.35 * np.abs(moved).max()
    seen = np.abs(moved).max(2) > 0
    for eye in actor.rig.gaze:
        height, width = (2 * side for side in eye.shares.shape[:2])
        seen[eye.top - 12 : eye.top + height + 12, eye.left - 12 : eye.left + width + 12] = False
    assert not seen.any()
    np.testing.assert_allclose(2 * half.max(), moved.max(), atol=0.6)


def test_both_eyes_turn_alike(actor: Actor) -> None:
    """The eye with less room limits the other, or they would look apart."""
    moved, _ = turned(actor, (14, 0))
    ways = []
    for eye in actor.rig.gaze:
        x, y = np.round(eye.iris).astype(int)
        ways.append(moved[y, x, 0])
    assert abs(ways[0] - ways[1]) < 0.25 * max(map(abs, ways)) + 0.3


def test_the_window_follows_the_head(hopper: Actor) -> None:
    places, half = resting_map(hopper)
    by = np.array([24.0, 10.0])
    places, half = places - by.astype(np.float32), half - by.astype(np.float32) / 2
    before = places.copy()
    turn_eyes(places, half, (0, 0), hopper.rig.gaze, (6, 0), lambda _: by)
    for eye in hopper.rig.gaze:
        x, y = np.round(eye.iris + by).astype(int)
        assert (places - before)[y, x, 0] < -0.3


def test_no_gaze_changes_nothing(hopper: Actor) -> None:
    moved, half = turned(hopper, (0.0, 0.0))
    assert not moved.any()
    assert not half.any()
    assert plan_gaze(hopper.portrait.picture, (), 100.0) == ()


def test_the_puppet_looks(hopper: Actor) -> None:
    still = frame_of(hopper.portrait.picture)
    (frame,) = hopper.puppet.frames(track(gaze=[8.0, 0.0]))
    assert changed(frame, still).sum() > 50
    blind = type(hopper.puppet)(hopper.portrait, replace(hopper.rig, gaze=()))
    (frame,) = blind.frames(track(gaze=[8.0, 0.0]))
    assert not changed(frame, still).any()


@pytest.mark.parametrize("center", [(48.0, 30.0), (60.0, 32.0), (72.0, 28.0)])
def test_the_iris_is_found(center: tuple[float, float]) -> None:
    """In a drawn eye with a glint and a pupil, half hidden by the lid."""
    red = np.full((60, 120), 210, np.float32)
    cv2.circle(red, [round(v) for v in center], 20, 110, -1, cv2.LINE_AA)
    cv2.circle(red, [round(v) for v in center], 8, 30, -1, cv2.LINE_AA)
    cv2.circle(red, (round(center[0] - 8), round(center[1] - 6)), 4, 255, -1, cv2.LINE_AA)
    opening = np.zeros_like(red)
    cv2.ellipse(opening, (60, 30), (50, 17), 0, 0, 360, 1.0, -1)
    x, y, radius = find_iris(red, opening, np.array([60.0, 30.0]), 20.5)
    assert abs(x - center[0]) <= 2.5
    assert abs(y - center[1]) <= 5
    assert 17 < radius < 24
