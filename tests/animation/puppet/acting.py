"""Portraits made ready to act, and tracks to act by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet import Puppet, Rig
from lipsync.animation.puppet.prepare import prepare_rig
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, resting_track
from lipsync.animation.visemes import VISEMES, viseme_weights
from lipsync.face.avatars import avatar
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.face.types import Portrait
from lipsync.video.frame import Frame

Picture = NDArray[np.uint8]
Changed = NDArray[np.bool_]


@dataclass(frozen=True)
class Actor:
    """A portrait and all that is prepared of it."""

    portrait: Portrait
    rig: Rig
    puppet: Puppet

    def inside_recoloured(self) -> Puppet:
        """The same, but all that there is between the lips is plain and bright."""
        inside = self.rig.interior
        layers = {
            name: np.full_like(getattr(inside, name), 255)
            for name in ("cavity", "tongue", "lower_teeth", "upper_teeth", "own_teeth")
        }
        return Puppet(self.portrait, replace(self.rig, interior=replace(inside, **layers)))


def read_avatar(name: str) -> Picture:
    return read_picture(avatar(name).path.read_bytes(), max_megapixels=50, max_side=1920)


def cast(finder: FaceFinder, picture: Picture) -> Actor:
    portrait = finder.find(np.ascontiguousarray(picture))
    rig = prepare_rig(portrait)
    return Actor(portrait, rig, Puppet(portrait, rig))


def track(count: int = 1, **fields: Any) -> FaceTrack:
    """``count`` frames of rest, but for what is given: arrays, or one value for all of the frames."""
    rest = resting_track(25, count)
    arrays = {
        name: np.array(np.broadcast_to(np.asarray(value, np.float32), getattr(rest, name).shape))
        for name, value in fields.items()
    }
    return replace(rest, **arrays)


def units(**amounts: Any) -> NDArray[np.float32]:
    """(52,) weights by name, or (n, 52) of (n,) amounts."""
    rows = np.broadcast_arrays(*amounts.values())
    weights = np.zeros((*rows[0].shape, len(ARKIT_NAMES)), np.float32)
    for name, row in zip(amounts, rows, strict=True):
        weights[..., ARKIT_NAMES.index(name)] = row
    return weights


def viseme(name: str) -> NDArray[np.float32]:
    """(52,) weights of one mouth shape."""
    return viseme_weights()[VISEMES.index(name)]


def every_viseme(**fields: Any) -> FaceTrack:
    """A frame of each mouth shape."""
    return track(len(VISEMES), weights=viseme_weights(), **fields)


def speaking(count: int = 24, seed: int = 1) -> FaceTrack:
    """Something like speech: everything moves, smoothly."""
    rng = np.random.default_rng(seed)
    shapes = viseme_weights()[rng.integers(0, len(VISEMES), count)].astype(np.float64)
    shapes = (shapes + np.roll(shapes, 1, axis=0)) / 2 + units(eyeBlinkLeft=1.0, eyeBlinkRight=1.0) * (
        rng.random((count, 1)) ** 3
    )
    pose = np.cumsum(rng.normal(0, [0.2, 0.2, 0.2, 0.003, 0.003], (count, 5)), axis=0)
    return track(
        count,
        weights=np.clip(shapes, 0, 1),
        seal=rng.random(count) ** 4,
        bite=rng.random(count) ** 4,
        tongue=rng.random(count),
        pose=pose,
    )


def changed(one: Frame, other: Frame) -> Changed:
    """(H, W) where two frames differ, in brightness or in colour."""
    colour = (one.uv != other.uv).any(2)
    return (one.y != other.y) | np.repeat(np.repeat(colour, 2, axis=0), 2, axis=1)


def same(one: Frame, other: Frame) -> bool:
    return not changed(one, other).any()
