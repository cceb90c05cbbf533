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
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import ClientDisconnected

from lipsync.errors import LipsyncError
from lipsync.media.resample import Resampler
from lipsync.media.sound_file import SoundFile
from lipsync.media.sound_writer import FORMATS, SoundWriter
from lipsync.serving.client import has_left
from lipsync.speech.detect import AUTO
from lipsync.speech.style import SPEED
from lipsync.speech.types import Speech
from lipsync.web import errors
from lipsync.web.answers import (
    AudioModel,
    AudioModelsAnswer,
    AudioVoice,
    AudioVoicesAnswer,
    ModelAnswer,
    ModelsAnswer,
    SpeechEvent,
    SpeechUsage,
)
from lipsync.web.caller import current
from lipsync.web.contract import faults, kinds
from lipsync.web.contract.described import Answered, Body, Media, described, said
from lipsync.web.loading import Loading, Service
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
MODELS = ("lipsync", "tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
"""Our model, and OpenAI's names for it: many clients begin with one of those and look whether it exists."""
_WORDLESS_S = 0.5
"""Seconds of silence for a text without letters or digits. OpenAI answers such a text with sound, and clients send
one: a full stop to check a key (sfortis/openai_tts), a line of dots or an emoji where they split an answer."""
SOUND = Media(tuple(dict.fromkeys(one.mime for one in FORMATS.values())), events=("message", SpeechEvent))
"""What is sent."""


class SpeechWish(BaseModel):
    """The fields of ``POST /v1/audio/speech``; unknown ones are ignored, and null means the default."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        json_schema_extra={"examples": [{"input": "Hello.", "voice": "alloy", "response_format": "mp3"}]},
    )

    input: kinds.Text = Field(description="The text to speak.")
    model: str | None = Field(None, description="Any name: all of them are the same model.")
    voice: kinds.VoiceName | kinds.NamedVoice | None = Field(
        None, description="A voice of ours, an engine, or one of OpenAI's."
    )
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] | None = Field(
        "mp3",
        description="WAV and FLAC, which state their length, are sent when all is spoken; the others meanwhile.",
    )
    speed: Annotated[float, Field(ge=SPEED[0], le=SPEED[1])] | None = 1.0
    stream_format: Literal["audio", "sse"] | None = "audio"
    instructions: str | None = Field(None, description="Has no effect.")
    language: kinds.Language | None = Field(None, description="An addition: a code or a name.")


def blueprint(loading: Loading) -> Blueprint:
    """The routes under ``/v1``."""
    v1 = Blueprint("openai", __name__, url_prefix="/v1")

    @v1.post("/audio/speech")
    @described(
        "Speak",
        Answered(200, "The sound, sent while it is spoken; or events with pieces of it.", SOUND, (), ("X-Voice",)),
        tag="openai",
        means="OpenAI's `POST /v1/audio/speech`. Unknown fields are ignored. "
        "A text without letters or digits is half a second of silence.",
        body=Body(json=SpeechWish),
        errors=(*faults.JSON_BODY, *faults.SCRIPT, *faults.NOT_LOADED, *faults.SPEAKING),
    )
    def speech() -> Response:
        wish = _read()
        voice, sex = _voice(wish.voice)
        pieces = _spoken(loading.service(), wish, voice=voice, sex=sex, likely=likely_languages(request))
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
        response.headers["X-Accel-Buffering"] = "no"  # nginx would gather the whole
        return response

    @v1.get("/audio/voices")
    @described(
        "Voices of the speech interface",
        Answered(200, "Our voices, then OpenAI's names for them.", AudioVoicesAnswer),
        tag="openai",
        means="For clients such as Open WebUI, which ask without a key. Where a key is needed and none is given, "
        "the voices that people have added are left out.",
        errors=faults.NOT_LOADED,
    )
    def voices() -> Response:
        service = loading.service()
        added = {f"xtts:{one.name}" for one in service.cloning.voices()} if "generate" not in current().scopes else ()
        ours = [one.name for one in service.voices() if one.name not in added]
        names = dict.fromkeys((*ours, *OPENAI_VOICES))
        return said(AudioVoicesAnswer(voices=[AudioVoice(id=name, name=name) for name in names]))

    @v1.get("/audio/models")
    @described(
        "Models of the speech interface",
        Answered(200, "Names of the one model.", AudioModelsAnswer),
        tag="openai",
        means="For clients such as Open WebUI, which ask without a key.",
    )
    def audio_models() -> Response:
        return said(AudioModelsAnswer(models=[AudioModel(id=name, name=name) for name in MODELS]))

    @v1.get("/models")
    @described("All models", Answered(200, "The one model, under each of its names.", ModelsAnswer), tag="openai")
    def models() -> Response:
        return said(ModelsAnswer(object="list", data=[_model(name) for name in MODELS]))

    @v1.get("/models/<name>")
    @described(
        "One model",
        Answered(200, "The model.", ModelAnswer),
        tag="openai",
        errors=("unknown_model",),
        moved={"unknown_model": 404},
    )
    def one_model(name: str) -> Response:
        if name not in MODELS:
            return errors.answer(LipsyncError("unknown_model", model=name[:40], known=", ".join(MODELS)), 404)
        return said(_model(name))

    return v1


def _model(name: str) -> ModelAnswer:
    return ModelAnswer(id=name, object="model", created=0, owned_by="lipsync")


def _spoken(
    service: Service, wish: SpeechWish, *, voice: str | None, sex: str, likely: list[str]
) -> Iterator[Speech]:
    """The pieces of the speech; one of silence where the text has nothing to pronounce."""
    language = wish.language or AUTO  # OpenAI's clients name none
    speed = wish.speed or 1.0
    try:
        yield from service.speak(text=wish.input, language=language, voice=voice, speed=speed, sex=sex, likely=likely)
    except LipsyncError as error:
        if error.code != "nothing_to_say":
            raise
        yield Speech(np.zeros(round(_WORDLESS_S * RATE), np.float32), RATE, text=wish.input)


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
    return f"data: {event.model_dump_json(exclude_unset=True)}\n\n".encode()
