"""The drawn mouth goes back without a seam, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.wav2lip.composite import Patch, prepare_patch
from lipsync.animation.wav2lip.crop import Crop, crop_face, grow
from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.face.types import Portrait
from lipsync.video.frame import Frame, frame_of

SIZE, FIRST = 96, 48


@pytest.fixture(scope="module", params=["gauss", "hopper"])
def portrait(request: pytest.FixtureRequest) -> Portrait:
    picture = read_picture(avatar(request.param).path.read_bytes(), max_megapixels=50, max_side=1920)
    return FaceFinder().find(picture)


@pytest.fixture(scope="module")
def crop(portrait: Portrait) -> Crop:
    height, width = portrait.picture.shape[:2]
    return crop_face(portrait.landmarks, (width, height))


@pytest.fixture(scope="module")
def patch(portrait: Portrait, crop: Crop) -> Patch:
    return prepare_patch(portrait.picture, portrait.landmarks, crop, SIZE, FIRST)


def changed(before: Frame, after: Frame) -> tuple[np.ndarray, np.ndarray]:
    return before.y != after.y, (before.uv != after.uv).any(-1)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (SIZE - FIRST, SIZE, 3)).astype(np.float32)


def test_nothing_outside_of_the_mask_changes_by_a_single_value(portrait: Portrait, patch: Patch) -> None:
    still = frame_of(portrait.picture)
    frame = still.copy()
    patch.paste(frame, noise(0))
    bright, colour = changed(still, frame)
    height, width = patch.alpha.shape
    allowed = np.zeros_like(bright)
    allowed[patch.top : patch.top + height, patch.left : patch.left + width] = patch.alpha > 0
    assert bright.any()
    assert not (bright & ~allowed).any()
    half = np.zeros_like(colour)
    half[patch.top // 2 : (patch.top + height) // 2, patch.left // 2 : (patch.left + width) // 2] = (
        patch.half_alpha > 0
    )
    assert not (colour & ~half).any()


def test_the_mask_holds_the_mouth_and_nothing_above_the_nose(portrait: Portrait, patch: Patch) -> None:
    points = portrait.landmarks[:, :2]

    def alpha(index: int) -> float:
        x, y = np.round(points[index] - [patch.left, patch.top]).astype(int)
        inside = 0 <= y < patch.alpha.shape[0] and 0 <= x < patch.alpha.shape[1]
        return float(patch.alpha[y, x]) if inside else 0.0

    for mouth in (13, 14, 61, 291, 17):
        assert alpha(mouth) > 0.9
    for above in (1, 6, 33, 263, 10, 4):
        assert alpha(above) == 0.0
    assert np.flatnonzero(patch.alpha.max(1) > 0)[0] + patch.top >= points[2, 1] - 1


def test_the_mask_is_soft_everywhere(patch: Patch) -> None:
    edges = np.concatenate([patch.alpha[0], patch.alpha[-1], patch.alpha[:, 0], patch.alpha[:, -1]])
    assert edges.max() < 0.12
    assert np.abs(np.diff(patch.alpha, axis=0)).max() < 0.25
    assert np.abs(np.diff(patch.alpha, axis=1)).max() < 0.25


def test_the_same_face_put_back_stands_where_it_stood(portrait: Portrait, crop: Crop, patch: Patch) -> None:
    still = frame_of(portrait.picture)
    frame = still.copy()
    patch.paste(frame, crop.cut(portrait.picture, SIZE)[FIRST:].astype(np.float32))
    height, width = patch.alpha.shape
    rows, columns = slice(patch.top, patch.top + height), slice(patch.left, patch.left + width)
    before, after = still.y[rows, columns].astype(float), frame.y[rows, columns].astype(float)
    firm = patch.alpha > 0.5
    assert np.corrcoef(before[firm], after[firm])[0, 1] > 0.9
    # It is softer, and nothing else: moved by a pixel of the network it would fit less.
    step = max(2, round(crop.width / SIZE))
    here = np.abs(before - after)[firm].mean()
    for axis in (0, 1):
        for shift in (-step, step):
            assert here < np.abs(np.roll(before, shift, axis) - after)[firm].mean()


@pytest.mark.parametrize("tint", [(30, 0, -20), (-25, -25, -25), (0, 18, 40)])
def test_colours_meet_at_the_rim(portrait: Portrait, crop: Crop, patch: Patch, tint: tuple[int, int, int]) -> None:
    """A network that draws in another tint leaves no seam."""
    rows = crop.cut(portrait.picture, SIZE)[FIRST:].astype(np.float32)
    plain, tinted = frame_of(portrait.picture), frame_of(portrait.picture)
    patch.paste(plain, rows)
    patch.paste(tinted, rows + np.array(tint, np.float32))
    assert np.abs(plain.y.astype(int) - tinted.y).max() <= 2
    assert np.abs(plain.uv.astype(int) - tinted.uv).max() <= 2


def test_strength_fades(portrait: Portrait, patch: Patch) -> None:
    still = frame_of(portrait.picture)
    differences = []
    for strength in (0.0, 0.3, 1.0):
        frame = still.copy()
        patch.paste(frame, noise(1), strength)
        differences.append(float(np.abs(frame.y.astype(int) - still.y).sum()))
    assert differences[0] == 0
    assert differences[1] == pytest.approx(0.3 * differences[2], rel=0.1)


def test_sharpening_sharpens(portrait: Portrait, crop: Crop, patch: Patch) -> None:
    rows = crop.cut(portrait.picture, SIZE)[FIRST:].astype(np.float32)
    detail = []
    for amount in (0.0, 0.8):
        frame = frame_of(portrait.picture)
        patch.paste(frame, rows, 1.0, amount)
        inside = frame.y[patch.top :, patch.left :][: patch.alpha.shape[0], : patch.alpha.shape[1]].astype(float)
        detail.append(float(np.abs(np.diff(inside, axis=1))[patch.alpha[:, 1:] > 0.8].mean()))
    assert detail[1] > 1.1 * detail[0]


def test_a_crop_stays_in_the_picture_and_takes_pads() -> None:
    assert grow((10, 20, 110, 140), (200, 200), (1, 10, 2, 3)) == Crop(8, 19, 113, 150)
    assert grow((-50, -50, 500, 500), (200, 100), (0, 10, 0, 0)) == Crop(0, 0, 200, 100)
    with pytest.raises(LipsyncError, match="box"):
        grow((300, 300, 400, 400), (200, 200), (0, 0, 0, 0))
