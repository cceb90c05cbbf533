"""A box around a face that a person gives by hand: read from a request, and brought to the picture's own pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lipsync.errors import InvalidFieldError, LipsyncError
from lipsync.face.errors import PortraitError
from lipsync.messages import Message

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""

Pads = tuple[int, int, int, int]
"""Pixels that a box grows by: top, bottom, left, right."""

MAX_PAD = 1000
"""Pixels."""


def read_box(value: str | Sequence[float]) -> Box:
    """Four numbers, or a string of them: ``"10,20,110,140"``. Raises LipsyncError bad_box."""
    x0, y0, x1, y1 = _numbers(value, PortraitError("bad_box"))
    if not (0 <= x0 < x1 and 0 <= y0 < y1):
        raise PortraitError("bad_box")
    return x0, y0, x1, y1


def read_pads(value: str | Sequence[float]) -> Pads:
    """Four whole numbers: pixels that Wav2Lip's box grows by at the top, the bottom, the left and the right; less
    than none where they are negative. A string of them: ``"0,10,0,0"``. Raises LipsyncError bad_field."""
    expected = Message("field.pads", minimum=-MAX_PAD, maximum=MAX_PAD)
    error = InvalidFieldError("bad_field", field="pads", expected=expected)
    numbers = _numbers(value, error)
    if any(number != int(number) or abs(number) > MAX_PAD for number in numbers):
        raise error
    top, bottom, left, right = (int(number) for number in numbers)
    return top, bottom, left, right


def fitted_box(box: Box, uploaded: tuple[int, int], shown: tuple[int, int], max_side: int) -> Box:
    """The box in a picture that was shrunk to ``max_side`` and cut to even sides when it was read.

    ``box`` is in pixels of the upright picture as it was uploaded, of width and height ``uploaded``; ``shown`` are
    the width and height of the picture as it was read. Raises LipsyncError bad_box when the box reaches beyond the
    upload.
    """
    if box[2] > uploaded[0] or box[3] > uploaded[1]:
        raise PortraitError("bad_box")
    scale = min(1.0, max_side / max(uploaded))
    x0, y0, x1, y1 = (value * scale for value in box)
    return x0, y0, min(x1, float(shown[0])), min(y1, float(shown[1]))


def _numbers(value: object, error: LipsyncError) -> list[float]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != 4 or any(isinstance(part, bool) for part in parts):
        raise error
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError, OverflowError):
        raise error from None
    if not all(math.isfinite(number) for number in numbers):
        raise error
    return numbers
