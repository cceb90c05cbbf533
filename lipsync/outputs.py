"""The folder of finished videos: their names, and the removal of old ones."""

from __future__ import annotations

import logging
import re
import secrets
import time
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.part import is_part

log = logging.getLogger(__name__)

_OURS = re.compile(r"avatar_\d{8}-\d{6}_[0-9a-f]{16}\.(?:mp4|vtt|srt)")
_YOUNG = 300.0
"""Seconds after which a video has reached the one who asked for it."""
_DEAD_PART = 3600.0
"""Seconds after which an unfinished video that nobody has written to was left behind by a process that died."""


def new_name(now: float | None = None) -> str:
    """``avatar_<time>_<random>.mp4``: unique, and not to be guessed from the names of others (64 random bits).

    ``now`` is in seconds since the epoch; the name shows it in UTC.
    """
    return f"avatar_{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}_{secrets.token_hex(8)}.mp4"


def check_output(path: Path) -> None:
    """Raises LipsyncError not_mp4 for a name with an ending of another kind of file; it may have none."""
    if path.suffix and path.suffix.lower() != ".mp4":
        raise LipsyncError("not_mp4", place=path, ending=path.suffix)


def check_track(track: Path, output: Path, subtitles: str | None) -> None:
    """Raises LipsyncError bad_field where the face track would replace the video or its subtitles (vtt, srt)."""
    taken = [output.absolute()]
    if subtitles:
        taken.append(output.absolute().with_suffix(f".{subtitles}"))
    if track.absolute() in taken:
        expected = {
            "en": "it names the file of the video or of its subtitles; name another file",
            "ru": "это файл видео или его субтитров; укажите другой файл",
        }
        raise LipsyncError("bad_field", field="track", expected=expected)


def remove_old(
    folder: Path,
    *,
    max_hours: float,
    max_mb: float,
    now: float | None = None,
) -> list[Path]:
    """Remove videos and subtitles older than ``max_hours``, then the oldest until the rest has at most ``max_mb`` MB.

    Only files of :func:`new_name`'s form are touched, and what an interrupted process left unfinished. A video made
    in the last minutes stays in any case, though it counts: it may be on its way to the one who asked for it. (One
    that is being sent stays readable to the one who opened it.) Returns what was removed; a file that cannot be
    removed is named in the log.
    """
    now = time.time() if now is None else now
    ages: list[tuple[float, int, Path]] = []
    removed: list[Path] = []
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return []
    for path in entries:
        unfinished = is_part(path)
        if not unfinished and not _OURS.fullmatch(path.name):
            continue
        try:
            facts = path.lstat()
        except FileNotFoundError:  # another thread removes too
            continue
        if unfinished:
            if now - facts.st_mtime > _DEAD_PART and _remove(path):
                removed.append(path)
        else:
            ages.append((facts.st_mtime, facts.st_size, path))
    total = sum(size for _, size, _ in ages)
    for made, size, path in sorted(ages):
        too_old = now - made > max_hours * 3600
        if (too_old or total > max_mb * 1e6) and now - made > _YOUNG and _remove(path):
            total -= size
            removed.append(path)
    return removed


def _remove(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("cannot remove the old video %s: %s", path, error.strerror)
        return False
    return True
