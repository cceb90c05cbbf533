"""Which part of a picture a video shows, and at which size: a crop around the face with room for its motion.

The portrait is cropped and scaled once, before it is prepared for animation, so that no frame is scaled, and a small
video costs less than a large one. Where the source goes on beyond the crop, a margin of it stays with the portrait,
so that a moving head draws in what is really there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import InvalidFieldError
from lipsync.face.background import TRANSPARENT, UNCHANGED, Color, read_color
from lipsync.face.topology import EYE_CORNERS_OUTER, FACE_OVAL
from lipsync.face.types import Portrait
from lipsync.messages import Message

FrameName = Literal["source", "face", "bust"]
Size = tuple[int, int]
"""Width and height in pixels, even."""

SOURCE: Final = "source"
MIN_SIZE, MAX_SIZE = 256, 1920
"""Pixels: shortest and longest side of a video of a requested size. In a bust 256 pixels high, the eyes are 44 apart,
about the least from which lids can be fitted."""
_SIZE = re.compile(r"([0-9]{2,5})x([0-9]{2,5})")
_SIDE_PATTERN = "(25[68]|2[6-9][02468]|[3-9][0-9][02468]|1[0-8][0-9][02468]|19[01][02468]|1920)"
SIZE_PATTERN = f"^({SOURCE}|{_SIDE_PATTERN}x{_SIDE_PATTERN})$"
"""What :func:`read_size` accepts, as a regular expression of JSON Schema."""

_MARGIN = 0.35
"""Eye distances of the source beyond the crop that stay with the portrait: a head that turns and shifts to its limits
moves the crop's border by less."""
_TOLERANCE = 1.13
"""A crop of the source that lacks so little of the height or width of the head is taken before one that reaches
beyond the source: the room around hair and chin is then smaller."""
_SLACK = 1e-6
"""Pixels by which arithmetic may miss a whole number."""


@dataclass(frozen=True)
class Extent:
    """How far a frame reaches from the middle between the eyes, in eye distances."""

    side: float
    above: float
    below: float


_HEAD = Extent(1.40, 1.70, 1.75)
"""What every frame shows: hair, ears and chin, and how far they move. On 16 faces of StyleGAN, hair without a hat
ends 1.4 to 1.7 above the eyes, the chin 1.0 to 1.3 below them."""
_EXTENTS: dict[FrameName, Extent] = {"face": Extent(1.55, 1.85, 2.05), "bust": Extent(2.6, 2.1, 3.7)}
_EYE_LEVEL = 0.42
"""Share of the height above the eyes where a picture is only cut to another shape."""


@dataclass(frozen=True)
class Framing:
    """What a request asks for."""

    frame: FrameName = "source"
    size: Size | None = None
    """None: the size that the frame has in the source."""
    background: str = UNCHANGED
    """``source``, ``blur``, ``transparent`` or a colour ``#rrggbb``."""

    @property
    def is_source(self) -> bool:
        """Whether the video shows the picture as it is."""
        return self == Framing()


@dataclass(frozen=True)
class Placement:
    """Where the prepared portrait lies in the video."""

    size: Size
    """Size of the video."""
    left: int
    """x of the portrait's left edge in the video, pixels, even; negative where its margin lies outside."""
    top: int
    fill: Color | None = None
    """Colour of the video where the portrait does not cover it; None: a blurred copy of the portrait, or nothing
    around a portrait with an alpha."""


@dataclass(frozen=True)
class _Crop:
    """A part of the source in its pixels, which may reach beyond it, and pixels of the video for one of them."""

    x0: float
    y0: float
    width: float
    height: float
    scale: float
    size: Size


def read_size(value: str) -> Size | None:
    """``720x1280`` as width and height; ``source`` as None.

    Raises LipsyncError bad_field unless both are even and from MIN_SIZE to MAX_SIZE.
    """
    if value == SOURCE:
        return None
    match = _SIZE.fullmatch(value)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if any(side % 2 or not MIN_SIZE <= side <= MAX_SIZE for side in sides):
        expected = Message("field.size", minimum=MIN_SIZE, maximum=MAX_SIZE)
        raise InvalidFieldError("bad_field", field="size", expected=expected)
    return sides


def reframe(portrait: Portrait, framing: Framing) -> tuple[Portrait, Placement]:
    """The portrait cropped and scaled for ``framing``, with its margin, and where it lies in the video.

    A portrait for no background keeps its own, for :func:`lipsync.face.replace_background.cut_out`: what prepares it
    for animation has to see where the person ends.
    Raises LipsyncError missing_part when another background is asked for, and the network for it is not there.
    """
    from PIL import Image  # noqa: PLC0415 - a prepared portrait needs none of it

    from lipsync.face.replace_background import replace_background  # noqa: PLC0415

    crop = _plan_crop(portrait, framing)
    height, width = portrait.picture.shape[:2]
    margin = _MARGIN * portrait.head.scale
    left, right = _span(crop.x0, crop.width, width, margin, crop.scale)
    top, bottom = _span(crop.y0, crop.height, height, margin, crop.scale)
    box = (
        max(0.0, crop.x0 + left / crop.scale),
        max(0.0, crop.y0 + top / crop.scale),
        min(float(width), crop.x0 + right / crop.scale),
        min(float(height), crop.y0 + bottom / crop.scale),
    )
    picture = Image.fromarray(portrait.picture)
    if crop.scale == 1.0:  # to whole pixels: nothing is interpolated
        x0, y0 = round(box[0]), round(box[1])
        x0, y0 = min(x0, width - (right - left)), min(y0, height - (bottom - top))
        box = (float(x0), float(y0), float(x0 + right - left), float(y0 + bottom - top))
    scaled = picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS, box=box)
    moved = _moved(portrait, np.asarray(scaled, np.uint8), box, crop.scale)
    if framing.background not in (UNCHANGED, TRANSPARENT):
        moved = replace_background(moved, framing.background)
    return moved, Placement(crop.size, left, top, read_color(framing.background))


def _plan_crop(portrait: Portrait, framing: Framing) -> _Crop:
    """The crop: as large as the frame asks for, no larger than the source if the head fits in, and the head whole."""
    height, width = portrait.picture.shape[:2]
    unit = portrait.head.scale
    eyes = portrait.landmarks[list(EYE_CORNERS_OUTER), :2].mean(0)
    middle = float(portrait.landmarks[list(FACE_OVAL), 0].mean())
    head = _box_of(_HEAD, middle, float(eyes[1]), unit)
    head = (max(0.0, head[0]), max(0.0, head[1]), min(float(width), head[2]), min(float(height), head[3]))
    if framing.frame == "source":
        target, level = (0.0, 0.0, float(width), float(height)), _EYE_LEVEL
    else:
        extent = _EXTENTS[framing.frame]
        target, level = (
            _box_of(extent, middle, float(eyes[1]), unit),
            extent.above / (extent.above + extent.below),
        )
    across, down = target[2] - target[0], target[3] - target[1]
    if framing.size is None:  # the frame's own shape, as far as there is picture
        across, down = min(across, float(width)), min(down, float(height))
        size = _even(across), _even(down)
        crop_width, crop_height, scale = float(size[0]), float(size[1]), 1.0
    else:
        size = framing.size
        shape = size[0] / size[1]
        inside = min(float(height), width / shape)
        needed = max(head[3] - head[1], (head[2] - head[0]) / shape)
        crop_height = min(max(down, across / shape), inside if needed < _TOLERANCE * inside else needed)
        crop_width, scale = crop_height * shape, size[1] / crop_height
    return _Crop(
        _place(middle - crop_width / 2, crop_width, (head[0], head[2]), width),
        _place(float(eyes[1]) - level * crop_height, crop_height, (head[1], head[3]), height),
        crop_width,
        crop_height,
        scale,
        size,
    )


def _box_of(extent: Extent, x: float, y: float, unit: float) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 around the eyes at ``x``, ``y``, pixels."""
    return x - extent.side * unit, y - extent.above * unit, x + extent.side * unit, y + extent.below * unit


def _place(begin: float, length: float, head: tuple[float, float], whole: int) -> float:
    """Where a crop of ``length`` begins: near ``begin``, with the head in it and inside of the source.

    A crop that is longer than the source has the source in its middle.
    """
    if length >= whole:
        return (whole - length) / 2
    spare = length - (head[1] - head[0])
    begin = min(max(begin, head[1] - length), head[0]) if spare >= 0 else head[0] - spare / 2
    return min(max(begin, 0.0), whole - length)


def _span(begin: float, length: float, whole: int, margin: float, scale: float) -> tuple[int, int]:
    """First and last edge, even pixels of the video, of the source that stays with the portrait along one side."""
    low, high = max(0.0, begin - margin), min(float(whole), begin + length + margin)
    first = 2 * math.ceil((low - begin) * scale / 2 - _SLACK)
    last = 2 * math.floor((high - begin) * scale / 2 + _SLACK)
    return first, max(first + 2, last)


def _even(value: float) -> int:
    return max(2, int(value) // 2 * 2)


def _moved(
    portrait: Portrait, picture: NDArray[np.uint8], box: tuple[float, float, float, float], scale: float
) -> Portrait:
    """The portrait in ``picture``, which is ``box`` of its own, scaled."""
    height, width = picture.shape[:2]
    half = np.array([0.5, 0.5, 0.0])  # pixel centres stand at whole numbers
    origin = np.array([box[0], box[1], 0.0])
    landmarks = (portrait.landmarks + half - origin) * scale - half
    x0, y0, x1, y1 = ((edge - start) * scale for edge, start in zip(portrait.box, (*box[:2], *box[:2]), strict=True))
    return replace(
        portrait,
        picture=picture,
        landmarks=landmarks.astype(np.float32),
        box=(max(0.0, x0), max(0.0, y0), min(float(width), x1), min(float(height), y1)),
        eye_distance=portrait.eye_distance * scale,
    )
