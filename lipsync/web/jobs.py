"""Videos as jobs: asked for, followed, watched, fetched, cancelled. ``/api/generate`` is the same, waited for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, jsonify, request, send_file

from lipsync.errors import LipsyncError
from lipsync.jobs.job import Job
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.submission import Distant
from lipsync.jobs.webhook import check_webhook
from lipsync.serving.client import departure_probe, has_left
from lipsync.serving.stopping import is_stopping
from lipsync.settings import Settings
from lipsync.speech.detect import AUTO
from lipsync.speech.fallback import Fallback
from lipsync.web.answers import JobAnswer, JobsAnswer
from lipsync.web.caller import current
from lipsync.web.contract import described as contract
from lipsync.web.contract import faults
from lipsync.web.contract.described import Answered, Body, Media, a_file, described
from lipsync.web.describe import describe, told, told_fallbacks
from lipsync.web.live import Watchers, events, growing
from lipsync.web.picture_url import fetch_picture
from lipsync.web.reader import language_of_answer, likely_languages
from lipsync.web.wish import Wish, read_wish

_LISTED = 50
"""Jobs in the caller's list."""
_BEAT = 0.5
"""Seconds after which is looked whether the client of a waiting request is still there."""
_YES = ("1", "true", "yes", "on")
_MIMES = {".vtt": "text/vtt", ".srt": "application/x-subrip"}
_MP4 = ("video/mp4",)
_WAITS = (
    "The stream of a job that waits for its turn begins at once with status 200, and has an empty `free` box every "
    "10 s while it is silent, which players skip. What fails afterwards breaks the connection off: the error is in "
    "the job (`X-Job-Id`)."
)
"""How streams wait, for the description of the API."""
_WISH = Body(json=Wish, form=Wish, files=("image",))


def blueprint(settings: Settings, jobs: Jobs, watchers: Watchers) -> Blueprint:  # noqa: PLR0915 - each is short
    """``/api/generate`` and the routes under ``/api/jobs``."""
    api = Blueprint("jobs", __name__, url_prefix="/api")

    def submit() -> Job:
        most = int(settings.max_upload_mb * 1e6)
        wish, picture = read_wish(request, language=settings.language, max_picture=most)
        if wish.webhook is not None:
            check_webhook(wish.webhook, settings)
        wanted = wish.model_dump(exclude={"webhook"})
        if wish.language is not None and wish.language.strip().casefold() == AUTO:
            wanted["likely"] = likely_languages(request)
        key = request.headers.get("Idempotency-Key")
        address = wish.image_url
        return jobs.submit(
            wanted,
            picture if address is None else Distant(address, lambda: fetch_picture(address, most)),
            owner=current().name,
            idempotency_key=key,
            webhook=wish.webhook,
            request=g.request_id,
        )

    def described_job(job: Job) -> dict[str, Any]:
        return told(job, jobs, language_of_answer(request), prefix=request.script_root)

    @api.post("/jobs")
    @described(
        "Ask for a video",
        Answered(202, "The job, which waits for its turn.", JobAnswer, ("X-Job-Id", "Location")),
        tag="jobs",
        body=_WISH,
        parameters=(contract.IDEMPOTENCY_KEY,),
        errors=(*faults.BODY, *faults.ORDERING, *faults.SUBMITTING),
    )
    def create() -> tuple[Response, int]:
        job = submit()
        response = jsonify(described_job(job))
        response.headers["Location"] = f"{request.script_root}/api/jobs/{job.id}"
        response.headers["X-Job-Id"] = job.id
        return response, 202

    @api.post("/generate")
    @described(
        "Make a video",
        Answered(
            200,
            "The video.",
            Media(_MP4),
            ("X-Job-Id",),
            ("ETag", "Server-Timing", "X-Voice", "X-Voice-Fallbacks", "X-Avatar-Part"),
        ),
        tag="videos",
        means="The answer comes when the video is done, or with `stream=1` as soon as there is something to play. "
        + _WAITS,
        body=_WISH,
        parameters=(contract.STREAM, contract.IDEMPOTENCY_KEY),
        errors=(*faults.BODY, *faults.SUBMITTING, *faults.MADE, "too_many_streams"),
    )
    def generate() -> Response:
        job = submit()
        if request.args.get("stream", "").lower() in _YES:
            return _streamed(jobs, watchers, job.id, cancels="Idempotency-Key" not in request.headers)
        job = _waited_for(jobs, job)
        response = _video(jobs, job, as_attachment=True)
        made = job.result
        if made is not None:
            response.headers["Server-Timing"] = server_timing(made.timings)
            response.headers["X-Voice"] = quote(made.voice, safe=":")
            if made.fallbacks:
                response.headers["X-Voice-Fallbacks"] = voice_fallbacks(made.fallbacks, language_of_answer(request))
            if made.avatar_part is not None and made.avatar_part.left_out:
                part = made.avatar_part.as_json(language_of_answer(request))
                response.headers["X-Avatar-Part"] = _header_json(part)
        return _unstored(response)

    @api.get("/jobs")
    @described("The last jobs", Answered(200, "At most 50.", JobsAnswer), tag="jobs")
    def recent() -> Response:
        reader, outlook = language_of_answer(request), jobs.outlook()
        prefix = request.script_root
        last = jobs.recent(current().name, _LISTED)
        answer = JobsAnswer(jobs=[describe(job, outlook, reader, prefix=prefix) for job in last])
        return jsonify(answer.model_dump(mode="json"))

    @api.get("/jobs/<id>")
    @described("One job", Answered(200, "How far it is.", JobAnswer), tag="jobs", errors=faults.JOB)
    def one(id: str) -> Response:
        return jsonify(described_job(jobs.get(id, current().name)))

    @api.delete("/jobs/<id>")
    @described(
        "Cancel or forget a job",
        Answered(200, "The job as it was left.", JobAnswer),
        tag="jobs",
        means="One that waits or runs is cancelled; one that has ended is forgotten, with its video.",
        errors=faults.JOB,
    )
    def cancel(id: str) -> Response:
        return jsonify(described_job(jobs.cancel(id, current().name)))

    @api.get("/jobs/<id>/events")
    @described(
        "Follow a job",
        Answered(
            200, "Events `job`, the data of each the job as JSON.", Media(events=("job", JobAnswer)), ("X-Job-Id",)
        ),
        tag="jobs",
        means="Server-sent events, whenever something has happened to it; they end when it has.",
        errors=(*faults.JOB, "too_many_streams"),
    )
    def follow(id: str) -> Response:
        reader, prefix = language_of_answer(request), request.script_root
        news = events(
            jobs,
            id,
            current().name,
            lambda job: told(job, jobs, reader, prefix=prefix),
            stopping=is_stopping,
            has_left=departure_probe(),
        )
        return _live(Response(watchers.admitted(news), mimetype="text/event-stream"), id)

    @api.get("/jobs/<id>/stream")
    @described(
        "Watch a video while it is made",
        Answered(200, "Fragmented MP4; the whole file once it is done.", Media(_MP4), ("X-Job-Id",)),
        tag="videos",
        means=_WAITS,
        errors=(*faults.MADE, "too_many_streams"),
    )
    def stream(id: str) -> Response:
        return _streamed(jobs, watchers, id, cancels=False)

    @api.get("/jobs/<id>/video")
    @described(
        "The finished video",
        *a_file("The video.", _MP4, ("X-Job-Id",)),
        tag="videos",
        parameters=(contract.DOWNLOAD, *contract.CONDITIONAL),
        errors=(*faults.MADE, "bad_range"),
    )
    def video(id: str) -> Response:
        job = jobs.get(id, current().name)
        response = _video(jobs, job, as_attachment=request.args.get("download", "").lower() in _YES)
        # The video of an id never changes; another caller must not get it out of a cache that they share.
        response.headers["Cache-Control"] = "private, max-age=86400, immutable"
        return response

    @api.get("/jobs/<id>/subtitles")
    @described(
        "Its subtitles",
        *a_file("The subtitles, in the format that was asked for.", tuple(_MIMES.values())),
        tag="videos",
        parameters=contract.CONDITIONAL,
        errors=(*faults.MADE, "no_subtitles", "bad_range"),
    )
    def subtitles(id: str) -> Response:
        job = jobs.get(id, current().name)
        if job.subtitles is None:
            raise LipsyncError("no_subtitles")
        if job.state != "done":
            raise job.problem()
        path = _there(jobs, job.subtitles)
        return _unstored(send_file(path, mimetype=_MIMES[path.suffix], conditional=True, etag=job.id))

    return api


def _waited_for(jobs: Jobs, job: Job) -> Job:
    """The job once it is done. Raises why there is no video. If the client leaves, who alone knows of it, it ends."""
    for now in jobs.follow(job.id, job.owner, beat=_BEAT):
        job = now
        if not job.has_ended and has_left():
            if "Idempotency-Key" not in request.headers:
                jobs.cancel(job.id, job.owner)
            break
    if job.state != "done":
        raise job.problem()
    return job


def _streamed(jobs: Jobs, watchers: Watchers, id: str, *, cancels: bool) -> Response:
    """The video while it is made. ``cancels``: when the client leaves, the job is cancelled."""
    owner, probe = current().name, departure_probe()

    def left() -> None:
        if cancels:
            jobs.cancel(id, owner)

    def content() -> Iterator[bytes]:
        return growing(jobs, id, owner, lambda job: _there(jobs, job.video), probe)

    return _live(Response(watchers.admitted(content(), left), mimetype="video/mp4"), id)


def _live(response: Response, id: str) -> Response:
    response.headers["X-Accel-Buffering"] = "no"  # nginx would gather the whole
    response.headers["X-Job-Id"] = id
    return response


def _video(jobs: Jobs, job: Job, *, as_attachment: bool) -> Response:
    """The finished file, or the bytes of it that are asked for. Raises why there is none."""
    if job.state != "done":
        raise job.problem()
    path = _there(jobs, job.video)
    response = send_file(
        path,
        mimetype="video/mp4",
        as_attachment=as_attachment,
        download_name=job.video,
        conditional=True,
        etag=job.id,
    )
    response.headers["X-Job-Id"] = job.id
    return response


def _there(jobs: Jobs, key: str) -> Path:
    if not jobs.files.has(key):
        raise LipsyncError("video_gone")
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
    return _header_json([one.model_dump() for one in told_fallbacks(fallbacks, language)])


def _header_json(value: object) -> str:
    """JSON in ASCII, as a header can hold it."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
