"""Sentences that an engine speaks one by one, each as a piece of speech."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.text import sentences
from lipsync.speech.types import Speech

MUTE = 10 ** (-50 / 20)
"""A sound that never exceeds this (-50 dBFS) is silence: nobody was heard."""

Say = Callable[[str], NDArray[np.float32]]
"""Speaks one sentence: (n,) samples."""


def speak_pieces(text: str, language: str, voice: str, rate: int, say: Say) -> Iterator[Speech]:
    """One Speech of ``rate`` samples a second for each sentence of ``text``, each spoken when it is asked for.

    ``language`` is a code, ``voice`` the name that the pieces carry. Phones and words are left to the chain, and so
    is the silence around a sentence. Raises LipsyncError: nothing_to_say, speech_failed (a sentence became silence
    or what is no number), and what ``say`` raises.
    """
    said = False
    for part in sentences(text, language):
        samples = say(part)
        if not np.isfinite(samples).all() or np.abs(samples).max(initial=0.0) < MUTE:
            raise LipsyncError("speech_failed")
        said = True
        yield Speech(samples, rate, text=part, language=language, voice=voice)
    if not said:
        raise LipsyncError("nothing_to_say")


def with_last(pieces: Iterable[Speech]) -> Iterator[tuple[Speech, bool]]:
    """Each piece, and whether it is the last: known when the next one was asked for."""
    held: Speech | None = None
    for speech in pieces:
        if held is not None:
            yield held, False
        held = speech
    if held is not None:
        yield held, True
