"""Preparation of input text for speech: markup, cleaning, language detection and normalization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lipsync.text.clean import check_length, compose, remove_soundless
from lipsync.text.detect import AUTO, detect_language
from lipsync.text.languages import resolve_language
from lipsync.text.mood_markup import MAX_MARKUP_FACTOR, MarkedText, parse_markup
from lipsync.text.normalization.normalize import normalize, verbalize
from lipsync.text.normalization.rules import NormalizedSpan


@dataclass(frozen=True)
class Script:
    """A text that is ready to be spoken."""

    passage: tuple[NormalizedSpan, ...]
    """The text in spans, each with its spoken form."""
    language: str
    """Code of the language, one of LANGUAGES."""
    marked: MarkedText
    """The text with its emoji, and the moods that are marked in it."""
    sources: tuple[int, ...]
    """Index in ``marked.text`` of each character of ``passage``."""

    @cached_property
    def spoken_text(self) -> str:
        """The input of a voice: the whole text in words."""
        return verbalize(self.passage)


def prepare_script(text: str, language: str, max_length: int, likely: Sequence[str] = ()) -> Script:
    """Clean and normalize ``text``, whose markup of moods (:mod:`lipsync.text.mood_markup`) is not spoken.

    ``language`` is a code, a name, or ``auto``: then it is detected from the text and, if that is ambiguous, from the
    codes ``likely`` (:func:`lipsync.text.detect.detect_language`). Markup does not count towards ``max_length``, up
    to the same length again.

    Raises UnknownLanguageError, and TextError or NothingToSayError as :func:`lipsync.text.clean.clean_text`.
    """
    if len(text) > MAX_MARKUP_FACTOR * max_length:  # too long whatever is in it
        check_length(text, len(text), max_length)
    composed = compose(text)
    marked = parse_markup(composed)
    check_length(text, len(text) - (len(composed) - len(marked.text)), max_length)
    clean, sources = remove_soundless(marked.text)
    is_auto = language.strip().casefold() == AUTO
    code = detect_language(clean, likely) if is_auto else resolve_language(language).code
    return Script(normalize(clean, code), code, marked, sources)
