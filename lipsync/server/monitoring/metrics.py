"""``/metrics`` for Prometheus: what is counted while it happens. What is looked at when it is asked for: gauges.py.

No label holds what a caller has typed: they are names of ours, and each has few values. Every application has a
registry of its own.
"""

from __future__ import annotations

import platform

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from lipsync import __version__
from lipsync.jobs.job import ENDED, Job
from lipsync.server.describe import Media, ResponseSpec, described
from lipsync.server.monitoring.request_tracking import RequestRecord

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks for

_TYPES = ("text/plain", "application/openmetrics-text")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600)
_STAGE_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600)


class Metrics:
    """Counts. Safe for many threads."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)  # process_resident_memory_bytes, process_open_fds and others
        GCCollector(registry=registry)
        build = Gauge("lipsync_build_info", "1, with what is running.", ["version", "python"], registry=registry)
        build.labels(__version__, platform.python_version()).set(1)
        self._requests = Counter(
            "lipsync_http_requests",
            "Requests that were answered, by the pattern of their route.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "lipsync_http_request_seconds",
            "Seconds from a request to the last byte of its answer.",
            ["method", "route"],
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self._sent = Counter(
            "lipsync_http_response_bytes", "Bytes of answers that were sent.", ["route"], registry=registry
        )
        self._broken = Counter(
            "lipsync_http_responses_broken",
            "Answers that were not sent to their end: the caller left, or something went wrong.",
            ["route"],
            registry=registry,
        )
        self._ended = Counter("lipsync_jobs_ended", "Jobs that ended, by how.", ["state"], registry=registry)
        for state in ENDED:
            self._ended.labels(state)  # a series that is there from the beginning has a rate
        self._failures = Counter(
            "lipsync_job_failures", "Jobs that failed, by the code of what went wrong.", ["code"], registry=registry
        )
        self._waited = Histogram(
            "lipsync_job_wait_seconds",
            "Seconds that jobs waited for their turn.",
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "lipsync_stage_seconds",
            "Seconds of one video by stage and by what draws; total is from its beginning to its end.",
            ["stage", "engine"],
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self._frames = Counter("lipsync_frames", "Frames of finished videos.", ["engine"], registry=registry)
        self._video = Counter("lipsync_video_seconds", "Seconds of finished videos.", ["engine"], registry=registry)
        self._portraits = Counter(
            "lipsync_portraits",
            "Portraits of finished videos: made anew, or known from the disk or from memory.",
            ["origin"],
            registry=registry,
        )
        self._fallbacks = Counter(
            "lipsync_voice_fallbacks",
            "Voices that could not speak or go on in a finished video, and why.",
            ["engine", "reason"],
            registry=registry,
        )

    def request_ended(self, ended: RequestRecord) -> None:
        """A request was answered, or its caller has left."""
        method = ended.method if ended.method in _METHODS else "other"
        route = ended.route or "none"
        self._requests.labels(method, route, str(ended.status)).inc()
        self._request_seconds.labels(method, route).observe(ended.seconds)
        self._sent.labels(route).inc(ended.bytes)
        if not ended.whole:
            self._broken.labels(route).inc()

    def job_ended(self, job: Job) -> None:
        """A job has ended."""
        self._ended.labels(job.state).inc()
        if job.state == "failed" and job.error is not None:
            self._failures.labels(job.error.code).inc()
        if job.started is not None:
            self._waited.observe(max(0.0, job.started - job.created))
        if job.state != "done" or job.video is None:
            return
        made = job.video
        for stage, seconds in made.timings.items():
            self._stages.labels(stage, made.engine).observe(seconds)
        self._frames.labels(made.engine).inc(made.frames)
        self._video.labels(made.engine).inc(made.duration)
        self._portraits.labels(made.portrait).inc()
        for fallback in made.fallbacks:
            self._fallbacks.labels(fallback.engine, fallback.reason).inc()


def blueprint(metrics: Metrics) -> Blueprint:
    """The route. Prometheus' own text, or OpenMetrics for who prefers it."""
    page = Blueprint("metrics", __name__)

    @page.get("/metrics")
    @described(
        "Prometheus metrics",
        ResponseSpec(200, "Prometheus' text format, or OpenMetrics.", Media(types_of_text=_TYPES)),
        tag="server",
    )
    def scrape() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        response = Response(encode(metrics.registry), content_type=content_type)
        response.vary.add("Accept")
        return response

    return page
