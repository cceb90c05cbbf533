"""What a caller asks for, on its way into the book."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Unpack

from lipsync.errors import LipsyncError
from lipsync.jobs.files import work_key
from lipsync.jobs.job import Job
from lipsync.jobs.work import PICTURE, Maker
from lipsync.order import Wanted
from lipsync.outputs import new_name


class Checked(Protocol):
    """What is known of a request before any work is done."""

    @property
    def characters(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def avatar(self) -> str: ...


class Service(Maker, Protocol):
    """What checks requests and makes videos."""

    def check(self, **wanted: Unpack[Wanted]) -> Checked: ...


@dataclass(frozen=True)
class Distant:
    """A picture that is elsewhere, and is fetched when it is clear that there will be a job."""

    address: str
    fetch: Callable[[], bytes]


def digest_of(wanted: Mapping[str, Any], picture: bytes | Distant | None, webhook: str | None) -> str:
    """SHA-256 of all that was asked for; of a distant picture its address counts, whatever lies there now."""
    shown = picture.address if isinstance(picture, Distant) else hashlib.sha256(picture or b"").hexdigest()
    said = json.dumps([dict(wanted), webhook, shown], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def same(job: Job, digest: str) -> Job:
    """``job``, if that was asked for. Raises LipsyncError idempotency_reused."""
    if job.digest != digest:
        raise LipsyncError("idempotency_reused")
    return job


def row_of(id: str, wanted: Mapping[str, Any], checked: Checked, *, has_picture: bool) -> dict[str, Any]:
    """What the book keeps of the video itself."""
    video = new_name()
    subtitles = wanted.get("subtitles")
    return {
        "id": id,
        "characters": checked.characters,
        "language": checked.language,
        "avatar": checked.avatar,
        "wanted": dict(wanted),
        "picture": work_key(id, PICTURE) if has_picture else None,
        "video": video,
        "subtitles": f"{video.removesuffix('.mp4')}.{subtitles}" if isinstance(subtitles, str) else None,
    }
