"""Cutting of a reply, while it is written, into parts to be spoken: an early first clause, then whole sentences."""

from __future__ import annotations

import re

from lipsync.text.clean import is_speakable
from lipsync.text.split import MAX_SENTENCE_LENGTH, locate_sentences, split_sentences

MAX_FIRST_WORDS = 7
"""Words of the first part where no mark ends it earlier. At 20 to 60 tokens a second, which the embedded models
write on two old cores, seven words are there after 0.2 to 0.5 s."""
_MIN_CLAUSE_WORDS = 2
"""Words before a comma that may stand alone: “Yes,” alone sounds chopped off."""
_MIN_CUT_WORDS = 4
"""Words that remain, at least, where the cut moves back from a short word, such as an article, that belongs to the
next one."""
_SHORT_WORD = 3

_CLAUSE_END = re.compile(r"[,;:](?=\s)|\s[—–-](?=\s)")
_MAYBE_SENTENCE_END = re.compile(r"[.!?…。！？][\"'»”’)\]]*\s+\S|\n\s*\S")


class ClauseCutter:
    """Receives a text in pieces, and returns its parts as soon as they are complete.

    The first part ends at the first comma, semicolon, colon or dash, at the end of its sentence, or after
    MAX_FIRST_WORDS words; the others are the sentences of :func:`lipsync.text.split.split_sentences`. An end of a
    sentence is certain when the next one begins, because of abbreviations. The parts, joined by spaces, are the
    text; each has a letter or digit.
    """

    def __init__(self, language: str) -> None:
        """``language`` is a code such as ``ru``."""
        self._language = language
        self._buffer = ""
        self._is_first = True

    def feed(self, piece: str) -> list[str]:
        """Add ``piece``, and return the parts that are complete now."""
        self._buffer += piece
        parts: list[str] = []
        if self._is_first:
            end = self._first_end()
            if end is None:
                return []
            parts += self._take(end)
        parts += self._sentences()
        return parts

    def finish(self) -> list[str]:
        """Return the rest, at the end of the text, or where one of its parts is known to end."""
        rest, self._buffer = self._buffer, ""
        parts = list(split_sentences(rest, self._language))
        self._is_first = self._is_first and not parts
        return parts

    @property
    def rest(self) -> str:
        """The text that belongs to no complete part yet."""
        return self._buffer

    @property
    def has_cut(self) -> bool:
        """Whether a part has been returned."""
        return not self._is_first

    def _first_end(self) -> int | None:
        """Index in the buffer after the first part; None while it is not complete."""
        words = list(re.finditer(r"\S+", self._buffer))
        latest = words[MAX_FIRST_WORDS - 1].end() if len(words) > MAX_FIRST_WORDS else len(self._buffer)
        candidates = (*self._sentence_ends()[:1], self._clause_end())
        ends = [end for end in candidates if end is not None and end <= latest]
        if ends:
            return min(ends)
        if len(words) > MAX_FIRST_WORDS:
            return _end_by_words(words)
        return MAX_SENTENCE_LENGTH if len(self._buffer) > MAX_SENTENCE_LENGTH else None

    def _sentence_ends(self) -> list[int]:
        """Indices in the buffer after each sentence that another one follows."""
        if not _MAYBE_SENTENCE_END.search(self._buffer):
            return []
        return [end for _, end in locate_sentences(self._buffer, self._language)][:-1]

    def _clause_end(self) -> int | None:
        for match in _CLAUSE_END.finditer(self._buffer):
            if len(_words(self._buffer[: match.end()])) >= _MIN_CLAUSE_WORDS:
                return match.end()
        return None

    def _sentences(self) -> list[str]:
        """The complete sentences of the buffer, which are removed from it."""
        parts: list[str] = []
        ends = self._sentence_ends()
        if ends:
            parts += self._take(ends[-1])
        if len(self._buffer) > MAX_SENTENCE_LENGTH:
            pieces = list(split_sentences(self._buffer, self._language))
            if len(pieces) > 1:
                parts += self._take(self._buffer.rindex(pieces[-1]))
        return parts

    def _take(self, end: int) -> list[str]:
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        self._is_first = False
        return list(split_sentences(taken, self._language))


def _words(text: str) -> list[str]:
    return [word for word in text.split() if is_speakable(word)]


def _end_by_words(words: list[re.Match[str]]) -> int:
    """Index after the last of the first MAX_FIRST_WORDS ``words`` that does not belong to the next one."""
    for count in range(MAX_FIRST_WORDS, _MIN_CUT_WORDS - 1, -1):
        if len(words[count - 1][0]) > _SHORT_WORD:
            return words[count - 1].end()
    return words[MAX_FIRST_WORDS - 1].end()
