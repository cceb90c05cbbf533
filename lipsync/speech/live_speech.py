"""The speech of a text that is still being written: each part of it is spoken when it comes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lipsync.speech.sentence_chain import SentenceChain
from lipsync.speech.trim_silence import PAUSE_AFTER, PAUSE_BEFORE, TAIL
from lipsync.speech.types import Fallback, Phone, Speech
from lipsync.text.split import split_sentences

_LEAD_S = 0.08
"""Seconds of silence before the first word: a person waits for it, so it is short."""
_CLAUSE_PAUSES_S = (0.12, 0.05)
"""Seconds of silence after and before a part that ends with a comma, colon, semicolon or dash."""
_JOINT_PAUSES_S = (0.03, 0.02)
"""Seconds of silence after and before a part that ends between two words."""
_SENTENCE_ENDS, _CLAUSE_ENDS = '.!?…。！？"»”)', ",;:—–-"


class LiveSpeech:
    """Speaks the parts of one text in order, all at one sample rate. Not thread-safe."""

    def __init__(self, chain: SentenceChain) -> None:
        self._chain = chain
        self._number = 0
        self._lead = _LEAD_S
        self._rate = 0

    @property
    def fallbacks(self) -> list[Fallback]:
        """Engines that have failed so far, in order."""
        return self._chain.fallbacks

    @property
    def language(self) -> str:
        """Code of the language."""
        return self._chain.language

    def add(self, text: str) -> Iterator[Speech]:
        """Speak the next part of the text, one or more sentences or a part of one, in words; each piece when it is
        taken. A part without anything to pronounce gives no piece.

        Raises LipsyncError: that of the last engine.
        """
        sentences = list(split_sentences(text, self._chain.language))
        for sentence in sentences:
            speech = self._chain.synthesize(self._number, sentence)
            if speech is None:
                continue
            self._number += 1
            after, before = _pauses(sentence)
            speech = self._chain.finalize(speech, self._lead, after * self._chain.pause_factor)
            self._lead = before * self._chain.pause_factor
            self._rate = speech.rate
            yield speech

    def finish(self) -> Speech | None:
        """The silence after the last word; None where nothing was spoken."""
        if not self._rate:
            return None
        samples = np.zeros(round((TAIL - PAUSE_AFTER) * self._rate), np.float32)
        pause = (Phone("", 0.0, len(samples) / self._rate),)
        return Speech(samples, self._rate, pause, language=self._chain.language)


def _pauses(text: str) -> tuple[float, float]:
    """Seconds of silence after a part of a text and before the next one."""
    end = text.rstrip()[-1:]
    if end in _SENTENCE_ENDS:
        return PAUSE_AFTER, PAUSE_BEFORE
    return _CLAUSE_PAUSES_S if end in _CLAUSE_ENDS else _JOINT_PAUSES_S
