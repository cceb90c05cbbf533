"""What shows how the server is: health, readiness, metrics, the admin page, and the line that each request leaves."""

from __future__ import annotations

from flask import Flask

from lipsync.jobs.memory_guard import MemoryGuard
from lipsync.pipeline.video_service import VideoService
from lipsync.server.components import Components
from lipsync.server.gunicorn.stopping import is_stopping
from lipsync.server.monitoring import admin, health, metrics
from lipsync.server.monitoring.gauges import Gauges
from lipsync.server.monitoring.health import Readiness
from lipsync.server.monitoring.metrics import Metrics
from lipsync.server.monitoring.recent_errors import RecentErrors
from lipsync.server.monitoring.request_tracking import log_request, watch
from lipsync.server.service_loader import Loading
from lipsync.settings import Settings


class Sight:
    """Begun before all else, so that each request has its name from the first; :meth:`install` adds the routes."""

    def __init__(self, app: Flask) -> None:
        self._app, self._metrics, self._incidents = app, Metrics(), RecentErrors()
        self._watch = watch(app, [log_request, self._metrics.request_ended])
        self._incidents.watch(app)

    def install(
        self, settings: Settings, service: VideoService, loading: Loading, parts: Components, floor: MemoryGuard
    ) -> None:
        """The routes, over the parts that there are now."""
        app, jobs = self._app, parts.jobs
        jobs.on_end += [self._metrics.job_ended, self._incidents.job_ended]
        readiness = Readiness(settings, loading, jobs, stopping=is_stopping)

        gauges = Gauges(
            settings,
            parts.engine,
            jobs,
            floor,
            parts.watchers,
            self._watch,
            ready=lambda: not readiness.problems(),
            sentences=service.cache_stats,
        )
        self._metrics.registry.register(gauges)
        facts = admin.Admin(settings, jobs, readiness, floor, self._incidents, parts.watchers, self._watch)
        app.register_blueprint(health.blueprint(loading, readiness))
        app.register_blueprint(metrics.blueprint(self._metrics))
        app.register_blueprint(admin.blueprint(facts, jobs))
