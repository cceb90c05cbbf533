"""What callers send to conversations: checked, bounded, without HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request
from pydantic import TypeAdapter, ValidationError

from lipsync.conversation.types import MAX_HISTORY_MESSAGES, MAX_MESSAGE_CHARACTERS, ChatRequest
from lipsync.errors import LipsyncError
from lipsync.language_models.types import Message as ChatMessage
from lipsync.messages import Message
from lipsync.pipeline.field_errors import bad_field, read_fields
from lipsync.server.request_body import read_json
from lipsync.text.clean_message import clean_message

MAX_HISTORY_CHARACTERS = 64_000
"""Characters of all messages of a history; the language model reads only the last ones anyway."""
_HISTORY = "conversation_history"
_MESSAGES = TypeAdapter(tuple[ChatMessage, ...])


def read_chat(request: Request) -> ChatRequest:
    """The body of ``POST /api/v1/chat``. Raises LipsyncError: what :func:`read_json` raises, bad_field, empty_text,
    nothing_to_say, text_too_long, bad_characters."""
    fields = read_json(request)
    history = _history(fields.pop(_HISTORY, None))
    message = fields.get("message")
    if isinstance(message, str):
        fields["message"] = clean_question(message, "message")
    wish = read_fields(ChatRequest, fields, text="message")
    return wish.model_copy(update={_HISTORY: history})


def clean_question(text: str, field: str) -> str:
    """``text`` of a person, without HTML. Raises LipsyncError, which names the ``field``."""
    try:
        return clean_message(text, MAX_MESSAGE_CHARACTERS)
    except LipsyncError as error:
        raise with_field(error, field) from error


def with_field(error: LipsyncError, field: str) -> LipsyncError:
    """The same error, which names the ``field`` that it concerns."""
    facts: Mapping[str, Any] = {**error.facts, "field": field}
    return type(error)(error.code, **facts)


def _history(value: object) -> tuple[ChatMessage, ...]:
    expected = Message("field.messages", limit=MAX_HISTORY_MESSAGES, characters=MAX_HISTORY_CHARACTERS)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_HISTORY_MESSAGES:
        raise bad_field(_HISTORY, expected)
    try:
        messages = _MESSAGES.validate_python(value)
        "".join(message.content for message in messages).encode()
    except (ValidationError, UnicodeEncodeError) as error:
        raise bad_field(_HISTORY, expected) from error
    if sum(len(message.content) for message in messages) > MAX_HISTORY_CHARACTERS:
        raise bad_field(_HISTORY, expected)
    return tuple(message for message in messages if message.role != "system")  # who it is, the persona knows
