"""What a person typed -> what can be spoken, sentence by sentence."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from lipsync.errors import LipsyncError

LONGEST = 400
"""Characters in one piece of speech: half a minute, which bounds the memory and the wait for the first frame."""

_SPOKEN_SYMBOLS = "°№"
"""Symbols (category So) that are read aloud; the rest of that category are emoji and ornaments."""

REPLACEMENT = "\ufffd"
"""What a decoder writes in place of bytes that it cannot read: the words around it are not what a person wrote."""

_LINE_ENDS = str.maketrans({"\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


def clean_text(text: str, max_length: int) -> str:
    """``text`` in NFC without what has no sound: zero-width characters, soft hyphens, emoji.

    Raises LipsyncError: ``empty_text`` (nothing but blanks), ``text_too_long`` (over ``max_length`` characters),
    ``bad_characters`` (half of a surrogate pair, control characters, U+FFFD, which stands where somebody decoded the
    text wrongly), ``nothing_to_say`` (no letter, no digit).
    """
    if not text.strip():
        raise LipsyncError("empty_text")
    if len(text) > max_length:
        raise LipsyncError("text_too_long", length=len(text), limit=max_length)
    lines = text.replace("\r\n", "\n").translate(_LINE_ENDS)
    for character in lines:
        control = unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n"
        if control or character == REPLACEMENT:
            raise LipsyncError("bad_characters", character=f"U+{ord(character):04X}")
    clean = "".join(c for c in unicodedata.normalize("NFC", lines) if not _is_mute(c)).strip()
    if not can_be_said(clean):
        raise LipsyncError("nothing_to_say")
    return clean


def can_be_said(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(character.isalnum() for character in text)


def _is_mute(character: str) -> bool:
    """Emoji, joiners, variation selectors, skin tones, private and unassigned characters."""
    category = unicodedata.category(character)
    return (
        category in ("Cf", "Cn", "Co", "Me")
        or (category == "So" and character not in _SPOKEN_SYMBOLS)
        or "\ufe00" <= character <= "\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def sentences(text: str, language: str) -> Iterator[str]:
    """The sentences of ``text`` in order, none longer than LONGEST, each with something to say.

    ``language`` is a code. Boundaries are the library sentencex's, but for those before a small letter, which it
    sets after «т. е.» and inside direct speech, and those after initials and titles.
    """
    for line in text.splitlines():
        for sentence in _joined(line, language):
            yield from (part for part in _parts(sentence) if can_be_said(part))


def _joined(line: str, language: str) -> Iterator[str]:
    from sentencex import segment  # noqa: PLC0415 - loads a compiled library

    pending = ""
    for piece in segment(language, line):
        if pending and not _starts_small(piece) and not _ends_short(pending, language):
            yield pending
            pending = ""
        pending += piece
    if pending:
        yield pending


_TITLES = frozenset(
    ("M.", "MM.", "Mme.", "Mlle.", "Me.", "Pr.", "Dr.", "Prof.", "Mr.", "Mrs.", "Ms.", "St.", "Sr.", "Sra.", "Dott.",
     "Sig.", "Mgr.", "Ing.", "г.", "ул.", "им.", "проф.", "акад.", "вул.", "ім.")
)  # fmt: skip
"""After which a name comes, and no new sentence."""
_NO_INITIALS = {"ru": "Я", "en": "I"}
"""What stands at the end of a sentence as a word: «Кто? Я.»"""


def _ends_short(piece: str, language: str) -> bool:
    """Whether its last word is an initial, or a title before a name."""
    last = piece.rsplit(maxsplit=1)[-1] if piece.strip() else ""
    if last in _TITLES:
        return True
    initial = len(last) == 2 and last[0].isupper() and last[1] == "."
    return initial and last[0] != _NO_INITIALS.get(language)


def _starts_small(piece: str) -> bool:
    first = next((character for character in piece if character.isalnum()), "")
    return first.islower()


def _parts(sentence: str) -> Iterator[str]:
    """Cut what is longer than LONGEST: at a comma or the like in its second half, else at a space, else anywhere."""
    rest = sentence.strip()
    while len(rest) > LONGEST:
        window = rest[:LONGEST]
        cut = max(window.rfind(mark) for mark in (", ", "; ", ": ", " — ", " – ")) + 1
        if cut < LONGEST // 2:
            cut = window.rfind(" ")
        if cut < LONGEST // 2:
            cut = LONGEST
        yield rest[:cut].strip()
        rest = rest[cut:].strip()
    if rest:
        yield rest
