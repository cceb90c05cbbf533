"""3D heads for a browser, as GLB: the one that comes with the server, and those of portraits (docs/head-3d.md)."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

from flask import Blueprint, Request, Response, request, send_file
from pydantic import BaseModel, ConfigDict, Field

from lipsync.animation.head_model.head_file import HEAD_FILE
from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.messages import Message
from lipsync.pipeline.avatar_file import read_avatar
from lipsync.pipeline.field_errors import bad_field
from lipsync.server import errors
from lipsync.server import route_errors as faults
from lipsync.server.describe import CONDITIONAL, Body, described, file_responses
from lipsync.server.request_body import part_names, read_upload
from lipsync.server.request_errors import RequestError
from lipsync.server.service_loader import Loading
from lipsync.settings import Settings

GLB = "model/gltf-binary"
_TARGETS = (
    "glTF 2.0 with KHR_mesh_quantization: morph targets with the names of ARKit's 52 blendshapes and of Oculus's 15 "
    "visemes (`viseme_PP`), bones with Mixamo's names."
)
_PORTRAIT_ERRORS = (
    *("not_a_picture", "broken_picture", "picture_too_large", "no_face", "face_too_small", "face_turned"),
    *("mouth_open", "mouth_covered"),
)
"""Raised when a picture is looked at."""


class HeadModelRequest(BaseModel):
    """The form of ``POST /api/avatar/model.glb``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: bytes = Field(description="A picture with one face.")


def blueprint(settings: Settings, loading: Loading) -> Blueprint:
    """The routes of 3D heads."""
    api = Blueprint("head_models", __name__, url_prefix="/api")
    shipped = {avatar.name for avatar in shipped_avatars()}

    @api.get("/head.glb")
    @described(
        "The 3D head that comes with the server",
        *file_responses(f"The head and shoulders of a person who does not exist. {_TARGETS}", (GLB,)),
        tag="portraits",
        parameters=CONDITIONAL,
        errors=("bad_range",),
    )
    def head() -> Response:
        return send_file(HEAD_FILE, mimetype=GLB)

    @api.get("/avatars/<name>/model.glb")
    @described(
        "3D model of a portrait",
        *file_responses(f"A relief with the picture as its texture. {_TARGETS}", (GLB,)),
        tag="portraits",
        description="It is made when it is first asked for, which takes up to a second, and kept.",
        parameters=CONDITIONAL,
        errors=("unknown_avatar", "bad_range", *faults.LOADING_ERRORS),
        status_overrides={"unknown_avatar": 404},
    )
    def avatar_model(name: str) -> Response:
        try:
            path = avatar(name).path
        except LipsyncError as error:
            return errors.answer(error, 404)  # here it is an address, not a mistake in a field
        return _send(loading.service().head_models.get(path.read_bytes()))

    @api.get("/avatar/model.glb")
    @described(
        "3D model of the default portrait",
        *file_responses(f"A relief with the picture as its texture. {_TARGETS}", (GLB,)),
        tag="portraits",
        description="A video has none: the answer is the error `not_a_picture`.",
        parameters=CONDITIONAL,
        errors=(
            *("bad_range", "file_missing", "file_is_folder", "file_forbidden", "cannot_read", "file_too_large"),
            *(*_PORTRAIT_ERRORS, *faults.LOADING_ERRORS),
        ),
    )
    def default_model() -> Response:
        service = loading.service()
        path = avatar(settings.avatar).path if settings.avatar in shipped else Path(settings.avatar)
        return _send(service.head_models.get(read_avatar(path, settings.max_upload_mb)))

    @api.post("/avatar/model.glb")
    @described(
        "3D model of a picture of your own",
        *file_responses(f"A relief with the picture as its texture. {_TARGETS}", (GLB,))[:1],
        tag="portraits",
        description="What is prepared of the picture stays in the cache, as with a video: the next time is fast.",
        body=Body(form=HeadModelRequest),
        errors=(
            *(*faults.UPLOAD_ERRORS, "wrong_type", "bad_field", "body_too_large", "file_too_large"),
            *(*_PORTRAIT_ERRORS, *faults.LOADING_ERRORS),
        ),
    )
    def own_model() -> Response:
        picture = _picture(request, int(settings.max_upload_mb * 1e6))
        return _send(loading.service().head_models.get(picture))

    return api


def _send(model: bytes) -> Response:
    tag = hashlib.sha256(model).hexdigest()[:32]
    return send_file(BytesIO(model), mimetype=GLB, conditional=True, etag=tag)


def _picture(request: Request, max_bytes: int) -> bytes:
    """The file `image` of a form. Raises LipsyncError wrong_type, bad_request, bad_field, file_too_large."""
    if request.mimetype != "multipart/form-data":
        raise RequestError("wrong_type")
    for name in part_names(request):
        if name != "image":
            raise bad_field(name, Message("field.unknown", known=["image"]))
    files = request.files.getlist("image")
    if "image" in request.form or not files:
        raise bad_field("image", Message("field.file"))
    if len(files) > 1:
        raise bad_field("image", Message("field.given_twice"))
    return read_upload(files[0], "image", max_bytes)
