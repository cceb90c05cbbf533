"""Numbers with their context: units, money, percent, degrees, ordinals, phone numbers, versions, arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lipsync.text.normalization.lexicon import Case, Gender, Lexicon, Noun
from lipsync.text.normalization.numbers import cardinal, decimal, digit_by_digit, ordinal, year
from lipsync.text.normalization.rules import Replace, Rule

_SPACE = r"[ \u00a0\u202f]"
_NUMBER_START = r"(?<![\w.,:/])(?P<minus>(?<!\))[−-])?"
"""Start of a number that is not part of a word, a version, a time or a path, with an optional minus sign."""
_ABBREVIATION_DOT = rf"(?:\.(?={_SPACE}?[a-zа-яёіїєґәғқңөұүһ,;:)]|{_SPACE}\d))?"
"""Full stop of an abbreviation, where it does not end the sentence too."""

_PHONE_NUMBER = re.compile(
    r"""
    (?<![\w+])
    (?: \+\d{1,3} | 8 ) [ \u00a0-]?    # country: "+7", or the Russian trunk prefix "8"
    \(? \d{3} \)?       [ \u00a0-]?    # area: "(495)"
    \d{3}               [ \u00a0-]?    # "123"
    \d{2}               [ \u00a0-]?    # "45"
    \d{2} \b                           # "67"
    """,
    re.VERBOSE,
)
"""A phone number, e.g. "+7 (495) 123-45-67"."""

_ORDINAL_ENDINGS = {
    "ru": "й|ый|ой|го|ого|му|ому|м|ом|ым|я|ая|ю|ую|е|ое|х|ых|ми|ыми",
    "uk": "й|ий|го|ого|му|ому|м|им|та|а|ту|у|те|е|ші|ті|і|тих|их",
    "kk": "ші|шы|інші|ыншы|нші|ншы",
    "en": "st|nd|rd|th",
}
_ENDING_GRAMMAR: dict[str, tuple[Gender, Case, bool]] = {
    **dict.fromkeys(("го", "ого"), ("m", "g", False)), **dict.fromkeys(("му", "ому"), ("m", "d", False)),
    **dict.fromkeys(("м", "ом"), ("m", "p", False)), **dict.fromkeys(("ым", "им"), ("m", "i", False)),
    **dict.fromkeys(("я", "ая", "та", "а"), ("f", "n", False)),
    **dict.fromkeys(("е", "ое", "те"), ("n", "n", False)),
    **dict.fromkeys(("х", "ых", "тих", "их"), ("m", "g", True)),
    **dict.fromkeys(("ми", "ыми"), ("m", "i", True)), **dict.fromkeys(("ші", "ті", "і"), ("m", "n", True)),
}  # fmt: skip
"""Gender, case and plural of an ordinal by the letters after the number: 5-го is genitive. Default: masculine."""


def amount_rules(lexicon: Lexicon) -> list[Rule]:
    """The rules, the most specific first."""
    amounts = _Amounts(lexicon)
    number = rf"{_NUMBER_START}{_number_pattern(lexicon)}"
    scale = rf"(?:{_SPACE}?(?P<scale>{_any_of(lexicon.scales)})(?!\w){_ABBREVIATION_DOT})?"
    sign = rf"(?P<sign>{_any_of(lexicon.money)})(?!\w)"
    unit = rf"(?P<unit>°{_SPACE}?[CС]\b|{_any_of([*lexicon.units, '%', '°'])})(?![\w/²³])"
    governing = [*lexicon.genitive, *lexicon.dative]
    before = rf"(?:\b(?P<before>(?i:{'|'.join(governing)})){_SPACE})?" if governing else ""
    between = "".join(map(re.escape, lexicon.between))
    return [
        Rule(_PHONE_NUMBER, amounts.telephone),
        _rule(r"(?<![\w.])\d+(?:\.\d+){2,}\b", amounts.version),
        _rule(r"(?<![\w./])(?P<part>\d)/(?P<of>[2-9]|10)(?![\w/])(?!\.\d)", amounts.fraction),
        _rule(r"(?<=\d):(?=\d)", lambda _: " "),
        _rule(rf"(?<=\d){_SPACE}?(?P<sign>[{between}]){_SPACE}?(?=\d)", amounts.between),
        _rule(rf"(?<=\d){_SPACE}?[–—-]{_SPACE}?(?=\d)", lambda _: " to " if lexicon.code == "en" else "–"),
        _rule(rf"(?P<sign>{_any_of([symbol for symbol in lexicon.money if not symbol.isalpha()])}){_SPACE}?"
              rf"(?P<minus>[−-])?{_number_pattern(lexicon)}{scale}(?!\w)", amounts.money),
        _rule(rf"{before}{number}{scale}{_SPACE}?{sign}{_ABBREVIATION_DOT}", amounts.money),
        _rule(rf"{before}{number}{scale}{_SPACE}?{unit}{_ABBREVIATION_DOT}", amounts.unit),
        _rule(rf"(?<![\w.,])(?P<whole>\d{{1,15}})-?(?P<ending>{_ORDINAL_ENDINGS[lexicon.code]})(?!\w)",
              amounts.ordinal),
        _rule(rf"{before}{number}{scale}(?=(?P<next>(?:{_SPACE}\w+){{0,2}}))", amounts.plain),
        _rule(r"\d+", lambda match: cardinal(match[0], lexicon)),
    ]  # fmt: skip


def _rule(pattern: str, replace: Replace) -> Rule:
    return Rule(re.compile(pattern), replace)


def _any_of(signs: Iterable[str]) -> str:
    """Pattern of any of the signs, the longest first; spaces in them are optional."""
    return "|".join(re.escape(sign).replace(r"\ ", r"\s?") for sign in sorted(signs, key=len, reverse=True))


def _number_pattern(lexicon: Lexicon) -> str:
    """Pattern of a number with groups of thousands and a fraction: "1,234.5" in English, "1 234,5" elsewhere."""
    if lexicon.code == "en":
        return r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<fraction>\d+))?(?![.,:/]?\d)"
    return rf"(?P<whole>\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)|\d+)(?:[.,](?P<fraction>\d+))?(?![.,:/]?\d)"


class _Amounts:
    """Replacements of the matches of the rules."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def telephone(self, match: re.Match[str]) -> str:
        digits = re.findall(r"\d", match[0])
        plus = self._lexicon.between["+"] + " " if match[0].startswith("+") else ""
        local = "".join(digits[-10:])
        country = "".join(digits[:-10])
        groups = [country, local[:3], local[3:6], local[6:8], local[8:]]
        if self._lexicon.code == "en":
            groups = [country, local[:3], local[3:6], local[6:]]
            return plus + ", ".join(digit_by_digit(group, self._lexicon) for group in groups if group)
        return plus + ", ".join(self._group(group) for group in groups if group)

    def _group(self, digits: str) -> str:
        zeros = len(digits) - len(digits.lstrip("0"))
        rest = digits[zeros:]
        words = [digit_by_digit(digits[:zeros], self._lexicon)] if zeros else []
        return " ".join([*words, cardinal(rest, self._lexicon)] if rest else words)

    def version(self, match: re.Match[str]) -> str:
        point = f" {self._lexicon.signs['.']} "
        return point.join(cardinal(part, self._lexicon) for part in match[0].split("."))

    def fraction(self, match: re.Match[str]) -> str | None:
        """A fraction: 3/4 gives "three quarters", «три четвёртых»."""
        part, of = int(match["part"]), int(match["of"])
        if part >= of or self._lexicon.code not in ("ru", "en"):
            return None
        if self._lexicon.code == "ru":
            below = (
                ordinal(of, self._lexicon, "f") if part == 1 else ordinal(of, self._lexicon, "m", "g", plural=True)
            )
            return f"{cardinal(match['part'], self._lexicon, 'f')} {below}"
        below = {2: "half", 4: "quarter"}.get(of) or ordinal(of, self._lexicon)
        return f"{cardinal(match['part'], self._lexicon)} {below}" + ("s" if part > 1 else "")

    def between(self, match: re.Match[str]) -> str:
        return f" {self._lexicon.between[match['sign']]} "

    def money(self, match: re.Match[str]) -> str:
        noun, hundredth = self._lexicon.money[_find_key(match["sign"], self._lexicon.money)]
        fraction = _group_of(match, "fraction")
        if fraction and len(fraction) == 2 and not match["scale"]:
            whole = self._count(match, noun, fraction="")
            if int(fraction) == 0:
                return whole
            cents = cardinal(str(int(fraction)), self._lexicon, hundredth.gender)
            joint = " and " if self._lexicon.code == "en" else " "
            return f"{whole}{joint}{cents} {hundredth.after(int(fraction), self._lexicon.code)}"
        return self._count(match, noun)

    def unit(self, match: re.Match[str]) -> str:
        name = match["unit"]
        if name == "%":
            return self._count(match, self._lexicon.percent)
        if name.startswith("°"):
            words = self._count(match, self._lexicon.degree)
            return words if name == "°" else f"{words} {self._lexicon.celsius}"
        return self._count(match, self._lexicon.units[_find_key(name, self._lexicon.units)])

    def ordinal(self, match: re.Match[str]) -> str:
        gender, case, plural = _ENDING_GRAMMAR.get(match["ending"], ("m", "n", False))
        return ordinal(int(match["whole"]), self._lexicon, gender, case, plural=plural)

    def plain(self, match: re.Match[str]) -> str | None:
        digits = _digits(match)
        if match["scale"] or _group_of(match, "fraction") or _group_of(match, "before"):
            return self._count(match, None)
        minus = f"{self._lexicon.minus} " if match["minus"] else ""
        if self._lexicon.code == "en" and len(match["whole"]) == 4 and 1100 <= int(digits) <= 2099:
            return minus + year(int(digits), self._lexicon)
        return minus + cardinal(digits, self._lexicon, self._gender(digits, match["next"].split()))

    def _count(self, match: re.Match[str], noun: Noun | None, fraction: str | None = None) -> str:
        """The number, and the noun in the form that follows it."""
        code = self._lexicon.code
        fraction = _group_of(match, "fraction") if fraction is None else fraction
        digits, before = _digits(match), _group_of(match, "before")
        case: Case = "n"
        if before and not fraction and code == "ru":
            case = (
                "g"
                if before.lower() in self._lexicon.genitive
                else "d"
                if noun is None and not match["scale"]
                else "n"
            )
        scale = self._lexicon.scales[match["scale"]] if match["scale"] else None
        counted = scale or noun
        value = None if fraction else int(digits[-15:])
        if fraction:
            words = decimal(digits, fraction, self._lexicon)
        else:
            words = cardinal(digits, self._lexicon, counted.gender if counted else "m", case)
        parts = [before, self._lexicon.minus if _group_of(match, "minus") else "", words]
        if counted:
            parts.append(counted.after(value, code, case))
        if scale and noun:
            parts.append(noun.many or noun.few or noun.one)
        return " ".join(part for part in parts if part)

    def _gender(self, digits: str, following: list[str]) -> Gender:
        """Gender of the noun after a 1 or a 2, guessed from its ending; Russian and Ukrainian only."""
        last = following[0].lower() if following else ""
        if self._lexicon.code not in ("ru", "uk") or digits[-2:] in ("11", "12") or not last:
            return "m"
        if self._lexicon.code == "uk":
            return "f" if any(word.lower().startswith(self._lexicon.feminine) for word in following[:2]) else "m"
        if len(following) > 1 and re.search("(ых|их|ая|яя|ое|ее)$", last):  # an adjective: the noun follows it
            last = following[1].lower()
        if digits.endswith("1"):
            return "f" if re.search("[ая]$", last) and last != "дня" else "n" if re.search("[ое]$", last) else "m"
        if digits.endswith("2"):
            return "f" if re.search("[ыи]е?$", last) and last not in ("пути", "или", "и", "дети") else "m"
        return "m"


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match["whole"])


def _group_of(match: re.Match[str], name: str) -> str:
    return match.groupdict().get(name) or ""


def _find_key(written: str, known: Iterable[str]) -> str:
    """The entry of ``known`` that equals ``written`` without spaces: "кв.м" finds "кв. м"."""
    return next(entry for entry in known if entry.replace(" ", "") == re.sub(r"\s", "", written))
