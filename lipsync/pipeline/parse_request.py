"""From the fields of a request to all that a render needs, before any work is done."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lipsync.errors import InvalidFieldError
from lipsync.face.avatars import avatar as bundled_avatar
from lipsync.face.background import PICTURE, TRANSPARENT, UNCHANGED
from lipsync.face.framing import MAX_SIZE, MIN_SIZE, SOURCE, Framing, read_size
from lipsync.messages import Message
from lipsync.pipeline.animators import AnimatorFactory
from lipsync.pipeline.avatar_file import check_size, name_or_path, read_avatar
from lipsync.pipeline.errors import AnimatorError
from lipsync.pipeline.request import DEFAULT_MOOD_STRENGTH, DEFAULT_SEED, VideoRequest, VideoRequestFields
from lipsync.settings import Settings
from lipsync.speech.chain import SpeechStream, VoiceChain
from lipsync.speech.errors import UnknownVoiceError
from lipsync.speech.types import Style
from lipsync.storage.file_signature import is_mp4_audio
from lipsync.text.script import Script, prepare_script
from lipsync.video.decode import is_video
from lipsync.video.errors import VideoError


@dataclass(frozen=True)
class ParsedRequest:
    """A request and what it refers to."""

    request: VideoRequest
    script: Script
    picture: bytes | None
    """The file whose SHA-256 is ``request.picture``; None where the avatar is a bundled one."""
    background_image: bytes | None = None
    """The file whose SHA-256 is ``request.background_image``; None for another background."""

    @property
    def avatar(self) -> bytes:
        """The picture or video file of the avatar."""
        return (
            self.picture if self.picture is not None else bundled_avatar(self.request.avatar or "").path.read_bytes()
        )

    @property
    def is_video(self) -> bool:
        """Whether the avatar is a video."""
        return self.picture is not None and is_video(self.picture)

    @property
    def is_transparent(self) -> bool:
        """Whether the video has no background: it is a WebM with an alpha channel then."""
        return self.request.background == TRANSPARENT

    @property
    def characters(self) -> int:
        """Length of the text as it is spoken, all in words."""
        return len(self.script.spoken_text)


def parse_request(
    fields: VideoRequestFields,
    picture: bytes | None,
    *,
    settings: Settings,
    animators: AnimatorFactory,
    voices: VoiceChain,
    likely: Sequence[str] = (),
    background_image: bytes | None = None,
) -> ParsedRequest:
    """Decide every default of a request by ``settings``, and check what can be checked without rendering.

    ``picture`` is a picture or video file of the caller's own, which takes precedence over ``fields.avatar``;
    ``likely`` are codes of languages that the person uses, the likeliest first, for a text whose language is not
    clear. ``background_image`` is a picture file for behind the person.

    Raises LipsyncError: empty_text, text_too_long, bad_characters, nothing_to_say, unknown_language, unknown_voice,
    unknown_avatar, bad_field, file_too_large, what :func:`lipsync.pipeline.avatar_file.read_avatar` raises (for the
    default avatar), no_wav2lip, video_needs_wav2lip, sound_only.
    """
    script = prepare_script(fields.text, fields.language or settings.language, settings.max_text, likely)
    if background_image is not None:
        check_size(len(background_image), settings.max_upload_mb)
        if fields.background is None:
            fields = fields.model_copy(update={"background": PICTURE})
    if (background_image is not None) != (fields.background == PICTURE):
        raise InvalidFieldError("bad_field", field="background", expected=Message("field.background_image"))
    engine = animators.choose(fields.engine)
    name, picture = _resolve_avatar(settings, fields.avatar, picture)
    if picture is not None and is_video(picture):
        if engine == "puppet":
            if is_mp4_audio(picture):
                raise VideoError("sound_only")
            raise AnimatorError("video_needs_wav2lip")
        if fields.box is not None:
            raise InvalidFieldError("bad_field", field="box", expected=Message("field.box_for_pictures"))
        framing = framing_of(fields)
        if not framing.is_source:
            named = next(
                name for name in ("size", "frame", "background") if getattr(framing, name) != getattr(Framing(), name)
            )
            raise InvalidFieldError("bad_field", field=named, expected=Message("field.framing_for_pictures"))
    _check_size(framing_of(fields), settings)
    style = style_of(fields)
    request = VideoRequest(
        text=fields.text,
        language=script.language,
        avatar=name,
        picture=_digest(picture),
        background_image=_digest(background_image),
        voice=voices.first_voice(script.language, fields.voice, _sex(name)),
        is_default_voice=not fields.voice,
        speed=style.speed,
        pitch=style.pitch,
        pause=style.pause,
        motion=settings.motion if fields.motion is None else fields.motion,
        mood=settings.mood if fields.mood is None else fields.mood,
        mood_strength=DEFAULT_MOOD_STRENGTH if fields.mood_strength is None else fields.mood_strength,
        seed=DEFAULT_SEED if fields.seed is None else fields.seed,
        fps=settings.fps if fields.fps is None else fields.fps,
        engine=engine,
        subtitles=fields.subtitles,
        box=fields.box,
        pads=fields.pads,
        size=fields.size,
        frame=fields.frame,
        background=fields.background,
    )
    return ParsedRequest(request, script, picture, background_image)


def restore_request(
    request: VideoRequest, picture: bytes | None, background_image: bytes | None = None
) -> ParsedRequest:
    """A request that was parsed before, perhaps by another process, with its files.

    Raises ValueError where ``picture`` or ``background_image`` is not the file that the request refers to.
    """
    for name, file in (("picture", picture), ("background_image", background_image)):
        if _digest(file) != getattr(request, name):
            raise ValueError(f"the request's {name} is {getattr(request, name)}, not {_digest(file)}")
    script = prepare_script(request.text, request.language, len(request.text))
    return ParsedRequest(request, script, picture, background_image)


def _digest(file: bytes | None) -> str | None:
    """SHA-256 of a file, in hexadecimal."""
    return None if file is None else hashlib.sha256(file).hexdigest()


def start_speech(parsed: ParsedRequest, voices: VoiceChain) -> SpeechStream:
    """The speech of a request, sentence by sentence. Raises LipsyncError unknown_voice."""
    request, script = parsed.request, parsed.script
    style = style_of(request)
    sex = _sex(request.avatar)
    try:
        return voices.speak(script.spoken_text, script.language, request.voice, style, sex=sex)
    except UnknownVoiceError:
        if not request.is_default_voice:
            raise
        return voices.speak(script.spoken_text, script.language, None, style, sex=sex)


def style_of(fields: VideoRequestFields) -> Style:
    """The speaking style of a request; what it leaves out is that of the voice itself."""
    return Style(**fields.model_dump(include={"speed", "pitch", "pause"}, exclude_none=True))


def framing_of(fields: VideoRequestFields) -> Framing:
    """The part of the picture that a request wants to see, and at which size."""
    size = None if fields.size is None else read_size(fields.size)
    background = fields.background or UNCHANGED
    return Framing(fields.frame or SOURCE, size, TRANSPARENT if background == PICTURE else background)


def _check_size(framing: Framing, settings: Settings) -> None:
    """Raise bad_field for a video whose longer side is above the setting ``max_side``."""
    if framing.size is not None and max(framing.size) > settings.max_side:
        expected = Message("field.size", minimum=MIN_SIZE, maximum=min(MAX_SIZE, settings.max_side))
        raise InvalidFieldError("bad_field", field="size", expected=expected)


def _resolve_avatar(settings: Settings, avatar: str | None, picture: bytes | None) -> tuple[str | None, bytes | None]:
    """The name of a bundled avatar, or the bytes of a picture or video file."""
    if picture is not None:
        check_size(len(picture), settings.max_upload_mb)
        return None, picture
    default = name_or_path(settings.avatar) if avatar is None else avatar
    if isinstance(default, Path):
        return None, read_avatar(default, settings.max_upload_mb)
    return bundled_avatar(default).name, None


def _sex(avatar: str | None) -> str:
    """The sex of the voice that fits a bundled avatar; empty where it is not known."""
    return "" if avatar is None else bundled_avatar(avatar).sex
