"""How fast, how high, with which pauses: what a request may say of it."""

from __future__ import annotations

import math

from lipsync.errors import LipsyncError
from lipsync.speech.types import Style

SPEED = (0.25, 4.0)
"""Least and most times as fast; as OpenAI's API has it."""
PITCH = (-12.0, 12.0)
"""Least and most semitones."""
PAUSE = (0.0, 5.0)
"""Least and most times as long."""


def read_style(speed: object = None, pitch: object = None, pause: object = None) -> Style:
    """The style of three numbers, each of which may be left out. Raises LipsyncError bad_field."""
    plain = Style()
    return Style(
        _within("speed", plain.speed if speed is None else speed, *SPEED),
        _within("pitch", plain.pitch if pitch is None else pitch, *PITCH),
        _within("pause", plain.pause if pause is None else pause, *PAUSE),
    )


def _within(field: str, value: object, least: float, most: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not least <= value <= most:  # type: ignore[arg-type, operator]
        expected = {
            "en": f"a number from {least:g} to {most:g} is expected",
            "ru": f"нужно число от {least:g} до {most:g}",
        }
        raise LipsyncError("bad_field", field=field, expected=expected)
    return float(value)  # type: ignore[arg-type]
