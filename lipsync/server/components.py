"""What an application consists of besides its routes: kept at ``app.extensions["lipsync"]``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import Engine

from lipsync.conversation.repository import ConversationRepository
from lipsync.conversation.service import ConversationService
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.webhooks.delivery import Webhooks
from lipsync.server.routes.live import Watchers
from lipsync.server.security.tickets import Tickets


@dataclass(frozen=True)
class Components:
    """Parts of the application for those who serve, monitor or test it."""

    engine: Engine
    jobs: Jobs
    watchers: Watchers
    webhooks: Webhooks
    conversations: ConversationRepository
    talk: ConversationService
    tickets: Tickets

    def close(self) -> None:
        """Before the process ends: what is not finished is handed back."""
        with ExitStack() as ends:  # in the reverse order, each whatever the others raise
            ends.callback(self.engine.dispose)
            ends.callback(self.webhooks.close)
            ends.callback(self.talk.close)
            ends.callback(self.jobs.close)


def parts_of(app: Flask) -> Components:
    """Those of ``app``."""
    parts = app.extensions["lipsync"]
    assert isinstance(parts, Components)
    return parts
