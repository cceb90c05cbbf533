"""Eyes that are hidden are told from eyes that are hard to see."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet.eye_cover import eyes_are_covered
from lipsync.animation.puppet.eyelids.build import build_eyelids
from lipsync.face.topology import LOWER_LIDS, UPPER_LIDS
from tests.animation.puppet.acting import Actor, Picture

Mask = NDArray[np.float32]
Cover = Callable[[Picture, Mask], NDArray[np.floating]]


def eye_of(actor: Actor, eye: int) -> tuple[NDArray[np.float64], float]:
    """Middle of an eye and its width, pixels."""
    corners = actor.portrait.landmarks[[UPPER_LIDS[eye][0], UPPER_LIDS[eye][-1]], :2].astype(np.float64)
    return corners.mean(0), float(np.linalg.norm(corners[1] - corners[0]))


def lenses(actor: Actor, eyes: tuple[int, ...] = (0, 1), size: float = 1.0) -> Mask:
    """(H, W) 1 where two round lenses of ``size`` 0.8 eye widths lie."""
    mask = np.zeros(actor.portrait.picture.shape[:2], np.float32)
    for eye in eyes:
        middle, width = eye_of(actor, eye)
        center = [round(float(value)) for value in middle + np.array([0, 0.08 * width])]
        cv2.circle(mask, center, round(0.8 * size * width), 1.0, -1, cv2.LINE_AA)
    return mask


def laid(picture: Picture, mask: Mask, colour: NDArray[np.floating] | tuple[int, ...], opacity: float) -> Picture:
    share = opacity * mask[..., None]
    return np.asarray(np.clip(picture * (1 - share) + np.asarray(colour, np.float32) * share, 0, 255), np.uint8)


def rimmed(picture: Picture, mask: Mask, actor: Actor) -> Picture:
    """With a dark frame around the lenses."""
    side = 2 * max(1, round(0.04 * eye_of(actor, 0)[1])) + 1
    rim = cv2.dilate(mask, np.ones((side, side), np.uint8)) - mask
    return laid(picture, np.asarray(rim, np.float32), (25, 20, 20), 1.0)


def lids(actor: Actor, picture: Picture) -> int:
    return len(build_eyelids(picture, actor.rig.motion.mouth.points, actor.rig.interior.palette.softness))


@pytest.mark.parametrize("size", [0.75, 1.0, 1.4])
@pytest.mark.parametrize(
    ("opacity", "tint"),
    [(0.6, (12, 12, 14)), (0.75, (45, 28, 15)), (0.75, (20, 25, 45)), (0.9, (18, 32, 22)), (1.0, (20, 20, 22))],
    ids=["60 %", "brown", "blue", "green", "opaque"],
)
def test_sunglasses_of_any_size_and_colour(actor: Actor, size: float, opacity: float, tint: tuple[int, ...]) -> None:
    mask = lenses(actor, size=size)
    picture = rimmed(laid(actor.portrait.picture, mask, tint, opacity), mask, actor)
    assert eyes_are_covered(picture, actor.rig.motion.mouth.points)
    assert lids(actor, picture) == 0


def test_mirrored_glasses(actor: Actor) -> None:
    """A sky above, sand below, a dark horizon across."""
    height = actor.portrait.picture.shape[0]
    middle, width = eye_of(actor, 0)
    down = (np.arange(height) - middle[1]) / width
    colours = np.stack(
        [
            np.interp(down, [-0.7, 0, 0.1, 0.9], row)
            for row in ([90, 190, 60, 235], [140, 205, 60, 180], [210, 225, 70, 120])
        ],
        1,
    )
    mask = lenses(actor)
    picture = rimmed(laid(actor.portrait.picture, mask, colours[:, None], 0.95), mask, actor)
    assert lids(actor, picture) == 0


@pytest.mark.parametrize("eye", [0, 1])
@pytest.mark.parametrize("colour", [(20, 18, 18), (235, 232, 225), (200, 160, 135)], ids=["black", "gauze", "skin"])
def test_an_eye_patch(actor: Actor, eye: int, colour: tuple[int, ...]) -> None:
    assert lids(actor, laid(actor.portrait.picture, lenses(actor, (eye,)), colour, 1.0)) == 0


@pytest.mark.parametrize("eye", [0, 1])
def test_hair_over_an_eye(actor: Actor, eye: int) -> None:
    rng = np.random.default_rng(1)
    picture = actor.portrait.picture.copy()
    (x, y), width = eye_of(actor, eye)
    for _ in range(500):
        at, lean = x + rng.uniform(-0.8, 0.8) * width, rng.normal(0, 0.08) * width
        strand = np.array([[at, y - 1.5 * width], [at + lean, y], [at + 1.5 * lean, y + 0.8 * width]])
        colour = [round(float(part)) for part in np.array([70, 50, 35]) * rng.uniform(0.6, 1.5)]
        cv2.polylines(
            picture, [np.round(strand).astype(np.int32)], False, colour, max(1, round(0.03 * width)), cv2.LINE_AA
        )
    assert lids(actor, picture) == 0


def test_the_shadow_of_a_cap_in_which_no_eye_is_seen(actor: Actor) -> None:
    points, width = actor.portrait.landmarks[:, :2], eye_of(actor, 0)[1]
    end = float(points[[*LOWER_LIDS[0], *LOWER_LIDS[1]], 1].max()) + 0.45 * width
    shade = np.clip((end - np.arange(actor.portrait.picture.shape[0])) / (0.2 * width), 0, 1)
    picture = np.asarray(actor.portrait.picture * (1 - 0.82 * shade[:, None, None]), np.uint8)
    assert lids(actor, picture) == 0


VISIBLE: dict[str, Callable[[NDArray[np.float32]], NDArray[np.floating]]] = {
    "as it is": lambda picture: picture,
    "grey": lambda picture: np.repeat(picture.mean(2, keepdims=True), 3, 2),
    "dark room": lambda picture: picture * 0.3,
    "noisy dark room": lambda picture: picture * 0.3 + np.random.default_rng(1).normal(0, 4, picture.shape),
    "dark skin": lambda picture: picture * (0.5, 0.42, 0.38),
    "bright": lambda picture: 255 * (picture / 255) ** 0.5,
    "faded": lambda picture: 90 + picture * 0.4,
    "candle light": lambda picture: picture * (1.1, 0.8, 0.5),
    "soft": lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.5),
}


@pytest.mark.parametrize("look", VISIBLE)
def test_eyes_that_are_seen_blink(actor: Actor, look: str) -> None:
    picture = np.clip(VISIBLE[look](actor.portrait.picture.astype(np.float32)), 0, 255).astype(np.uint8)
    assert lids(actor, picture) == 2


@pytest.mark.parametrize("tint", [0.0, 0.15])
def test_eyes_behind_clear_glasses_blink(actor: Actor, tint: float) -> None:
    mask = lenses(actor)
    picture = rimmed(laid(actor.portrait.picture, mask, (20, 20, 22), tint), mask, actor)
    assert lids(actor, picture) == 2
