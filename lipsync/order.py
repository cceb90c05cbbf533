"""An order: what a request wants, every field of it checked before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Required, TypedDict, Unpack

from lipsync.avatar_file import check_size, name_or_path, read_avatar
from lipsync.engines import Engine, Engines
from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar as shipped_avatar
from lipsync.face.box import Box, Pads, read_box, read_pads
from lipsync.media.decode import is_video
from lipsync.progress import Meanwhile
from lipsync.settings import Settings
from lipsync.speech.chain import Speaking, VoiceChain
from lipsync.speech.script import Script, script_of
from lipsync.speech.style import read_style
from lipsync.subtitles.formats import Format, read_format

FPS = (10, 60)
"""Least and most frames a second."""
SEEDS = 2**32
"""A seed is below this."""
SEED = 0
"""Of a request that names none: the same request gives the same video."""


class Wanted(TypedDict, total=False):
    """What a request may want; what is left out, or None, is the setting's."""

    text: Required[str]
    language: str | None
    """A code, a name, or auto: found from the text."""
    likely: Sequence[str] | None
    """Codes of languages that the person uses, the likeliest first: for ``auto`` where the text leaves it open."""
    avatar: str | Path | None
    """The name of a shipped one, or the Path of a picture or a video; a web request has no paths, only names."""
    voice: str | None
    """The name of a voice or of a voice engine."""
    speed: float | None
    """Times as fast, as in :class:`lipsync.speech.types.Style`."""
    pitch: float | None
    """Semitones higher."""
    pause: float | None
    """Times as long pauses."""
    seed: int | None
    fps: int | None
    picture: bytes | None
    """The bytes of a picture or a video file; it comes before ``avatar``."""
    engine: str | None
    """auto, wav2lip or puppet."""
    box: str | Sequence[float] | None
    """The face: x0, y0, x1, y1 in pixels of the picture as it came, upright; or a string of four numbers."""
    pads: str | Sequence[float] | None
    """What Wav2Lip's box grows by: top, bottom, left, right."""
    subtitles: str | None
    """vtt or srt: written beside the video under its name, and a track in it."""


@dataclass(frozen=True)
class Order:
    """A request whose every field has been checked."""

    pieces: Speaking
    script: Script
    avatar: str
    """Its name; ``picture`` for one of the caller's own."""
    picture: bytes
    """A picture file or a video file."""
    fps: int
    seed: int
    engine: Engine
    box: Box | None
    pads: Pads | None
    subtitles: Format | None

    @property
    def moves(self) -> bool:
        """Whether the avatar is a video."""
        return is_video(self.picture)


def take_order(
    settings: Settings,
    engines: Engines,
    voices: VoiceChain,
    /,
    *,
    meanwhile: Meanwhile | None = None,
    **wanted: Unpack[Wanted],
) -> Order:
    """All that can be said about a request before any work is done.

    ``meanwhile`` will be called while its voices are waited for.

    Raises LipsyncError: empty_text, text_too_long, bad_characters, nothing_to_say, unknown_language, unknown_voice,
    unknown_avatar, bad_field, bad_box, file_too_large, what :func:`lipsync.avatar_file.read_avatar` raises,
    no_wav2lip, video_needs_wav2lip.
    """
    style = read_style(wanted.get("speed"), wanted.get("pitch"), wanted.get("pause"))
    script = read_script(settings, wanted["text"], wanted.get("language"), wanted.get("likely"))
    subtitles, fps, seed = wanted.get("subtitles"), wanted.get("fps"), wanted.get("seed")
    titled = None if subtitles is None else read_format(subtitles)
    fps = _a_number("fps", settings.fps if fps is None else fps, *FPS)
    seed = _a_number("seed", SEED if seed is None else seed, 0, SEEDS - 1)
    engine = engines.choose(wanted.get("engine"))
    name, data, sex = _picture(settings, wanted.get("avatar"), wanted.get("picture"))
    box, pads = wanted.get("box"), wanted.get("pads")
    face, grown = None if box is None else read_box(box), None if pads is None else read_pads(pads)
    if is_video(data):
        if engine == "puppet":
            raise LipsyncError("video_needs_wav2lip")
        if face is not None:
            expected = {"en": "it is for pictures, not for a video", "ru": "она для картинок, а не для видео"}
            raise LipsyncError("bad_field", field="box", expected=expected)
    pieces = voices.speak(script.spoken, script.language, wanted.get("voice"), style, sex=sex, meanwhile=meanwhile)
    return Order(pieces, script, name, data, fps, seed, engine, face, grown, titled)


@dataclass(frozen=True)
class Checked:
    """What is known of an order that could be taken, before any work is done."""

    characters: int
    """Length of what will be spoken, all in words."""
    language: str
    """Code: ``ru``."""
    avatar: str
    """Its name; ``picture`` for a picture or a video of the caller's own."""


def read_script(settings: Settings, text: object, language: object, likely: Sequence[str] | None = None) -> Script:
    """What is to be said, in words, and its language. Raises LipsyncError as :func:`take_order`."""
    named = _a_string("language", language or settings.language)
    return script_of(_a_string("text", text), named, settings.max_text, likely or ())


def _picture(settings: Settings, avatar: str | Path | None, picture: bytes | None) -> tuple[str, bytes, str]:
    """The portrait's name, its file's bytes, and the sex of the voice that fits it, empty if it is not known."""
    if picture is not None:
        check_size(len(picture), settings.max_upload_mb)
        return "picture", picture, ""
    if avatar is None:
        avatar = name_or_path(settings.avatar)
    if isinstance(avatar, Path):
        return "picture", read_avatar(avatar, settings.max_upload_mb), ""
    one = shipped_avatar(_a_string("avatar", avatar))
    return one.name, one.path.read_bytes(), one.sex


def _a_string(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise LipsyncError("bad_field", field=field, expected={"en": "a string is expected", "ru": "нужна строка"})
    return value


def _a_number(field: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        expected = {
            "en": f"a whole number from {least} to {most} is expected",
            "ru": f"нужно целое число от {least} до {most}",
        }
        raise LipsyncError("bad_field", field=field, expected=expected)
    return value
