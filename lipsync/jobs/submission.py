"""What a caller asks for, as the row of a new job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lipsync.jobs.errors import JobError
from lipsync.jobs.job import Job
from lipsync.jobs.run_job import PICTURE
from lipsync.pipeline.parse_request import ParsedRequest
from lipsync.pipeline.request import VideoRequestFields
from lipsync.storage.files import work_key
from lipsync.storage.outputs import new_name, video_ending


@dataclass(frozen=True)
class RemotePicture:
    """A picture on another server, which is downloaded once it is clear that there will be a job."""

    address: str
    fetch: Callable[[], bytes]


def digest_of(
    fields: VideoRequestFields,
    likely: Sequence[str],
    picture: bytes | RemotePicture | None,
    webhook: str | None,
    background_image: bytes | None = None,
) -> str:
    """SHA-256 of everything that was asked for, before defaults; of a remote picture the address, not its content."""
    shown = picture.address if isinstance(picture, RemotePicture) else hashlib.sha256(picture or b"").hexdigest()
    asked = [fields.model_dump(mode="json", exclude_none=True), [*likely], webhook, shown]
    if background_image is not None:
        asked.append(hashlib.sha256(background_image).hexdigest())
    requested = json.dumps(asked, sort_keys=True)
    return hashlib.sha256(requested.encode()).hexdigest()


def require_same_request(job: Job, digest: str) -> Job:
    """``job``, if it was asked for by the same request. Raises LipsyncError idempotency_reused."""
    if job.digest != digest:
        raise JobError("idempotency_reused")
    return job


def new_job_row(id: str, parsed: ParsedRequest) -> dict[str, Any]:
    """The columns of a new job that describe the video."""
    request, video_key = parsed.request, new_name(ending=video_ending(transparent=parsed.is_transparent))
    return {
        "id": id,
        "characters": parsed.characters,
        "language": request.language,
        "avatar": request.avatar_name,
        "video_request": request.model_dump(mode="json"),
        "picture": work_key(id, PICTURE) if parsed.picture is not None else None,
        "video_key": video_key,
        "subtitles": str(Path(video_key).with_suffix(f".{request.subtitles}")) if request.subtitles else None,
    }
