"""In which of our languages a text is written.

The letters and the commonest words tell most of it, and all of it for a short text in Cyrillic letters, where
statistics err; among the languages in Latin letters the library py3langid decides what they leave open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lipsync.speech.common_words import COMMON
from lipsync.speech.languages import LANGUAGES

AUTO = "auto"
"""What a request names for the language to be found."""

_LOOKED_AT = 4000
"""Characters of a text that are looked at."""
_ENOUGH = 12
"""Letters from which on statistics are asked."""
_CLEAR = 0.15
"""Points a word by which one language leads another for certain."""
_CLOSE = 2.0
"""Points behind the first with which a language is still asked about."""

_CYRILLIC = ("ru", "uk", "kk", "be")
_LATIN = tuple(one.code for one in LANGUAGES if one.code not in (*_CYRILLIC, "ka"))
_KNOWN = frozenset(one.code for one in LANGUAGES)
_FIRST = {"cyrillic": "ru", "latin": "en"}
"""What a text is taken for that nothing tells."""

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
"""What a word that holds one of the letters says for, or against, a language."""

_WORDS = {
    word: [code for code in COMMON if word in COMMON[code].split()]
    for words in COMMON.values()
    for word in words.split()
}
"""Of which languages each is a common word."""


def detect_language(text: str, likely: Sequence[str] = ()) -> str:
    """The code of the language of ``text``, one of LANGUAGES.

    ``likely`` are codes of languages that the person is known to use, the likeliest first, such as the locale's.
    Where the words of a text fit several languages, or none, the first of them that is written in its letters is
    taken, else Russian or English. Only the first 4000 characters are looked at, and the letters that most of the
    words are written in.
    """
    words = re.findall(r"[^\W\d_]+(?:['’ʻ][^\W\d_]+)*", text[:_LOOKED_AT].lower())
    scripts = {
        "ka": sum(1 for word in words if "ა" <= word[0] <= "ჿ"),
        "cyrillic": sum(1 for word in words if "\u0400" <= word[0] <= "\u04ff"),
        "latin": sum(1 for word in words if word[0] < "\u0250"),
    }
    script = max(scripts, key=lambda name: scripts[name])
    if not scripts[script]:  # no letters: digits are read in any language
        return next((code for code in likely if code in _KNOWN), _FIRST["cyrillic"])
    if script == "ka":
        return script
    candidates = _CYRILLIC if script == "cyrillic" else _LATIN
    points = _points(words, candidates)
    best, second = sorted(points.values(), reverse=True)[:2]
    leaders = [code for code in candidates if points[code] == best]
    clear = best - second >= max(1.0, _CLEAR * len(words))
    if script == "latin" and sum(map(len, words)) >= _ENOUGH and not clear:
        return _by_statistics(
            " ".join(words), [code for code in _LATIN if points[code] >= best - _CLOSE and code != "uz"]
        )
    if best > 0:
        return next((code for code in likely if code in leaders), leaders[0])
    return next((code for code in likely if code in candidates), _FIRST[script])


def _points(words: Iterable[str], candidates: Iterable[str]) -> dict[str, float]:
    points = dict.fromkeys(candidates, 0.0)
    for word in words:
        for letters, says in _LETTERS.items():
            if not set(letters).isdisjoint(word):
                for code, value in says:
                    if code in points:
                        points[code] += value
        of = _WORDS.get(word.replace("’", "'"), [])
        for code in of:
            if code in points:
                points[code] += 1.0 if len(of) > 1 else 1.5
    return points


def _by_statistics(text: str, candidates: list[str]) -> str:
    """The likeliest of the candidates, by py3langid's model of their letters; 100 MB, loaded when first needed."""
    import py3langid  # noqa: PLC0415

    ranked = [code for code, _ in py3langid.rank(text)]
    return min(candidates, key=ranked.index) if candidates else _FIRST["latin"]
