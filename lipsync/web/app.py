"""The application factory."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from lipsync.errors import LANGUAGES
from lipsync.jobs.database import connect
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.memory import Floor
from lipsync.jobs.webhook import Webhooks
from lipsync.service import LipsyncService
from lipsync.serving.stopping import is_stopping
from lipsync.settings import Settings
from lipsync.web import api, errors, forms, openai, page, voices
from lipsync.web import jobs as job_routes
from lipsync.web.contract import explorer
from lipsync.web.describe import told
from lipsync.web.live import Watchers
from lipsync.web.loading import Loading, Service
from lipsync.web.parts import Parts
from lipsync.web.protection.protect import protect
from lipsync.web.sight.sight import Sight
from lipsync.web.slashes import without_superfluous_slashes

ROOT = Path(__file__).resolve().parents[2]
"""Where templates/ and static/ stand, beside app.py."""

FORM = 65_536
"""Bytes that a form may have beside the picture in it."""


def create_app(settings: Settings | None = None, service: Service | None = None) -> Flask:
    """The WSGI application. The service loads beside it, in a thread of this process: do not fork afterwards.

    ``settings`` come from the environment and ``service`` is made of them where none is given.
    """
    settings = settings or Settings()
    service = service or LipsyncService(settings)
    app = Flask("lipsync.web", template_folder=ROOT / "templates", static_folder=ROOT / "static")
    app.config["MAX_CONTENT_LENGTH"] = int(settings.max_upload_mb * 1e6) + FORM
    # A long text is told its own limit, not the form's.
    app.config["MAX_FORM_MEMORY_SIZE"] = app.config["MAX_CONTENT_LENGTH"]
    app.config["MAX_FORM_PARTS"] = 50
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # a person reads these sentences in a terminal
    sight = Sight(app)  # before all else: what others say of a request has its name
    forms.install(app)
    loading = Loading(service)
    engine = connect(settings)
    protect(app, settings, engine)
    floor = Floor(settings)
    jobs = Jobs(settings, engine, loading.service, why_not=floor.holds, stopping=is_stopping)
    webhooks = Webhooks(engine, settings, lambda job: told(job, jobs, LANGUAGES[0]))
    jobs.on_end.append(lambda job: webhooks.wake() if job.webhook else None)
    parts = Parts(engine, jobs, Watchers(settings.streams), webhooks)
    app.extensions["lipsync"] = parts
    app.register_blueprint(api.blueprint(settings, loading))
    app.register_blueprint(job_routes.blueprint(settings, jobs, parts.watchers))
    sight.install(settings, service, loading, parts, floor)
    app.register_blueprint(openai.blueprint(loading))
    app.register_blueprint(voices.blueprint(loading))
    app.register_blueprint(page.blueprint(settings))
    app.register_blueprint(explorer.blueprint(settings))
    errors.register(app, settings.max_upload_mb)
    app.wsgi_app = without_superfluous_slashes(app.wsgi_app)  # type: ignore[method-assign, assignment]
    loading.start()
    jobs.start()
    webhooks.start()
    return app
