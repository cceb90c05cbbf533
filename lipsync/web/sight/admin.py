"""``/admin``: queue, jobs, errors, disk and memory at a glance, for who has the scope admin. It shows no texts."""

from __future__ import annotations

import os
import platform
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from flask import Blueprint, Response, jsonify, make_response, render_template, request

from lipsync import __version__
from lipsync.errors import LANGUAGES
from lipsync.jobs.job import Failure, Job
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.memory import Floor, memory, vram
from lipsync.logs import without_texts
from lipsync.settings import Settings
from lipsync.web.answers import Answer, Problem, moment
from lipsync.web.contract.described import Answered, described
from lipsync.web.live import Watchers
from lipsync.web.reader import COOKIE, language_of_page
from lipsync.web.sight.admin_answers import AdminError, AdminFacts, AdminJob, Folder, MemoryAnswer
from lipsync.web.sight.admin_words import admin_words
from lipsync.web.sight.health import Readiness, ReadyProblem
from lipsync.web.sight.incidents import Incidents
from lipsync.web.sight.watch import Watch

_RECENT = 50
_QUEUED = 20
_SIZES = 15.0
"""Seconds for which the sizes of folders stay true: they are walked through."""
_VERSIONS = ("gunicorn", "flask", "sqlalchemy", "av", "opencv-python-headless", "numpy", "torch")


class Admin:
    """Gathers the facts. Safe for many threads."""

    def __init__(
        self,
        settings: Settings,
        jobs: Jobs,
        readiness: Readiness,
        floor: Floor,
        incidents: Incidents,
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
        jobs, book = self._jobs, self._jobs.book
        waiting = (book.find(one.id) for one in book.waiting()[:_QUEUED])
        return AdminFacts(
            now=moment(time.time()),
            uptime=round(time.time() - self._process.create_time(), 1),
            versions=dict(_versions()),
            problems=[
                ReadyProblem(code=one.code, sentence=one.sentence(language)) for one in self._readiness.problems()
            ],
            counts=jobs.counts(),
            queue_limit=self._settings.queue,
            running=[self.job(one, language) for one in book.running()],
            queue=[self.job(one, language) for one in waiting if one is not None],
            recent=[self.job(one, language) for one in jobs.recent(None, _RECENT) if one.has_ended],
            errors=[
                AdminError(
                    number=one.number,
                    when=moment(one.when),
                    code=one.error.code,
                    sentence=one.error.sentence(language),
                    where=one.where,
                    request=one.request,
                    job=one.job,
                )
                for one in self._incidents.last()
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
        made, running = job.result, job.state == "running"
        left = self._jobs.outlook().seconds_left(job) if running else None
        return AdminJob(
            id=job.id,
            state=job.state,
            owner=job.owner,
            avatar=job.avatar,
            language=job.language,
            characters=job.characters,
            stage=job.stage,
            progress=job.progress,
            attempts=job.attempts,
            seconds_left=None if left is None else round(left, 1),
            created=moment(job.created),
            started=None if job.started is None else moment(job.started),
            ended=None if job.ended is None else moment(job.ended),
            duration=made.duration if made else None,
            seconds=made.timings.get("total") if made else None,
            engine=made.engine if made else None,
            voice=made.voice if made else None,
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
        there, gpu = memory(), vram()
        return MemoryAnswer(
            resident=self._process.memory_info().rss,
            free=there.free,
            total=there.total,
            floor=int(self._settings.memory_floor_mb * 1e6),
            vram_free=gpu.free if gpu else None,
            vram_total=gpu.total if gpu else None,
            waiting=self._floor.reason,
        )


def blueprint(admin: Admin, jobs: Jobs) -> Blueprint:
    """The page, its facts as JSON, and the cancelling of anybody's job."""
    pages = Blueprint("admin", __name__, url_prefix="/admin")
    said = admin_words()

    @pages.get("")
    def index() -> Response:
        language = language_of_page(request)
        facts = {"language": language, "cookie": COOKIE, "words": said}
        page = render_template(
            "admin.html", language=language, languages=LANGUAGES, words=said[language], facts=facts
        )
        response = make_response(page)
        response.vary.update(("Accept-Language", "Cookie"))
        return response

    @pages.get("/facts")
    @described("What the admin page shows", Answered(200, "All of it, now.", AdminFacts), tag="server")
    def facts() -> Response:
        return _json(admin.facts(language_of_page(request)))

    @pages.post("/jobs/<id>/cancel")
    @described(
        "Cancel anybody's job",
        Answered(200, "The job as it is now.", AdminJob),
        tag="server",
        errors=("job_unknown",),
    )
    def cancel(id: str) -> Response:
        """One that has ended stays as it is: its video is its owner's."""
        return _json(admin.job(jobs.cancel(id, None, forget=False), language_of_page(request)))

    return pages


def _json(answer: Answer) -> Response:
    return jsonify(answer.model_dump(mode="json"))


def _problem(failure: Failure | None, language: str) -> Problem | None:
    if failure is None:
        return None
    error = without_texts(failure.error())
    return Problem(error=error.sentence(language), code=error.code)


def _folder(name: str, path: Path, limit: int | None) -> Folder:
    there = path.expanduser().absolute()
    made = next(one for one in (there, *there.parents) if one.exists())  # it may be made with the first video
    try:
        free = shutil.disk_usage(made).free
    except OSError:
        free = None
    return Folder(name=name, used=sum(_bytes_below(there)), limit=limit, free=free)


def _bytes_below(folder: Path) -> Iterator[int]:
    for below, _, names in os.walk(folder):
        for name in names:
            try:
                yield Path(below, name).lstat().st_size
            except OSError:  # removed in this very moment
                continue


@cache
def _versions() -> Mapping[str, str]:
    found = {"lipsync": __version__, "python": platform.python_version()}
    for name in _VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
