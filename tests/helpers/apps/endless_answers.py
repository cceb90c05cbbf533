"""What gunicorn serves in test_chat_server.py: answers without an end, of which the last sentence is never spoken."""

from __future__ import annotations

from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.conversation import FakeModel, FakeResponder, fake_parts
from tests.helpers.fake_service import FakeService

settings = Settings(_env_file=None)
responder = FakeResponder(FakeModel("This is a sentence. ", *["And this is another one. "] * 100_000, delay_s=0.05))
app = create_app(settings, FakeService(settings), fake_parts(responder))
