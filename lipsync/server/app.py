"""The application factory."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from lipsync.conversation.assemble import conversation_parts
from lipsync.conversation.personas.load import load_personas
from lipsync.conversation.repository import ConversationRepository
from lipsync.conversation.service import ConversationParts, ConversationService
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.memory_guard import MemoryGuard
from lipsync.jobs.webhooks.delivery import Webhooks
from lipsync.messages import LANGUAGES
from lipsync.pipeline.service import LipsyncService
from lipsync.pipeline.video_service import VideoService
from lipsync.server import errors, forms
from lipsync.server.components import Components
from lipsync.server.gunicorn.stopping import is_stopping
from lipsync.server.job_json import job_json
from lipsync.server.monitoring.install import Sight
from lipsync.server.openapi import explorer
from lipsync.server.routes import (
    api,
    chat,
    conversations,
    cues,
    head_models,
    health_v1,
    interact,
    openai,
    page,
    portrait_loops,
    stream,
    transcriptions,
    voices,
)
from lipsync.server.routes import jobs as job_routes
from lipsync.server.routes import personas as persona_routes
from lipsync.server.routes import tickets as ticket_routes
from lipsync.server.routes.live import Watchers
from lipsync.server.security.install import protect
from lipsync.server.security.tickets import Tickets
from lipsync.server.service_loader import Loading
from lipsync.server.slashes import without_superfluous_slashes
from lipsync.settings import Settings
from lipsync.storage.database import connect

ROOT = Path(__file__).resolve().parents[2]
"""Folder of app.py and gunicorn.conf.py."""

ASSETS = Path(__file__).resolve().parent
"""Where templates/ and static/ stand."""

FORM = 65_536
"""Bytes that a form may have beside the picture in it."""


def create_app(
    settings: Settings | None = None,
    service: VideoService | None = None,
    conversation: ConversationParts | None = None,
) -> Flask:
    """The WSGI application. The service loads beside it, in a thread of this process: do not fork afterwards.

    ``settings`` come from the environment; ``service`` and the parts of a ``conversation`` are made of them where
    none are given.
    """
    settings = settings or Settings()
    service = service or LipsyncService(settings)
    app = Flask("lipsync.server", template_folder=ASSETS / "templates", static_folder=ASSETS / "static")
    app.config["MAX_CONTENT_LENGTH"] = int(settings.max_upload_mb * 1e6) + FORM
    # A long text is told its own limit, not the form's.
    app.config["MAX_FORM_MEMORY_SIZE"] = app.config["MAX_CONTENT_LENGTH"]
    app.config["MAX_FORM_PARTS"] = 50
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # a person reads these sentences in a terminal
    sight = Sight(app)  # before all else: what others say of a request has its name
    forms.install(app)
    loading = Loading(service)
    engine = connect(settings)
    repository, tickets = ConversationRepository(engine), Tickets()
    questions = protect(app, settings, engine, tickets)
    floor = MemoryGuard(settings)
    jobs = Jobs(settings, engine, loading.service, shortage=floor.shortage, is_stopping=is_stopping)
    webhooks = Webhooks(engine, settings, lambda job: job_json(job, jobs, LANGUAGES[0]))
    jobs.on_end.append(lambda job: webhooks.wake() if job.webhook else None)
    personas = load_personas(settings.personas, settings.persona)
    parts_of_conversation = conversation or conversation_parts(settings, personas)
    talk = ConversationService(settings, loading.service, parts_of_conversation)
    jobs.on_cleanup.append(lambda: repository.delete_expired(settings.conversations_max_hours))
    jobs.on_cleanup.append(talk.answers.remove_old)
    parts = Components(engine, jobs, Watchers(settings.max_streams), webhooks, repository, talk, tickets)
    app.extensions["lipsync"] = parts
    app.register_blueprint(api.blueprint(settings, loading))
    app.register_blueprint(head_models.blueprint(settings, loading))
    app.register_blueprint(cues.blueprint(settings, jobs, talk.answers))
    app.register_blueprint(job_routes.blueprint(settings, jobs, parts.watchers))
    app.register_blueprint(conversations.blueprint(repository))
    sight.install(settings, service, loading, parts, floor)
    app.register_blueprint(openai.blueprint(loading))
    app.register_blueprint(transcriptions.blueprint(settings))
    app.register_blueprint(voices.blueprint(loading))
    app.register_blueprint(chat.blueprint(talk))
    app.register_blueprint(interact.blueprint(settings, talk, repository))
    app.register_blueprint(health_v1.blueprint(talk))
    app.register_blueprint(ticket_routes.blueprint(talk, tickets))
    app.register_blueprint(persona_routes.blueprint(personas))
    app.register_blueprint(portrait_loops.blueprint(talk))
    stream.install(app, talk, repository, questions.spend)
    app.register_blueprint(page.blueprint(settings))
    app.register_blueprint(explorer.blueprint(settings))
    errors.register(app, settings.max_upload_mb)
    app.wsgi_app = without_superfluous_slashes(app.wsgi_app)  # type: ignore[method-assign, assignment]
    loading.start()
    jobs.start()
    webhooks.start()
    return app
