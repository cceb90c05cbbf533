"""Similarity of short questions by their words: beginnings of words, and groups of three letters, by weight."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

_WORD = re.compile(r"\w+")
_STEM_LENGTH = 5
"""Letters of a word that count as its stem: the endings of Russian and Ukrainian vary behind it."""
_TRIGRAM_WEIGHT = 0.35
"""Weight of a group of letters against a stem: it finds words that are misheard or mistyped."""
_FOLDED = str.maketrans({"ё": "е", "ґ": "г", "'": "", "’": "", "ʼ": "", "`": ""})
_UNSEEN_WEIGHT = 1.4
"""Weight of what no text has against what only one has: “How old is the universe?” is not “How old are you?”. Of 54
questions such as those of the tests, 6 got a wrong reply with 1.0, 3 with 1.4, 4 with 1.6."""
MAX_CHARACTERS = 400
"""Characters of a question that are compared."""


def fold_words(text: str, max_characters: int = MAX_CHARACTERS) -> list[str]:
    """Return the words of ``text``, up to ``max_characters``, in lower case, without punctuation and apostrophes.

    >>> fold_words("What's your name?")
    ['whats', 'your', 'name']
    """
    folded = unicodedata.normalize("NFKC", text[:max_characters]).casefold().translate(_FOLDED)
    return _WORD.findall(folded)


class SimilarityIndex:
    """Finds the text most similar to a question, by the cosine of tf-idf vectors."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [_features(text) for text in texts]
        documents = Counter(feature for count in counts for feature in count)
        self._idf = {name: math.log((1 + len(texts)) / (1 + number)) + 1 for name, number in documents.items()}
        self._unseen = _UNSEEN_WEIGHT * (math.log(1 + len(texts)) + 1)
        self._vectors = [self._weigh(count) for count in counts]

    def best(self, question: str) -> tuple[int, float]:
        """Return the index of the most similar text, and the similarity, 0 to 1. Raises ValueError without texts."""
        vector = self._weigh(_features(question))
        similarities = (_dot(vector, one) for one in self._vectors)
        return max(enumerate(similarities), key=lambda pair: pair[1])

    def _weigh(self, counts: Mapping[str, float]) -> dict[str, float]:
        weights = {name: value * self._idf.get(name, self._unseen) for name, value in counts.items()}
        length = math.sqrt(sum(value * value for value in weights.values())) or 1.0
        return {name: value / length for name, value in weights.items()}


def _features(text: str) -> dict[str, float]:
    words = fold_words(text)
    features: defaultdict[str, float] = defaultdict(float)
    for word in words:
        features[f"w:{word[:_STEM_LENGTH]}"] += 1
    for trigram in _trigrams(words):
        features[f"t:{trigram}"] += _TRIGRAM_WEIGHT
    return features


def _trigrams(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        padded = f" {word} "
        yield from (padded[index : index + 3] for index in range(len(padded) - 2))


def _dot(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    if len(first) > len(second):
        first, second = second, first
    return sum(value * second[name] for name, value in first.items() if name in second)
