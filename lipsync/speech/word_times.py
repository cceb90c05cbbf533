"""The times of the words of a piece of speech, whether its engine provides them or not."""

from __future__ import annotations

from itertools import accumulate, pairwise

from lipsync.speech.types import Speech
from lipsync.text.clean import is_speakable


def spoken_words(text: str) -> list[str]:
    """The words as voices count them: separated by whitespace, with a letter or a digit."""
    return [token for token in text.split() if is_speakable(token)]


def word_times(speech: Speech) -> list[tuple[float, float]]:
    """Start and end of each of the :func:`spoken_words` of ``speech``, in seconds from its start.

    Without word times of the engine, the words share the time between the first phone and the last by their letters.
    """
    words = spoken_words(speech.text)
    if len(speech.words) == len(words):
        return [(word.start, word.end) for word in speech.words]
    voiced = [phone for phone in speech.phones if phone.symbol]
    start, end = (voiced[0].start, voiced[-1].end) if voiced else (0.0, speech.duration)
    letters = [0, *accumulate(map(len, words))]
    return [
        (start + (end - start) * a / letters[-1], start + (end - start) * b / letters[-1])
        for a, b in pairwise(letters)
    ]
