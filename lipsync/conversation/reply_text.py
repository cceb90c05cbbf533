"""The reply of a language model, while it is written, as clauses to speak."""

from __future__ import annotations

from lipsync.text.clauses import ClauseCutter
from lipsync.text.mood import Mood
from lipsync.text.spoken_reply import SpokenReply


class SpokenClauses:
    """Takes markup, emoji and stage directions out of a reply, and cuts the rest into clauses: a
    :class:`lipsync.conversation.answer_source.ReplyText`."""

    def __init__(self, language: str) -> None:
        """``language`` is the code of the language of the reply."""
        self._spoken, self._cutter = SpokenReply(), ClauseCutter(language)

    @property
    def action(self) -> str | None:
        """The action that the reply has named first."""
        return self._spoken.action

    @property
    def mood(self) -> Mood | None:
        """The mood that the reply has named last."""
        return self._spoken.mood

    def add(self, piece: str) -> list[str]:
        """The clauses that are complete with ``piece``."""
        return self._cutter.feed(self._spoken.feed(piece))

    def finish(self) -> list[str]:
        """The rest."""
        return [*self._cutter.feed(self._spoken.finish()), *self._cutter.finish()]
