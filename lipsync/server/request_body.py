"""The body of a request for a video: JSON or a form, checked field by field before any work is done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Annotated, Any, NoReturn

from flask import Request
from pydantic import ConfigDict, Field, WithJsonSchema
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from lipsync.messages import Message
from lipsync.pipeline.field_errors import bad_field, read_fields
from lipsync.pipeline.request import VideoRequestFields
from lipsync.server.locale import remember_request_language
from lipsync.server.request_errors import RequestError
from lipsync.storage.errors import StorageError
from lipsync.text.charset import decode_text

_BODY = Message("source.body")
"""Where the text of a JSON request stands."""
_MAX_URL_LENGTH = 2000

Url = Annotated[
    str,
    Field(max_length=_MAX_URL_LENGTH),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": _MAX_URL_LENGTH}),
]


class VideoRequestBody(VideoRequestFields):
    """A request for a video: what is said, by whom, and how; only `text` is required."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Hello. How nice to say a word at last.", "language": "en"}]},
    )

    image_url: Url | None = Field(
        None, description="URL (https) of a picture or a short video, in place of the file `image`."
    )
    webhook: Url | None = Field(None, description="URL that is notified when the job has ended.")

    @property
    def fields(self) -> VideoRequestFields:
        """The fields that describe the video."""
        return VideoRequestFields(**{name: getattr(self, name) for name in VideoRequestFields.model_fields})


@dataclass(frozen=True)
class RequestFiles:
    """The files that came with a request: bytes, or None."""

    image: bytes | None = None
    background_image: bytes | None = None


def read_video_request(request: Request, *, max_picture_bytes: int) -> tuple[VideoRequestBody, RequestFiles]:
    """The body of a request, and the files that came with it.

    Raises LipsyncError: no_body, wrong_type, not_utf8, bad_json, not_an_object, file_too_large, empty_text,
    bad_characters, bad_box, bad_field.
    """
    if not request.content_length and not request.headers.get("Transfer-Encoding"):
        raise RequestError("no_body")
    if request.mimetype == "multipart/form-data":
        fields, files = _form(request, max_picture_bytes)
        strict = False  # a form has only strings: "25" is a number there
    elif request.is_json:
        fields, files = read_json(request), RequestFiles()
        strict = True
    else:
        raise RequestError("wrong_type")
    remember_request_language(fields.get("language"))
    body = read_fields(VideoRequestBody, fields, strict=strict)
    if body.image_url is not None and files.image is not None:
        raise bad_field("image_url", Message("field.picture_and_url"))
    return body, files


def read_json(request: Request) -> dict[str, Any]:
    """The object in a request's body. Raises LipsyncError no_body, not_utf8, bad_json, not_an_object."""
    body = request.get_data()
    if request.max_content_length and len(body) >= request.max_content_length:
        raise RequestEntityTooLarge  # werkzeug cuts a body of no stated length here without a word
    if not body.strip():
        raise RequestError("no_body")
    stated = request.mimetype_params.get("charset")
    utf = json.detect_encoding(body)  # by its first bytes, also UTF-16 and UTF-32 without a byte order mark
    text = decode_text(body, stated if utf == "utf-8" else utf, source=_BODY)
    try:
        fields = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # also NaN and a number of 5000 digits
        raise RequestError("bad_json") from error
    if not isinstance(fields, dict):
        raise RequestError("not_an_object")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def part_names(request: Request) -> list[str]:
    """The names of a form's fields and files. Raises LipsyncError bad_request: one of them has none."""
    names: list[str | None] = [*request.form, *request.files]  # what werkzeug says is a string, need not be one
    if None in names:
        raise RequestError("bad_request")
    return [name for name in names if name is not None]


def read_upload(file: FileStorage, name: str, max_bytes: int) -> bytes:
    """The bytes of ``file``, which the field ``name`` of a form holds. Raises StorageError file_too_large."""
    data: bytes = file.stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise StorageError("file_too_large", limit=f"{max_bytes / 1e6:g}", field=name)
    return data


def _form(request: Request, max_picture_bytes: int) -> tuple[dict[str, Any], RequestFiles]:
    for name in part_names(request):
        if len(request.form.getlist(name)) + len(request.files.getlist(name)) > 1:
            raise bad_field(name, Message("field.given_twice"))
    known = [field.name for field in dataclass_fields(RequestFiles)]
    for name in request.files:
        if name not in known:
            raise bad_field(name, Message("field.picture_in_image"))
    for name in known:
        if name in request.form:
            raise bad_field(name, Message("field.file"))
    # A field that a person left empty arrives as "": it was not given. An empty text is an empty text.
    fields: dict[str, Any] = {name: value for name, value in request.form.items() if value or name == "text"}
    return fields, RequestFiles(**{name: _file(request, name, max_picture_bytes) for name in known})


def _file(request: Request, name: str, max_bytes: int) -> bytes | None:
    """The bytes of a file of a form; None where none was chosen. Raises StorageError file_too_large."""
    file = request.files.get(name)
    if file is None:
        return None
    data = read_upload(file, name, max_bytes)
    return data if data or file.filename else None  # what a browser sends when no file was chosen
