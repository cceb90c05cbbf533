"""The API: what a program calls, and what the page calls."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

from flask import Blueprint, Response, request, send_file

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.server import errors
from lipsync.server import route_errors as faults
from lipsync.server.describe import CONDITIONAL, ResponseSpec, described, file_responses, json_response
from lipsync.server.locale import answer_language
from lipsync.server.responses import AvatarAnswer, AvatarsAnswer, LanguageAnswer, VoiceAnswer, VoicesAnswer
from lipsync.server.routes.voices import facts as voice_facts
from lipsync.server.service_loader import Loading
from lipsync.settings import Settings
from lipsync.storage.file_formats import PICTURES, VIDEOS, media_type_of, media_types
from lipsync.text.languages import LANGUAGES
from lipsync.video.decode import SIGNATURE_BYTES, is_video

log = logging.getLogger(__name__)

_PORTRAITS = (*media_types((*PICTURES, *VIDEOS)), "application/octet-stream")
"""By the ending of the owner's file."""


def blueprint(settings: Settings, loading: Loading) -> Blueprint:
    """The routes under ``/api``."""
    api = Blueprint("api", __name__, url_prefix="/api")
    shipped = {avatar.name for avatar in shipped_avatars()}
    own_video = settings.avatar not in shipped and _is_video(Path(settings.avatar).expanduser())

    @api.get("/voices")
    @described(
        "All voices and languages",
        ResponseSpec(200, "What can speak, and why others cannot.", VoicesAnswer),
        tag="voices",
        errors=faults.LOADING_ERRORS,
    )
    def voices() -> Response:
        service, reader = loading.service(), answer_language(request)
        known, problem = service.voices(), service.cloning.problem
        spoken = {code for voice in known for code in voice.languages}
        return json_response(
            VoicesAnswer(
                default=settings.language,
                languages=[
                    LanguageAnswer(code=language.code, name=language.label)
                    for language in LANGUAGES
                    if language.code in spoken
                ],
                voices=[VoiceAnswer.model_validate(asdict(voice)) for voice in known],
                added=[voice_facts(voice) for voice in service.cloning.voices()],
                cloning=None if problem is None else problem.message(reader),
                absent={name: why.message(reader) for name, why in service.absent_voices().items()},
            )
        )

    @api.get("/avatars")
    @described("All portraits", ResponseSpec(200, "Those that come with the server.", AvatarsAnswer), tag="portraits")
    def avatars() -> Response:
        return json_response(
            AvatarsAnswer(
                # Where a picture of the owner's own lies is nobody's business.
                default=settings.avatar if settings.avatar in shipped else None,
                default_moves=own_video,
                avatars=[
                    AvatarAnswer.model_validate(avatar.facts(settings.max_side)) for avatar in shipped_avatars()
                ],
            )
        )

    @api.get("/avatars/<name>")
    @described(
        "One picture",
        *file_responses("The picture.", ("image/jpeg",)),
        tag="portraits",
        parameters=CONDITIONAL,
        errors=("unknown_avatar", "bad_range"),
        status_overrides={"unknown_avatar": 404},
    )
    def one_avatar(name: str) -> Response:
        try:
            return send_file(avatar(name).path)
        except LipsyncError as error:
            return errors.answer(error, 404)  # here it is an address, not a mistake in a field

    @api.get("/avatar")
    @described(
        "The default portrait",
        *file_responses("The picture, or the video.", _PORTRAITS),
        tag="portraits",
        parameters=CONDITIONAL,
        errors=("bad_range",),
    )
    def default_avatar() -> Response:
        own = Path(settings.avatar).expanduser().absolute()
        path = avatar(settings.avatar).path if settings.avatar in shipped else own
        return send_file(path, mimetype=media_type_of(path))

    return api


def _is_video(path: Path) -> bool:
    """Whether the owner's avatar is a video; what else is wrong with it, the service says when it loads."""
    try:
        with path.open("rb") as file:
            return is_video(file.read(SIGNATURE_BYTES))
    except OSError:
        return False
