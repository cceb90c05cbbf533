"""Cleaning of input text: Unicode normalization, removal of characters without sound, and checks."""

from __future__ import annotations

import unicodedata

from lipsync.text.errors import NothingToSayError, TextError

_SPOKEN_SYMBOLS = "°№"
"""Symbols (category So) that are read aloud; the others of that category are emoji and ornaments."""

REPLACEMENT = "\ufffd"
"""Written by decoders in place of bytes that they cannot read, so the text around it is corrupt."""

_LINE_ENDS = str.maketrans({"\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


def clean_text(text: str, max_length: int) -> str:
    """Return ``text`` in NFC without characters that have no sound: zero-width characters, soft hyphens, emoji.

    Raises TextError for an empty text, more than ``max_length`` characters, lone surrogates, control characters or
    U+FFFD; NothingToSayError if no letter or digit is left.
    """
    check_length(text, len(text), max_length)
    return remove_soundless(compose(text))[0]


def check_length(text: str, length: int, max_length: int) -> None:
    """Raise TextError if ``text`` is empty, or ``length``, its number of characters, is above ``max_length``."""
    if not text.strip():
        raise TextError("empty_text")
    if length > max_length:
        raise TextError("text_too_long", length=length, limit=max_length)


def compose(text: str) -> str:
    """Return ``text`` in NFC with ``\\n`` as the only line end.

    Raises TextError for lone surrogates, control characters or U+FFFD.
    """
    lines = text.replace("\r\n", "\n").translate(_LINE_ENDS)
    for character in lines:
        control = unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n"
        if control or character == REPLACEMENT:
            raise TextError("bad_characters", character=f"U+{ord(character):04X}")
    return unicodedata.normalize("NFC", lines)


def remove_soundless(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the characters of ``text`` that have a sound, without space at the ends, and the index of each in
    ``text``.

    Raises NothingToSayError if no letter or digit is left.
    """
    kept = [index for index, character in enumerate(text) if not _has_no_sound(character)]
    speakable = "".join(text[index] for index in kept)
    start, end = len(speakable) - len(speakable.lstrip()), len(speakable.rstrip())
    if not is_speakable(speakable):
        raise NothingToSayError("nothing_to_say")
    return speakable[start:end], tuple(kept[start:end])


def drop_soundless(text: str) -> str:
    """Return ``text`` without characters that have no sound, such as emoji; spaces stay."""
    return "".join(character for character in text if not _has_no_sound(character))


def is_speakable(text: str) -> bool:
    """Whether ``text`` has a letter or a digit."""
    return any(character.isalnum() for character in text)


def _has_no_sound(character: str) -> bool:
    """Whether it is an emoji, a joiner, a variation selector, a skin tone, or a private or unassigned character."""
    category = unicodedata.category(character)
    return (
        category in ("Cf", "Cn", "Co", "Me")
        or (category == "So" and character not in _SPOKEN_SYMBOLS)
        or "\ufe00" <= character <= "\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
