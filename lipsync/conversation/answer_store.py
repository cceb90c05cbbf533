"""Sound, video and sentences of answers, kept for an hour for the caller who asked."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from pathlib import Path
from typing import Literal

from lipsync.conversation.errors import AnswerError
from lipsync.storage.atomic import atomic_write, remove_abandoned
from lipsync.storage.errors import StorageError

log = logging.getLogger(__name__)

LIFETIME_S = 3600.0
"""Seconds for which an answer is kept."""
_MAX_BYTES = 1_000_000_000
"""Total size of the kept answers; above it the oldest are deleted."""
_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}\.(?:wav|mp4|json)")

Kind = Literal["wav", "mp4", "json"]
"""The sound, the video, and :class:`lipsync.conversation.spoken_answer.SpokenAnswer`."""


class AnswerStore:
    """Keeps answers as files whose names hold an unguessable id and a hash of their owner. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()

    def save(self, owner: str, files: dict[Kind, bytes]) -> str:
        """Keep the ``files`` of one answer; its id. Raises StorageError cannot_write."""
        self.remove_old()
        id = secrets.token_hex(16)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for kind, data in files.items():
                with atomic_write(self._path(id, owner, kind)) as part:
                    part.write_bytes(data)
        except OSError as error:
            raise StorageError("cannot_write", place="LIPSYNC_STATE", reason=error.strerror) from error
        return id

    def find(self, id: str, owner: str, kind: Kind) -> Path:
        """The file of an answer. Raises AnswerError answer_gone: also for another's."""
        path = self._path(id, owner, kind) if _ID.fullmatch(id) else None
        try:
            if path is not None and time.time() - path.stat().st_mtime < LIFETIME_S:
                return path
        except OSError:
            log.debug("an answer is not there")
        raise AnswerError("answer_gone")

    def remove_old(self, now: float | None = None) -> None:
        """Delete the answers that have expired, and the oldest above the total size. Raises nothing."""
        now = time.time() if now is None else now
        try:
            remove_abandoned(self._folder, now)
            found = [(path.stat(), path) for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
        except OSError:  # no folder yet, or another thread deletes too
            return
        total = sum(facts.st_size for facts, _ in found)
        for facts, path in sorted(found, key=lambda one: one[0].st_mtime):
            if now - facts.st_mtime >= LIFETIME_S or total > _MAX_BYTES:
                path.unlink(missing_ok=True)
                total -= facts.st_size

    def _path(self, id: str, owner: str, kind: Kind) -> Path:
        return self._folder / f"{id}-{hashlib.sha256(owner.encode()).hexdigest()[:32]}.{kind}"
