"""Short words over an answer (short_words.toml): signs of attention do not interrupt, commands do."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from lipsync.text.mood_lexicon import fold

MAX_BACKCHANNEL_WORDS = 2
_FILE = files("lipsync.hearing") / "short_words.toml"
_ENGLISH = "en"
"""Its short words are understood in every language."""
_HUM = re.compile(r"(?:[mhmмхгһ]|uh|um|ah|эм)+", re.IGNORECASE)
"""A hum however it is spelt: "mmhmm", «м-м-м»."""


def bare_words(text: str) -> list[str]:
    """The words of ``text`` in lower case, without punctuation and accents, hyphenated words in parts.

    >>> bare_words("Mm-hm. Да, всё!")
    ['mm', 'hm', 'да', 'все']
    """
    return re.findall(r"[\w']+", fold(unicodedata.normalize("NFC", text)))


def is_backchannel(text: str, language: str) -> bool:
    """Whether ``text`` only says that somebody listens: "mm-hm", «угу», «иә».

    >>> is_backchannel("Mm-hmm.", "en"), is_backchannel("Yes, but why?", "en")
    (True, False)
    """
    words = bare_words(text)
    if not words:
        return False
    if all(_HUM.fullmatch(word) for word in words):
        return True
    known = _phrases("backchannels", language)
    if " ".join(words) in known:
        return True
    return len(words) <= MAX_BACKCHANNEL_WORDS and all(word in known for word in words)


def is_command(text: str, language: str) -> bool:
    """Whether ``text`` tells the speaker to stop: "wait", «хватит», also repeated.

    >>> is_command("Stop, stop!", "en"), is_command("да", "ru")
    (True, False)
    """
    words = bare_words(text)
    known = _phrases("commands", language)
    return bool(words) and (" ".join(words) in known or all(word in known for word in words))


@cache
def _phrases(table: str, language: str) -> frozenset[str]:
    """The phrases of one table in ``language`` and in English, as bare words; of other languages, in all."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))[table]
    languages = (language, _ENGLISH) if language in tables else tuple(tables)
    return frozenset(" ".join(bare_words(phrase)) for code in languages for phrase in tables[code])
