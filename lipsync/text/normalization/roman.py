"""Roman numerals in unambiguous contexts: XX век, Chapter IV, Louis XIV."""

from __future__ import annotations

import re

from lipsync.text.normalization.lexicon import Case, Lexicon
from lipsync.text.normalization.numbers import cardinal, ordinal
from lipsync.text.normalization.rules import Rule

_NUMERAL = r"(?P<numeral>(?=[IVXХ])[XХ]{0,3}(?:I[XХ]|IV|V?I{0,3})|[XХ]L|L[XХ]{0,3})"
"""1 to 39, 40, 50 to 80; Х may be the Cyrillic letter, which is often typed."""
_VALUES = {"I": 1, "V": 5, "X": 10, "Х": 10, "L": 50, "C": 100}

_CENTURY_CASES: dict[str, dict[str, Case]] = {
    "ru": {"век": "n", "века": "g", "веке": "p", "веку": "d", "веком": "i", "в.": "n", "столетие": "n",
           "столетия": "g", "столетии": "p"},
    "uk": {"століття": "n", "столітті": "p", "століттям": "i", "ст.": "n"},
    "kk": {"ғасыр": "n", "ғасырда": "n", "ғасырдың": "n"},
    "en": {"century": "n", "centuries": "n"},
}  # fmt: skip
_PART_NAMES = {
    "ru": "глава|главе|главы|том|томе|тома|часть|части|раздел|раздела|разделе|класс|степень|степени|тип|типа|группа"
    "|группы",
    "uk": "розділ|розділі|том|томі|частина|частини|клас|ступінь|тип|група",
    "kk": "тарау|том|бөлім",
    "en": "[Cc]hapter|[Vv]olume|[Pp]art|[Bb]ook|[Ss]ection|[Aa]ct|[Tt]ype|[Cc]lass|[Pp]hase"
    "|World War|Super Bowl|Apollo",
}
_RULER_NAMES = {
    "ru": "Пётр|Петр|Николай|Александр|Павел|Иван|Карл|Людовик|Генрих|Фридрих|Вильгельм|Наполеон|Филипп|Георг|Эдуард"
          "|Ричард|Елизавета|Екатерина|Анна|Мария",
    "uk": "Петро|Микола|Олександр|Павло|Іван|Карл|Людовик|Генріх|Фрідріх|Вільгельм|Наполеон|Катерина|Єлизавета",
    "kk": "Петр|Николай|Александр|Екатерина|Наполеон|Людовик",
    "en": "Henry|Louis|Elizabeth|Charles|George"
    "|William|Edward|James|Richard|Philip|Peter|Catherine|Nicholas|Alexander"
          "|Napoleon|Frederick|John Paul|Benedict|Pius|Francis|Mary",
}  # fmt: skip


def roman_rules(lexicon: Lexicon) -> list[Rule]:
    """Rules for centuries (XX век), numbered parts (Chapter IV) and rulers (Louis XIV)."""
    code = lexicon.code
    space = r"[ \u00a0\u202f]"

    def century(match: re.Match[str]) -> str | None:
        case = _CENTURY_CASES[code][match["name"]]
        name = {"в.": "век", "ст.": "століття"}.get(match["name"], match["name"])
        before = match["before"] or ""
        if match["name"] in ("в.", "ст.") and before.lower() in ("в", "во", "у"):
            case, name = "p", {"век": "веке", "століття": "столітті"}[name]
        gender: str = "n" if name.startswith("стол") else "m"
        words = ordinal(_value(match["numeral"]), lexicon, "n" if gender == "n" else "m", case)
        return f"{before} {words} {name}".strip()

    def part(match: re.Match[str]) -> str:
        return f"{match['name']} {cardinal(str(_value(match['numeral'])), lexicon)}"

    def ruler(match: re.Match[str]) -> str:
        words = ordinal(_value(match["numeral"]), lexicon, "f" if match["name"][-1] in "ая" else "m")
        return f"{match['name']} the {words}" if code == "en" else f"{match['name']} {words}"

    parts = _PART_NAMES[code] if code == "en" else f"{_PART_NAMES[code]}|{_PART_NAMES[code].title()}"
    centuries = "|".join(map(re.escape, sorted(_CENTURY_CASES[code], key=len, reverse=True)))
    return [
        Rule(
            re.compile(rf"(?:(?P<before>\b\w+){space})?\b{_NUMERAL}(?:-\w+)?{space}(?P<name>{centuries})(?!\w)"),
            century,
        ),
        Rule(
            re.compile(rf"\b(?P<name>{parts}){space}{_NUMERAL}\b(?!\.\w)"),
            part,
        ),
        Rule(re.compile(rf"\b(?P<name>{_RULER_NAMES[code]}){space}{_NUMERAL}\b(?!')"), ruler),
    ]


def _value(numeral: str) -> int:
    """Value of a Roman numeral: a digit before a larger one is subtracted."""
    values = [_VALUES[letter] for letter in numeral]
    return sum(-value if value < max(values[index:]) else value for index, value in enumerate(values))
