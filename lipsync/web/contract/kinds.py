"""Fields of requests, whose description says more than their type: what is checked where the field is used, with a
sentence of its own, is told here by the same numbers and names."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from lipsync.engines import ENGINES
from lipsync.face.avatars import shipped_avatars
from lipsync.face.box import MOST_PAD
from lipsync.order import FPS as FRAMES
from lipsync.order import SEEDS
from lipsync.speech.detect import AUTO
from lipsync.speech.installed import MAKERS
from lipsync.speech.languages import LANGUAGES
from lipsync.speech.style import PAUSE, PITCH, SPEED
from lipsync.subtitles.formats import FORMATS

NAME = 200
"""Most characters in the name of a language, an avatar or a voice."""
ADDRESS = 2000
"""Most characters in an address."""

_ANY_NAME = {"type": "string", "maxLength": NAME}


def _within(kind: str, least: float, most: float) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "minimum": least, "maximum": most})


def _one_of(names: list[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": names})


def _four(number: str, item: dict[str, object]) -> WithJsonSchema:
    """A string of four numbers, or a list of them; or null, as what is of any type is not told so by itself."""
    text = {"type": "string", "pattern": f"^ *{number} *(, *{number} *){{3}}$"}
    some = {"type": "array", "items": item, "minItems": 4, "maxItems": 4}
    return WithJsonSchema({"anyOf": [text, some, {"type": "null"}]})


Text = Annotated[str, WithJsonSchema({"type": "string", "minLength": 1})]
Name = Annotated[str, Field(max_length=NAME)]
Address = Annotated[
    str, Field(max_length=ADDRESS), WithJsonSchema({"type": "string", "format": "uri", "maxLength": ADDRESS})
]
Language = Annotated[
    Name,
    WithJsonSchema({"anyOf": [{"type": "string", "enum": [AUTO, *(one.code for one in LANGUAGES)]}, _ANY_NAME]}),
]
Avatar = Annotated[Name, _one_of([one.name for one in shipped_avatars()])]
VoiceName = Annotated[Name, WithJsonSchema({"anyOf": [{"type": "string", "enum": [*MAKERS]}, _ANY_NAME]})]
Drawer = Annotated[Name, _one_of([*ENGINES])]
Titles = Annotated[Name, _one_of([*FORMATS])]
Speed = Annotated[float, _within("number", *SPEED)]
Pitch = Annotated[float, _within("number", *PITCH)]
Pause = Annotated[float, _within("number", *PAUSE)]
Seed = Annotated[int, _within("integer", 0, SEEDS - 1)]
Fps = Annotated[int, _within("integer", *FRAMES)]
Corners = Annotated[Any, _four(r"[0-9]{1,5}(\.[0-9]{1,5})?", {"type": "number", "minimum": 0})]
Margins = Annotated[Any, _four("-?[0-9]{1,4}", {"type": "integer", "minimum": -MOST_PAD, "maximum": MOST_PAD})]
NamedVoice = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "required": ["id"], "properties": {"id": _ANY_NAME}}),
]
"""How OpenAI names a voice of the caller's own."""
