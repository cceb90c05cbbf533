"""``/admin``: queue, jobs, errors, disk and memory at a glance, for who has the scope admin. It shows no texts."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from flask import Blueprint, Response, jsonify, make_response, render_template, request

from lipsync import __version__
from lipsync.jobs.job import Failure, Job
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.memory_guard import MemoryGuard
from lipsync.runtime.logs import without_texts
from lipsync.runtime.memory import available_memory, gpu_memory
from lipsync.server.describe import ResponseSpec, described
from lipsync.server.job_json import flat_facts, job_facts
from lipsync.server.locale import COOKIE, page_language
from lipsync.server.monitoring.admin_responses import AdminError, AdminFacts, AdminJob, Folder, MemoryAnswer
from lipsync.server.monitoring.health import Readiness, ReadyProblem
from lipsync.server.monitoring.recent_errors import RecentErrors
from lipsync.server.monitoring.request_tracking import Watch
from lipsync.server.page_words import LANGUAGE_NAMES, admin_words
from lipsync.server.responses import Answer, Problem, moment
from lipsync.server.routes.live import Watchers
from lipsync.settings import Settings
from lipsync.storage.folders import free_bytes, used_bytes

_RECENT = 50
_QUEUED = 20
_SIZES = 15.0
"""Seconds for which the sizes of folders stay true: they are walked through."""
_VERSIONS = ("gunicorn", "uvicorn", "flask", "sqlalchemy", "av", "opencv-python-headless", "numpy", "torch")


class Admin:
    """Gathers the facts. Safe for many threads."""

    def __init__(
        self,
        settings: Settings,
        jobs: Jobs,
        readiness: Readiness,
        floor: MemoryGuard,
        incidents: RecentErrors,
        watchers: Watchers,
        watch: Watch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._jobs, self._readiness, self._floor = settings, jobs, readiness, floor
        self._incidents, self._watchers, self._watch, self._clock = incidents, watchers, watch, clock
        self._sizes: tuple[float, list[Folder]] | None = None
        self._process = psutil.Process()

    def facts(self, language: str) -> AdminFacts:
        """All of them, now. Raises LipsyncError database_busy."""
        jobs, book = self._jobs, self._jobs.repository
        waiting = (book.find(row.id) for row in book.queued_jobs()[:_QUEUED])
        return AdminFacts(
            now=moment(time.time()),
            uptime=round(time.time() - self._process.create_time(), 1),
            versions=dict(_versions()),
            problems=[
                ReadyProblem(code=problem.code, sentence=problem.message(language))
                for problem in self._readiness.problems()
            ],
            counts=jobs.count_by_state(),
            queue_limit=self._settings.max_queued,
            running=[self.job(job, language) for job in book.running_jobs()],
            queue=[self.job(job, language) for job in waiting if job is not None],
            recent=[self.job(job, language) for job in jobs.recent_jobs(None, _RECENT) if job.has_ended],
            errors=[
                AdminError(
                    number=failure.number,
                    when=moment(failure.when),
                    code=failure.error.code,
                    sentence=failure.error.message(language),
                    where=failure.where,
                    request=failure.request,
                    job=failure.job,
                )
                for failure in self._incidents.last()
            ],
            folders=self._folders(),
            memory=self._memory(),
            threads=threading.active_count(),
            files=self._process.num_fds() if hasattr(self._process, "num_fds") else 0,
            requests=self._watch.requests,
            streams=self._watch.streams,
            watchers=self._watchers.now,
        )

    def job(self, job: Job, language: str) -> AdminJob:
        """``job`` for an admin who reads ``language``."""
        left = self._jobs.estimate().seconds_left(job) if job.state == "running" else None
        return AdminJob(
            **job_facts(job, left),
            **flat_facts(job, AdminJob),
            owner=job.owner,
            attempts=job.attempts,
            seconds=job.video.timings.get("total") if job.video else None,
            error=_problem(job.error, language),
        )

    def _folders(self) -> list[Folder]:
        now = self._clock()
        if self._sizes is None or now - self._sizes[0] >= _SIZES:
            settings = self._settings
            limits = {
                "outputs": int(settings.outputs_max_mb * 1e6),
                "cache": int((settings.cache_max_mb + settings.speech_cache_max_mb) * 1e6),
                "state": None,
            }
            self._sizes = now, [_folder(name, getattr(settings, name), limit) for name, limit in limits.items()]
        return self._sizes[1]

    def _memory(self) -> MemoryAnswer:
        there, gpu = available_memory(), gpu_memory()
        return MemoryAnswer(
            resident=self._process.memory_info().rss,
            free=there.free,
            total=there.total,
            floor=int(self._settings.min_free_memory_mb * 1e6),
            vram_free=gpu.free if gpu else None,
            vram_total=gpu.total if gpu else None,
            waiting=self._floor.reason,
        )


def blueprint(admin: Admin, jobs: Jobs) -> Blueprint:
    """The page, its facts as JSON, and the cancelling of anybody's job."""
    pages = Blueprint("admin", __name__, url_prefix="/admin")
    messages = admin_words()

    @pages.get("")
    def index() -> Response:
        language = page_language(request)
        page = render_template(
            "admin.html",
            language=language,
            languages=LANGUAGE_NAMES,
            messages=messages[language],
            config={"language": language, "cookie": COOKIE, "messages": messages},
        )
        response = make_response(page)
        response.vary.update(("Accept-Language", "Cookie"))
        return response

    @pages.get("/facts")
    @described("Facts of the admin page", ResponseSpec(200, "All of it, now.", AdminFacts), tag="server")
    def facts() -> Response:
        return _json(admin.facts(page_language(request)))

    @pages.post("/jobs/<id>/cancel")
    @described(
        "Cancel any job",
        ResponseSpec(200, "The job as it is now.", AdminJob),
        tag="server",
        errors=("job_unknown",),
    )
    def cancel(id: str) -> Response:
        """One that has ended stays as it is: its video is its owner's."""
        return _json(admin.job(jobs.cancel(id, None, delete=False), page_language(request)))

    return pages


def _json(answer: Answer) -> Response:
    return jsonify(answer.model_dump(mode="json"))


def _problem(failure: Failure | None, language: str) -> Problem | None:
    if failure is None:
        return None
    error = without_texts(failure.error())
    return Problem(error=error.message(language), code=error.code)


def _folder(name: str, path: Path, limit: int | None) -> Folder:
    try:
        free = free_bytes(path)
    except OSError:
        free = None
    return Folder(name=name, used=used_bytes(path), limit=limit, free=free)


@cache
def _versions() -> Mapping[str, str]:
    found = {"lipsync": __version__, "python": platform.python_version()}
    for name in _VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
