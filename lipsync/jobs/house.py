"""What is removed in time: old videos, what jobs needed while they were made, and jobs that ended long ago."""

from __future__ import annotations

from lipsync.jobs.book import Book
from lipsync.jobs.files import FileStore
from lipsync.outputs import remove_old
from lipsync.settings import Settings

KEEP_WORK = 60.0
"""Seconds for which a stream stays after its end, for those who have just begun to read it."""


def tidy(book: Book, files: FileStore, settings: Settings) -> None:
    """Remove what nobody needs any more. Raises LipsyncError database_busy, OSError."""
    files.remove_work(but=book.unfinished(), older=KEEP_WORK)
    remove_old(files.folder, max_hours=settings.outputs_max_hours, max_mb=settings.outputs_max_mb)
    book.forget_old(settings.jobs_max_hours)
