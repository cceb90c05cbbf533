"""What an application consists of besides its routes: kept at ``app.extensions["lipsync"]``."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import Engine

from lipsync.jobs.jobs import Jobs
from lipsync.jobs.webhook import Webhooks
from lipsync.web.live import Watchers


@dataclass(frozen=True)
class Parts:
    """What whoever serves, watches or tests the application needs of it."""

    engine: Engine
    jobs: Jobs
    watchers: Watchers
    webhooks: Webhooks

    def close(self) -> None:
        """Before the process ends: what is not finished is handed back."""
        self.jobs.close()
        self.webhooks.close()
        self.engine.dispose()


def parts_of(app: Flask) -> Parts:
    """Those of ``app``."""
    parts = app.extensions["lipsync"]
    assert isinstance(parts, Parts)
    return parts
