"""Roman numerals, where nothing else can be meant: XX век, Chapter IV, Louis XIV."""

from __future__ import annotations

import re

from lipsync.speech.reading.lexicon import Case, Lexicon
from lipsync.speech.reading.numbers import cardinal, ordinal
from lipsync.speech.reading.passage import Rule

_NUMERAL = r"(?P<numeral>(?=[IVXХ])[XХ]{0,3}(?:I[XХ]|IV|V?I{0,3})|[XХ]L|L[XХ]{0,3})"
"""1 to 39, and a few; Х may be the Cyrillic letter, as it is often typed."""
_VALUES = {"I": 1, "V": 5, "X": 10, "Х": 10, "L": 50, "C": 100}

_CENTURIES: dict[str, dict[str, Case]] = {
    "ru": {"век": "n", "века": "g", "веке": "p", "веку": "d", "веком": "i", "в.": "n", "столетие": "n",
           "столетия": "g", "столетии": "p"},
    "uk": {"століття": "n", "столітті": "p", "століттям": "i", "ст.": "n"},
    "kk": {"ғасыр": "n", "ғасырда": "n", "ғасырдың": "n"},
    "en": {"century": "n", "centuries": "n"},
}  # fmt: skip
_PARTS = {
    "ru": "глава|главе|главы|том|томе|тома|часть|части|раздел|раздела|разделе|класс|степень|степени|тип|типа|группа"
    "|группы",
    "uk": "розділ|розділі|том|томі|частина|частини|клас|ступінь|тип|група",
    "kk": "тарау|том|бөлім",
    "en": "[Cc]hapter|[Vv]olume|[Pp]art|[Bb]ook|[Ss]ection|[Aa]ct|[Tt]ype|[Cc]lass|[Pp]hase"
    "|World War|Super Bowl|Apollo",
}
_NAMES = {
    "ru": "Пётр|Петр|Николай|Александр|Павел|Иван|Карл|Людовик|Генрих|Фридрих|Вильгельм|Наполеон|Филипп|Георг|Эдуард"
          "|Ричард|Елизавета|Екатерина|Анна|Мария",
    "uk": "Петро|Микола|Олександр|Павло|Іван|Карл|Людовик|Генріх|Фрідріх|Вільгельм|Наполеон|Катерина|Єлизавета",
    "kk": "Петр|Николай|Александр|Екатерина|Наполеон|Людовик",
    "en": "Henry|Louis|Elizabeth|Charles|George"
    "|William|Edward|James|Richard|Philip|Peter|Catherine|Nicholas|Alexander"
          "|Napoleon|Frederick|John Paul|Benedict|Pius|Francis|Mary",
}  # fmt: skip


def roman_rules(lexicon: Lexicon) -> list[Rule]:
    """Centuries, numbered parts, and rulers."""
    code = lexicon.code
    space = r"[ \u00a0\u202f]"

    def century(found: re.Match[str]) -> str | None:
        case = _CENTURIES[code][found["name"]]
        name = {"в.": "век", "ст.": "століття"}.get(found["name"], found["name"])
        before = found["before"] or ""
        if found["name"] in ("в.", "ст.") and before.lower() in ("в", "во", "у"):
            case, name = "p", {"век": "веке", "століття": "столітті"}[name]
        gender: str = "n" if name.startswith("стол") else "m"
        said = ordinal(_value(found["numeral"]), lexicon, "n" if gender == "n" else "m", case)
        return f"{before} {said} {name}".strip()

    def part(found: re.Match[str]) -> str:
        return f"{found['name']} {cardinal(str(_value(found['numeral'])), lexicon)}"

    def ruler(found: re.Match[str]) -> str:
        said = ordinal(_value(found["numeral"]), lexicon, "f" if found["name"][-1] in "ая" else "m")
        return f"{found['name']} the {said}" if code == "en" else f"{found['name']} {said}"

    parts = _PARTS[code] if code == "en" else f"{_PARTS[code]}|{_PARTS[code].title()}"
    centuries = "|".join(map(re.escape, sorted(_CENTURIES[code], key=len, reverse=True)))
    return [
        Rule(
            re.compile(rf"(?:(?P<before>\b\w+){space})?\b{_NUMERAL}(?:-\w+)?{space}(?P<name>{centuries})(?!\w)"),
            century,
        ),
        Rule(
            re.compile(rf"\b(?P<name>{parts}){space}{_NUMERAL}\b(?!\.\w)"),
            part,
        ),
        Rule(re.compile(rf"\b(?P<name>{_NAMES[code]}){space}{_NUMERAL}\b(?!')"), ruler),
    ]


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    return sum(-one if one < max(values[place:]) else one for place, one in enumerate(values))
