"""OpenAI's interface of a voice, so that whatever speaks through OpenAI may speak through this server.

``POST /v1/audio/speech`` and ``GET /v1/models``, by OpenAI's API reference of 2026, and the lists of voices and
models that clients of other speech servers ask for (``GET /v1/audio/voices``, ``GET /v1/audio/models``). Differences:
any ``model`` is accepted, ``instructions`` have no effect, ``voice`` may be one of ours, ``language`` may be given.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Annotated, Any, Literal

import numpy as np
from flask import Blueprint, Response, request
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from werkzeug.exceptions import ClientDisconnected

from lipsync.audio.encode import FORMATS, SoundWriter
from lipsync.audio.resample import Resampler
from lipsync.audio.sound_file import SoundFile
from lipsync.errors import InvalidFieldError, LipsyncError
from lipsync.messages import Message
from lipsync.pipeline.field_errors import read_fields
from lipsync.pipeline.request import NAME_SCHEMA, LanguageName, Text, VoiceName
from lipsync.pipeline.video_service import VideoService
from lipsync.server import errors
from lipsync.server import route_errors as faults
from lipsync.server.asgi.departure import has_left
from lipsync.server.caller import current
from lipsync.server.describe import Body, Media, ResponseSpec, described, json_response
from lipsync.server.locale import likely_languages, remember_request_language
from lipsync.server.request_body import read_json
from lipsync.server.responses import (
    AudioModel,
    AudioModelsAnswer,
    AudioVoice,
    AudioVoicesAnswer,
    ModelAnswer,
    ModelsAnswer,
    SpeechEvent,
    SpeechUsage,
)
from lipsync.server.server_sent_events import encode_event, without_buffering
from lipsync.server.service_loader import Loading
from lipsync.speech.style import SPEED
from lipsync.speech.types import Speech
from lipsync.text.detect import AUTO
from lipsync.text.errors import NothingToSayError
from lipsync.weights.errors import WeightsError

log = logging.getLogger(__name__)

RATE = 24000
"""Samples a second of what is sent, as OpenAI's ``pcm`` has it."""

OPENAI_VOICES = {
    **dict.fromkeys(("alloy", "coral", "fable", "marin", "nova", "sage", "shimmer"), "female"),
    **dict.fromkeys(("ash", "ballad", "cedar", "echo", "onyx", "verse"), "male"),
}
"""OpenAI's voices: for each of them the first voice of this sex speaks that there is in the language."""
SPEECH_MODELS = ("lipsync", "tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
"""Our voices, and OpenAI's names for them: many clients begin with one of those and look whether it exists."""
TRANSCRIPTION_MODELS = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
"""OpenAI's names for our speech recognition."""
MODELS = (*SPEECH_MODELS, *TRANSCRIPTION_MODELS)
_WORDLESS_S = 0.5
"""Seconds of silence for a text without letters or digits. OpenAI answers such a text with sound, and clients send
one: a full stop to check a key (sfortis/openai_tts), a line of dots or an emoji where they split an answer."""
SOUND = Media(
    tuple(dict.fromkeys(sound_format.mime for sound_format in FORMATS.values())), events=("message", SpeechEvent)
)
"""What is sent."""


CustomVoice = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "required": ["id"], "properties": {"id": NAME_SCHEMA}}),
]
"""OpenAI's form of a custom voice."""


class SpeechRequest(BaseModel):
    """The fields of ``POST /v1/audio/speech``; unknown ones are ignored, and null means the default."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        json_schema_extra={"examples": [{"input": "Hello.", "voice": "alloy", "response_format": "mp3"}]},
    )

    input: Text = Field(description="The text to speak.")
    model: str | None = Field(None, description="Any name: all of them are the same model.")
    voice: VoiceName | CustomVoice | None = Field(None, description="A voice of ours, an engine, or one of OpenAI's.")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] | None = Field(
        "mp3",
        description="WAV and FLAC, which state their length, are sent when all is spoken; the others meanwhile.",
    )
    speed: float | None = Field(1.0, ge=SPEED[0], le=SPEED[1])
    stream_format: Literal["audio", "sse"] | None = "audio"
    instructions: str | None = Field(None, description="Has no effect.")
    language: LanguageName | None = Field(None, description="An addition: a code or a name.")


def blueprint(loading: Loading) -> Blueprint:
    """The routes under ``/v1``."""
    v1 = Blueprint("openai", __name__, url_prefix="/v1")

    @v1.post("/audio/speech")
    @described(
        "Speak",
        ResponseSpec(
            200, "The sound, sent while it is spoken; or events with pieces of it.", SOUND, (), ("X-Voice",)
        ),
        tag="openai",
        description="OpenAI's `POST /v1/audio/speech`. Unknown fields are ignored. "
        "A text without letters or digits is half a second of silence.",
        body=Body(json=SpeechRequest),
        errors=(*faults.JSON_BODY_ERRORS, *faults.TEXT_ERRORS, *faults.LOADING_ERRORS, *faults.SPEECH_ERRORS),
    )
    def speech() -> Response:
        wish = _read()
        voice, sex = _voice(wish.voice)
        pieces = _speech_pieces(loading.service(), wish, voice=voice, sex=sex, likely=likely_languages(request))
        first = next(pieces)  # what is wrong with the request is found out before anything is sent
        name = wish.response_format or "mp3"
        whole = None if FORMATS[name].is_streamed else _written(chain([first], pieces), name)
        encoded = whole.read() if whole else _encoded(chain([first], pieces), name)
        if wish.stream_format == "sse":
            response = Response(_events(encoded), mimetype="text/event-stream")
        else:
            response = Response(encoded, mimetype=FORMATS[name].mime)
            if whole:
                response.content_length = whole.size
        if whole:
            response.call_on_close(whole.close)
        if first.voice:
            response.headers["X-Voice"] = first.voice.encode("ascii", "replace").decode()
        without_buffering(response)
        return response

    @v1.get("/audio/voices")
    @described(
        "Voices of the speech interface",
        ResponseSpec(200, "Our voices, then OpenAI's names for them.", AudioVoicesAnswer),
        tag="openai",
        description="For clients such as Open WebUI, which send no key. Where a key is needed and none is sent, "
        "the voices that people have added are left out.",
        errors=faults.LOADING_ERRORS,
    )
    def voices() -> Response:
        service = loading.service()
        added = (
            {f"xtts:{voice.name}" for voice in service.cloning.voices()} if "generate" not in current().scopes else ()
        )
        ours = [voice.name for voice in service.voices() if voice.name not in added]
        names = dict.fromkeys((*ours, *OPENAI_VOICES))
        return json_response(AudioVoicesAnswer(voices=[AudioVoice(id=name, name=name) for name in names]))

    @v1.get("/audio/models")
    @described(
        "Models of the speech interface",
        ResponseSpec(200, "Names of the one model that speaks.", AudioModelsAnswer),
        tag="openai",
        description="For clients such as Open WebUI, which ask without a key.",
    )
    def audio_models() -> Response:
        return json_response(AudioModelsAnswer(models=[AudioModel(id=name, name=name) for name in SPEECH_MODELS]))

    @v1.get("/models")
    @described(
        "All models",
        ResponseSpec(200, "What speaks and what hears, under each of their names.", ModelsAnswer),
        tag="openai",
    )
    def models() -> Response:
        return json_response(ModelsAnswer(object="list", data=[_model(name) for name in MODELS]))

    @v1.get("/models/<name>")
    @described(
        "One model",
        ResponseSpec(200, "The model.", ModelAnswer),
        tag="openai",
        errors=("unknown_model",),
        status_overrides={"unknown_model": 404},
    )
    def one_model(name: str) -> Response:
        if name not in MODELS:
            known = ", ".join(MODELS)
            return errors.answer(WeightsError("unknown_model", model=name[:40], known=known, field="model"), 404)
        return json_response(_model(name))

    return v1


def _model(name: str) -> ModelAnswer:
    return ModelAnswer(id=name, object="model", created=0, owned_by="lipsync")


def _speech_pieces(
    service: VideoService, wish: SpeechRequest, *, voice: str | None, sex: str, likely: list[str]
) -> Iterator[Speech]:
    """The pieces of the speech; one of silence where the text has nothing to pronounce."""
    language = wish.language or AUTO  # OpenAI's clients name none
    speed = wish.speed or 1.0
    try:
        yield from service.speak(text=wish.input, language=language, voice=voice, speed=speed, sex=sex, likely=likely)
    except NothingToSayError:
        yield Speech(np.zeros(round(_WORDLESS_S * RATE), np.float32), RATE, text=wish.input)


def _read() -> SpeechRequest:
    fields = read_json(request)
    remember_request_language(fields.get("language"))
    return read_fields(SpeechRequest, fields, text="input")


def _voice(named: str | dict[str, Any] | None) -> tuple[str | None, str]:
    """The name of a voice of ours, if it is one, else the sex that is preferred."""
    if isinstance(named, dict):
        named = named.get("id")  # how OpenAI names custom voices
        if not isinstance(named, str):
            expected = Message("field.voice_name")
            raise InvalidFieldError("bad_field", field="voice", expected=expected)
    if not named:
        return None, ""
    sex = OPENAI_VOICES.get(named.lower())
    return (named, "") if sex is None else (None, sex)


def _samples(speech: Iterator[Speech]) -> Iterator[NDArray[np.float32]]:
    """The samples of all the pieces, RATE a second, each as soon as it is spoken."""
    resampler: Resampler | None = None
    for piece in speech:
        if resampler is None:
            resampler = Resampler(piece.rate, RATE)
        yield resampler.add(piece.samples)
    if resampler is not None:
        yield resampler.finish()


def _encoded(speech: Iterator[Speech], name: str) -> Iterator[bytes]:
    """The bytes of a file of all the pieces, each as soon as it is spoken."""
    with closing(SoundWriter(name, RATE)) as writer:
        try:
            for samples in _samples(speech):
                yield from _some(writer, samples)
            yield writer.finish()
        except Exception:  # the answer has begun: all that is left is to break it off
            log.exception("the speech broke off")
            raise


def _written(speech: Iterator[Speech], name: str) -> SoundFile:
    """A file of all the pieces, when all are spoken. Raises ClientDisconnected when nobody waits for it."""
    file = SoundFile(name, RATE)
    try:
        for samples in _samples(speech):
            if has_left():
                raise ClientDisconnected
            file.add(samples)
        file.finish()
    except BaseException:
        file.close()
        raise
    return file


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
    return encode_event(event.model_dump_json(exclude_unset=True))
