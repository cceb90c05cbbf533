"""Glasses are told from bare faces, dark ones from clear ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet.glasses import Glasses, detect_glasses, measure_rims
from lipsync.face.topology import UPPER_LIDS
from tests.animation.puppet.acting import Actor, Picture


def worn(actor: Actor, *, rim: tuple[int, int, int], lens: float, thickness: float = 0.06) -> Picture:
    """Round glasses with a bridge; ``lens``: share of the light that the lenses take."""
    picture = actor.portrait.picture.astype(np.float32)
    corners = [actor.portrait.landmarks[[lid[0], lid[-1]], :2] for lid in UPPER_LIDS]
    middles = [pair.mean(0) for pair in corners]
    width = float(np.mean([np.linalg.norm(pair[1] - pair[0]) for pair in corners]))
    lenses = np.zeros(picture.shape[:2], np.float32)
    centers = [[round(float(value)) for value in middle + np.array([0, 0.1 * width])] for middle in middles]
    for center in centers:
        cv2.circle(lenses, center, round(0.72 * width), 1.0, -1, cv2.LINE_AA)
    picture *= 1 - lens * lenses[..., None]
    drawn = np.ascontiguousarray(np.clip(picture, 0, 255), np.uint8)
    line = max(1, round(thickness * width))
    for center in centers:
        cv2.circle(drawn, center, round(0.72 * width), rim, line, cv2.LINE_AA)
    ends = [
        (round(centers[0][0] + 0.70 * width), centers[0][1]),
        (round(centers[1][0] - 0.70 * width), centers[1][1]),
    ]
    cv2.line(drawn, ends[0], ends[1], rim, line, cv2.LINE_AA)
    return drawn


def test_the_shipped_portraits(actors: dict[str, Actor]) -> None:
    found = {name: actor.rig.glasses for name, actor in actors.items()}
    assert found == {"gauss": Glasses.NONE, "newton": Glasses.NONE, "hopper": Glasses.CLEAR}


@pytest.mark.parametrize("name", ["gauss", "newton"])
@pytest.mark.parametrize("rim", [(25, 20, 22), (90, 40, 30)], ids=["black", "brown"])
def test_rims_are_found(actors: dict[str, Actor], name: str, rim: tuple[int, int, int]) -> None:
    actor = actors[name]
    picture = worn(actor, rim=rim, lens=0.05)
    assert detect_glasses(picture, actor.portrait.landmarks[:, :2]) is Glasses.CLEAR


@pytest.mark.parametrize("lens", [0.75, 0.9])
def test_sunglasses_are_dark(actor: Actor, lens: float) -> None:
    picture = worn(actor, rim=(15, 15, 15), lens=lens)
    assert detect_glasses(picture, actor.portrait.landmarks[:, :2]) is Glasses.DARK


def test_rims_are_measured_alike_at_any_size_and_tilt(hopper: Actor) -> None:
    points = hopper.portrait.landmarks[:, :2].astype(np.float64)
    height, width = hopper.portrait.picture.shape[:2]
    bridge, lower = measure_rims(hopper.portrait.picture, points)
    for angle, scale in ((25, 1.0), (0, 2.0), (-10, 1.5)):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1) * scale
        size = (round(width * scale), round(height * scale))
        picture = np.asarray(cv2.warpAffine(hopper.portrait.picture, matrix, size, flags=cv2.INTER_CUBIC), np.uint8)
        other_bridge, other_lower = measure_rims(picture, points @ matrix[:, :2].T + matrix[:, 2])
        assert abs(other_bridge - bridge) < 0.08
        assert np.abs(np.subtract(other_lower, lower)).max() < 0.08


def test_lines_elsewhere_are_no_glasses(actors: dict[str, Actor]) -> None:
    """A headband, a moustache, a necklace."""
    actor = actors["gauss"]
    picture, points = actor.portrait.picture.copy(), actor.portrait.landmarks[:, :2]
    for row in (points[10, 1], points[164, 1], points[152, 1] + 20):
        cv2.line(picture, (0, round(float(row))), (picture.shape[1], round(float(row))), (20, 20, 20), 6)
    assert detect_glasses(picture, points) is Glasses.NONE
