"""Splitting of text: into sentences, and into parts that fit the input of a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lipsync.text.clean import is_speakable

MAX_SENTENCE_LENGTH = 400
"""Maximum characters of a sentence: half a minute of speech, which bounds memory and the wait for the first frame."""

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+")
_CLAUSE_END = re.compile(r"(?<=[;:,—–])\s+|\s+(?=[—–]\s)")
_SPACE = re.compile(r"\s+")


def split_sentences(text: str, language: str) -> Iterator[str]:
    """The sentences of ``text`` in order, none longer than MAX_SENTENCE_LENGTH, each with a letter or digit.

    ``language`` is a code. The boundaries are those of the library sentencex, except those before a lower-case letter
    (which it sets after «т. е.» and inside direct speech) and those after initials and titles.
    """
    for line in text.splitlines():
        for sentence in _merge_fragments(line, language):
            yield from (part for part in _split_long(sentence) if is_speakable(part))


def locate_sentences(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Start and end, as indices in ``text``, of its sentences, however long, each with a letter or digit.

    The boundaries are those of :func:`split_sentences`.
    """
    position = 0
    for line in text.splitlines():
        for sentence in _merge_fragments(line, language):
            words = sentence.strip()
            if is_speakable(words):
                start = text.index(words, position)
                position = start + len(words)
                yield start, position


def _merge_fragments(line: str, language: str) -> Iterator[str]:
    """The sentences of one line: those of sentencex, merged where it splits too often."""
    from sentencex import segment  # noqa: PLC0415 - loads a compiled library

    pending = ""
    for piece in segment(language, line):
        if pending and not _starts_lower_case(piece) and not _ends_abbreviated(pending, language):
            yield pending
            pending = ""
        pending += piece
    if pending:
        yield pending


_TITLES = frozenset(
    ("M.", "MM.", "Mme.", "Mlle.", "Me.", "Pr.", "Dr.", "Prof.", "Mr.", "Mrs.", "Ms.", "St.", "Sr.", "Sra.", "Dott.",
     "Sig.", "Mgr.", "Ing.", "г.", "ул.", "им.", "проф.", "акад.", "вул.", "ім.")
)  # fmt: skip
"""Abbreviations that a name follows, so that they do not end a sentence."""
_NO_INITIALS = {"ru": "Я", "en": "I"}
"""One-letter words that may end a sentence, by language: «Кто? Я.»"""


def _ends_abbreviated(piece: str, language: str) -> bool:
    """Whether the last word is an initial, or a title before a name."""
    last = piece.rsplit(maxsplit=1)[-1] if piece.strip() else ""
    if last in _TITLES:
        return True
    initial = len(last) == 2 and last[0].isupper() and last[1] == "."
    return initial and last[0] != _NO_INITIALS.get(language)


def _starts_lower_case(piece: str) -> bool:
    """Whether the first letter or digit is a lower-case letter."""
    first = next((character for character in piece if character.isalnum()), "")
    return first.islower()


def _split_long(sentence: str) -> Iterator[str]:
    """Split a sentence longer than MAX_SENTENCE_LENGTH: at punctuation in its second half, else at a space, else
    anywhere."""
    rest = sentence.strip()
    while len(rest) > MAX_SENTENCE_LENGTH:
        window = rest[:MAX_SENTENCE_LENGTH]
        cut = max(window.rfind(mark) for mark in (", ", "; ", ": ", " — ", " – ")) + 1
        if cut < MAX_SENTENCE_LENGTH // 2:
            cut = window.rfind(" ")
        if cut < MAX_SENTENCE_LENGTH // 2:
            cut = MAX_SENTENCE_LENGTH
        yield rest[:cut].strip()
        rest = rest[cut:].strip()
    if rest:
        yield rest


def split_to_fit(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Split ``text`` into the longest parts for which ``fits`` is true, each with a letter or digit.

    It is split at ends of sentences, else of clauses, else at spaces, else anywhere. No letter or digit is lost. A
    single character that does not fit is returned all the same.
    """
    boundaries = (_SENTENCE_END, _CLAUSE_END, _SPACE)
    yield from (part for part in _split(text.strip(), fits, boundaries) if is_speakable(part))


def _split(text: str, fits: Callable[[str], bool], boundaries: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    if len(text) <= 1 or fits(text):
        yield text
        return
    if not boundaries:
        half = len(text) // 2
        yield from _split(text[:half], fits, ())
        yield from _split(text[half:], fits, ())
        return
    start = end = 0  # the current part is text[start:end]
    for stop in [*(boundary.start() for boundary in boundaries[0].finditer(text)), len(text)]:
        if end > start and not fits(text[start:stop].strip()):
            yield from _split(text[start:end].strip(), fits, boundaries[1:])
            start = end
        end = stop
    yield from _split(text[start:end].strip(), fits, boundaries[1:])
