"""A person's text, understood: its language, and what a voice is to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lipsync.speech.detect import AUTO, detect_language
from lipsync.speech.languages import resolve_language
from lipsync.speech.reading.passage import Reading
from lipsync.speech.reading.read import read, spoken
from lipsync.speech.text import clean_text


@dataclass(frozen=True)
class Script:
    """A text that can be spoken."""

    passage: tuple[Reading, ...]
    """The text, part by part, and how each is said."""
    language: str
    """Code of LANGUAGES."""

    @cached_property
    def spoken(self) -> str:
        """What a voice is given: all in words."""
        return spoken(self.passage)


def script_of(text: str, language: str, max_length: int, likely: Sequence[str] = ()) -> Script:
    """``text`` as a person typed it, in ``language``: a code, a name, or ``auto``, which is found from the text and,
    where that leaves it open, from the codes ``likely``, as in :func:`lipsync.speech.detect.detect_language`.

    Raises LipsyncError unknown_language, and what :func:`lipsync.speech.text.clean_text` raises of a text that is
    empty, longer than ``max_length`` characters, or cannot be spoken.
    """
    clean = clean_text(text, max_length)
    found = language.strip().casefold() == AUTO
    code = detect_language(clean, likely) if found else resolve_language(language).code
    return Script(read(clean, code), code)
