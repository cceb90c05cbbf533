"""Synthesized sentences in the disk cache."""

from __future__ import annotations

import hashlib
import json
import logging

import numpy as np

from lipsync.speech.types import Phone, Speech, SpeechWord
from lipsync.storage.cache import ArrayCache

log = logging.getLogger(__name__)


def speech_key(*facts: object) -> str:
    """Cache key: SHA-256 of all facts (strings and numbers) that change the sound."""
    return hashlib.sha256(json.dumps(facts, ensure_ascii=True).encode()).hexdigest()


def load_speech(cache: ArrayCache, key: str) -> Speech | None:
    """The speech cached under ``key``, or None. A damaged entry is removed and logged."""
    arrays = cache.load(key)
    if arrays is None:
        return None
    try:
        samples, facts = arrays["samples"], json.loads(arrays["facts"].astype(np.uint8).tobytes())
        if samples.ndim != 1 or samples.dtype != np.float32:
            raise ValueError(f"samples of {samples.dtype}, {samples.ndim} dimensions")
        return Speech(
            samples,
            int(facts["rate"]),
            tuple(Phone(str(symbol), float(start), float(end)) for symbol, start, end in facts["phones"]),
            str(facts["text"]),
            str(facts["language"]),
            str(facts["voice"]),
            tuple(SpeechWord(str(word), float(start), float(end)) for word, start, end in facts["words"]),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        log.warning("the cached speech %s is damaged (%s) and will be synthesized again", key, error)
        cache.delete(key)
        return None


def save_speech(cache: ArrayCache, key: str, speech: Speech) -> None:
    """Cache ``speech`` losslessly; a failure to write is only logged."""
    facts = {
        "rate": speech.rate,
        "text": speech.text,
        "language": speech.language,
        "voice": speech.voice,
        "phones": [[phone.symbol, phone.start, phone.end] for phone in speech.phones],
        "words": [[word.text, word.start, word.end] for word in speech.words],
    }
    encoded = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    cache.save(key, {"samples": np.ascontiguousarray(speech.samples, np.float32), "facts": encoded})
