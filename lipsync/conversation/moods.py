"""Moods of the clauses of an answer: as marked, else by a classifier where its weights are there, else by words."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from lipsync.text.feeling import feeling_of
from lipsync.text.mood_spans import MoodSpan, mood_spans
from lipsync.text.script import Script
from lipsync.text.sentiment_model import SentimentModel, find_sentiment_model


class MoodFinder:
    """Finds moods with the classifier in a folder of weights, which loads with the first clause. Thread-safe."""

    def __init__(self, checkpoints: Path) -> None:
        self._checkpoints = checkpoints

    def __call__(self, script: Script) -> tuple[MoodSpan, ...]:
        """The moods of ``script``, a clause. Raises nothing because of the classifier."""
        if script.marked.marks or self._model is None:
            return mood_spans(script, detect=True)
        feeling = feeling_of(script.marked.text, script.language, self._model)
        if feeling.mood == "neutral":
            return ()
        return (MoodSpan(feeling.mood, feeling.strength, 0, len(script.spoken_text)),)

    @cached_property
    def _model(self) -> SentimentModel | None:
        return find_sentiment_model(self._checkpoints)
