"""The preset motions that there are: those of the package, and those of a folder, which may change at any time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock

from lipsync.animation.body_motion.preset import NAME, Preset, read_preset
from lipsync.errors import LipsyncError

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).resolve().parent / "presets"
"""Folder of the presets of the package."""
_MAX_FILES = 200
"""Maximum number of files of a folder that are read, in the order of their names."""


class PresetLibrary:
    """The presets by name. Thread-safe.

    The folder is looked at each time the presets are asked for; a file is read again when its time or size has
    changed. A broken file is logged once, listed in :meth:`problems` and left out.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder.expanduser() if folder is not None else None
        self._lock = Lock()
        self._read: dict[Path, tuple[tuple[int, int], Preset | LipsyncError]] = {}

    def presets(self) -> Mapping[str, Preset]:
        """All presets by name; one of the folder replaces one of the package."""
        found = dict(_shipped())
        found.update((name, one) for name, one in self._look().items() if isinstance(one, Preset))
        return found

    def problems(self) -> Mapping[str, LipsyncError]:
        """What is wrong with files of the folder, by the name of the file without its ending."""
        return {name: one for name, one in self._look().items() if isinstance(one, LipsyncError)}

    def _look(self) -> Mapping[str, Preset | LipsyncError]:
        if self._folder is None:
            return {}
        with self._lock:
            try:
                paths = sorted(path for path in self._folder.iterdir() if path.suffix == ".json")[:_MAX_FILES]
            except OSError:
                paths = []
            self._read = {path: self._entry(path) for path in paths}
            return {path.stem: entry for path, (_, entry) in self._read.items()}

    def _entry(self, path: Path) -> tuple[tuple[int, int], Preset | LipsyncError]:
        try:
            facts = path.stat()
            state = (facts.st_mtime_ns, facts.st_size)
        except OSError:
            state = (0, 0)
        before = self._read.get(path)
        if before is not None and before[0] == state:
            return before
        try:
            return state, read_preset(path)
        except LipsyncError as error:
            log.warning("%s", error)
            return state, error


@cache
def _shipped() -> Mapping[str, Preset]:
    return {path.stem: read_preset(path) for path in sorted(SHIPPED.glob("*.json")) if NAME.fullmatch(path.stem)}
