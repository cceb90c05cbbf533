"""Detection of the language of a text, among the supported languages.

Letters and the most common words decide most cases, and all cases in Cyrillic, where statistical detectors fail on
short texts. Among the languages in Latin letters, the library py3langid decides what they leave open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lipsync.text.common_words import COMMON
from lipsync.text.languages import LANGUAGES

AUTO = "auto"
"""Value of ``language`` in a request that asks for detection."""

_MAX_CHARACTERS = 4000
"""Maximum number of characters examined."""
_MIN_LETTERS = 12
"""Minimum number of letters for py3langid."""
_CLEAR_LEAD = 0.15
"""Score per word by which the first language must lead the second to be certain."""
_MAX_GAP = 2.0
"""Maximum difference of score to the first for a candidate of py3langid."""

_CYRILLIC = ("ru", "uk", "kk", "be")
_LATIN = tuple(language.code for language in LANGUAGES if language.code not in (*_CYRILLIC, "ka"))
_KNOWN = frozenset(language.code for language in LANGUAGES)
_DEFAULTS = {"cyrillic": "ru", "latin": "en"}
"""Default language of a script."""

_LETTERS: dict[str, tuple[tuple[str, float], ...]] = {
    "әғқңөұүһ": (("kk", 2.0),),
    "їєґ": (("uk", 2.0),),
    "ў": (("be", 2.0),),
    "і": (("uk", 1.0), ("be", 1.0), ("kk", 0.8)),
    "ыэ": (("ru", 0.5), ("be", 0.5), ("kk", 0.3), ("uk", -2.0)),
    "ё": (("ru", 0.7), ("be", 0.7), ("uk", -2.0)),
    "ъ": (("ru", 1.0), ("uk", -2.0), ("be", -2.0)),
    "ищ": (("be", -1.0), ("kk", -0.1)),
    "ß": (("de", 3.0),),
    "äö": (("de", 0.6), ("tr", 0.2)),
    "ü": (("de", 0.6), ("tr", 0.6), ("es", 0.1)),
    "ğış": (("tr", 2.0),),
    "łąęśźżńć": (("pl", 2.0),),
    "řěůťďň": (("cs", 2.0),),
    "čšž": (("cs", 1.0),),
    "ýáíé": (("cs", 0.4), ("es", 0.4), ("pt", 0.3), ("fr", 0.2)),
    "ó": (("es", 0.4), ("pl", 0.4), ("pt", 0.3)),
    "ñ¿¡": (("es", 3.0),),
    "ãõ": (("pt", 2.0),),
    "ç": (("fr", 0.7), ("pt", 0.7), ("tr", 0.7)),
    "èêùœëîûâ": (("fr", 1.0), ("it", 0.3), ("pt", 0.1)),
    "àòì": (("it", 0.8), ("fr", 0.4)),
    "ʻ": (("uz", 3.0),),
}
"""Score of a word that contains any of the letters, by language."""

_WORDS: dict[str, list[str]] = {}
for _code, _words in COMMON.items():
    for _word in dict.fromkeys(_words.split()):
        _WORDS.setdefault(_word, []).append(_code)
"""Codes of the languages in which each word is common."""


def detect_language(text: str, likely: Sequence[str] = ()) -> str:
    """Detect the language of ``text``; return the code of one of LANGUAGES.

    ``likely`` are codes of languages that the person is known to use, e.g. from the locale, the likeliest first. If
    the words fit several languages or none, the first of ``likely`` in the script of the text is returned, else
    Russian or English. Only the first 4000 characters and the script of most words are considered.
    """
    words = re.findall(r"[^\W\d_]+(?:['’ʻ][^\W\d_]+)*", text[:_MAX_CHARACTERS].lower())
    scripts = {
        "ka": sum(1 for word in words if "ა" <= word[0] <= "ჿ"),
        "cyrillic": sum(1 for word in words if "\u0400" <= word[0] <= "\u04ff"),
        "latin": sum(1 for word in words if word[0] < "\u0250"),
    }
    script = max(scripts, key=lambda name: scripts[name])
    if not scripts[script]:  # no letters: digits can be read in any language
        return next((code for code in likely if code in _KNOWN), _DEFAULTS["cyrillic"])
    if script == "ka":
        return script
    candidates = _CYRILLIC if script == "cyrillic" else _LATIN
    scores = _scores(words, candidates)
    best, second = sorted(scores.values(), reverse=True)[:2]
    leaders = [code for code in candidates if scores[code] == best]
    is_clear = best - second >= max(1.0, _CLEAR_LEAD * len(words))
    if script == "latin" and sum(map(len, words)) >= _MIN_LETTERS and not is_clear:
        return _by_statistics(
            " ".join(words), [code for code in _LATIN if scores[code] >= best - _MAX_GAP and code != "uz"]
        )
    if best > 0:
        return next((code for code in likely if code in leaders), leaders[0])
    return next((code for code in likely if code in candidates), _DEFAULTS[script])


def _scores(words: Iterable[str], candidates: Iterable[str]) -> dict[str, float]:
    """Score of each candidate by the letters of the words, and by common words (1.5 if of one language only, else
    1)."""
    scores = dict.fromkeys(candidates, 0.0)
    for word in words:
        for letters, letter_scores in _LETTERS.items():
            if not set(letters).isdisjoint(word):
                for code, score in letter_scores:
                    if code in scores:
                        scores[code] += score
        codes = _WORDS.get(word.replace("’", "'"), [])
        for code in codes:
            if code in scores:
                scores[code] += 1.0 if len(codes) > 1 else 1.5
    return scores


def _by_statistics(text: str, candidates: list[str]) -> str:
    """The likeliest candidate according to py3langid, whose model takes 100 MB and is loaded on first use."""
    import py3langid  # noqa: PLC0415

    ranked = [code for code, _ in py3langid.rank(text)]
    return min(candidates, key=ranked.index) if candidates else _DEFAULTS["latin"]
