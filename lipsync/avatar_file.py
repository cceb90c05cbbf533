"""An avatar that a person names on their own machine: a shipped one, or the path of a picture or video file.

Only for the command line, the library and LIPSYNC_AVATAR: a web request has names, never paths.
"""

from __future__ import annotations

from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.face.avatars import shipped_avatars


def name_or_path(named: str) -> str | Path:
    """``named`` as it is where it can only be the name of a shipped avatar, else as a Path.

    It is a path when it has a separator, an ending or a leading ``~``, or when such a file is there.
    """
    if named in {one.name for one in shipped_avatars()}:
        return named
    path = Path(named)
    looks_so = "/" in named or named.startswith("~") or bool(path.suffix)
    return path if looks_so or _is_there(path) else named


def read_avatar(path: Path, max_mb: float) -> bytes:
    """The bytes of a picture or video file. Raises LipsyncError: file_missing, file_is_folder, file_forbidden,
    file_too_large, cannot_read."""
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(int(max_mb * 1e6) + 1)
    except (FileNotFoundError, NotADirectoryError, RuntimeError) as error:  # RuntimeError: ~ of an unknown user
        known = ", ".join(one.name for one in shipped_avatars())
        raise LipsyncError("file_missing", place=path, known=known) from error
    except IsADirectoryError as error:
        raise LipsyncError("file_is_folder", place=path) from error
    except PermissionError as error:
        raise LipsyncError("file_forbidden", place=path) from error
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error
    check_size(len(data), max_mb)
    return data


def check_size(size: int, max_mb: float) -> None:
    """Raises LipsyncError file_too_large where ``size`` bytes are more than ``max_mb`` MB."""
    if size > max_mb * 1e6:
        raise LipsyncError("file_too_large", limit=f"{max_mb:g}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # for example a name that is too long for a file
        return False
