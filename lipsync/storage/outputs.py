"""The folder of finished videos: their names, and the removal of old ones."""

from __future__ import annotations

import logging
import re
import secrets
import time
from pathlib import Path

from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.storage.atomic import remove_abandoned
from lipsync.storage.errors import StorageError

log = logging.getLogger(__name__)

_NAME = re.compile(r"avatar_\d{8}-\d{6}_[0-9a-f]{16}\.(?:mp4|webm|vtt|srt|phones\.json)")
PHONES = ".phones.json"
"""Ending of the name of the phones of a video, in place of the video's."""
MP4, WEBM = ".mp4", ".webm"
"""Endings of the names of videos: opaque ones, and those with a transparent background."""
MEDIA_TYPES = {MP4: "video/mp4", WEBM: "video/webm"}
"""Media types of the videos, by ending."""
_MIN_AGE_S = 300.0
"""Age in seconds below which a video is never deleted: the client may still be fetching it."""


def new_name(now: float | None = None, *, ending: str = MP4) -> str:
    """Return ``avatar_<time>_<random>.mp4``: a unique name that others cannot guess (64 random bits).

    ``ending`` is one of MEDIA_TYPES.
    ``now`` is in seconds since the epoch; the name shows it in UTC.
    """
    return f"avatar_{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}_{secrets.token_hex(8)}{ending}"


def video_ending(*, transparent: bool) -> str:
    """The ending of the name of a video, by whether its background is transparent."""
    return WEBM if transparent else MP4


def check_output(path: Path, *, transparent: bool = False) -> None:
    """Raise StorageError not_mp4 or, with a transparent background, not_webm for a file name with another ending; a
    name without one passes."""
    ending = video_ending(transparent=transparent)
    if path.suffix and path.suffix.lower() != ending:
        raise StorageError("not_webm" if transparent else "not_mp4", place=path, ending=path.suffix)


def check_track(track: Path, output: Path, subtitles: str | None) -> None:
    """Raise InvalidFieldError where the face track would replace the video or its subtitles (``vtt``, ``srt``)."""
    taken = [output.absolute()]
    if subtitles:
        taken.append(output.absolute().with_suffix(f".{subtitles}"))
    if track.absolute() in taken:
        expected = Message("field.track_file")
        raise InvalidFieldError("bad_field", field="track", expected=expected)


def remove_old(
    folder: Path,
    *,
    max_hours: float,
    max_mb: float,
    now: float | None = None,
) -> list[Path]:
    """Delete videos and what is beside them older than ``max_hours``, then the oldest until ``max_mb`` MB are left.

    Deletes only files that :func:`new_name` has named, and unfinished files of processes that died. A video of the
    last five minutes is never deleted, but counts towards the total. (A client that has opened a file can read it to
    its end.) ``now`` is in seconds since the epoch. Returns the deleted paths; a file that cannot be deleted is named
    in the log.
    """
    now = time.time() if now is None else now
    ages: list[tuple[float, int, Path]] = []
    removed = remove_abandoned(folder, now)
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return []
    for path in entries:
        if not _NAME.fullmatch(path.name):
            continue
        try:
            facts = path.lstat()
        except FileNotFoundError:  # another thread or process deletes too
            continue
        ages.append((facts.st_mtime, facts.st_size, path))
    total = sum(size for _, size, _ in ages)
    for modified, size, path in sorted(ages):
        too_old = now - modified > max_hours * 3600
        if (too_old or total > max_mb * 1e6) and now - modified > _MIN_AGE_S and _remove(path):
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
