"""A picture, or a short video, that is fetched from its address: https and public machines only."""

from __future__ import annotations

from typing import NoReturn

from lipsync import __version__
from lipsync.errors import LipsyncError
from lipsync.outgoing.address import read_address
from lipsync.outgoing.failures import Astray, Broken, Failed, Private, Refused, Slow, TooLarge
from lipsync.outgoing.request import ask

SECONDS = 15.0
"""For all of it: names, redirects, the last byte."""

_HEADERS = {"Accept": "image/*,video/*", "User-Agent": f"lipsync/{__version__}"}
_WHY = {
    "name": {"en": "its name is not known", "ru": "такое имя неизвестно"},
    "connection": {"en": "there is no connection to it", "ru": "с ним нет связи"},
    "tls": {"en": "its certificate is not valid", "ru": "его сертификат недействителен"},
}
_COMPRESSED = {"en": "it answered with compressed data", "ru": "ответ сжат"}


def fetch_picture(url: str, most_bytes: int) -> bytes:
    """The bytes behind ``url``, whatever they are: their kind is judged by themselves.

    Up to three redirects are followed. Raises LipsyncError: picture_address (no https:// address of a public
    machine, or a redirect to one that is none: what is there is never told), picture_unreachable, file_too_large.
    """
    try:
        address = read_address(url)
    except ValueError as error:
        raise LipsyncError("picture_address") from error
    if address.scheme != "https":
        raise LipsyncError("picture_address")
    try:
        answer = ask("GET", address, headers=_HEADERS, most_bytes=most_bytes, seconds=SECONDS)
    except Failed as failure:
        _refuse(failure, most_bytes)
    if answer.status != 200:
        raise _unreachable(address.host, _status(answer.status))
    return answer.body


def _refuse(failure: Failed, most_bytes: int) -> NoReturn:
    if isinstance(failure, Private | Astray):
        raise LipsyncError("picture_address") from failure
    if isinstance(failure, TooLarge):
        raise LipsyncError("file_too_large", limit=f"{most_bytes / 1e6:g}") from failure
    if isinstance(failure, Broken):
        raise _unreachable(failure.host, _WHY[failure.what]) from failure
    if isinstance(failure, Refused):
        raise _unreachable(
            failure.host, {"en": "too many redirects", "ru": "слишком много перенаправлений"}
        ) from failure
    if isinstance(failure, Slow):
        slow = {"en": f"it took longer than {SECONDS:g} seconds", "ru": f"это заняло больше {SECONDS:g} секунд"}
        raise _unreachable(failure.host, slow) from failure
    raise _unreachable(failure.host, _COMPRESSED) from failure


def _unreachable(host: str, reason: dict[str, str]) -> LipsyncError:
    return LipsyncError("picture_unreachable", host=host, reason=reason)


def _status(status: int) -> dict[str, str]:
    return {"en": f"it answered {status}", "ru": f"ответ {status}"}
