"""The feeling of a sentence: by the lexicon, and by a classifier where its weights are there."""

from __future__ import annotations

import logging
from typing import Literal, NamedTuple

from lipsync.text.detect_mood import MAX_STRENGTH, detect_mood
from lipsync.text.mood import Mood
from lipsync.text.sentiment_model import LANGUAGES, Sentiment, SentimentModel

log = logging.getLogger(__name__)

_MIN_SHARE = 0.7
"""Probability from which a sentiment of the classifier is a mood, where the lexicon finds none."""
_MIN_CONTRADICTION = 0.9
"""Probability from which a sentiment of the classifier overrules the lexicon's happy or sad. Both probabilities are
chosen, not measured: the published weights could not be downloaded for a measurement."""
_MOODS: dict[Sentiment, Mood] = {"POSITIVE": "happy", "NEGATIVE": "sad"}


class Feeling(NamedTuple):
    """What a face and a body show while a sentence is spoken."""

    mood: Mood
    strength: float
    """0 to MAX_STRENGTH."""
    source: Literal["lexicon", "model"]
    """What decided."""


def feeling_of(sentence: str, language: str, model: SentimentModel | None = None) -> Feeling:
    """The feeling of ``sentence``, which is in NFC and has its emoji; ``language`` is a code. Raises nothing.

    The lexicon knows all moods; the classifier tells positive from negative, so it decides where the lexicon finds
    nothing or clearly finds the opposite. When it raises, the lexicon decides alone.
    """
    mood, strength = detect_mood(sentence, language)
    lexicon = Feeling(mood, strength, "lexicon")
    if model is None or language not in LANGUAGES or mood not in ("neutral", "happy", "sad") or not sentence.strip():
        return lexicon
    try:
        shares = model.classify(sentence)
    except Exception as error:  # torch and transformers raise nearly everything
        log.warning("the sentiment of a sentence was found by the lexicon: %s", error)
        return lexicon
    sentiment = max(shares, key=lambda one: shares[one])
    found, share = _MOODS.get(sentiment, "neutral"), shares[sentiment]
    if found in ("neutral", mood) or share < (_MIN_SHARE if mood == "neutral" else _MIN_CONTRADICTION):
        return lexicon
    return Feeling(found, min(MAX_STRENGTH, 0.2 + 0.5 * share), "model")
