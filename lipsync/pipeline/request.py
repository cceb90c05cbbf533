"""A request for a video: every option once, with its type, limits and description.

:class:`VideoRequestFields` is what a caller may ask for. The JSON body, the form, the OpenAPI document and the
options of ``lipsync say`` are made of its fields, so a new option is one more field. :class:`VideoRequest` is the
same with every default decided; it is what a job stores and what is rendered
(:mod:`lipsync.pipeline.parse_request`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from lipsync.animation.expression import MAX_MOTION
from lipsync.errors import InvalidFieldError
from lipsync.face.avatars import shipped_avatars
from lipsync.face.background import BACKGROUND_PATTERN, is_background
from lipsync.face.box import MAX_PAD, Box, Pads, read_box, read_pads
from lipsync.face.framing import MAX_SIZE, MIN_SIZE, SIZE_PATTERN, FrameName, read_size
from lipsync.messages import Message
from lipsync.speech.engines.registry import ENGINE_FACTORIES
from lipsync.speech.style import PAUSE, PITCH, SPEED
from lipsync.subtitles.formats import SubtitleFormat
from lipsync.text.detect import AUTO
from lipsync.text.errors import TextError
from lipsync.text.languages import LANGUAGES
from lipsync.text.mood import MOODS, Mood

MIN_FPS, MAX_FPS = 10, 60
MAX_SEED = 2**32 - 1
DEFAULT_SEED = 0
"""Seed of a request that names none: the same request gives the same video."""
MAX_NAME_LENGTH = 200
"""Characters in the name of a language, an avatar or a voice."""

Engine = Literal["puppet", "wav2lip"]
EngineChoice = Literal["auto", "wav2lip", "puppet"]
AUTO_MOOD: Final = "auto"
MoodChoice = Literal[Mood, "auto"]
DEFAULT_MOOD_STRENGTH = 1.0
"""Strength of the mood of a request that names none."""


def _four_numbers(number: str, item: dict[str, object]) -> WithJsonSchema:
    """JSON schema: a string of four numbers with commas, a list of four, or null."""
    text = {"type": "string", "pattern": f"^ *{number} *(, *{number} *){{3}}$"}
    array = {"type": "array", "items": item, "minItems": 4, "maxItems": 4}
    return WithJsonSchema({"anyOf": [text, array, {"type": "null"}]})


def _without_surrogates(text: str) -> str:
    """``text``, which UTF-8 can encode. Raises LipsyncError bad_characters for a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TextError("bad_characters", character=f"U+{ord(text[error.start]):04X}") from error
    return text


def _box(value: Any) -> Box | None:
    return None if value is None else read_box(value)


def _pads(value: Any) -> Pads | None:
    return None if value is None else read_pads(value)


def _size(value: Any) -> Any:
    """``value``, checked where it is text. Raises LipsyncError bad_field."""
    if isinstance(value, str):
        read_size(value)
    return value


def _background(value: Any) -> Any:
    """``value``, checked where it is text. Raises LipsyncError bad_field."""
    if isinstance(value, str) and not is_background(value):
        raise InvalidFieldError("bad_field", field="background", expected=Message("field.background"))
    return value


def _number(minimum: float, maximum: float, meaning: str, note: str = "") -> Any:
    """A field for an optional finite number; its description states the limits, and then a ``note``."""
    description = f"{meaning}, {minimum:g} to {maximum:g}.{note and ' '}{note}"
    return Field(None, ge=minimum, le=maximum, allow_inf_nan=False, description=description)


_PUPPET_ONLY = "No effect with Wav2Lip or a video."
NAME_SCHEMA: dict[str, Any] = {"type": "string", "maxLength": MAX_NAME_LENGTH}

Text = Annotated[str, AfterValidator(_without_surrogates), WithJsonSchema({"type": "string", "minLength": 1})]
Name = Annotated[str, Field(max_length=MAX_NAME_LENGTH)]
LanguageName = Annotated[
    Name,
    WithJsonSchema(
        {"anyOf": [{"type": "string", "enum": [AUTO, *(language.code for language in LANGUAGES)]}, NAME_SCHEMA]}
    ),
]
AvatarName = Annotated[
    Name, WithJsonSchema({"type": "string", "enum": [avatar.name for avatar in shipped_avatars()]})
]
VoiceName = Annotated[Name, WithJsonSchema({"anyOf": [{"type": "string", "enum": [*ENGINE_FACTORIES]}, NAME_SCHEMA]})]
BoxField = Annotated[
    Box | None,
    BeforeValidator(_box),
    _four_numbers(r"[0-9]{1,5}(\.[0-9]{1,5})?", {"type": "number", "minimum": 0}),
]
PadsField = Annotated[
    Pads | None,
    BeforeValidator(_pads),
    _four_numbers("-?[0-9]{1,4}", {"type": "integer", "minimum": -MAX_PAD, "maximum": MAX_PAD}),
]
SizeField = Annotated[
    str | None,
    BeforeValidator(_size),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": SIZE_PATTERN}, {"type": "null"}]}),
]
BackgroundField = Annotated[
    str | None,
    BeforeValidator(_background),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": BACKGROUND_PATTERN}, {"type": "null"}]}),
]


class VideoRequestFields(BaseModel):
    """What a caller may ask for. Fields that are left out, or None, get the defaults of the settings.

    Read it with :func:`lipsync.pipeline.field_errors.read_fields`, which raises the errors that people see.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Text = Field(description="The text to speak.")
    language: LanguageName | None = Field(
        None, description="Language of the text: a code, a name, or auto to detect it."
    )
    avatar: AvatarName | None = Field(None, description="Name of a bundled avatar; ignored with a picture.")
    voice: VoiceName | None = Field(None, description="Name of a voice or of a voice engine.")
    speed: float | None = _number(*SPEED, "Speed of the speech relative to normal")
    pitch: float | None = _number(*PITCH, "Pitch shift in semitones")
    pause: float | None = _number(*PAUSE, "Length of the pauses relative to normal")
    motion: float | None = _number(
        0.0,
        MAX_MOTION,
        "Size of the motion of head and eyes relative to natural",
        f"0 keeps them still. {_PUPPET_ONLY}",
    )
    mood: MoodChoice | None = Field(
        None,
        description=f"Mood of the face: {', '.join(MOODS)}; auto finds it in the sentences of the text. Markup in "
        f"the text, such as [happy] or [sad:0.5], takes precedence until the end of its sentence. {_PUPPET_ONLY}",
    )
    mood_strength: float | None = _number(
        0.0, 1.0, "Strength of the mood, and of markup that states none", "With mood auto a factor of what is found."
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=MAX_SEED,
        description="Random seed of blinks, head and eye motion; the same seed repeats the video.",
    )
    fps: int | None = Field(None, ge=MIN_FPS, le=MAX_FPS, description=f"Frames per second, {MIN_FPS} to {MAX_FPS}.")
    engine: EngineChoice | None = Field(None, description="Animator: auto, wav2lip or puppet.")
    subtitles: SubtitleFormat | None = Field(
        None, description="Subtitle format, vtt or srt: a file beside the video and a track in it."
    )
    box: BoxField = Field(
        None,
        description="Face box x0,y0,x1,y1 in pixels of the upright picture; without it the face is detected.",
    )
    pads: PadsField = Field(
        None,
        description="Pixels top,bottom,left,right by which Wav2Lip enlarges the face box; default 0,10,0,0.",
    )
    size: SizeField = Field(
        None,
        description=f"Size of the video, such as 720x1280: even sides, {MIN_SIZE} to {MAX_SIZE} pixels; or source. "
        "Only for a picture.",
    )
    frame: FrameName | None = Field(
        None, description="Part of the picture that the video shows: source, face or bust. Only for a picture."
    )
    background: BackgroundField = Field(
        None,
        description="What is behind the person: source, blur, a colour such as #336699, picture (the file "
        "`background_image`, scaled to cover the video), or transparent: then the video is a WebM with an alpha "
        "channel (VP9 and Opus), without a stream and without a subtitle track. The outline is found by a network; "
        "it is approximate in loose hair and where the background has the colour of the person. Only for a picture.",
    )


class VideoRequest(VideoRequestFields):
    """A request with every default decided when it was submitted: settings that change later do not change its video.

    It is serialisable, and with the file behind ``picture`` it is all that another process needs to render the video.
    What no request can choose (``crf``, ``preset``, ``max_side``, ``sharpen``) remains a setting of that process.
    """

    language: str
    """Code of the language, detected where the request asked for it: ``ru``."""
    avatar: str | None
    """Name of a bundled avatar; None: the avatar is ``picture``."""
    picture: str | None
    """SHA-256, in hexadecimal, of the picture or video file that is the avatar. (Required: requests that version 0.1
    stored lack it, and are recognised by that.)"""
    background_image: str | None = None
    """SHA-256, in hexadecimal, of the picture that is the background ``picture``."""
    voice: str
    """Voice, or voice engine, that speaks first."""
    is_default_voice: bool
    """The request named no voice: where ``voice`` no longer exists, another default voice speaks."""
    speed: float
    pitch: float
    pause: float
    motion: float = 1.0
    """(With a default, like the two that follow: requests that an earlier version stored lack them.)"""
    mood: MoodChoice = "neutral"
    mood_strength: float = DEFAULT_MOOD_STRENGTH
    seed: int
    fps: int
    engine: Engine
    """The animator that ``auto`` stood for, too."""

    @property
    def avatar_name(self) -> str:
        """Name of the avatar for people: ``picture`` for a file of the caller's own."""
        return self.avatar or "picture"
