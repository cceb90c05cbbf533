"""Download of one file over https: bounded in size, and resumed where an earlier attempt broke off."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from lipsync import __version__
from lipsync.net.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    PrivateAddress,
    RequestFailed,
    TooLarge,
    UnsafeRedirect,
)
from lipsync.net.http_client import HttpStream, open_url
from lipsync.storage.errors import StorageError
from lipsync.weights.errors import DownloadError

Progress = Callable[[int], None]
"""Called with the number of bytes that have been downloaded."""

IDLE_TIMEOUT_S = 30.0
"""Seconds without a byte after which a download breaks off."""
MAX_REDIRECTS = 5

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class OpenDownload(Protocol):
    """Sends a GET request, as :func:`open_download` does; tests give another."""

    def __call__(
        self, url: str, headers: Mapping[str, str], secret: Mapping[str, str] | None = None
    ) -> AbstractContextManager[HttpStream]: ...


@contextmanager
def open_download(
    url: str,
    headers: Mapping[str, str],
    secret: Mapping[str, str] | None = None,
    *,
    trusted_hosts: frozenset[str] = frozenset(),
) -> Iterator[HttpStream]:
    """Send a GET request over https to a public machine and yield the successful response.

    ``secret`` are headers for the first host only. ``trusted_hosts`` may have private addresses, such as the user's
    own package index. The proxies of the environment are used; then the proxy resolves names, and only IP addresses
    in URLs are checked. Raises DownloadError: unsafe_address, no_network, download_refused.
    """
    with (
        translate_request_errors(url),
        open_url(
            "GET",
            url,
            headers={"User-Agent": f"lipsync/{__version__}", **headers},
            secret=secret,
            idle_timeout_s=IDLE_TIMEOUT_S,
            max_redirects=MAX_REDIRECTS,
            trusted_hosts=trusted_hosts,
            https_only=True,
            use_proxy=True,
        ) as response,
    ):
        if not response.is_success:
            raise DownloadError("download_refused", host=host_of(url), status=response.status)
        yield response


@contextmanager
def translate_request_errors(url: str) -> Iterator[None]:
    """Turn errors of the HTTP client, and ValueError for an invalid URL, into DownloadError."""
    try:
        yield
    except ValueError as error:
        raise DownloadError("unsafe_address", address=url) from error
    except (PrivateAddress, UnsafeRedirect) as error:
        raise DownloadError("unsafe_address", address=f"https://{error.host}") from error
    except RequestFailed as error:
        name_unknown = isinstance(error, ConnectionFailed) and error.step == "name"
        raise DownloadError("no_network", host=error.host, reason="DNS" if name_unknown else str(error)) from error


def download(
    url: str,
    path: Path,
    size: int,
    open_file: OpenDownload,
    progress: Progress,
    secret: Mapping[str, str] | None = None,
) -> None:
    """Download ``url`` into ``path``, which then has exactly ``size`` bytes.

    What an earlier call left there is resumed, if the server still has the same file (its ETag or date, sent as
    If-Range); a note beside it (``.from``) remembers which. After a broken connection the file stays for the next
    call. Raises DownloadError: download_size (the server has a file of another size; nothing is kept),
    download_broke, and what ``open_file`` raises; StorageError.
    """
    note = path.with_name(f"{path.name}.from")
    try:
        resume_at = _resumable_bytes(path, note, url, size)
        if resume_at < size:
            _receive(url, path, note, resume_at, size, open_file, progress, secret)
        note.unlink(missing_ok=True)
        progress(size)
    except OSError as error:
        raise StorageError("cannot_write", place=path, reason=error.strerror or str(error)) from error


def host_of(url: str) -> str:
    """Return the host of a URL for messages; the text itself where it has no host."""
    with suppress(ValueError):
        return urlsplit(url).hostname or url
    return url


def _receive(
    url: str,
    path: Path,
    note: Path,
    resume_at: int,
    size: int,
    open_file: OpenDownload,
    progress: Progress,
    secret: Mapping[str, str] | None,
) -> None:
    host = host_of(url)
    headers = {}
    if resume_at:
        headers = {"Range": f"bytes={resume_at}-", "If-Range": json.loads(note.read_text())["version"]}
    with ExitStack() as stack:
        response = stack.enter_context(open_file(url, headers, secret))
        start, total = _offered_range(response)
        if total not in (None, size):
            path.unlink(missing_ok=True)
            note.unlink(missing_ok=True)
            raise DownloadError("download_size", host=host, found=total, expected=size)
        received = resume_at if start == resume_at else 0
        version = response.headers.get("etag") or response.headers.get("last-modified")
        is_weak = version is None or version.startswith("W/")
        note.write_text(json.dumps({"address": url, "version": None if is_weak else version}))
        with path.open("r+b" if received else "wb") as file:
            file.truncate(received)
            file.seek(received)
            try:
                for chunk in response.chunks(size - received):
                    file.write(chunk)
                    received += len(chunk)
                    progress(received)
            except TooLarge as error:
                file.truncate(0)
                raise DownloadError("download_size", host=host, found=f">{size}", expected=size) from error
            except (ConnectionFailed, DeadlineExceeded):
                pass  # what has come stays for the next call
    if received < size:
        raise DownloadError("download_broke", host=host, done=received // 1_000_000, size=size // 1_000_000)


def _resumable_bytes(path: Path, note: Path, url: str, size: int) -> int:
    """Return how many bytes of the file an earlier call has left that can be resumed."""
    if not path.is_file() or not note.is_file():
        return 0
    left = path.stat().st_size
    try:
        source = json.loads(note.read_text())
        is_same = source["address"] == url and isinstance(source["version"], str)
    except (ValueError, KeyError, TypeError):
        is_same = False
    return left if is_same and left <= size else 0


def _offered_range(response: HttpStream) -> tuple[int, int | None]:
    """Return the byte at which the response starts, and the size of the whole file where the server states it."""
    if response.status == 206:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if match:
            return int(match[1]), None if match[2] == "*" else int(match[2])
    length = response.headers.get("content-length", "")
    return 0, int(length) if length.isdecimal() else None
