"""What gunicorn serves in the tests of the embedded language model: its process runs the backend of
tests/language_models/fake_backend.py, all else is small."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lipsync.conversation.options import StageLimits
from lipsync.conversation.persona_responder import PersonaResponder
from lipsync.conversation.personas.load import load_personas
from lipsync.language_models import models
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.server.routes import health_v1
from lipsync.settings import Settings
from tests.helpers.conversation import fake_parts
from tests.helpers.fake_service import FakeService

settings = Settings(_env_file=None, llm_first_token_s=30)  # a loaded machine may need long to start the process
models.LlamaProcess = partial(LlamaProcess, backend="tests.language_models.fake_backend")  # type: ignore[assignment, misc]
parts = replace(fake_parts(), responder=lambda: PersonaResponder(settings, load_personas(None, "ada")))
app = create_app(settings, FakeService(settings), parts)
health_v1._FRESH_S = 0.1
parts_of(app).talk.limits = StageLimits(first_token_s=30)
