"""What gunicorn serves in test_browser_jobs.py: the small service, whose videos wait while there is a file ``hold``
in the folder of the state."""

from __future__ import annotations

import threading
from pathlib import Path

from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService


class Hold(threading.Event):
    """Set while there is no such file."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def wait(self, timeout: float | None = None) -> bool:
        if self._file.exists():
            threading.Event().wait(timeout)
        return not self._file.exists()


settings = Settings(_env_file=None)
service = FakeService(settings)
service.gate = Hold(settings.state / "hold")
app = create_app(settings, service)
