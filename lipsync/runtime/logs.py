"""Logging as text or JSON lines, each with the ids of its request and job, without the texts of users.

The message of any exception, of ours and of other packages, may quote a user's text. So an exception in a log line,
among its ``args`` or as its traceback, is replaced by :func:`redact`. With LIPSYNC_LOG_TEXTS it is logged as it is.
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
from lipsync.messages import Message
from lipsync.settings import Settings

log = logging.getLogger(__name__)

HAS_NO_TEXT = {"has_no_text": True}
"""``extra`` of a log line whose exception is logged as it is, because it cannot quote a user's text."""

_request: ContextVar[str] = ContextVar("request", default="")
_job: ContextVar[str] = ContextVar("job", default="")

_TEXT_LOGGERS = ("TTS", "faster_whisper", "hibari", "num2words", "py3langid", "sentencex", "transformers")
"""Loggers of other packages that are given texts."""

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


class _State:
    texts = False
    """Whether texts may be logged."""


@contextmanager
def about(*, request: str | None = None, job: str | None = None) -> Iterator[None]:
    """Log the lines of this thread in the block with this id of a request or job; None leaves the id as it is."""
    variables = ((_request, request), (_job, job))
    tokens = [(variable, variable.set(value)) for variable, value in variables if value is not None]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)


def text(content: str) -> None:
    """Log the text of a request, where LIPSYNC_LOG_TEXTS allows it."""
    if _State.texts:
        log.info("text: %s", content)


def redact(error: BaseException) -> str:
    """Describe an exception without anything that may quote a user's text.

    >>> redact(ValueError("cannot say “Hello”"))
    'ValueError'
    >>> redact(FileNotFoundError(2, "No such file or directory", "a.mp4"))
    'FileNotFoundError: [Errno 2] No such file or directory'
    >>> redact(LipsyncError("voice_failed", voice="silero", reason="ValueError: cannot say “Hello”"))
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
    """Return the error with "…" for each fact that may quote a user's text.

    These are the facts of mistakes in a request, and the message of another package about a voice that failed.
    """
    if not error.is_server_fault:
        facts = {name: _without_text(fact) for name, fact in error.facts.items()}
    elif error.code == "voice_failed":
        kind = str(error.facts["reason"]).partition(":")[0]
        facts = {**error.facts, "reason": kind if kind.isidentifier() else "…"}
    else:
        return error
    return LipsyncError(error.code, **facts)


def _without_text(fact: object) -> object:
    """``fact`` with "…" for every string in it."""
    if isinstance(fact, Message):
        return Message(fact.id, **{name: _without_text(inner) for name, inner in fact.facts.items()})
    if isinstance(fact, list | tuple):
        return [_without_text(item) for item in fact]
    return "…" if isinstance(fact, str) else fact


def set_up(settings: Settings) -> None:
    """Configure logging of the unredacted process to standard error. Raises ValueError for an unknown level."""
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
            # At DEBUG other packages log the texts that they are given.
            "root": {"level": level if level != "DEBUG" else "INFO", "handlers": ["log"]},
            "loggers": {
                "lipsync": {"level": level},
                "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
                **{name: {"level": "NOTSET" if settings.log_texts else "CRITICAL"} for name in _TEXT_LOGGERS},
            },
        }
    )


class About(logging.Filter):
    """Adds the ids of the current request and job to each record, or empty ids."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids and let the record pass."""
        record.request, record.job = _request.get(), _job.get()
        return True


class _Lines(logging.Formatter):
    """``2025-11-20 09:12:00,123 INFO lipsync.server [request job]: message``, one line, and a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        record = _redact_record(record)
        subject = " ".join(filter(None, (getattr(record, "request", ""), getattr(record, "job", ""))))
        about = f" [{subject}]" if subject else ""
        # One record is one line: a newline from outside cannot forge another.
        message = record.getMessage().translate(_CONTROLS)
        line = f"{self.formatTime(record)} {record.levelname} {record.name}{about}: {message}"
        return "\n".join(filter(None, (line, record.exc_text, record.stack_info)))


class _Json(JsonFormatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, and request, job and extras if any."""

    def __init__(self) -> None:
        super().__init__(
            ["message", "levelname", "name"],
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
            reserved_attrs=[*logging.makeLogRecord({}).__dict__, *HAS_NO_TEXT],
        )

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_redact_record(record))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in log_data.items() if value not in ("", None)}


def _redact_record(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of the record whose exceptions are redacted."""
    record = copy.copy(record)
    unredacted = _State.texts or getattr(record, "has_no_text", False)
    if isinstance(record.args, tuple):
        record.args = tuple(_redact_value(value, unredacted) for value in record.args)
    elif isinstance(record.args, dict):
        record.args = {name: _redact_value(value, unredacted) for name, value in record.args.items()}
    record.msg = _redact_value(record.msg, unredacted)
    error = record.exc_info[1] if record.exc_info else None
    # Another handler may have left its own traceback in exc_text.
    record.exc_text = None if error is None else _format_traceback(error, unredacted)
    record.exc_info = None
    return record


def _redact_value(value: object, unredacted: bool) -> Any:
    return redact(value) if isinstance(value, BaseException) and not unredacted else value


def _format_traceback(error: BaseException, unredacted: bool) -> str:
    """Format the tracebacks of ``error`` and of its causes, the first cause first."""
    if unredacted:
        return "".join(traceback.format_exception(error)).rstrip()
    tracebacks, seen = [], set[int]()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        tracebacks.append("".join(traceback.format_tb(current.__traceback__)) + redact(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nwhich led to:\n".join(reversed(tracebacks))
