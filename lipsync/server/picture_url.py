"""A picture, or a short video, that is fetched from its address: https and public machines only."""

from __future__ import annotations

from typing import NoReturn

from lipsync import __version__
from lipsync.errors import LipsyncError
from lipsync.messages import Message
from lipsync.net.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    PrivateAddress,
    RequestFailed,
    TooLarge,
    TooManyRedirects,
    UnsafeRedirect,
)
from lipsync.net.http_client import send
from lipsync.net.url import parse_url
from lipsync.server.request_errors import PictureUrlError
from lipsync.storage.errors import StorageError

SECONDS = 15.0
"""For all of it: names, redirects, the last byte."""

_HEADERS = {"Accept": "image/*,video/*", "User-Agent": f"lipsync/{__version__}"}
_WHY = {
    "name": Message("cause.name_unknown"),
    "connection": Message("cause.connection"),
    "tls": Message("cause.tls"),
}
_COMPRESSED = Message("cause.compressed")


def fetch_picture(url: str, most_bytes: int) -> bytes:
    """The bytes behind ``url``, whatever they are: their kind is judged by themselves.

    Up to three redirects are followed. Raises LipsyncError: picture_address (no https:// address of a public
    machine, or a redirect elsewhere: the content of another host is never shown), picture_unreachable,
    file_too_large.
    """
    try:
        address = parse_url(url)
    except ValueError as error:
        raise PictureUrlError("picture_address") from error
    if address.scheme != "https":
        raise PictureUrlError("picture_address")
    try:
        answer = send("GET", address, headers=_HEADERS, max_bytes=most_bytes, timeout_s=SECONDS)
    except RequestFailed as failure:
        _refuse(failure, most_bytes)
    if answer.status != 200:
        raise _unreachable(address.host, _status(answer.status))
    return answer.body


def _refuse(failure: RequestFailed, most_bytes: int) -> NoReturn:
    if isinstance(failure, PrivateAddress | UnsafeRedirect):
        raise PictureUrlError("picture_address") from failure
    if isinstance(failure, TooLarge):
        raise StorageError("file_too_large", limit=f"{most_bytes / 1e6:g}", field="image_url") from failure
    if isinstance(failure, ConnectionFailed):
        raise _unreachable(failure.host, _WHY[failure.step]) from failure
    if isinstance(failure, TooManyRedirects):
        raise _unreachable(failure.host, Message("cause.redirects")) from failure
    if isinstance(failure, DeadlineExceeded):
        slow = Message("cause.too_slow", seconds=SECONDS)
        raise _unreachable(failure.host, slow) from failure
    raise _unreachable(failure.host, _COMPRESSED) from failure


def _unreachable(host: str, reason: Message) -> LipsyncError:
    return PictureUrlError("picture_unreachable", host=host, reason=reason)


def _status(status: int) -> Message:
    return Message("cause.http_status", status=status)
