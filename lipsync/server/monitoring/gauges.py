"""What ``/metrics`` shows of the moment: looked at when it is asked for."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select

from lipsync.errors import LipsyncError
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.memory_guard import MemoryGuard
from lipsync.runtime.memory import available_memory, gpu_memory
from lipsync.server.monitoring.request_tracking import Watch
from lipsync.server.routes.live import Watchers
from lipsync.settings import Settings
from lipsync.storage.database import translate_database_errors
from lipsync.storage.tables import JobRow


class Gauges(Collector):
    """Registered with a registry, it is asked at every scrape."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        jobs: Jobs,
        floor: MemoryGuard,
        watchers: Watchers,
        watch: Watch,
        *,
        ready: Callable[[], bool],
        sentences: Callable[[], Mapping[str, int]],
    ) -> None:
        """``ready``: whether work can be taken. ``sentences``: how many came from where (made, disk, memory)."""
        self._settings, self._engine, self._jobs, self._floor = settings, engine, jobs, floor
        self._watchers, self._watch = watchers, watch
        self._ready, self._sentences = ready, sentences

    def describe(self) -> Iterator[Metric]:
        """Nothing: the names need not be known before there is a value."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Each metric, now."""
        yield _gauge("lipsync_ready", "Whether the server can take work.", self._ready())
        yield from self._of_jobs()
        sentences = CounterMetricFamily(
            "lipsync_sentences",
            "Sentences that were asked of voices: spoken anew, or known from the disk or from memory.",
            labels=["origin"],
        )
        for origin, count in self._sentences().items():
            sentences.add_metric([origin], count)
        yield sentences
        yield _gauge("lipsync_http_requests_open", "Requests that are being answered.", self._watch.requests)
        yield _gauge("lipsync_http_streams_open", "Those whose answer is a stream.", self._watch.streams)
        yield _gauge("lipsync_live_watchers", "Who watches a video, or follows a job, live.", self._watchers.now)
        yield _gauge("lipsync_threads", "Python's threads.", threading.active_count())
        yield from self._of_memory()
        yield self._of_disks()

    def _of_jobs(self) -> Iterator[Metric]:
        try:
            counts, webhooks = self._jobs.count_by_state(), self._webhooks()
        except LipsyncError:
            yield _gauge("lipsync_database_up", "Whether the database answers.", 0)
            return
        yield _gauge("lipsync_database_up", "Whether the database answers.", 1)
        jobs = GaugeMetricFamily("lipsync_jobs", "Jobs that are known, by state.", labels=["state"])
        for state, count in counts.items():
            jobs.add_metric([state], count)
        yield jobs
        yield _gauge("lipsync_queue_length", "Jobs that wait for their turn.", counts["queued"])
        yield _gauge("lipsync_queue_limit", "Jobs that may wait.", self._settings.max_queued)
        sent = GaugeMetricFamily("lipsync_webhooks", "Webhooks of the jobs that are known.", labels=["state"])
        for name, count in webhooks.items():
            sent.add_metric([name], count)
        yield sent

    def _webhooks(self) -> dict[str, int]:
        asked = select(JobRow.webhook_state, func.count()).where(JobRow.webhook_state.is_not(None))
        with translate_database_errors(), self._engine.connect() as connection:
            rows = connection.execute(asked.group_by(JobRow.webhook_state)).all()
        return dict.fromkeys(("waiting", "due", "sent", "failed"), 0) | {
            state: count for state, count in rows if state
        }

    def _of_memory(self) -> Iterator[Metric]:
        there, gpu = available_memory(), gpu_memory()
        yield _gauge(
            "lipsync_memory_free_bytes", "Memory that can be had, in the container if there is one.", there.free
        )
        yield _gauge("lipsync_memory_total_bytes", "Memory of the machine or the container.", there.total)
        if gpu is not None:
            yield _gauge("lipsync_vram_free_bytes", "Memory of the GPU that can be had.", gpu.free)
            yield _gauge("lipsync_vram_total_bytes", "Memory of the GPU.", gpu.total)
        low = self._floor.reason is not None
        yield _gauge("lipsync_memory_low", "Whether jobs wait because too little memory is free.", low)
        waits = CounterMetricFamily("lipsync_memory_waits", "How often jobs had to wait for memory.")
        waits.add_metric([], self._floor.waits)
        yield waits

    def _of_disks(self) -> Metric:
        free = GaugeMetricFamily("lipsync_disk_free_bytes", "Free where files are kept.", labels=["folder"])
        for name in ("outputs", "cache", "state"):
            folder = getattr(self._settings, name).expanduser().absolute()
            there = next((path for path in (folder, *folder.parents) if path.exists()), None)
            if there is not None:
                free.add_metric([name], shutil.disk_usage(there).free)
        return free


def _gauge(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(name, description, value=float(value))
