"""OpenAI's interface of a voice, so that whatever speaks through OpenAI may speak through this server.

``POST /v1/audio/speech`` and ``GET /v1/models``, by OpenAI's API reference of 2026. What is other here: any ``model``
is taken, ``instructions`` are not heeded, ``voice`` may be one of ours, and ``language`` may be said as well.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any, Literal

import numpy as np
from flask import Blueprint, Response, request
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lipsync.errors import LipsyncError
from lipsync.media.resample import Resampler
from lipsync.media.sound_writer import FORMATS, SoundWriter
from lipsync.speech.detect import AUTO
from lipsync.speech.style import SPEED
from lipsync.speech.types import Speech
from lipsync.web import errors
from lipsync.web.answers import ModelAnswer, ModelsAnswer, SpeechEvent, SpeechUsage
from lipsync.web.contract import faults, kinds
from lipsync.web.contract.described import Answered, Body, Media, described, said
from lipsync.web.loading import Loading
from lipsync.web.reader import likely_languages, note_spoken
from lipsync.web.wish import read_json

log = logging.getLogger(__name__)

RATE = 24000
"""Samples a second of what is sent, as OpenAI's ``pcm`` has it."""

OPENAI_VOICES = {
    **dict.fromkeys(("alloy", "coral", "fable", "marin", "nova", "sage", "shimmer"), "female"),
    **dict.fromkeys(("ash", "ballad", "cedar", "echo", "onyx", "verse"), "male"),
}
"""OpenAI's voices: for each of them the first voice of this sex speaks that there is in the language."""
MODEL = "lipsync"
SOUND = Media(tuple(dict.fromkeys(one.mime for one in FORMATS.values())), events=("message", SpeechEvent))
"""What is sent."""


class SpeechWish(BaseModel):
    """The fields of ``POST /v1/audio/speech``; others are not heeded, as new ones come with new clients."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        json_schema_extra={"examples": [{"input": "Hello.", "voice": "alloy", "response_format": "mp3"}]},
    )

    input: kinds.Text = Field(description="What is said.")
    model: str = Field("", description="Any: there is one.")
    voice: kinds.VoiceName | kinds.NamedVoice | None = Field(
        None, description="A voice of ours, an engine, or one of OpenAI's."
    )
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=SPEED[0], le=SPEED[1])
    stream_format: Literal["audio", "sse"] = "audio"
    instructions: str | None = Field(None, description="Not heeded.")
    language: kinds.Language | None = Field(None, description="Ours: a code or a name.")


def blueprint(loading: Loading) -> Blueprint:
    """The routes under ``/v1``."""
    v1 = Blueprint("openai", __name__, url_prefix="/v1")

    @v1.post("/audio/speech")
    @described(
        "Speak",
        Answered(200, "The sound, sent while it is spoken; or events with pieces of it.", SOUND, ("X-Voice",)),
        tag="openai",
        means="OpenAI's `POST /v1/audio/speech`. Other fields than these are not heeded.",
        body=Body(json=SpeechWish),
        errors=(*faults.JSON_BODY, *faults.SCRIPT, *faults.NOT_LOADED, *faults.SPEAKING),
    )
    def speech() -> Response:
        wish = _read()
        voice, sex = _voice(wish.voice)
        spoken = loading.service().speak(
            text=wish.input,
            language=wish.language or AUTO,  # OpenAI's clients name none
            voice=voice,
            speed=wish.speed,
            sex=sex,
            likely=likely_languages(request),
        )
        first = next(spoken)  # what is wrong with the request is found out before anything is sent
        encoded = _encoded(chain([first], spoken), wish.response_format)
        if wish.stream_format == "sse":
            response = Response(_events(encoded), mimetype="text/event-stream")
        else:
            response = Response(encoded, mimetype=FORMATS[wish.response_format].mime)
        response.headers["X-Voice"] = first.voice.encode("ascii", "replace").decode()
        response.headers["X-Accel-Buffering"] = "no"  # nginx would gather the whole
        return response

    @v1.get("/models")
    @described("All models", Answered(200, "There is one.", ModelsAnswer), tag="openai")
    def models() -> Response:
        return said(ModelsAnswer(object="list", data=[_model(MODEL)]))

    @v1.get("/models/<name>")
    @described(
        "One model",
        Answered(200, "The one there is.", ModelAnswer),
        tag="openai",
        errors=("unknown_model",),
        moved={"unknown_model": 404},
    )
    def one_model(name: str) -> Response:
        if name != MODEL:
            return errors.answer(LipsyncError("unknown_model", model=name[:40], known=MODEL), 404)
        return said(_model(MODEL))

    return v1


def _model(name: str) -> ModelAnswer:
    return ModelAnswer(id=name, object="model", created=0, owned_by="lipsync")


def _read() -> SpeechWish:
    fields = read_json(request)
    note_spoken(fields.get("language"))
    try:
        return SpeechWish.model_validate(fields)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
    field = str(problem["loc"][0])
    if field == "input" and problem["type"] == "missing":
        raise LipsyncError("empty_text")
    if problem["type"] == "string_unicode":
        raise LipsyncError("bad_characters", character="U+D800–U+DFFF")
    allowed = problem.get("ctx", {}).get("expected")
    low, high = SPEED
    expected = {
        "speed": {"en": f"a number from {low:g} to {high:g}", "ru": f"нужно число от {low:g} до {high:g}"},
        "language": {"en": "the code of a language is expected", "ru": "нужен код языка"},
    }.get(field, {"en": f"expected is {allowed or 'a string'}", "ru": f"нужно: {allowed or 'строка'}"})
    raise LipsyncError("bad_field", field=field, expected=expected)


def _voice(named: str | dict[str, Any] | None) -> tuple[str | None, str]:
    """The name of a voice of ours, if it is one, and the sex that is preferred where it is none."""
    if isinstance(named, dict):
        named = named.get("id")  # how OpenAI names custom voices
        if not isinstance(named, str):
            expected = {"en": "a name is expected", "ru": "нужно имя"}
            raise LipsyncError("bad_field", field="voice", expected=expected)
    if not named:
        return None, ""
    sex = OPENAI_VOICES.get(named.lower())
    return (named, "") if sex is None else (None, sex)


def _encoded(speech: Iterator[Speech], name: str) -> Iterator[bytes]:
    """The bytes of a file of all the pieces, each as soon as it is spoken."""
    with closing(SoundWriter(name, RATE)) as writer:
        resampler: Resampler | None = None
        try:
            for piece in speech:
                if resampler is None:
                    resampler = Resampler(piece.rate, RATE)
                yield from _some(writer, resampler.add(piece.samples))
            if resampler is not None:
                yield from _some(writer, resampler.finish())
            yield writer.finish()
        except Exception:  # the answer has begun: all that is left is to break it off
            log.exception("the speech broke off")
            raise


def _some(writer: SoundWriter, samples: NDArray[np.float32]) -> Iterator[bytes]:
    if data := writer.add(samples):
        yield data


def _events(encoded: Iterator[bytes]) -> Iterator[bytes]:
    """The same as server-sent events."""
    try:
        for data in encoded:
            if data:
                yield _event(SpeechEvent(type="speech.audio.delta", audio=base64.b64encode(data).decode()))
    except LipsyncError as error:
        yield _event(SpeechEvent(type="error", error=errors.openai_problem(error, "en").error))
        return
    yield _event(
        SpeechEvent(type="speech.audio.done", usage=SpeechUsage(input_tokens=0, output_tokens=0, total_tokens=0))
    )


def _event(event: SpeechEvent) -> bytes:
    return f"data: {event.model_dump_json(exclude_unset=True)}\n\n".encode()
