"""The reply of a language model, while it is written, as clauses to speak."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lipsync.language_models.types import CompletePart
from lipsync.text.clauses import ClauseCutter
from lipsync.text.mood import Mood
from lipsync.text.spoken_reply import Direction, SpokenReply, main_action

_BEFORE_MARK = re.compile(r"(?<=\s)(?=[\[({<]|\*{1,2}\w)")
"""Where a mark may begin."""


@dataclass(frozen=True)
class ReplyClause:
    """A sentence of a reply, or a part of one, and what the reply says about the face and body in it."""

    text: str
    """The text as it is written, without markup, emoji and stage directions."""
    mood: Mood | None = None
    """The mood that markup states in or before this clause; None: none so far."""
    action: str | None = None
    """The action that is named in this clause or right before it, such as ``nod``."""


@dataclass(frozen=True)
class _Mark:
    """Moods and actions that a reply names in one place."""

    position: int
    """Number of the letters and signs of the spoken text before the mark, without spaces."""
    moods: tuple[Mood, ...]
    directions: tuple[Direction, ...]


class SpokenClauses:
    """Takes markup, emoji and stage directions out of a reply, and cuts the rest into clauses: a
    :class:`lipsync.conversation.answer_source.ReplyText`.

    A mark belongs to the clause in which it stands, or else to the next one; marks at the end of the reply belong to
    its last clause. A mood holds until the next one, an action for one clause.
    """

    def __init__(self, language: str) -> None:
        """``language`` is the code of the language of the reply."""
        self._spoken, self._cutter = SpokenReply(), ClauseCutter(language)
        self._marks: list[_Mark] = []
        self._mood: Mood | None = None
        self._uncut, self._cut_length = "", 0

    @property
    def action(self) -> str | None:
        """The action that the reply has named first."""
        return self._spoken.action

    def add(self, piece: str) -> list[ReplyClause]:
        """The clauses that are complete with ``piece``; with a :class:`CompletePart` all of the text is."""
        clauses: list[ReplyClause] = []
        for part in _BEFORE_MARK.split(piece):  # the place of a mark is then that of its part
            clauses += self._clauses(self._cutter.feed(self._read(part)))
        if isinstance(piece, CompletePart) and not self._spoken.is_waiting:
            clauses += self._clauses(self._cutter.finish())
        return clauses

    def finish(self) -> list[ReplyClause]:
        """The rest."""
        clauses = self._clauses([*self._cutter.feed(self._read(None)), *self._cutter.finish()])
        if clauses and self._marks:
            last = clauses[-1]
            mood, action = _mood(self._marks) or last.mood, last.action or _action(self._marks)
            clauses[-1] = replace(last, mood=mood, action=action)
        return clauses

    def _read(self, part: str | None) -> str:
        """The spoken text that is certain with ``part``, None for the end; what it marks is stored with its place."""
        moods, directions = len(self._spoken.moods), len(self._spoken.directions)
        text = self._spoken.finish() if part is None else self._spoken.feed(part)
        mark = _Mark(
            self._cut_length + len(self._uncut),
            tuple(self._spoken.moods[moods:]),
            tuple(self._spoken.directions[directions:]),
        )
        if mark.moods or mark.directions:
            self._marks.append(mark)
        self._uncut += "".join(text.split())
        return text

    def _clauses(self, texts: Iterable[str]) -> list[ReplyClause]:
        return [self._clause(text) for text in texts]

    def _clause(self, text: str) -> ReplyClause:
        """The next clause, with the marks before its end."""
        letters = "".join(text.split())
        length = max(0, self._uncut.find(letters)) + len(letters)
        self._uncut, self._cut_length = self._uncut[length:], self._cut_length + length
        marks = [mark for mark in self._marks if mark.position < self._cut_length]
        self._marks = self._marks[len(marks) :]
        self._mood = _mood(marks) or self._mood
        return ReplyClause(text, self._mood, _action(marks))


def _mood(marks: Sequence[_Mark]) -> Mood | None:
    moods = [mood for mark in marks for mood in mark.moods]
    return moods[-1] if moods else None


def _action(marks: Sequence[_Mark]) -> str | None:
    return main_action(direction for mark in marks for direction in mark.directions)
