"""What shows how the server is: health, readiness, metrics, the admin page, and the line that each request leaves."""

from __future__ import annotations

from flask import Flask

from lipsync.jobs.memory import Floor
from lipsync.service import LipsyncService
from lipsync.serving.stopping import is_stopping
from lipsync.settings import Settings
from lipsync.web.loading import Loading, Service
from lipsync.web.parts import Parts
from lipsync.web.sight import admin, health, metrics
from lipsync.web.sight.gauges import Gauges
from lipsync.web.sight.health import Readiness
from lipsync.web.sight.incidents import Incidents
from lipsync.web.sight.metrics import Metrics
from lipsync.web.sight.watch import log_request, watch


class Sight:
    """Begun before all else, so that each request has its name from the first; :meth:`install` adds the routes."""

    def __init__(self, app: Flask) -> None:
        self._app, self._metrics, self._incidents = app, Metrics(), Incidents()
        self._watch = watch(app, [log_request, self._metrics.request_ended])
        self._incidents.watch(app)

    def install(self, settings: Settings, service: Service, loading: Loading, parts: Parts, floor: Floor) -> None:
        """The routes, over the parts that there are now."""
        app, jobs = self._app, parts.jobs
        jobs.on_end += [self._metrics.job_ended, self._incidents.job_ended]
        readiness = Readiness(settings, loading, jobs, stopping=is_stopping)

        def sentences() -> dict[str, int]:
            known = service.sentences() if isinstance(service, LipsyncService) else {}
            return {str(origin): count for origin, count in known.items()}

        gauges = Gauges(
            settings,
            parts.engine,
            jobs,
            floor,
            parts.watchers,
            self._watch,
            ready=lambda: not readiness.problems(),
            sentences=sentences,
        )
        self._metrics.registry.register(gauges)
        facts = admin.Admin(settings, jobs, readiness, floor, self._incidents, parts.watchers, self._watch)
        app.register_blueprint(health.blueprint(loading, readiness))
        app.register_blueprint(metrics.blueprint(self._metrics))
        app.register_blueprint(admin.blueprint(facts, jobs))
