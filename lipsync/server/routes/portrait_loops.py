"""``/api/v1/avatars/<name>/loops/<kind>.mp4``: a portrait that does not speak, for a page that shows it meanwhile."""

from __future__ import annotations

import io

from flask import Blueprint, Response, abort, send_file

from lipsync.conversation.portrait_loops import LOOP_KINDS
from lipsync.conversation.service import ConversationService
from lipsync.errors import LipsyncError
from lipsync.server import errors
from lipsync.server import route_errors as faults
from lipsync.server.describe import CONDITIONAL, described, file_responses

_DEFAULT = "default"
"""Name of the avatar of the settings, which may be a file of the owner."""


def blueprint(conversations: ConversationService) -> Blueprint:
    """The route of the loops."""
    api = Blueprint("portrait_loops", __name__, url_prefix="/api/v1/avatars")

    @api.get("/<name>/loops/<kind>.mp4")
    @described(
        "A portrait that does not speak",
        *file_responses("Some seconds of video that end as they begin.", ("video/mp4",)),
        tag="portraits",
        description="`idle`, `listening` or `thinking`: what a page repeats while nobody speaks. It begins and ends "
        "with the portrait at rest, as answers begin. `default` is the avatar of a persona that names none. It is "
        "drawn at the first request, which takes seconds, and kept.",
        parameters=CONDITIONAL,
        errors=(*faults.LOADING_ERRORS, "unknown_avatar", "bad_range"),
        status_overrides={"unknown_avatar": 404},
    )
    def loop(name: str, kind: str) -> Response:
        known_kind = next((known for known in LOOP_KINDS if known == kind), None)
        if known_kind is None:
            abort(404)
        try:
            key, video = conversations.loops.get(None if name == _DEFAULT else name, known_kind)
        except LipsyncError as error:
            return errors.answer(error, 404 if error.code == "unknown_avatar" else None)
        response = send_file(io.BytesIO(video), mimetype="video/mp4", conditional=True, etag=key)
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    return api
