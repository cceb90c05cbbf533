"""Voices that people add and delete over the API. (The list of voices is in api.py.)"""

from __future__ import annotations

from flask import Blueprint, Request, Response, jsonify, request

from lipsync.cloning import MOST_FILES
from lipsync.errors import LipsyncError
from lipsync.speech.cloned import ClonedVoice
from lipsync.web import errors
from lipsync.web.loading import Loading

_YES = ("1", "true", "on", "yes")


def blueprint(loading: Loading) -> Blueprint:
    """``POST /api/voices`` and ``DELETE /api/voices/<name>``."""
    voices = Blueprint("voices", __name__, url_prefix="/api/voices")

    @voices.post("")
    def add() -> tuple[Response, int]:
        name, files, confirmed = _form(request)
        added = loading.service().cloning.add(name, files, confirmed=confirmed)
        return jsonify(facts(added)), 201

    @voices.delete("/<name>")
    def delete(name: str) -> Response:
        try:
            loading.service().cloning.delete(name)
        except LipsyncError as error:
            return errors.answer(error, 404 if error.code == "unknown_voice" else None)
        return jsonify(deleted=name)

    return voices


def facts(voice: ClonedVoice) -> dict[str, object]:
    """What the API tells of a voice that was added."""
    return {"name": voice.name, "voice": f"xtts:{voice.name}", "created": voice.created, "seconds": voice.seconds}


def _form(request: Request) -> tuple[str, list[bytes], bool]:
    """The name, the sound files and whether their use was confirmed.

    Raises LipsyncError: wrong_type, not_confirmed, voice_name, bad_field, no_speech.
    """
    if request.mimetype != "multipart/form-data":
        raise LipsyncError("wrong_type")
    for field in (*request.form, *request.files):
        if field not in ("name", "may_use", "sound"):
            known = "name, may_use, sound"
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
