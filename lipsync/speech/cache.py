"""What was spoken once, kept on disk: the same text in the same voice is not spoken twice."""

from __future__ import annotations

import hashlib
import json
import logging

import numpy as np

from lipsync.cache import ArrayCache
from lipsync.speech.types import Phone, Speech, SpeechWord

log = logging.getLogger(__name__)


def speech_key(*facts: object) -> str:
    """A name for all that changes a sound; the facts are strings and numbers."""
    return hashlib.sha256(json.dumps(facts, ensure_ascii=True).encode()).hexdigest()


def load_speech(cache: ArrayCache, key: str) -> Speech | None:
    """What was kept under ``key``, or None. What is not a speech is removed, and said in the log."""
    kept = cache.load(key)
    if kept is None:
        return None
    try:
        samples, facts = kept["samples"], json.loads(kept["facts"].astype(np.uint8).tobytes())
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
        log.warning("the cached speech %s is damaged (%s) and is spoken anew", key, error)
        cache.forget(key)
        return None


def save_speech(cache: ArrayCache, key: str, speech: Speech) -> None:
    """Keep it, to the last bit; a folder that cannot be written is a line in the log."""
    facts = {
        "rate": speech.rate,
        "text": speech.text,
        "language": speech.language,
        "voice": speech.voice,
        "phones": [[one.symbol, one.start, one.end] for one in speech.phones],
        "words": [[one.text, one.start, one.end] for one in speech.words],
    }
    written = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    cache.save(key, {"samples": np.ascontiguousarray(speech.samples, np.float32), "facts": written})
