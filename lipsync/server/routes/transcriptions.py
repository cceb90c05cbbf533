"""OpenAI's ``POST /v1/audio/transcriptions``: the words in a recording, by OpenAI's API reference of 2026.

Differences: any ``model`` is accepted, ``prompt`` and ``temperature`` have no effect, the languages are those of this
server, and streaming sends a piece of up to half a minute at a time, in ``json`` and ``text`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Literal

from flask import Blueprint, Request, Response, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import ClientDisconnected

from lipsync.errors import LipsyncError
from lipsync.hearing.recording import read_recording
from lipsync.hearing.transcribers import file_transcriber
from lipsync.hearing.types import RATE, Transcript
from lipsync.hearing.whisper import join_parts
from lipsync.messages import Message
from lipsync.pipeline.field_errors import bad_field, read_fields
from lipsync.server import errors
from lipsync.server import route_errors as faults
from lipsync.server.asgi.departure import has_left
from lipsync.server.describe import Body, Media, ResponseSpec, described, json_response
from lipsync.server.locale import remember_request_language
from lipsync.server.request_body import part_names
from lipsync.server.request_errors import RequestError
from lipsync.server.server_sent_events import encode_event, without_buffering
from lipsync.server.transcription_formats import (
    TranscriptionAnswer,
    TranscriptionEvent,
    short_answer,
    subtitles,
    usage_of,
    verbose_answer,
)
from lipsync.settings import Settings
from lipsync.text.detect import AUTO
from lipsync.text.languages import resolve_language

_GRANULARITIES = "timestamp_granularities[]"
_WITH_TIMES = ("srt", "vtt", "verbose_json")
"""Formats that have times."""
TRANSCRIPT = Media(
    types_of_text=("text/plain", "text/vtt"), json=TranscriptionAnswer, events=("message", TranscriptionEvent)
)
"""What the route answers: a text, JSON, or events with pieces of the text."""


class TranscriptionRequest(BaseModel):
    """The form of ``POST /v1/audio/transcriptions``; other fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: bytes = Field(description="The recording: WAV, WebM, Ogg, MP3, M4A, MP4, FLAC and others.")
    model: str | None = Field(None, description="Any name: all of them are the same model.")
    language: str | None = Field(None, description="A code or a name; it is detected where none is given.")
    prompt: str | None = Field(None, description="Has no effect.")
    response_format: Literal["json", "text", "srt", "vtt", "verbose_json"] = "json"
    temperature: float | None = Field(None, description="Has no effect.")
    granularities: list[Literal["word", "segment"]] = Field(
        ["segment"], alias=_GRANULARITIES, description="What has times in `verbose_json`."
    )
    stream: bool = Field(False, description="Send events; with `json` and `text` alone.")


def blueprint(settings: Settings) -> Blueprint:
    """``POST /v1/audio/transcriptions``."""
    routes = Blueprint("transcriptions", __name__, url_prefix="/v1/audio")

    @routes.post("/transcriptions")
    @described(
        "Transcribe",
        ResponseSpec(200, "The words; or events with pieces of them.", TRANSCRIPT),
        tag="openai",
        description="OpenAI's `POST /v1/audio/transcriptions`. Unknown fields are ignored. "
        "A recording in which nobody speaks has an empty text.",
        body=Body(form=TranscriptionRequest),
        errors=faults.HEARING_ERRORS,
    )
    def transcribe() -> Response:
        form = _read(request)
        samples = read_recording(form.file, max_seconds=settings.max_recording_s)
        language, duration = _language(form.language), len(samples) / RATE
        parts = file_transcriber(settings).stream(samples, language, timestamps=form.response_format in _WITH_TIMES)
        first = list(islice(parts, 1))  # what is missing here is found out before anything is sent
        parts = chain(first, parts)
        if form.stream:
            events = _events(parts, duration)
            return without_buffering(Response(events, mimetype="text/event-stream"))
        return _answer(join_parts(_while_awaited(parts), language, duration), form)

    return routes


def _read(request: Request) -> TranscriptionRequest:
    """The form. Raises LipsyncError: wrong_type, bad_request, bad_field."""
    if request.mimetype != "multipart/form-data":
        raise RequestError("wrong_type")
    names = part_names(request)
    fields: dict[str, object] = {name: request.form[name] for name in names if request.form.get(name)}
    remember_request_language(fields.get("language"))
    files = request.files.getlist("file")
    if len(files) != 1:
        raise bad_field("file", Message("field.one_file"))
    fields["file"] = files[0].stream.read()
    fields.pop(_GRANULARITIES, None)
    if granularities := [name for name in request.form.getlist(_GRANULARITIES) if name]:
        fields[_GRANULARITIES] = granularities
    form = read_fields(TranscriptionRequest, fields, strict=False)
    if form.stream and form.response_format in _WITH_TIMES:
        raise bad_field("stream", Message("field.stream_format"))
    return form


def _language(named: str | None) -> str | None:
    """The code of the language; None: it is to be detected. Raises UnknownLanguageError."""
    return None if named is None or named == AUTO else resolve_language(named).code


def _while_awaited(parts: Iterator[Transcript]) -> Iterator[Transcript]:
    """The parts in order. Raises ClientDisconnected when the caller has closed the connection."""
    for part in parts:
        if has_left():
            raise ClientDisconnected
        yield part


def _answer(transcript: Transcript, form: TranscriptionRequest) -> Response:
    if form.response_format == "text":
        return Response(f"{transcript.text}\n", mimetype="text/plain")
    if form.response_format == "srt":
        return Response(subtitles(transcript, "srt"), mimetype="text/plain")
    if form.response_format == "vtt":
        return Response(subtitles(transcript, "vtt"), mimetype="text/vtt")
    if form.response_format == "json":
        return json_response(short_answer(transcript))
    kinds = form.granularities
    return json_response(verbose_answer(transcript, segments="segment" in kinds, words="word" in kinds))


def _events(parts: Iterator[Transcript], duration: float) -> Iterator[bytes]:
    """The text as server-sent events."""
    text = ""
    try:
        for part in parts:
            delta = f" {part.text}" if text else part.text
            text += delta
            yield _event(TranscriptionEvent(type="transcript.text.delta", delta=delta))
    except LipsyncError as error:
        yield _event(TranscriptionEvent(type="error", error=errors.openai_problem(error, "en").error))
        return
    yield _event(TranscriptionEvent(type="transcript.text.done", text=text, usage=usage_of(duration)))


def _event(event: TranscriptionEvent) -> bytes:
    return encode_event(event.model_dump_json(exclude_unset=True))
