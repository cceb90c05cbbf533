"""Teeth and tongue of the 3D head, to be put behind the lips of a portrait."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.model import Floats
from lipsync.messages import Message
from lipsync.runtime.errors import InstallationError

FILE = Path(__file__).parents[2] / "assets" / "head" / "mouth.npz"
PARTS = ("TeethUpper", "TeethLower", "Tongue")


@dataclass(frozen=True)
class MouthPart:
    """One surface in eye distances, x right, y up, z to the viewer, from the middle of where the lips meet."""

    points: Floats
    """(n, 3)."""
    triangles: NDArray[np.integer]
    """(F, 3) counterclockwise from outside."""
    texture_coordinates: Floats | None
    """(n, 2) in :func:`teeth_texture`; None for the tongue."""
    brightness: Floats
    """(n,) 0-1: how much light reaches into the mouth."""
    targets: dict[str, Floats]
    """(n, 3) of the morph targets that move it."""


@cache
def load_mouth_parts() -> dict[str, MouthPart]:
    """The parts by name, read once. Raises InstallationError when the file is missing."""
    stored = _load()
    parts = {}
    for name in PARTS:
        targets = dict(zip((str(unit) for unit in stored[f"{name}.names"]), stored[f"{name}.targets"], strict=True))
        places = stored.get(f"{name}.places")
        parts[name] = MouthPart(
            stored[f"{name}.points"], stored[f"{name}.triangles"], places, stored[f"{name}.brightness"], targets
        )
    return parts


def teeth_texture() -> bytes:
    """The teeth side by side, a JPEG file."""
    return _load()["texture"].tobytes()


@cache
def _load() -> dict[str, NDArray[Any]]:
    if not FILE.is_file():
        raise InstallationError("missing_part", part=FILE.name, remedy=Message("remedy.reinstall"))
    with np.load(FILE, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
