"""A sentence whose language is chosen when it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lipsync.messages.catalogue import translate
from lipsync.messages.languages import DEFAULT_LANGUAGE, LANGUAGES


class Message:
    """The id of a message with the facts for its placeholders; a fact may be a message itself.

    >>> Message("field.whole_number_range", minimum=10, maximum=60).text("en")
    'must be a whole number from 10 to 60'
    """

    def __init__(self, message_id: str, /, **facts: object) -> None:
        self.id = message_id
        self.facts = facts

    def text(self, language: str) -> str:
        """The sentence in ``language`` (a code such as ``ru``)."""
        return translate(self.id, language, self.facts)

    def texts(self) -> dict[str, str]:
        """The sentence in each of LANGUAGES."""
        return {language: self.text(language) for language in LANGUAGES}

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)

    def __repr__(self) -> str:
        facts = "".join(f", {name}={fact!r}" for name, fact in self.facts.items())
        return f"Message({self.id!r}{facts})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.id, self.facts) == (other.id, other.facts)

    def __hash__(self) -> int:
        return hash(self.id)

    def as_json(self) -> dict[str, Any]:
        """The message as JSON can hold it; :meth:`from_json` reads it."""
        return {"message": self.id, "facts": {name: plain(fact) for name, fact in self.facts.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Message:
        """The message that :meth:`as_json` wrote."""
        return cls(value["message"], **{name: from_plain(fact) for name, fact in value["facts"].items()})


def alternatives(names: Sequence[str]) -> str | Message:
    """``names`` as a choice: “a, b or c”."""
    *others, last = names
    return Message("list.or", others=list(others), last=last) if others else last


def plain(fact: object) -> Any:
    """``fact`` as JSON can hold it: messages, lists, numbers and strings; anything else becomes a string."""
    if isinstance(fact, Message):
        return fact.as_json()
    if isinstance(fact, list | tuple):
        return [plain(item) for item in fact]
    if isinstance(fact, int | float):
        return fact
    return str(fact).encode("utf-8", "backslashreplace").decode()  # UTF-8 cannot encode a lone surrogate


def from_plain(value: Any) -> object:
    """The fact that :func:`plain` wrote."""
    if isinstance(value, Mapping):  # version 0.1 stored such facts as {"en": …, "ru": …}
        return Message.from_json(value) if "message" in value else value.get(DEFAULT_LANGUAGE, "")
    return value
