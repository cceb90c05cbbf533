"""What gunicorn serves in test_server.py: the small service, whose videos wait for a file named ``go``."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService

settings = Settings(_env_file=None, outputs=Path(os.environ["LIPSYNC_OUTPUTS"]))
service = FakeService(settings)


def _watch() -> None:
    """Tell the test when a request has begun, and open the gate when the test says so."""
    service.begun.wait()
    (settings.outputs / "begun").touch()
    while not (settings.outputs / "go").exists():
        time.sleep(0.02)
    service.gate.set()


if os.environ.get("WAIT_FOR_GO"):
    service.gate.clear()
    threading.Thread(target=_watch, daemon=True).start()
app = create_app(settings, service)
