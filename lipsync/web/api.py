"""The API: what a program calls, and what the page calls."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, g, jsonify, request, send_file

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.media.decode import HEAD, is_video
from lipsync.settings import Settings
from lipsync.speech.languages import LANGUAGES
from lipsync.web import errors
from lipsync.web.loading import Loading
from lipsync.web.reader import language_of_answer
from lipsync.web.voices import facts as voice_facts
from lipsync.web.wish import read_wish

if TYPE_CHECKING:
    from lipsync.speech.chain import Fallback

log = logging.getLogger(__name__)


def blueprint(settings: Settings, loading: Loading) -> Blueprint:
    """The routes under ``/api``."""
    api = Blueprint("api", __name__, url_prefix="/api")
    shipped = {one.name for one in shipped_avatars()}
    own_video = settings.avatar not in shipped and _is_video(Path(settings.avatar).expanduser())

    @api.post("/generate")
    def generate() -> Response:
        wish, picture = read_wish(request, language=settings.language, max_picture=int(settings.max_upload_mb * 1e6))
        started = time.perf_counter()
        clip = loading.service().generate(**wish.model_dump(), picture=picture)
        took = time.perf_counter() - started
        log.info("request %s: %.1f s of video in %.2f s, %s", g.request_id, clip.duration, took, clip.path.name)
        response = send_file(clip.path, mimetype="video/mp4", as_attachment=True, download_name=clip.path.name)
        response.headers["Server-Timing"] = server_timing(clip.timings)
        response.headers["X-Voice"] = quote(clip.voice, safe=":")
        if clip.fallbacks:
            response.headers["X-Voice-Fallbacks"] = voice_fallbacks(clip.fallbacks, language_of_answer(request))
        response.headers["Cache-Control"] = "no-store"
        return response

    @api.get("/health")
    def health() -> tuple[Response, int]:
        status = loading.status()
        if failure := loading.failure:
            said = errors.answer(failure)
            return jsonify({**status, **said.get_json()}), said.status_code
        return jsonify(status), 200 if status["status"] == "ready" else 503

    @api.get("/voices")
    def voices() -> Response:
        service, reader = loading.service(), language_of_answer(request)
        known, problem = service.voices(), service.cloning.problem
        spoken = {code for voice in known for code in voice.languages}
        return jsonify(
            default=settings.language,
            languages=[{"code": one.code, "name": one.label} for one in LANGUAGES if one.code in spoken],
            voices=[asdict(voice) for voice in known],
            added=[voice_facts(one) for one in service.cloning.voices()],
            cloning=None if problem is None else problem.sentence(reader),
            absent={name: why.sentence(reader) for name, why in service.absent_voices().items()},
        )

    @api.get("/avatars")
    def avatars() -> Response:
        return jsonify(
            # Where a picture of the owner's own lies is nobody's business.
            default=settings.avatar if settings.avatar in shipped else None,
            default_moves=own_video,
            avatars=[asdict(one) for one in shipped_avatars()],
        )

    @api.get("/avatars/<name>")
    def one_avatar(name: str) -> Response:
        try:
            return send_file(avatar(name).path)
        except LipsyncError as error:
            return errors.answer(error, 404)  # here it is an address, not a mistake in a field

    @api.get("/avatar")
    def default_avatar() -> Response:
        own = Path(settings.avatar).expanduser().absolute()
        return send_file(avatar(settings.avatar).path if settings.avatar in shipped else own)

    return api


def _is_video(path: Path) -> bool:
    """Whether the owner's avatar is a video; what else is wrong with it, the service says when it loads."""
    try:
        with path.open("rb") as file:
            return is_video(file.read(HEAD))
    except OSError:
        return False


def server_timing(seconds: Mapping[str, float]) -> str:
    """The header of that name (W3C Server Timing): ``speech;dur=12.3, total;dur=45.6``, milliseconds."""
    return ", ".join(
        f"{re.sub(r'[^A-Za-z0-9_-]', '-', stage)};dur={duration * 1000:.1f}" for stage, duration in seconds.items()
    )


def voice_fallbacks(fallbacks: Sequence[Fallback], language: str) -> str:
    """The header ``X-Voice-Fallbacks``: JSON in ASCII, one object for each voice that could not go on."""
    told = [
        {
            "engine": one.engine,
            "reason": one.reason,
            "sentence": one.sentence[language],
            "piece": one.piece,
            "voice": one.voice,
        }
        for one in fallbacks
    ]
    return json.dumps(told, ensure_ascii=True, separators=(",", ":"))
