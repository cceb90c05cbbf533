"""``/api/health``: whether the process is alive; ``/api/ready``: whether it can take work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from lipsync.errors import LipsyncError
from lipsync.jobs.errors import CapacityError
from lipsync.jobs.jobs import Jobs
from lipsync.server import errors
from lipsync.server.describe import ResponseSpec, described, json_response
from lipsync.server.locale import answer_language
from lipsync.server.responses import Answer
from lipsync.server.service_loader import Loading
from lipsync.settings import Settings
from lipsync.storage.errors import StorageError
from lipsync.storage.folders import check_access

DISK_LEFT = 100e6
"""Bytes that must be free where videos and the database are written: a few long videos."""
Status = Literal["ready", "loading", "failed", "stopping", "busy", "unable"]
_FRESH = 1.0
"""Seconds for which what was found out stays true."""


class HealthAnswer(Answer):
    """That the server is alive, and what it is."""

    status: Literal["loading", "ready", "failed"] = Field(description="Whether videos can be made.")
    models_loaded: bool
    avatar_loaded: bool
    engine: str | None = Field(None, description="What draws by default.")
    engines: list[str] = Field([], description="All that can draw.")
    device: str | None = None
    checkpoint: str | None = Field(None, description="The weights that Wav2Lip draws with.")
    wav2lip: str | None = Field(None, description="Why Wav2Lip is not there.")
    upscaler: str | None = Field(None, description="Network that restores small faces; null: there is none.")
    voices: list[str] = Field([], description="The voice engines that are there.")
    version: str | None = None
    renders: int | None = Field(None, description="Videos that are made at the same time.")
    error: str | None = Field(None, description="Why it failed to load.")
    code: str | None = Field(None, description="The same for programs.")


class ReadyProblem(Answer):
    """One reason why the server can take no work."""

    code: str = Field(description="For programs.")
    sentence: str = Field(description="In the reader's language.")


class ReadyAnswer(Answer):
    """Whether the server can take work."""

    status: Status
    problems: list[ReadyProblem] = Field(description="Empty when it is ready.")
    error: str | None = Field(None, description="The first of them, as in every error.")
    code: str | None = Field(None, description="Its code.")


def blueprint(loading: Loading, readiness: Readiness) -> Blueprint:
    """The two routes, which need no key."""
    health = Blueprint("health", __name__, url_prefix="/api")

    @health.get("/health")
    @described("Liveness", ResponseSpec(200, "It is; and what it is.", HealthAnswer), tag="server")
    def alive() -> Response:
        status = loading.status()
        if failure := loading.failure:
            status |= errors.answer(failure).get_json()
        return json_response(HealthAnswer.model_validate(status))

    @health.get("/ready")
    @described(
        "Readiness",
        ResponseSpec(200, "It can.", ReadyAnswer),
        ResponseSpec(503, "It cannot, and why.", ReadyAnswer, ("Retry-After",)),
        tag="server",
    )
    def ready() -> tuple[Response, int]:
        problems, reader = readiness.problems(), answer_language(request)
        rows = [ReadyProblem(code=problem.code, sentence=problem.message(reader)) for problem in problems]
        first = {"error": rows[0].sentence, "code": rows[0].code} if rows else {}
        answer = ReadyAnswer(status=_status(problems), problems=rows, **first)
        response = jsonify(answer.model_dump(exclude_none=True))
        response.vary.add("Accept-Language")
        if problems:
            response.headers["Retry-After"] = str(max(_retry_after(problem) for problem in problems))
        return response, 503 if problems else 200

    return health


class Readiness:
    """Whether the server can take work. Safe for many threads: it is looked at most once a second, and by one."""

    def __init__(
        self,
        settings: Settings,
        loading: Loading,
        jobs: Jobs,
        *,
        stopping: Callable[[], bool],
        disk_left: float = DISK_LEFT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._loading, self._jobs, self._stopping = settings, loading, jobs, stopping
        self._disk_left, self._clock = disk_left, clock
        self._lock = Lock()
        self._known: list[LipsyncError] | None = None
        self._looked = 0.0

    def problems(self) -> list[LipsyncError]:
        """Why it cannot; empty when it can. Who asks while another one looks is told what was found before."""
        now = self._clock()
        fresh = self._known is not None and now - self._looked < _FRESH
        # The first ones wait: nothing is known yet.
        if not fresh and self._lock.acquire(blocking=self._known is None):
            try:
                self._known, self._looked = list(self._found()), self._clock()
            finally:
                self._lock.release()
        return list(self._known or ())

    def _found(self) -> Iterator[LipsyncError]:
        try:
            self._loading.service()
        except LipsyncError as error:
            yield error
        if self._stopping():
            yield CapacityError("stopping")
        try:
            self._jobs.check_capacity()
        except LipsyncError as error:  # the queue is full, or the database cannot be asked
            yield error
        settings = self._settings
        yield from _unwritable(settings.outputs, "LIPSYNC_OUTPUTS", self._disk_left)
        if settings.database is None:
            yield from _unwritable(settings.state, "LIPSYNC_STATE", self._disk_left)


def _unwritable(folder: Path, name: str, disk_left: float) -> Iterator[LipsyncError]:
    """Yield the error for a folder into which no file can be written; ``name`` is its setting, shown to strangers."""
    try:
        check_access(folder, min_free_bytes=disk_left)
    except OSError as error:
        yield StorageError("cannot_write", place=name, reason=error.strerror)


def _status(problems: list[LipsyncError]) -> Status:
    """The worst of them in a word."""
    codes = {problem.code for problem in problems}
    worst: dict[str, Status] = {"failed_to_load": "failed", "stopping": "stopping", "not_ready": "loading"}
    for code, status in worst.items():
        if code in codes:
            return status
    return "busy" if codes == {"queue_full"} else "unable" if codes else "ready"


def _retry_after(problem: LipsyncError) -> int:
    seconds = problem.facts.get("seconds")
    return seconds if isinstance(seconds, int) else errors.RETRY_AFTER
