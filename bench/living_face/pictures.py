"""The portraits that a benchmark looks at: picture files of a folder, and bundled avatars by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lipsync.face.avatars import shipped_avatars

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".heic", ".tif", ".tiff", ".bmp")


def list_portraits(places: Sequence[str]) -> dict[str, Path]:
    """Picture files by name without suffix, in the order of ``places``: folders, files and names of avatars.

    Raises FileNotFoundError for a place that is none of these, and for a folder without a picture.
    """
    avatars = {avatar.name: avatar.path for avatar in shipped_avatars()}
    found: dict[str, Path] = {}
    for place in places:
        path = Path(place)
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
            if not files:
                raise FileNotFoundError(f"{path} has no picture ({', '.join(SUFFIXES)})")
        elif path.is_file():
            files = [path]
        elif place in avatars:
            files = [avatars[place]]
        else:
            raise FileNotFoundError(f"{place} is neither a folder, a file nor an avatar ({', '.join(avatars)})")
        found |= {file.stem: file for file in files}
    return found
