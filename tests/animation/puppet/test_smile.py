"""A portrait whose mouth is open: it shuts, and speaks with its own teeth.

Such portraits are made by the puppet itself, out of the shipped ones.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet import Puppet
from lipsync.animation.puppet.interior import Interior
from lipsync.animation.puppet.interior_layers import build_interior
from lipsync.face.finder import FaceFinder
from lipsync.face.topology import LOWER_LIP, UPPER_LIP
from lipsync.video.frame import frame_of, picture_of
from tests.animation.puppet.acting import Actor, cast, changed, every_viseme, same, speaking, track, units, viseme

pytestmark = pytest.mark.slow

SMILE = units(
    mouthSmileLeft=0.6,
    mouthSmileRight=0.6,
    mouthUpperUpLeft=0.5,
    mouthUpperUpRight=0.5,
    mouthLowerDownLeft=0.5,
    mouthLowerDownRight=0.5,
    jawOpen=0.2,
)


@pytest.fixture(scope="module")
def opened(finder: FaceFinder, actors: dict[str, Actor]) -> dict[str, Actor]:
    """Portraits with their mouths open: a word caught half-way, and smiles."""
    shapes = {"hopper": viseme("AA"), "newton": SMILE, "gauss": SMILE}
    return {
        name: cast(finder, picture_of(next(actors[name].puppet.frames(track(weights=shape)))))
        for name, shape in shapes.items()
    }


@pytest.fixture(params=["hopper", "newton", "gauss"])
def smiling(request: pytest.FixtureRequest, opened: dict[str, Actor]) -> Actor:
    return opened[request.param]


def test_an_open_mouth_is_told(smiling: Actor) -> None:
    mouth = smiling.rig.motion.mouth
    assert mouth.is_open
    assert mouth.gap > 0.04
    assert ((mouth.lower - mouth.upper) @ mouth.down)[8:-8].min() > 0


def test_the_cut_runs_in_the_lips(smiling: Actor) -> None:
    """Outside of what is seen of the inside, or a white line of teeth would leak."""
    mouth = smiling.rig.motion.mouth
    assert ((mouth.visible_upper - mouth.upper) @ mouth.down)[8:-8].min() > 0.5
    assert ((mouth.lower - mouth.visible_lower) @ mouth.down)[8:-8].min() > 0.5


def test_it_shuts(smiling: Actor) -> None:
    sealed = every_viseme(seal=1)
    recoloured = smiling.inside_recoloured()

    assert smiling.puppet.openings(sealed).max() < 1e-6
    for frame, other in zip(smiling.puppet.frames(sealed), recoloured.frames(sealed), strict=True):
        assert same(frame, other)


def test_shut_lips_show_nothing_of_what_the_portrait_has_between_them(smiling: Actor) -> None:
    """In brightness, but for a few pixels where the lips are drawn together most: a join as wide as a pixel mixed
    places above with places below, and the line of the lips had dots of the teeth."""
    mouth, portrait = smiling.rig.motion.mouth, smiling.portrait
    inside = np.concatenate([mouth.visible_upper[20:-20], mouth.visible_lower[-21:19:-1]])
    picture = portrait.picture.copy()
    cv2.fillPoly(picture, [np.round(inside).astype(np.int32)], (0, 255, 0))
    recoloured = Puppet(replace(portrait, picture=picture), smiling.rig)
    recolouring = np.abs(frame_of(picture).y.astype(int) - frame_of(portrait.picture).y).max()

    sealed = every_viseme(seal=1)
    for frame, other in zip(smiling.puppet.frames(sealed), recoloured.frames(sealed), strict=True):
        dots = np.abs(frame.y.astype(int) - other.y) > 0.1 * recolouring
        assert dots.sum() <= 8  # 10 to 50 of a join as wide as a pixel


def test_shutting_it_brings_the_lips_together(smiling: Actor) -> None:
    motion = smiling.rig.motion
    points = motion.mouth.points + motion.displacements(track())[0]
    apart = (points[list(LOWER_LIP[3])] - points[list(UPPER_LIP[3])]) @ motion.mouth.down
    np.testing.assert_allclose(apart, 0, atol=1e-2)
    assert smiling.puppet.openings(track(weights=viseme("AA"))) > 0.1


@pytest.fixture(params=["newton", "gauss"])
def toothy(request: pytest.FixtureRequest, opened: dict[str, Actor]) -> Actor:
    """Those that smile and show their teeth."""
    return opened[request.param]


def test_hardly_seen_teeth_are_drawn(opened: dict[str, Actor]) -> None:
    assert opened["hopper"].rig.interior.own_teeth.size == 0


def test_it_speaks_with_its_own_teeth(toothy: Actor) -> None:
    inside = toothy.rig.interior
    assert inside.own_teeth.shape == inside.upper_teeth.shape
    assert (inside.own_teeth[..., 3] > 200).sum() > 200
    without = replace(inside, own_teeth=np.zeros_like(inside.own_teeth))
    moves = track(3, weights=np.stack([viseme(name) for name in ("AA", "EE", "II")]))
    toothless = Puppet(toothy.portrait, replace(toothy.rig, interior=without))
    for frame, other in zip(toothy.puppet.frames(moves), toothless.frames(moves), strict=True):
        assert changed(frame, other).sum() > 100


def test_its_own_teeth_are_the_picture_s(toothy: Actor) -> None:
    inside, mouth = toothy.rig.interior, toothy.rig.motion.mouth
    x, y = (int(value) for value in mouth.visible_upper[40] + 0.3 * (mouth.visible_lower - mouth.visible_upper)[40])
    layer = inside.own_teeth[y - inside.top, x - inside.left].astype(float)
    assert layer[3] > 200
    np.testing.assert_allclose(layer[:3] * 255 / layer[3], toothy.portrait.picture[y, x], atol=12)


def test_drawn_teeth_are_as_dark_as_its_own_beside_them(toothy: Actor) -> None:
    mouth, portrait = toothy.rig.motion.mouth, toothy.portrait
    half = np.zeros(portrait.picture.shape[:2], np.uint8)
    inside = np.concatenate([mouth.visible_upper[:41], mouth.visible_lower[40::-1]])
    cv2.fillPoly(half, [np.round(inside).astype(np.int32)], 1)
    picture = np.where(half[..., None] == 1, portrait.picture * 0.75, portrait.picture).astype(np.uint8)

    def right_against_left(interior: Interior) -> float:
        """Brightness of the person's right side of the drawn teeth, which the picture has at the left."""
        bright = interior.upper_teeth[..., 1].max(0)
        middle = round(float(mouth.visible_upper[40, 0])) - interior.left
        near, far = (round(share * float(np.ptp(mouth.visible_upper[:, 0]))) for share in (0.15, 0.35))
        return float(bright[middle - far : middle - near].mean() / bright[middle + near : middle + far].mean())

    shaded = build_interior(replace(portrait, picture=picture), toothy.rig.motion)
    assert right_against_left(shaded) < 0.85 * right_against_left(toothy.rig.interior)


def test_it_says_anything(smiling: Actor) -> None:
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        frames = list(smiling.puppet.frames(speaking(12)))
    assert all(frame.y.min() >= 16 and frame.y.max() <= 235 for frame in frames)


@pytest.mark.parametrize("jaw", [0.04, 0.08, 0.12, 0.2])
def test_a_mouth_is_open_or_it_is_not(finder: FaceFinder, actors: dict[str, Actor], jaw: float) -> None:
    """Hardly parted lips are taken for shut ones, whole: then at rest they are left as they are."""
    (frame,) = actors["gauss"].puppet.frames(track(weights=SMILE + units(jawOpen=jaw - 0.2)))
    parted = cast(finder, picture_of(frame))
    mouth = parted.rig.motion.mouth
    (rest,) = parted.puppet.frames(track())

    assert mouth.is_open == (not np.array_equal(mouth.upper, mouth.lower))
    assert mouth.is_open == bool(parted.rig.interior.own_teeth.size)
    assert mouth.is_open == bool(mouth.closing.any())
    assert same(rest, frame_of(parted.portrait.picture)) == (not mouth.is_open)
    assert mouth.is_open == (jaw == 0.2)
