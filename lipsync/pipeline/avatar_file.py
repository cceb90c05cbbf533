"""An avatar that a person names on their own machine: a bundled one, or the path of a picture or video file.

Only for the command line, the library and LIPSYNC_AVATAR: a web request has names, never paths.
"""

from __future__ import annotations

from pathlib import Path

from lipsync.face.avatars import shipped_avatars
from lipsync.storage.errors import StorageError


def name_or_path(named: str) -> str | Path:
    """The name of a bundled avatar as a string, the path of a file as a Path.

    It is a path where it has a separator, a suffix or a leading ``~``, or where such a file exists.
    """
    if named in {avatar.name for avatar in shipped_avatars()}:
        return named
    path = Path(named)
    looks_like_path = "/" in named or named.startswith("~") or bool(path.suffix)
    return path if looks_like_path or _exists(path) else named


def read_avatar(path: Path, max_mb: float) -> bytes:
    """The bytes of a picture or video file. Raises LipsyncError: file_missing, file_is_folder, file_forbidden,
    file_too_large, cannot_read."""
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(int(max_mb * 1e6) + 1)
    except (FileNotFoundError, NotADirectoryError, RuntimeError) as error:  # RuntimeError: ~ of an unknown user
        known = ", ".join(avatar.name for avatar in shipped_avatars())
        raise StorageError("file_missing", place=path, known=known) from error
    except IsADirectoryError as error:
        raise StorageError("file_is_folder", place=path) from error
    except PermissionError as error:
        raise StorageError("file_forbidden", place=path) from error
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error
    check_size(len(data), max_mb)
    return data


def read_background(path: Path, max_mb: float) -> bytes:
    """The bytes of a picture file for behind the person. Raises LipsyncError: file_is_folder, file_forbidden,
    file_too_large, cannot_read."""
    try:
        return read_avatar(path, max_mb)
    except StorageError as error:
        if error.code != "file_missing":
            raise
        reason = getattr(error.__cause__, "strerror", None) or str(
            error.__cause__
        )  # the names of avatars do not help
        raise StorageError("cannot_read", place=path, reason=reason) from error


def check_size(size: int, max_mb: float) -> None:
    """Raises LipsyncError file_too_large where ``size`` bytes exceed ``max_mb`` MB."""
    if size > max_mb * 1e6:
        raise StorageError("file_too_large", limit=f"{max_mb:g}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # for example a name that is too long for a file
        return False
