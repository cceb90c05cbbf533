"""The portraits that come with the project, as the web shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from lipsync.errors import LipsyncError

_FOLDER = Path(__file__).resolve().parents[1] / "assets" / "avatars"


@dataclass(frozen=True)
class Avatar:
    name: str
    width: int
    height: int


@cache
def avatars() -> tuple[Avatar, ...]:
    found = []
    for path in sorted(_FOLDER.glob("*.jpg")):
        with Image.open(path) as picture:
            found.append(Avatar(path.stem, *picture.size))
    return tuple(found)


def picture_path(name: str) -> Path:
    if name not in {one.name for one in avatars()}:
        raise LipsyncError("unknown_avatar", avatar=name, known=", ".join(one.name for one in avatars()))
    return _FOLDER / f"{name}.jpg"
