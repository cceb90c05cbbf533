"""Pieces of speech: synthesized one sentence at a time, and concatenated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.audio.silence import MIN_ENGINE_PEAK
from lipsync.speech.errors import SpeechFailedError
from lipsync.speech.types import Phone, Speech, SpeechWord
from lipsync.text.errors import NothingToSayError
from lipsync.text.split import split_sentences

SynthesizeSentence = Callable[[str], NDArray[np.float32]]
"""Synthesizes one sentence: (n,) float32 samples."""


def synthesize_by_sentence(
    text: str, language: str, voice: str, rate: int, synthesize: SynthesizeSentence
) -> Iterator[Speech]:
    """Synthesize ``text`` lazily, one Speech of ``rate`` Hz per sentence.

    ``language`` is a code, ``voice`` the name that the pieces carry. Phones, words and the silence around sentences
    are left to the chain.

    Raises NothingToSayError, SpeechFailedError (a sentence became silence, NaN or infinite), and what ``synthesize``
    raises.
    """
    is_empty = True
    for sentence in split_sentences(text, language):
        samples = synthesize(sentence)
        if not np.isfinite(samples).all() or np.abs(samples).max(initial=0.0) < MIN_ENGINE_PEAK:
            raise SpeechFailedError("speech_failed")
        is_empty = False
        yield Speech(samples, rate, text=sentence, language=language, voice=voice)
    if is_empty:
        raise NothingToSayError("nothing_to_say")


def concatenate(pieces: Sequence[Speech]) -> Speech:
    """One Speech of all ``pieces``, at the sample rate of the first.

    Phones and words are kept only if every piece has some.
    """
    first = pieces[0]
    if len(pieces) == 1:
        return first
    phones: list[Phone] = []
    words: list[SpeechWord] = []
    chunks = []
    start = 0.0
    for piece in pieces:
        phones += [Phone(phone.symbol, phone.start + start, phone.end + start) for phone in piece.phones]
        words += [SpeechWord(word.text, word.start + start, word.end + start) for word in piece.words]
        resampler = Resampler(piece.rate, first.rate)
        chunks += [resampler.add(piece.samples), resampler.finish()]
        start = sum(len(chunk) for chunk in chunks) / first.rate
    return replace(
        first,
        samples=np.concatenate(chunks),
        phones=tuple(phones) if all(piece.phones for piece in pieces) else (),
        words=tuple(words) if all(piece.words for piece in pieces) else (),
    )
