"""What gunicorn serves in test_waiting_streams.py: one video at a time, none of which ends while there is a file
``hold`` in the folder of the state, and streams that keep their connection open by a ``free`` box each 0.2 s."""

from __future__ import annotations

from lipsync.server.app import create_app
from lipsync.server.routes import live
from lipsync.settings import Settings
from tests.helpers.apps.blocking_service import Hold
from tests.helpers.fake_service import FakeService

live.KEEP_ALIVE_S = 0.2
settings = Settings(_env_file=None)
service = FakeService(settings)
service.gate = Hold(settings.state / "hold")
app = create_app(settings, service)
