"""What a request wishes: JSON or a form, checked field by field before anything is made."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import RequestEntityTooLarge

from lipsync.charset import decode_text
from lipsync.errors import LipsyncError
from lipsync.web.contract import kinds
from lipsync.web.reader import note_spoken

_BODY = {"en": "the body", "ru": "тело запроса"}
"""Where the text of a JSON request stands."""


class Wish(BaseModel):
    """What is said, how, and by whom."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"text": "Hello. How nice to say a word at last.", "language": "en"}]},
    )

    # What a value may be, is for the service to say; the types are described by the same bounds.
    text: kinds.Text = Field(description="What is said.")
    language: kinds.Language | None = Field(None, description="In which language: a code, a name, or auto.")
    avatar: kinds.Avatar | None = Field(None, description="Name of a portrait; not used with a picture.")
    voice: kinds.VoiceName | None = Field(None, description="Name of a voice, or of a voice engine.")
    speed: kinds.Speed | None = Field(None, description="Times as fast, 0.25 to 4.")
    pitch: kinds.Pitch | None = Field(None, description="Semitones higher, -12 to 12.")
    pause: kinds.Pause | None = Field(None, description="Times as long pauses, 0 to 5.")
    seed: kinds.Seed | None = Field(None, description="The same seed gives the same video.")
    fps: kinds.Fps | None = Field(None, description="Frames a second.")
    engine: kinds.Drawer | None = Field(None, description="What draws: auto, wav2lip or puppet.")
    subtitles: kinds.Titles | None = Field(None, description="vtt or srt: a track of them in the video.")
    box: kinds.Corners = Field(
        None, description="The face: x0,y0,x1,y1 in pixels of the picture, upright; else it is found."
    )
    pads: kinds.Margins = Field(
        None, description="Wav2Lip's box grows by top,bottom,left,right pixels; 0,10,0,0 if not given."
    )
    image_url: kinds.Address | None = Field(
        None,
        exclude=True,  # what is dumped goes to the service, which gets the picture itself
        description="Address (https) of the picture or short video, in place of the file image.",
    )
    webhook: kinds.Address | None = Field(None, description="Address that is told when the job has ended.")


def read_wish(request: Request, *, language: str, max_picture: int) -> tuple[Wish, bytes | None]:
    """The wish in a request's body, and the bytes of the picture that came with it.

    ``language`` is that of a request that names none; ``max_picture`` is in bytes. Raises LipsyncError: no_body,
    wrong_type, not_utf8, bad_json, not_an_object, file_too_large, empty_text, bad_characters, bad_field.
    """
    if not request.content_length and not request.headers.get("Transfer-Encoding"):
        raise LipsyncError("no_body")
    if request.mimetype == "multipart/form-data":
        fields, picture = _form(request, max_picture)
        strict = False  # a form has only strings: "25" is a number there
    elif request.is_json:
        fields, picture = read_json(request), None
        strict = True
    else:
        raise LipsyncError("wrong_type")
    note_spoken(fields.get("language"))
    if fields.get("language") is None:
        fields["language"] = language
    for name in fields:
        if name not in Wish.model_fields:
            known = ", ".join(Wish.model_fields)
            raise _bad_field(name, f"there is no such field; these are: {known}", f"такого нет; есть: {known}")
    try:
        wish = Wish.model_validate(fields, strict=strict)
    except ValidationError as error:
        _refuse(error.errors(include_url=False)[0])
    if wish.image_url is not None and picture is not None:
        raise _bad_field("image_url", "it is not given together with image", "оно не даётся вместе с image")
    return wish, picture


def read_json(request: Request) -> dict[str, Any]:
    """The object in a request's body. Raises LipsyncError no_body, not_utf8, bad_json, not_an_object."""
    body = request.get_data()
    if request.max_content_length and len(body) >= request.max_content_length:
        raise RequestEntityTooLarge  # werkzeug cuts a body of no stated length here without a word
    if not body.strip():
        raise LipsyncError("no_body")
    stated = request.mimetype_params.get("charset")
    utf = json.detect_encoding(body)  # by its first bytes, also UTF-16 and UTF-32 without a byte order mark
    text = decode_text(body, stated if utf == "utf-8" else utf, source=_BODY)
    try:
        fields = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # also NaN and a number of 5000 digits
        raise LipsyncError("bad_json") from error
    if not isinstance(fields, dict):
        raise LipsyncError("not_an_object")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def part_names(request: Request) -> list[str]:
    """The names of a form's fields and files. Raises LipsyncError bad_request: one of them has none."""
    names: list[str | None] = [*request.form, *request.files]  # what werkzeug says is a string, need not be one
    if None in names:
        raise LipsyncError("bad_request")
    return [name for name in names if name is not None]


def _form(request: Request, max_picture: int) -> tuple[dict[str, Any], bytes | None]:
    for name in part_names(request):
        if len(request.form.getlist(name)) + len(request.files.getlist(name)) > 1:
            raise _bad_field(name, "it is given more than once", "оно дано несколько раз")
    for name in request.files:
        if name != "image":
            raise _bad_field(name, "the picture is sent as “image”", "картинка присылается в поле «image»")
    if "image" in request.form:
        raise _bad_field("image", "a file is expected", "нужен файл")
    # A field that a person left empty arrives as "": it was not given. An empty text is an empty text.
    fields: dict[str, Any] = {name: value for name, value in request.form.items() if value or name == "text"}
    file = request.files.get("image")
    if file is None:
        return fields, None
    picture = file.stream.read(max_picture + 1)
    if len(picture) > max_picture:
        raise LipsyncError("file_too_large", limit=f"{max_picture / 1e6:g}")
    if not picture and not file.filename:  # what a browser sends when no file was chosen
        return fields, None
    return fields, picture


def _refuse(problem: ErrorDetails) -> NoReturn:
    """Say what pydantic found, in our own words."""
    field = str(problem["loc"][0])
    kind = problem["type"]
    if field == "text" and kind == "missing":
        raise LipsyncError("empty_text")
    if field == "text" and kind == "string_unicode":
        lone = next(c for c in str(problem["input"]) if "\ud800" <= c <= "\udfff")
        raise LipsyncError("bad_characters", character=f"U+{ord(lone):04X}")
    if kind == "string_too_long":
        most = problem["ctx"]["max_length"]
        raise _bad_field(field, f"at most {most} characters", f"не больше {most} символов")
    if kind.startswith("string"):
        raise _bad_field(field, "a string is expected", "нужна строка")
    if kind.startswith("float"):
        raise _bad_field(field, "a number is expected", "нужно число")
    raise _bad_field(field, "a whole number is expected", "нужно целое число")


def _bad_field(field: str, english: str, russian: str) -> LipsyncError:
    """``bad_field`` with the name as far as it can be shown."""
    shown = field[:40].encode("utf-8", "backslashreplace").decode()
    return LipsyncError("bad_field", field=shown, expected={"en": english, "ru": russian})
