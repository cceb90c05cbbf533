"""Voices that people add and delete over the API. (The list of voices is in api.py.)"""

from __future__ import annotations

from flask import Blueprint, Request, Response, request
from pydantic import BaseModel, ConfigDict, Field

from lipsync.cloning import MOST_FILES
from lipsync.errors import LipsyncError
from lipsync.speech.cloned import ClonedVoice
from lipsync.web import errors
from lipsync.web.answers import AddedVoice, DeletedAnswer
from lipsync.web.contract import faults
from lipsync.web.contract.described import Answered, Body, described, said
from lipsync.web.loading import Loading
from lipsync.web.wish import part_names

_YES = ("1", "true", "on", "yes")


class VoiceWish(BaseModel):
    """The form of ``POST /api/voices``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40, description="What it is to be called.")
    sound: list[bytes] = Field(
        min_length=1,
        max_length=MOST_FILES,
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
        Answered(201, "It can speak now.", AddedVoice),
        tag="voices",
        body=Body(form=VoiceWish),
        errors=faults.LEARNING,
    )
    def add() -> tuple[Response, int]:
        name, files, confirmed = _form(request)
        added = loading.service().cloning.add(name, files, confirmed=confirmed)
        return said(facts(added)), 201

    @voices.delete("/<name>")
    @described(
        "Delete a voice that was added",
        Answered(200, "It is no more.", DeletedAnswer),
        tag="voices",
        errors=("unknown_voice", *faults.NOT_LOADED),
        moved={"unknown_voice": 404},
    )
    def delete(name: str) -> Response:
        try:
            loading.service().cloning.delete(name)
        except LipsyncError as error:
            return errors.answer(error, 404 if error.code == "unknown_voice" else None)
        return said(DeletedAnswer(deleted=name))

    return voices


def facts(voice: ClonedVoice) -> AddedVoice:
    """What the API tells of a voice that was added."""
    return AddedVoice(name=voice.name, voice=f"xtts:{voice.name}", created=voice.created, seconds=voice.seconds)


def _form(request: Request) -> tuple[str, list[bytes], bool]:
    """The name, the sound files and whether their use was confirmed.

    Raises LipsyncError: wrong_type, bad_request, not_confirmed, voice_name, bad_field, no_speech.
    """
    if request.mimetype != "multipart/form-data":
        raise LipsyncError("wrong_type")
    for field in part_names(request):
        if field not in VoiceWish.model_fields:
            known = ", ".join(VoiceWish.model_fields)
            expected = {"en": f"there is no such field; these are: {known}", "ru": f"такого нет; есть: {known}"}
            raise LipsyncError("bad_field", field=field[:40], expected=expected)
    confirmed = request.form.get("may_use", "").strip().lower() in _YES
    if not confirmed:
        raise LipsyncError("not_confirmed")
    given = request.files.getlist("sound")
    if not given or len(given) > MOST_FILES:
        expected = {
            "en": f"one to {MOST_FILES} sound files",
            "ru": f"нужно от одного до {MOST_FILES} звуковых файлов",
        }
        raise LipsyncError("bad_field", field="sound", expected=expected)
    return request.form.get("name", ""), [file.stream.read() for file in given], confirmed
