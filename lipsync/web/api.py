"""The API: what a program calls, and what the page calls."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

from flask import Blueprint, Response, request, send_file

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.file_formats import PICTURES, VIDEOS, media_type_of, media_types
from lipsync.media.decode import HEAD, is_video
from lipsync.settings import Settings
from lipsync.speech.languages import LANGUAGES
from lipsync.web import errors
from lipsync.web.answers import AvatarAnswer, AvatarsAnswer, LanguageAnswer, VoiceAnswer, VoicesAnswer
from lipsync.web.contract import faults
from lipsync.web.contract.described import CONDITIONAL, Answered, a_file, described, said
from lipsync.web.loading import Loading
from lipsync.web.reader import language_of_answer
from lipsync.web.voices import facts as voice_facts

log = logging.getLogger(__name__)

_PORTRAITS = (*media_types((*PICTURES, *VIDEOS)), "application/octet-stream")
"""By the ending of the owner's file."""


def blueprint(settings: Settings, loading: Loading) -> Blueprint:
    """The routes under ``/api``."""
    api = Blueprint("api", __name__, url_prefix="/api")
    shipped = {one.name for one in shipped_avatars()}
    own_video = settings.avatar not in shipped and _is_video(Path(settings.avatar).expanduser())

    @api.get("/voices")
    @described(
        "All voices and languages",
        Answered(200, "What can speak, and why others cannot.", VoicesAnswer),
        tag="voices",
        errors=faults.NOT_LOADED,
    )
    def voices() -> Response:
        service, reader = loading.service(), language_of_answer(request)
        known, problem = service.voices(), service.cloning.problem
        spoken = {code for voice in known for code in voice.languages}
        return said(
            VoicesAnswer(
                default=settings.language,
                languages=[LanguageAnswer(code=one.code, name=one.label) for one in LANGUAGES if one.code in spoken],
                voices=[VoiceAnswer.model_validate(asdict(voice)) for voice in known],
                added=[voice_facts(one) for one in service.cloning.voices()],
                cloning=None if problem is None else problem.sentence(reader),
                absent={name: why.sentence(reader) for name, why in service.absent_voices().items()},
            )
        )

    @api.get("/avatars")
    @described("All portraits", Answered(200, "Those that come with the server.", AvatarsAnswer), tag="portraits")
    def avatars() -> Response:
        return said(
            AvatarsAnswer(
                # Where a picture of the owner's own lies is nobody's business.
                default=settings.avatar if settings.avatar in shipped else None,
                default_moves=own_video,
                avatars=[AvatarAnswer.model_validate(one.facts(settings.max_side)) for one in shipped_avatars()],
            )
        )

    @api.get("/avatars/<name>")
    @described(
        "One picture",
        *a_file("The picture.", ("image/jpeg",)),
        tag="portraits",
        parameters=CONDITIONAL,
        errors=("unknown_avatar", "bad_range"),
        moved={"unknown_avatar": 404},
    )
    def one_avatar(name: str) -> Response:
        try:
            return send_file(avatar(name).path)
        except LipsyncError as error:
            return errors.answer(error, 404)  # here it is an address, not a mistake in a field

    @api.get("/avatar")
    @described(
        "The default portrait",
        *a_file("The picture, or the video.", _PORTRAITS),
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
            return is_video(file.read(HEAD))
    except OSError:
        return False
