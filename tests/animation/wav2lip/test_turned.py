"""A face that lies on its side: the network sees it upright, and the mouth is painted where the mouth is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lipsync.animation.wav2lip.composite import prepare_patch
from lipsync.animation.wav2lip.crop import Crop, crop_face, grow
from lipsync.face.avatars import avatar
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.video.decode import read_video
from lipsync.video.frame import frame_of, picture_of
from tests.animation.wav2lip.drawers import Face, Floats, SameDrawer
from tests.face.videos import Picture, drifting, mp4, portrait_of
from tests.helpers.video_service import service_in

pytestmark = pytest.mark.slow

LIMITS: dict[str, Any] = {"max_seconds": 20, "max_megapixels": 50, "max_side": 1920}


class MouthDrawer(SameDrawer):
    """Paints a striped bar where the mouth of an upright face is, and keeps the faces that it was given."""

    ROWS, COLUMNS = slice(10, 22), slice(38, 66)

    def __init__(self) -> None:
        super().__init__()
        self.faces: list[NDArray[np.uint8]] = []

    def prepare(self, face: NDArray[np.uint8]) -> Face:
        self.faces.append(face)
        return face

    def drawn(self, rows: Floats, mel: Floats) -> Floats:  # noqa: ARG002
        drawn = rows.copy()
        drawn[self.ROWS, self.COLUMNS][:, ::4] = 255
        drawn[self.ROWS, self.COLUMNS][:, 2::4] = 0
        return drawn


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


def hopper(side: int = 500) -> Picture:
    return read_picture(avatar("hopper").path.read_bytes(), max_megapixels=50, max_side=side)


def rolled(picture: Picture, degrees: float) -> Picture:
    """Turned counter-clockwise; quarter turns exactly."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(picture, round(degrees / 90)))
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def painted(made: Picture, source: Picture) -> NDArray[np.float64]:
    """x, y of the middle of what differs much."""
    rows, columns = np.nonzero(np.abs(made.astype(int) - source).max(2) > 60)
    assert len(rows) > 50
    return np.array([np.median(columns), np.median(rows)])


def check(frames: list[Picture], sources: list[Picture], finder: FaceFinder) -> None:
    """The bar is over the mouth of the source, by its own mesh, in every frame that shows it."""
    shown = 0
    for made, source in zip(frames, sources, strict=True):
        (points, *_) = finder.find_all(source)
        if np.abs(made.astype(int) - source)[..., 0].max() < 90:
            continue
        shown += 1
        eyes = float(np.linalg.norm(points[33, :2] - points[263, :2]))
        mouth = points[[13, 14, 61, 291], :2].mean(0)
        assert np.linalg.norm(painted(made, source) - mouth) < 0.2 * eyes
    assert shown > len(frames) // 3


@pytest.mark.parametrize("degrees", [0, 40, 90, 135, 180, 270])
def test_a_still_speaks_with_its_own_mouth(finder: FaceFinder, tmp_path: Path, degrees: int) -> None:
    picture = rolled(hopper(), degrees)
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    drawer = MouthDrawer()
    service = service_in(tmp_path, drawer=drawer, crf=5)
    result = service.generate(text="Hello there, how are you?", language="en", picture=file.getvalue())
    frames = [one for _, one in read_video(result.path, **LIMITS)]

    assert result.engine == "wav2lip"
    source = picture_of(frame_of(finder.find(picture).picture))
    check(frames[::6], [source] * len(frames[::6]), finder)
    upright = finder.find(hopper())
    height, width = upright.picture.shape[:2]
    seen = crop_face(upright.landmarks, (width, height)).cut(upright.picture, 96)
    alike = [np.corrcoef(seen.ravel(), np.rot90(drawer.faces[0], k).ravel())[0, 1] for k in range(4)]
    assert alike[0] > max(0.75, *alike[1:])  # 0.81: a portrait that tilts its head by 3.6 degrees stays tilted


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_video_speaks_with_its_own_mouth(finder: FaceFinder, tmp_path: Path, quarters: int) -> None:
    pictures = [np.ascontiguousarray(np.rot90(one, quarters)) for one in drifting(portrait_of("gauss"), 12)]
    film = mp4(pictures)
    drawer = MouthDrawer()
    service = service_in(tmp_path, drawer=drawer, crf=5)
    result = service.generate(text="Hello there!", language="en", picture=film)
    frames = [one for _, one in read_video(result.path, **LIMITS)]
    sources = [one for _, one in read_video(film, **LIMITS)]

    there_and_back = [*range(12), *range(10, 0, -1)]
    check(frames[::5], [sources[there_and_back[k % 22]] for k in range(0, len(frames), 5)], finder)


@pytest.mark.parametrize("degrees", [20, 60, 90, 150, 180, 270])
def test_the_same_face_put_back_stands_where_it_stood(finder: FaceFinder, degrees: int) -> None:
    portrait = finder.find(rolled(hopper(), degrees))
    height, width = portrait.picture.shape[:2]
    crop = crop_face(portrait.landmarks, (width, height))
    patch = prepare_patch(portrait.picture, portrait.landmarks, crop, 96, 48)
    still = frame_of(portrait.picture)
    frame = still.copy()
    patch.paste(frame, crop.cut(portrait.picture, 96)[48:].astype(np.float32))
    rows = slice(patch.top, patch.top + patch.alpha.shape[0])
    columns = slice(patch.left, patch.left + patch.alpha.shape[1])
    before, after = still.y[rows, columns].astype(float), frame.y[rows, columns].astype(float)
    firm = patch.alpha > 0.5
    assert np.corrcoef(before[firm], after[firm])[0, 1] > 0.9
    step = max(2, round(crop.width / 96))
    here = np.abs(before - after)[firm].mean()
    for axis in (0, 1):
        for shift in (-step, step):
            assert here < np.abs(np.roll(before, shift, axis) - after)[firm].mean()


def test_the_box_of_a_head_that_tilts_does_not_jump(finder: FaceFinder) -> None:
    points = finder.find(hopper()).landmarks[:, :2]
    middle = points.mean(0)
    corners = []
    for degrees in np.arange(-200, 200, 0.5):
        angle = np.radians(degrees)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        crop = crop_face((points - middle) @ turn.T + 500, (1000, 1000))
        place = crop.to_picture(96)
        corners.append(np.array([[0, 0, 1], [96, 96, 1]]) @ place.T)
    steps = np.linalg.norm(np.diff(np.array(corners), axis=0), axis=2)
    assert steps.max() < 8  # pixels of a box of 200, by half a degree; twice the turn's own where it grows


def test_an_upright_face_is_cut_as_it_is(finder: FaceFinder) -> None:
    crop = crop_face(finder.find(rolled(hopper(), 10)).landmarks, (400, 500))
    assert crop == Crop(crop.x0, crop.y0, crop.x1, crop.y1)


def test_a_turned_box_ends_at_the_picture() -> None:
    """Also with the largest pads: what is cut out of a small picture is not large."""
    quarter = np.pi / 2
    crop = grow((0, 0, 100, 100), (200, 100), (1000, 1000, 1000, 1000), 10, turn=quarter, pivot=(50.0, 50.0))
    assert (crop.width, crop.height) == (100, 200)
    np.testing.assert_allclose([crop.corners.min(0), crop.corners.max(0)], [[0, 0], [200, 100]], atol=1e-9)
