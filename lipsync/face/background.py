"""What can be behind the person of a portrait, by the names that a request may give."""

from __future__ import annotations

import re
from typing import Final

Color = tuple[int, int, int]
"""RGB, 0-255."""

UNCHANGED: Final = "source"
TRANSPARENT: Final = "transparent"
PICTURE: Final = "picture"
"""A picture of the caller's own. The person is cut out, as for no background, and put before it in each frame."""
BACKGROUND_PATTERN = f"^({UNCHANGED}|blur|{TRANSPARENT}|{PICTURE}|#[0-9a-fA-F]{{6}})$"
"""The backgrounds that can be asked for, as a regular expression of JSON Schema."""


def is_background(value: str) -> bool:
    """Whether ``value`` is ``source``, ``blur``, ``transparent``, ``picture`` or a colour ``#rrggbb``."""
    return re.fullmatch(BACKGROUND_PATTERN[1:-1], value) is not None


def read_color(background: str) -> Color | None:
    """``#rrggbb`` as RGB; None for every other background."""
    return (
        (int(background[1:3], 16), int(background[3:5], 16), int(background[5:7], 16))
        if background.startswith("#")
        else None
    )
