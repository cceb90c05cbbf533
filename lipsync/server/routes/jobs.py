"""Videos as jobs: asked for, followed, watched, fetched, cancelled. ``/api/generate`` is the same, waited for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, jsonify, request, send_file

from lipsync.face.background import TRANSPARENT
from lipsync.jobs.errors import JobError
from lipsync.jobs.job import Job
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.submission import RemotePicture
from lipsync.jobs.webhooks.delivery import check_webhook
from lipsync.pipeline.request import MAX_FPS
from lipsync.server import describe as contract
from lipsync.server import route_errors as faults
from lipsync.server.asgi.departure import departure_probe, has_left
from lipsync.server.asgi.environ_keys import PAUSE
from lipsync.server.caller import current
from lipsync.server.describe import Body, Media, ResponseSpec, described, file_responses
from lipsync.server.gunicorn.stopping import is_stopping
from lipsync.server.job_json import describe, fallback_json, job_json
from lipsync.server.locale import answer_language, likely_languages
from lipsync.server.picture_url import fetch_picture
from lipsync.server.request_body import VideoRequestBody, read_video_request
from lipsync.server.responses import JobAnswer, JobsAnswer
from lipsync.server.routes.live import Watchers, events, media_type, tail_video
from lipsync.server.server_sent_events import without_buffering
from lipsync.settings import Settings
from lipsync.speech.types import Fallback
from lipsync.storage.outputs import MEDIA_TYPES
from lipsync.text.detect import AUTO
from lipsync.video.codecs import bounding_mime

_LISTED = 50
"""Jobs in the caller's list."""
_BEAT = 0.5
"""Seconds between two checks whether the client of a waiting request is still connected."""
_YES = ("1", "true", "yes", "on")
_MIMES = {".vtt": "text/vtt", ".srt": "application/x-subrip"}
_MP4 = ("video/mp4",)
_VIDEO = tuple(MEDIA_TYPES.values())
_WAITS = (
    "The stream of a job that waits for its turn begins at once with status 200, and has an empty `free` box every "
    "10 s while it is silent, which players skip. What fails afterwards breaks the connection off: the error is in "
    "the job (`X-Job-Id`)."
)
"""How streams wait, for the description of the API."""
_BODY = Body(json=VideoRequestBody, form=VideoRequestBody, files=("image", "background_image"))


def blueprint(settings: Settings, jobs: Jobs, watchers: Watchers) -> Blueprint:  # noqa: PLR0915 - each is short
    """``/api/generate`` and the routes under ``/api/jobs``."""
    api = Blueprint("jobs", __name__, url_prefix="/api")
    stream_type = bounding_mime(settings.max_side, MAX_FPS, settings.preset)

    def submit(*, streams: bool = False) -> Job:
        max_bytes = int(settings.max_upload_mb * 1e6)
        body, files = read_video_request(request, max_picture_bytes=max_bytes)
        if streams and body.background == TRANSPARENT:
            raise JobError("no_stream")
        if body.webhook is not None:
            check_webhook(body.webhook, settings)
        detects = (body.language or settings.language).strip().casefold() == AUTO
        url = body.image_url
        return jobs.submit(
            body.fields,
            files.image if url is None else RemotePicture(url, lambda: fetch_picture(url, max_bytes)),
            owner=current().name,
            likely=likely_languages(request) if detects else (),
            idempotency_key=request.headers.get("Idempotency-Key"),
            webhook=body.webhook,
            background_image=files.background_image,
            request=g.request_id,
        )

    def described_job(job: Job) -> dict[str, Any]:
        return job_json(job, jobs, answer_language(request), prefix=request.script_root)

    @api.post("/jobs")
    @described(
        "Create a job",
        ResponseSpec(202, "The queued job.", JobAnswer, ("X-Job-Id", "Location")),
        tag="jobs",
        body=_BODY,
        parameters=(contract.IDEMPOTENCY_KEY,),
        errors=(*faults.BODY, *faults.REQUEST_ERRORS, *faults.SUBMIT_ERRORS),
    )
    def create() -> tuple[Response, int]:
        job = submit()
        response = jsonify(described_job(job))
        response.headers["Location"] = f"{request.script_root}/api/jobs/{job.id}"
        response.headers["X-Job-Id"] = job.id
        return response, 202

    @api.post("/generate")
    @described(
        "Render a video",
        ResponseSpec(
            200,
            "The video: WebM with a transparent background, else MP4.",
            Media(_VIDEO),
            ("X-Job-Id",),
            ("ETag", "Server-Timing", "X-Voice", "X-Voice-Fallbacks", "X-Avatar-Part"),
        ),
        tag="videos",
        description="The answer comes when the video is done, or with `stream=1` as soon as it can be played. "
        + _WAITS,
        body=_BODY,
        parameters=(contract.STREAM, contract.IDEMPOTENCY_KEY),
        errors=(*faults.BODY, *faults.SUBMIT_ERRORS, *faults.RENDER_ERRORS, "too_many_streams", "no_stream"),
    )
    def generate() -> Response:
        streams = request.args.get("stream", "").lower() in _YES
        job = submit(streams=streams)
        if streams:
            return _streamed(jobs, watchers, job.id, stream_type, cancels="Idempotency-Key" not in request.headers)
        job = _wait_until_done(jobs, job)
        response = _video(jobs, job, as_attachment=True)
        if (facts := job.video) is not None:
            response.headers["Server-Timing"] = server_timing(facts.timings)
            response.headers["X-Voice"] = quote(facts.voice, safe=":")
            if facts.fallbacks:
                response.headers["X-Voice-Fallbacks"] = voice_fallbacks(facts.fallbacks, answer_language(request))
            if facts.avatar_part is not None and facts.avatar_part.left_out:
                part = facts.avatar_part.as_json(answer_language(request))
                response.headers["X-Avatar-Part"] = _header_json(part)
        return _unstored(response)

    @api.get("/jobs")
    @described("The last jobs", ResponseSpec(200, "At most 50.", JobsAnswer), tag="jobs")
    def recent() -> Response:
        reader, estimate = answer_language(request), jobs.estimate()
        prefix = request.script_root
        last = jobs.recent_jobs(current().name, _LISTED)
        answer = JobsAnswer(jobs=[describe(job, estimate, reader, prefix=prefix) for job in last])
        return jsonify(answer.model_dump(mode="json"))

    @api.get("/jobs/<id>")
    @described("One job", ResponseSpec(200, "How far it is.", JobAnswer), tag="jobs", errors=faults.JOB)
    def one(id: str) -> Response:
        return jsonify(described_job(jobs.get(id, current().name)))

    @api.delete("/jobs/<id>")
    @described(
        "Cancel or forget a job",
        ResponseSpec(200, "The job as it was left.", JobAnswer),
        tag="jobs",
        description="A queued or running job is cancelled; a job that has ended is deleted with its video.",
        errors=faults.JOB,
    )
    def cancel(id: str) -> Response:
        return jsonify(described_job(jobs.cancel(id, current().name)))

    @api.get("/jobs/<id>/events")
    @described(
        "Follow a job",
        ResponseSpec(
            200, "Events `job`, the data of each the job as JSON.", Media(events=("job", JobAnswer)), ("X-Job-Id",)
        ),
        tag="jobs",
        description="Server-sent events whenever the job changes; they end with the job.",
        errors=(*faults.JOB, "too_many_streams"),
    )
    def follow(id: str) -> Response:
        reader, prefix = answer_language(request), request.script_root
        news = events(
            jobs,
            id,
            current().name,
            lambda job: job_json(job, jobs, reader, prefix=prefix),
            stopping=is_stopping,
            has_left=departure_probe(),
            pause=request.environ.get(PAUSE),
        )
        return _live(Response(watchers.admit(news), mimetype="text/event-stream"), id)

    @api.get("/jobs/<id>/stream")
    @described(
        "Watch a video while it is made",
        ResponseSpec(200, "Fragmented MP4; the whole file once it is done.", Media(_MP4), ("X-Job-Id",)),
        tag="videos",
        description=_WAITS,
        errors=(*faults.RENDER_ERRORS, "too_many_streams", "no_stream"),
    )
    def stream(id: str) -> Response:
        if not jobs.get(id, current().name).has_stream:
            raise JobError("no_stream")
        return _streamed(jobs, watchers, id, stream_type, cancels=False)

    @api.get("/jobs/<id>/video")
    @described(
        "The finished video",
        *file_responses("The video: WebM with a transparent background, else MP4.", _VIDEO, ("X-Job-Id",)),
        tag="videos",
        parameters=(contract.DOWNLOAD, *contract.CONDITIONAL),
        errors=(*faults.RENDER_ERRORS, "bad_range"),
    )
    def video(id: str) -> Response:
        job = jobs.get(id, current().name)
        response = _video(jobs, job, as_attachment=request.args.get("download", "").lower() in _YES)
        # The video of an id never changes; another caller must not get it out of a cache that they share.
        response.headers["Cache-Control"] = "private, max-age=86400, immutable"
        return response

    @api.get("/jobs/<id>/subtitles")
    @described(
        "Subtitles of a job",
        *file_responses("The subtitles in the requested format.", tuple(_MIMES.values())),
        tag="videos",
        parameters=contract.CONDITIONAL,
        errors=(*faults.RENDER_ERRORS, "no_subtitles", "bad_range"),
    )
    def subtitles(id: str) -> Response:
        job = jobs.get(id, current().name)
        if job.subtitles is None:
            raise JobError("no_subtitles")
        if job.state != "done":
            raise job.problem()
        path = _existing_file(jobs, job.subtitles)
        return _unstored(send_file(path, mimetype=_MIMES[path.suffix], conditional=True, etag=job.id))

    return api


def _wait_until_done(jobs: Jobs, job: Job) -> Job:
    """The job once it is done. Cancels it when the client leaves, unless an Idempotency-Key can find it again.

    Raises the job's error if it failed."""
    for update in jobs.follow(job.id, job.owner, interval_s=_BEAT):
        job = update
        if not job.has_ended and has_left():
            if "Idempotency-Key" not in request.headers:
                jobs.cancel(job.id, job.owner)
            break
    if job.state != "done":
        raise job.problem()
    return job


def _streamed(jobs: Jobs, watchers: Watchers, id: str, bound: str, *, cancels: bool) -> Response:
    """The video while it is rendered. ``bound`` is its Content-Type where the codecs are not known yet. ``cancels``:
    when the client leaves, the job is cancelled."""
    owner, probe = current().name, departure_probe()
    pause = request.environ.get(PAUSE)

    def left() -> None:
        if cancels:
            jobs.cancel(id, owner)

    def content() -> Iterator[bytes]:
        return tail_video(jobs, id, owner, lambda job: _existing_file(jobs, job.video_key), probe, pause)

    stream = watchers.admit(content(), left)  # waits for the first bytes, so that the codecs may be known
    return _live(Response(stream, content_type=media_type(jobs, id, owner, bound)), id)


def _live(response: Response, id: str) -> Response:
    without_buffering(response)
    response.headers["X-Job-Id"] = id
    return response


def _video(jobs: Jobs, job: Job, *, as_attachment: bool) -> Response:
    """The finished file, or the bytes of it that are asked for. Raises the reason if it is missing."""
    if job.state != "done":
        raise job.problem()
    path = _existing_file(jobs, job.video_key)
    response = send_file(
        path,
        mimetype=MEDIA_TYPES[path.suffix],
        as_attachment=as_attachment,
        download_name=job.video_key,
        conditional=True,
        etag=job.id,
    )
    response.headers["X-Job-Id"] = job.id
    return response


def _existing_file(jobs: Jobs, key: str) -> Path:
    if not jobs.files.exists(key):
        raise JobError("video_gone")
    return jobs.files.path(key)


def _unstored(response: Response) -> Response:
    """Not even to ask again: what send_file says by itself."""
    response.headers["Cache-Control"] = "no-store"
    return response


def server_timing(seconds: Mapping[str, float]) -> str:
    """The header of that name (W3C Server Timing): ``speech;dur=12.3, total;dur=45.6``, milliseconds."""
    return ", ".join(
        f"{re.sub(r'[^A-Za-z0-9_-]', '-', stage)};dur={duration * 1000:.1f}" for stage, duration in seconds.items()
    )


def voice_fallbacks(fallbacks: Sequence[Fallback], language: str) -> str:
    """The header ``X-Voice-Fallbacks``: JSON in ASCII, one object for each voice that could not go on."""
    return _header_json([fallback.model_dump() for fallback in fallback_json(fallbacks, language)])


def _header_json(value: object) -> str:
    """JSON in ASCII, as a header can hold it."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
