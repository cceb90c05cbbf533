"""A file from the web: bounded, and continued where it broke off."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from lipsync.errors import LipsyncError
from lipsync.models.web import Open, Response

Progress = Callable[[int], None]
"""Is told how many bytes of the file are there."""

_BLOCK = 1 << 18
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def download(
    address: str,
    path: Path,
    size: int,
    open_address: Open,
    progress: Progress,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Fetch ``address`` into ``path``, which has exactly ``size`` bytes then.

    What an earlier call left there is continued, if the server still has the same file (its ETag or date, asked for
    with If-Range); a note beside it (``.from``) remembers which. What broke off stays for the next call.

    Raises LipsyncError: download_size (the server has a file of another size: nothing is kept), download_broke,
    cannot_write, and what ``open_address`` raises.
    """
    note = path.with_name(f"{path.name}.from")
    try:
        have = _kept(path, note, address, size)
        if have < size:
            _receive(address, path, note, have, size, open_address, progress, headers or {})
        note.unlink(missing_ok=True)
        progress(size)
    except OSError as error:
        raise LipsyncError("cannot_write", place=path, reason=error.strerror or str(error)) from error


def _receive(
    address: str,
    path: Path,
    note: Path,
    have: int,
    size: int,
    open_address: Open,
    progress: Progress,
    headers: Mapping[str, str],
) -> None:
    host = urlsplit(address).hostname or address
    wanted = {**headers, "Accept-Encoding": "identity"}
    if have:
        wanted |= {"Range": f"bytes={have}-", "If-Range": json.loads(note.read_text())["version"]}
    with ExitStack() as stack:
        response = stack.enter_context(open_address(address, wanted))
        start, total = _offered(response)
        if total not in (None, size):
            path.unlink(missing_ok=True)
            note.unlink(missing_ok=True)
            raise LipsyncError("download_size", host=host, found=total, expected=size)
        have = have if start == have else 0
        version = response.getheader("ETag") or response.getheader("Last-Modified")
        weak = version is None or version.startswith("W/")
        note.write_text(json.dumps({"address": address, "version": None if weak else version}))
        with path.open("r+b" if have else "wb") as file:
            file.truncate(have)
            file.seek(have)
            while block := _block(response):
                have += len(block)
                if have > size:
                    file.truncate(0)
                    raise LipsyncError("download_size", host=host, found=f">{size}", expected=size)
                file.write(block)
                progress(have)
    if have < size:
        raise LipsyncError("download_broke", host=host, done=have // 1_000_000, size=size // 1_000_000)


def _block(response: Response) -> bytes:
    """Some bytes; none at the end, also at one that came too early."""
    try:
        return response.read(_BLOCK)
    except (http.client.HTTPException, OSError):
        return b""


def _kept(path: Path, note: Path, address: str, size: int) -> int:
    """How many bytes of the file are there and may be continued."""
    if not path.is_file() or not note.is_file():
        return 0
    have = path.stat().st_size
    try:
        known = json.loads(note.read_text())
        same = known["address"] == address and isinstance(known["version"], str)
    except (ValueError, KeyError, TypeError):
        same = False
    return have if same and have <= size else 0


def _offered(response: Response) -> tuple[int, int | None]:
    """At which byte the response starts, and how many the whole file has, if it says so."""
    if response.status == 206:
        found = _RANGE.fullmatch(response.getheader("Content-Range") or "")
        if found:
            return int(found[1]), None if found[2] == "*" else int(found[2])
    length = response.getheader("Content-Length") or ""
    return 0, int(length) if length.isdecimal() else None
