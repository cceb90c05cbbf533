"""Deletion of what has expired: old videos, working files of jobs, jobs that ended long ago, abandoned files."""

from __future__ import annotations

from lipsync.jobs.repository import JobRepository
from lipsync.settings import Settings
from lipsync.storage.atomic import remove_abandoned
from lipsync.storage.files import FileStore
from lipsync.storage.outputs import remove_old
from lipsync.weights.catalogue import catalogue

STREAM_LIFETIME_S = 60.0
"""Seconds for which the growing video stays after the end of its job, for clients that have just begun to read it."""


def remove_expired(repository: JobRepository, files: FileStore, settings: Settings) -> None:
    """Delete what is past its time limit or above its size limit in the settings. Raises DatabaseError, OSError."""
    files.remove_work(keep=repository.unfinished_ids(), min_age_s=STREAM_LIFETIME_S)
    remove_old(files.folder, max_hours=settings.outputs_max_hours, max_mb=settings.outputs_max_mb)
    repository.delete_expired(settings.jobs_max_hours)


def remove_abandoned_everywhere(settings: Settings) -> None:
    """Delete the unfinished files that killed processes left in any folder of the settings. Raises nothing."""
    cache, checkpoints = settings.cache.expanduser(), settings.checkpoints.expanduser()
    folders = {settings.outputs.expanduser(), settings.state.expanduser(), settings.cloned_voices.expanduser()}
    folders |= {cache, cache / "speech"}
    folders |= {(checkpoints / model.path).parent for model in catalogue().values()}
    for folder in folders:
        remove_abandoned(folder)
