"""Parted lips are told from shut ones by their picture, and shut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet.parting import MIN_PARTING, find_parting
from lipsync.face.finder import FaceFinder
from lipsync.face.topology import LOWER_LIP, UPPER_LIP
from lipsync.video.frame import picture_of
from tests.animation.puppet.acting import Actor, Picture, cast, every_viseme, track
from tests.animation.puppet.drawn_mouth import (
    DARK,
    DOWN,
    EYES,
    LIP,
    SHADOW,
    TOOTH,
    Colour,
    draw_gap,
    draw_lips,
    lip_points,
    photograph,
)


@pytest.mark.parametrize("thickness", [0, 4, 8])
def test_the_shadow_between_shut_lips_is_no_gap(thickness: int) -> None:
    picture = photograph(draw_gap(draw_lips(), SHADOW, thickness))
    parting = find_parting(picture, lip_points(), DOWN, EYES)
    assert parting.gap < MIN_PARTING


@pytest.mark.parametrize("height", [4, 7, 12])
@pytest.mark.parametrize("colour", [DARK, TOOTH], ids=["dark", "teeth"])
def test_dark_and_teeth_between_lips_are_found_with_their_edges(colour: Colour, height: int) -> None:
    picture = photograph(draw_gap(draw_lips(), colour, height))
    parting = find_parting(picture, lip_points(), DOWN, EYES)

    assert parting.gap >= MIN_PARTING
    middle = slice(30, 51)
    assert np.abs(parting.upper[middle, 1] - (120 - height / 2)).max() < 3
    assert np.abs(parting.lower[middle, 1] - (120 + height / 2)).max() < 3
    np.testing.assert_allclose(parting.upper[[0, -1]], parting.lower[[0, -1]], atol=0.5)


def test_a_picture_without_colour_is_asked_for_the_dark_alone() -> None:
    def grey(picture: Picture) -> Picture:
        return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)

    shut, dark = (grey(photograph(picture)) for picture in (draw_lips(), draw_gap(draw_lips(), DARK, 8)))
    assert find_parting(shut, lip_points(), DOWN, EYES).gap < MIN_PARTING
    assert find_parting(dark, lip_points(), DOWN, EYES).gap > MIN_PARTING
    assert LIP[0] > LIP[1]


def part_lips(actor: Actor, colour: Colour, height: float) -> Picture:
    """The actor's picture with a gap painted between the lips, ``height`` eye distances high."""
    mouth, unit = actor.rig.motion.mouth, actor.rig.motion.eye_distance
    arc = np.sin(np.linspace(0, np.pi, len(mouth.upper)))[:, None].clip(0) * height * unit / 2 * mouth.down
    outline = np.concatenate([mouth.upper - arc, (mouth.upper + arc)[::-1]])
    mask = np.zeros(actor.portrait.picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.7)[..., None]
    return np.asarray(actor.portrait.picture * (1 - soft) + np.array(colour) * soft, np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["newton", "hopper"])
def test_lips_that_are_parted_in_a_portrait_shut(finder: FaceFinder, actors: dict[str, Actor], name: str) -> None:
    colour = (30, 24, 22)
    before = actors[name]
    parted = cast(finder, part_lips(before, colour, 0.045))
    motion = parted.rig.motion
    assert motion.mouth.is_open

    sealed = every_viseme(seal=1)
    recoloured = parted.inside_recoloured()
    assert parted.puppet.openings(sealed).max() < 1e-6
    for frame, other in zip(parted.puppet.frames(sealed), recoloured.frames(sealed), strict=True):
        assert np.array_equal(frame.y, other.y)
    points = motion.mouth.points + motion.displacements(track())[0]
    apart = (points[list(LOWER_LIP[3])] - points[list(UPPER_LIP[3])]) @ motion.mouth.down
    np.testing.assert_allclose(apart, 0, atol=1e-2)

    def of_the_colour(picture: Picture) -> int:
        """Pixels of the painted gap's colour around the mouth."""
        (x0, y0), (x1, y1) = (
            (before.rig.motion.mouth.upper.min(0) - 9).astype(int),
            (before.rig.motion.mouth.upper.max(0) + 9).astype(int),
        )
        return int((np.abs(picture[y0:y1, x0:x1].astype(int) - colour).max(2) < 25).sum())

    (shut,) = parted.puppet.frames(track(seal=1))
    painted, drawn = of_the_colour(parted.portrait.picture), of_the_colour(picture_of(shut))
    own = of_the_colour(before.portrait.picture)
    assert painted - own > 100
    assert drawn - own < 0.12 * (painted - own)


def test_shut_portraits_stay_shut(actor: Actor) -> None:
    points = actor.portrait.landmarks[:, :2].astype(np.float64)
    parting = find_parting(actor.portrait.picture, points, actor.rig.motion.mouth.down, actor.portrait.eye_distance)
    assert parting.gap < MIN_PARTING
