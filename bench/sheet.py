"""``python -m bench.sheet``: docs/sheet.jpg, what the shipped portraits look like while they speak.

Each row is one portrait: frames of its finished MP4, decoded as a player would, and under each its mouth enlarged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.avatars import Avatar, shipped_avatars
from lipsync.face.topology import LIPS
from lipsync.face.types import Portrait
from lipsync.pipeline.portraits import Portraits
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from lipsync.storage.cache import ArrayCache

SHEET = Path(__file__).parent.parent / "docs" / "sheet.jpg"
TEXT = "Hello! My portrait can speak for me. Five moons, all over you."
SHOWN = (("", 0, "at rest"), ("ˈoʊ", 0, "hellO"), ("m", 0, "M"), ("ˈaɪ", 0, "fIve"), ("ˈiː", 0, "spEAk"),
         ("f", 1, "F"), ("ˈuː", 0, "mOOns"))  # fmt: skip
"""Which phone, the how manieth of its kind, and what is written above it."""

WIDTH, FACE, MOUTH, HEAD, GAP = 224, 252, 138, 30, 6
"""Pixels: of a column, its face, its mouth, the line of words, the space between."""

Image = NDArray[np.uint8]


def main() -> int:
    """Make the sheet."""
    parser = argparse.ArgumentParser(prog="bench.sheet", description=__doc__)
    parser.add_argument("--output", type=Path, default=SHEET)
    parser.add_argument("--quality", type=int, default=82, help="of the JPEG, 1 to 100")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lipsync-sheet-") as folder:
        rows = [words(), *(row(one, Path(folder)) for one in shipped_avatars())]
    sheet = np.concatenate(rows)
    code, data = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, options.quality])
    if not code:
        raise RuntimeError("the sheet cannot be written as JPEG")
    options.output.write_bytes(data.tobytes())
    print(f"{options.output}: {sheet.shape[1]}x{sheet.shape[0]}, {len(data) / 1000:.0f} kB")
    return 0


def row(one: Avatar, folder: Path) -> Image:
    """One portrait's frames, their mouths below them: (FACE + MOUTH + 2 GAP, columns, 3) RGB."""
    settings = Settings(_env_file=None, outputs=folder, cache=folder / "cache", warm_up=False, voices="espeak")
    service = LipsyncService(settings)
    service.load(ahead=False)
    track_path = folder / f"{one.name}.json"
    result = service.generate(text=TEXT, language="en", avatar=one.name, track=track_path)
    numbers = frames_shown(json.loads(track_path.read_text()))
    portrait = portrait_of(one, settings)
    with av.open(str(result.path)) as video:
        pictures = {
            number: frame.to_ndarray(format="rgb24")
            for number, frame in enumerate(video.decode(video=0))
            if number in numbers
        }
    faces = [cut(pictures[number], *face_box(portrait), FACE) for number in numbers]
    mouths = [cut(pictures[number], *mouth_box(portrait), MOUTH) for number in numbers]
    return np.concatenate([beside(faces), beside(mouths), np.full_like(beside(faces)[:GAP], 255)])


def frames_shown(track: dict[str, Any]) -> list[int]:
    """The frame in the middle of each phone of SHOWN."""
    numbers = []
    for symbol, which, _ in SHOWN:
        phone = [one for one in track["phones"] if one["symbol"] == symbol][which]
        middle = 0.0 if not symbol else (phone["start"] + phone["end"]) / 2
        numbers.append(round(middle * track["fps"]))
    return numbers


def portrait_of(one: Avatar, settings: Settings) -> Portrait:
    """The portrait as the service has prepared it."""
    cache = ArrayCache(settings.cache, settings.cache_max_mb)
    portraits = Portraits(cache, max_side=settings.max_side, max_megapixels=settings.max_megapixels)
    return portraits.get(one.path.read_bytes())[0].portrait


def face_box(portrait: Portrait) -> tuple[float, float, float]:
    """Centre x and y, and width, of what is shown of the head."""
    x0, y0, x1, y1 = portrait.box
    return (x0 + x1) / 2, (y0 + y1) / 2 - 0.06 * (y1 - y0), 1.42 * (x1 - x0)


def mouth_box(portrait: Portrait) -> tuple[float, float, float]:
    """Centre x and y, and width, of what is shown of the mouth."""
    lips = portrait.landmarks[list(LIPS), :2]
    low, high = lips.min(0), lips.max(0)
    x, y = (low + high) / 2
    return float(x), float(y) + 0.06 * float(high[0] - low[0]), 1.75 * float(high[0] - low[0])


def cut(picture: Image, x: float, y: float, width: float, height: int) -> Image:
    """(height, WIDTH, 3): ``width`` pixels of the picture around x, y; beyond its border, its border."""
    scale = WIDTH / width
    matrix = np.array([[scale, 0, WIDTH / 2 - scale * x], [0, scale, height / 2 - scale * y]])
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    if scale < 1:  # warpAffine does not average: shrink by whole areas before
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
        matrix[:, :2] /= scale
        picture, how = np.asarray(small, np.uint8), cv2.INTER_LINEAR
    warped = cv2.warpAffine(picture, matrix, (WIDTH, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def beside(pictures: list[Image]) -> Image:
    """The pictures in a row, white between and below them."""
    return np.concatenate(
        [np.pad(one, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for one in pictures], axis=1
    )[:, :-GAP]


def words() -> Image:
    """What is being said, above each column; the sound itself in capitals."""
    line = np.full((HEAD, len(SHOWN) * (WIDTH + GAP) - GAP, 3), 255, np.uint8)
    for column, (_, _, word) in enumerate(SHOWN):
        size = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)[0]
        place = (column * (WIDTH + GAP) + (WIDTH - size[0]) // 2, HEAD - 9)
        cv2.putText(line, word, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1, cv2.LINE_AA)
    return line


if __name__ == "__main__":
    sys.exit(main())
