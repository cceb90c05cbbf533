"""Mouth cues as a response: the parameter ``format``, and the file in it."""

from __future__ import annotations

from flask import Request, Response

from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.mouth_cues.formats import FORMATS, MEDIA_TYPES, CuesFormat, format_cues
from lipsync.mouth_cues.types import MouthCues
from lipsync.server.describe import Media, Parameter, ResponseSpec
from lipsync.server.responses import MouthCuesAnswer

FORMAT = Parameter(
    "query",
    "format",
    "Format of the file, as Rhubarb Lip Sync writes it; default rhubarb-json.",
    {"type": "string", "enum": list(FORMATS)},
)
SOURCE = (
    "They come from the Rhubarb program where `LIPSYNC_RHUBARB` names one, else, or when it fails, "
    "from the phones of the speech."
)
"""Sentence for the description of a route."""


def cues_spec(*headers: str) -> ResponseSpec:
    """The response of a route that gives mouth cues; ``headers`` are those that it always sends besides."""
    return ResponseSpec(
        200,
        "Mouth shapes A to H and X with their times.",
        Media(types_of_text=(MEDIA_TYPES["tsv"], MEDIA_TYPES["xml"]), json=MouthCuesAnswer),
        (*headers, "X-Cues-Source"),
        ("X-Cues-Problem",),
    )


def wanted_format(request: Request) -> CuesFormat:
    """The format that ``request`` asks for. Raises InvalidFieldError bad_field."""
    name = request.args.get("format", FORMATS[0])
    format = next((one for one in FORMATS if one == name), None)
    if format is None:
        raise InvalidFieldError("bad_field", field="format", expected=Message("field.one_of", known=list(FORMATS)))
    return format


def cues_response(cues: MouthCues, format: CuesFormat, sound_file: str) -> Response:
    """``cues`` as a file; ``sound_file`` is the name of the sound that JSON and XML state."""
    response = Response(format_cues(cues, format, sound_file), mimetype=MEDIA_TYPES[format])
    response.headers["X-Cues-Source"] = cues.source
    if cues.problem is not None:
        response.headers["X-Cues-Problem"] = cues.problem.code
    response.headers["Cache-Control"] = "no-store"
    return response
