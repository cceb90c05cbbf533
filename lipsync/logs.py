"""The log: lines for people or JSON, each with the request and the job that it is about, and no text of a person.

What a person lets be said may stand in the message of any exception, of ours and of others' code. So an exception in
a log line, in its ``args`` or as its traceback, is told by :func:`plain`: its kind, and what cannot hold a text. With
LIPSYNC_LOG_TEXTS it is told as it is.
"""

from __future__ import annotations

import copy
import logging
import logging.config
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from lipsync.errors import LipsyncError
from lipsync.settings import Settings

log = logging.getLogger(__name__)

WHOLE = {"has_no_text": True}
"""``extra`` of a line whose exception is told as it is: no person's text can be in it."""

_request: ContextVar[str] = ContextVar("request", default="")
_job: ContextVar[str] = ContextVar("job", default="")

_OUTER = ("TTS", "hibari", "num2words", "py3langid", "sentencex", "transformers")
"""Loggers of others' code that is given a text."""

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


class _State:
    texts = False
    """Whether the log may hold texts."""


@contextmanager
def about(*, request: str | None = None, job: str | None = None) -> Iterator[None]:
    """Lines that this thread logs in the block are about this request, or this job; None: as around the block."""
    tokens = [(one, one.set(value)) for one, value in ((_request, request), (_job, job)) if value is not None]
    try:
        yield
    finally:
        for one, token in reversed(tokens):
            one.reset(token)


def text(said: str) -> None:
    """Log what a person lets be said, where that is allowed (LIPSYNC_LOG_TEXTS)."""
    if _State.texts:
        log.info("text: %s", said)


def plain(error: BaseException) -> str:
    """What is wrong, without words that may be a person's own: what the log may hold of an exception.

    >>> plain(ValueError("cannot say “Hello”"))
    'ValueError'
    >>> plain(FileNotFoundError(2, "No such file or directory", "a.mp4"))
    'FileNotFoundError: [Errno 2] No such file or directory'
    >>> plain(LipsyncError("voice_failed", voice="silero", reason="ValueError: cannot say “Hello”"))
    'voice_failed: The voice silero failed: ValueError.'
    """
    if isinstance(error, LipsyncError):
        return f"{error.code}: {without_texts(error)}"
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: [Errno {error.errno}] {error.strerror}"
    if isinstance(error, ImportError | MemoryError):
        return f"{name}: {error}"
    return name


def without_texts(error: LipsyncError) -> LipsyncError:
    """The same error with "…" for each fact that may quote a person: those of a request's own mistakes, and what
    others' code says of a voice that failed."""
    if error.status < 500:
        facts = {name: "…" if isinstance(fact, str) else fact for name, fact in error.facts.items()}
    elif error.code == "voice_failed":
        kind = str(error.facts["reason"]).partition(":")[0]
        facts = {**error.facts, "reason": kind if kind.isidentifier() else "…"}
    else:
        return error
    return LipsyncError(error.code, **facts)


def set_up(settings: Settings) -> None:
    """Log as the settings say, all of this process, to its standard error. Raises ValueError for an unknown level."""
    _State.texts = settings.log_texts
    level = settings.log_level.upper()
    forms = {"text": _Lines, "json": _Json}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"about": {"()": About}},
            "formatters": {"form": {"()": forms[settings.log_format]}},
            "handlers": {
                "log": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stderr",
                    "filters": ["about"],
                    "formatter": "form",
                }
            },
            # At DEBUG others' code logs what it is given.
            "root": {"level": level if level != "DEBUG" else "INFO", "handlers": ["log"]},
            "loggers": {
                "lipsync": {"level": level},
                "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
                **{name: {"level": "NOTSET" if settings.log_texts else "CRITICAL"} for name in _OUTER},
            },
        }
    )


class About(logging.Filter):
    """Writes on each record the request and the job that it is about, empty where it is about none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """All records pass."""
        record.request, record.job = _request.get(), _job.get()
        return True


class _Lines(logging.Formatter):
    """``2025-11-20 09:12:00,123 INFO lipsync.web [request job]: message``, one line, and a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        record = _clean(record)
        subject = " ".join(filter(None, (getattr(record, "request", ""), getattr(record, "job", ""))))
        about = f" [{subject}]" if subject else ""
        # One record is one line: what came from outside cannot write another.
        message = record.getMessage().translate(_CONTROLS)
        line = f"{self.formatTime(record)} {record.levelname} {record.name}{about}: {message}"
        return "\n".join(filter(None, (line, record.exc_text, record.stack_info)))


class _Json(JsonFormatter):
    """One object a line: time (ISO 8601, UTC), level, logger, message, and request, job and others where known."""

    def __init__(self) -> None:
        super().__init__(
            ["message", "levelname", "name"],
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
            reserved_attrs=[*logging.makeLogRecord({}).__dict__, *WHOLE],
        )

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_clean(record))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in log_data.items() if value not in ("", None)}


def _clean(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of the record whose exceptions are told by :func:`plain`."""
    record = copy.copy(record)
    whole = _State.texts or getattr(record, "has_no_text", False)
    if isinstance(record.args, tuple):
        record.args = tuple(_said(one, whole) for one in record.args)
    elif isinstance(record.args, dict):
        record.args = {name: _said(one, whole) for name, one in record.args.items()}
    record.msg = _said(record.msg, whole)
    error = record.exc_info[1] if record.exc_info else None
    # Another handler may have left its own telling in exc_text.
    record.exc_text = None if error is None else _traced(error, whole)
    record.exc_info = None
    return record


def _said(value: object, whole: bool) -> Any:
    return plain(value) if isinstance(value, BaseException) and not whole else value


def _traced(error: BaseException, whole: bool) -> str:
    """The traceback of ``error`` and of what it came from, the first cause first."""
    if whole:
        return "".join(traceback.format_exception(error)).rstrip()
    told, known = [], set[int]()
    one: BaseException | None = error
    while one is not None and id(one) not in known:
        known.add(id(one))
        told.append("".join(traceback.format_tb(one.__traceback__)) + plain(one))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\nwhich led to:\n".join(reversed(told))
