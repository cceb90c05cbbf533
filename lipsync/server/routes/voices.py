"""Voices that people add and delete over the API. (The list of voices is in api.py.)"""

from __future__ import annotations

from flask import Blueprint, Request, Response, request
from pydantic import BaseModel, ConfigDict, Field

from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.pipeline.cloning import MAX_FILES
from lipsync.server import errors
from lipsync.server import route_errors as faults
from lipsync.server.describe import Body, ResponseSpec, described, json_response
from lipsync.server.request_body import part_names
from lipsync.server.request_errors import RequestError
from lipsync.server.responses import AddedVoice, DeletedAnswer
from lipsync.server.service_loader import Loading
from lipsync.speech.cloning.store import ClonedVoice
from lipsync.speech.errors import CloningError, UnknownVoiceError

_YES = ("1", "true", "on", "yes")


class VoiceRequest(BaseModel):
    """The form of ``POST /api/voices``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40, description="What it is to be called.")
    sound: list[bytes] = Field(
        min_length=1,
        max_length=MAX_FILES,
        description="Sound files of one person talking, 6 seconds to 10 minutes in all.",
    )
    may_use: str = Field(
        json_schema_extra={"enum": list(_YES)}, description="yes: whose voice it is has allowed it, or it is yours."
    )


def blueprint(loading: Loading) -> Blueprint:
    """``POST /api/voices`` and ``DELETE /api/voices/<name>``."""
    voices = Blueprint("voices", __name__, url_prefix="/api/voices")

    @voices.post("")
    @described(
        "Add a voice of your own",
        ResponseSpec(201, "It can speak now.", AddedVoice),
        tag="voices",
        body=Body(form=VoiceRequest),
        errors=faults.CLONING_ERRORS,
    )
    def add() -> tuple[Response, int]:
        name, files, confirmed = _form(request)
        added = loading.service().cloning.add(name, files, confirmed=confirmed)
        return json_response(facts(added)), 201

    @voices.delete("/<name>")
    @described(
        "Delete a voice that was added",
        ResponseSpec(200, "The voice was deleted.", DeletedAnswer),
        tag="voices",
        errors=("unknown_voice", *faults.LOADING_ERRORS),
        status_overrides={"unknown_voice": 404},
    )
    def delete(name: str) -> Response:
        try:
            loading.service().cloning.delete(name)
        except UnknownVoiceError as error:
            return errors.answer(error, 404)
        return json_response(DeletedAnswer(deleted=name))

    return voices


def facts(voice: ClonedVoice) -> AddedVoice:
    """What the API tells of a voice that was added."""
    return AddedVoice(name=voice.name, voice=f"xtts:{voice.name}", created=voice.created, seconds=voice.seconds)


def _form(request: Request) -> tuple[str, list[bytes], bool]:
    """The name, the sound files and whether their use was confirmed.

    Raises LipsyncError: wrong_type, bad_request, not_confirmed, voice_name, bad_field, no_speech.
    """
    if request.mimetype != "multipart/form-data":
        raise RequestError("wrong_type")
    for field in part_names(request):
        if field not in VoiceRequest.model_fields:
            expected = Message("field.unknown", known=list(VoiceRequest.model_fields))
            raise InvalidFieldError("bad_field", field=field[:40], expected=expected)
    confirmed = request.form.get("may_use", "").strip().lower() in _YES
    if not confirmed:
        raise CloningError("not_confirmed")
    given = request.files.getlist("sound")
    if not given or len(given) > MAX_FILES:
        expected = Message("field.sound_files", limit=MAX_FILES)
        raise InvalidFieldError("bad_field", field="sound", expected=expected)
    return request.form.get("name", ""), [file.stream.read() for file in given], confirmed
