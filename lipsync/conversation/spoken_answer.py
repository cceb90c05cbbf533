"""What is said in a stored answer: its sentences and their phones, as a small JSON file beside the sound."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from lipsync.audio.segment import SEGMENT_RATE, decode_pcm16
from lipsync.audio.wav import HEADER_BYTES
from lipsync.conversation.errors import AnswerError
from lipsync.conversation.parts import SentencePart
from lipsync.speech.types import Phone, Speech

_DIGITS = 4


class SpokenSentence(BaseModel):
    """One sentence of an answer, or a clause of one. All times are seconds from the start of the answer's sound."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float
    phones: tuple[tuple[str, float, float], ...]
    """IPA symbol, start and end of each; an empty symbol is silence."""


class SpokenAnswer(BaseModel):
    """All sentences of an answer."""

    model_config = ConfigDict(frozen=True)

    language: str
    """Code of the language that is spoken."""
    sentences: tuple[SpokenSentence, ...]

    @classmethod
    def of(cls, language: str, sentences: Iterable[SentencePart]) -> Self:
        """The sentences of an answer as they were made."""
        return cls(language=language, sentences=tuple(_sentence(part) for part in sentences))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The content of a file of :meth:`encode`. Raises AnswerError answer_gone: also for one that is damaged."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise AnswerError("answer_gone") from error

    def encode(self) -> bytes:
        """The content of the file."""
        return self.model_dump_json().encode()

    def speech(self, sound: Path, sentence: int | None = None) -> Speech:
        """One of the sentences with its times from its own start, or with None the whole answer.

        ``sound`` is the WAV file of the answer, as :class:`lipsync.conversation.whole_answer.WholeAnswer` makes it.
        Raises AnswerError answer_gone where it was deleted meanwhile.
        """
        try:
            samples = decode_pcm16(sound.read_bytes()[HEADER_BYTES:])
        except OSError as error:
            raise AnswerError("answer_gone") from error
        chosen, begin = self.sentences, 0.0
        if sentence is not None:
            chosen = self.sentences[sentence : sentence + 1]
            begin = chosen[0].start
            samples = samples[round(begin * SEGMENT_RATE) : round(chosen[0].end * SEGMENT_RATE)]
        phones = tuple(
            Phone(symbol, max(0.0, start - begin), end - begin) for one in chosen for symbol, start, end in one.phones
        )
        return Speech(samples, SEGMENT_RATE, phones, " ".join(one.text for one in chosen), self.language)


def _sentence(part: SentencePart) -> SpokenSentence:
    phones = tuple((phone.symbol, round(phone.start, _DIGITS), round(phone.end, _DIGITS)) for phone in part.phones)
    return SpokenSentence(
        text=part.text, start=round(part.start, _DIGITS), end=round(part.end, _DIGITS), phones=phones
    )
