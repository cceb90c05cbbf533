"""Which field of a request an error concerns: sent with the error as ``field``."""

from __future__ import annotations

from collections.abc import Mapping

from lipsync.errors import LipsyncError
from lipsync.server.route_errors import PORTRAIT_ERRORS

CODES_BY_FIELD: Mapping[str, tuple[str, ...]] = {
    "text": ("empty_text", "nothing_to_say", "text_too_long", "bad_characters", "voice_cannot_say"),
    "language": ("unknown_language", "hearing_language"),
    "voice": ("unknown_voice", "voice_language"),
    "avatar": ("unknown_avatar",),
    "image": (*PORTRAIT_ERRORS, "video_needs_wav2lip", "file_too_large"),
    "image_url": ("picture_address", "picture_unreachable"),
    "box": ("bad_box",),
    "engine": ("no_wav2lip",),
    "webhook": ("webhooks_off", "webhook_address"),
    "name": ("voice_name", "voice_exists"),
    "sound": (
        *("not_a_sound", "broken_sound", "sound_too_long", "no_speech", "sample_too_short", "sample_too_quiet"),
        *("sample_clipped", "several_speakers"),
    ),
    "may_use": ("not_confirmed",),
}
"""Error codes by the field of a request; a code that is not here concerns none, or several."""
_FIELD_BY_CODE = {code: field for field, codes in CODES_BY_FIELD.items() for code in codes}


def field_of(error: LipsyncError) -> str | None:
    """Name of the field that ``error`` concerns: the one that the error itself names, or that of its code."""
    named = error.facts.get("field")
    return named if isinstance(named, str) else _FIELD_BY_CODE.get(error.code)
