"""Numbers, and what stands beside them: units, money, percent, degrees, ordinals, telephones, sums."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lipsync.speech.reading.lexicon import Case, Gender, Lexicon, Noun
from lipsync.speech.reading.numbers import cardinal, decimal, digit_by_digit, ordinal, year
from lipsync.speech.reading.passage import Rule, Say

_SPACE = r"[ \u00a0\u202f]"
_FREE = r"(?<![\w.,:/])(?P<minus>(?<!\))[−-])?"
"""Nothing stands before the number of which it would be a part."""
_DOT = rf"(?:\.(?={_SPACE}?[a-zа-яёіїєґәғқңөұүһ,;:)]|{_SPACE}\d))?"
"""The point of an abbreviation, where it does not end the sentence too."""

_ENDINGS = {
    "ru": "й|ый|ой|го|ого|му|ому|м|ом|ым|я|ая|ю|ую|е|ое|х|ых|ми|ыми",
    "uk": "й|ий|го|ого|му|ому|м|им|та|а|ту|у|те|е|ші|ті|і|тих|их",
    "kk": "ші|шы|інші|ыншы|нші|ншы",
    "en": "st|nd|rd|th",
}
_GRAMMAR: dict[str, tuple[Gender, Case, bool]] = {
    **dict.fromkeys(("го", "ого"), ("m", "g", False)), **dict.fromkeys(("му", "ому"), ("m", "d", False)),
    **dict.fromkeys(("м", "ом"), ("m", "p", False)), **dict.fromkeys(("ым", "им"), ("m", "i", False)),
    **dict.fromkeys(("я", "ая", "та", "а"), ("f", "n", False)),
    **dict.fromkeys(("е", "ое", "те"), ("n", "n", False)),
    **dict.fromkeys(("х", "ых", "тих", "их"), ("m", "g", True)),
    **dict.fromkeys(("ми", "ыми"), ("m", "i", True)), **dict.fromkeys(("ші", "ті", "і"), ("m", "n", True)),
}  # fmt: skip
"""What the letters after a number say of it: 5-го is the genitive; what is not here is masculine."""


def amount_rules(lexicon: Lexicon) -> list[Rule]:
    """The rules, those first that take the most."""
    amounts = _Amounts(lexicon)
    number = rf"{_FREE}{_number(lexicon)}"
    scale = rf"(?:{_SPACE}?(?P<scale>{_any(lexicon.scales)})(?!\w){_DOT})?"
    sign = rf"(?P<sign>{_any(lexicon.money)})(?!\w)"
    unit = rf"(?P<unit>°{_SPACE}?[CС]\b|{_any([*lexicon.units, '%', '°'])})(?![\w/²³])"
    ruling = [*lexicon.genitive, *lexicon.dative]
    before = rf"(?:\b(?P<before>(?i:{'|'.join(ruling)})){_SPACE})?" if ruling else ""
    between = "".join(map(re.escape, lexicon.between))
    return [
        _rule(r"(?<![\w+])(?:\+\d{1,3}|8)[ \u00a0-]?\(?\d{3}\)?[ \u00a0-]?\d{3}[ \u00a0-]?\d{2}[ \u00a0-]?\d{2}\b",
              amounts.telephone),
        _rule(r"(?<![\w.])\d+(?:\.\d+){2,}\b", amounts.version),
        _rule(r"(?<![\w./])(?P<part>\d)/(?P<of>[2-9]|10)(?![\w/])(?!\.\d)", amounts.fraction),
        _rule(r"(?<=\d):(?=\d)", lambda _: " "),
        _rule(rf"(?<=\d){_SPACE}?(?P<sign>[{between}]){_SPACE}?(?=\d)", amounts.between),
        _rule(rf"(?<=\d){_SPACE}?[–—-]{_SPACE}?(?=\d)", lambda _: " to " if lexicon.code == "en" else "–"),
        _rule(rf"(?P<sign>{_any([one for one in lexicon.money if not one.isalpha()])}){_SPACE}?"
              rf"(?P<minus>[−-])?{_number(lexicon)}{scale}(?!\w)", amounts.money),
        _rule(rf"{before}{number}{scale}{_SPACE}?{sign}{_DOT}", amounts.money),
        _rule(rf"{before}{number}{scale}{_SPACE}?{unit}{_DOT}", amounts.unit),
        _rule(rf"(?<![\w.,])(?P<whole>\d{{1,15}})-?(?P<ending>{_ENDINGS[lexicon.code]})(?!\w)", amounts.ordinal),
        _rule(rf"{before}{number}{scale}(?=(?P<next>(?:{_SPACE}\w+){{0,2}}))", amounts.plain),
        _rule(r"\d+", lambda found: cardinal(found[0], lexicon)),
    ]  # fmt: skip


def _rule(pattern: str, say: Say) -> Rule:
    return Rule(re.compile(pattern), say)


def _any(signs: Iterable[str]) -> str:
    """A pattern of any of the signs, the longest first."""
    return "|".join(re.escape(one).replace(r"\ ", r"\s?") for one in sorted(signs, key=len, reverse=True))


def _number(lexicon: Lexicon) -> str:
    if lexicon.code == "en":
        return r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<fraction>\d+))?(?![.,:/]?\d)"
    return rf"(?P<whole>\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)|\d+)(?:[.,](?P<fraction>\d+))?(?![.,:/]?\d)"


class _Amounts:
    """What each find is said as."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def telephone(self, found: re.Match[str]) -> str:
        digits = re.findall(r"\d", found[0])
        plus = self._lexicon.between["+"] + " " if found[0].startswith("+") else ""
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
        said = [digit_by_digit(digits[:zeros], self._lexicon)] if zeros else []
        return " ".join([*said, cardinal(rest, self._lexicon)] if rest else said)

    def version(self, found: re.Match[str]) -> str:
        point = f" {self._lexicon.signs['.']} "
        return point.join(cardinal(part, self._lexicon) for part in found[0].split("."))

    def fraction(self, found: re.Match[str]) -> str | None:
        """3/4: three quarters, три четвёртых."""
        part, of = int(found["part"]), int(found["of"])
        if part >= of or self._lexicon.code not in ("ru", "en"):
            return None
        if self._lexicon.code == "ru":
            below = (
                ordinal(of, self._lexicon, "f") if part == 1 else ordinal(of, self._lexicon, "m", "g", plural=True)
            )
            return f"{cardinal(found['part'], self._lexicon, 'f')} {below}"
        below = {2: "half", 4: "quarter"}.get(of) or ordinal(of, self._lexicon)
        return f"{cardinal(found['part'], self._lexicon)} {below}" + ("s" if part > 1 else "")

    def between(self, found: re.Match[str]) -> str:
        return f" {self._lexicon.between[found['sign']]} "

    def money(self, found: re.Match[str]) -> str:
        noun, hundredth = self._lexicon.money[_key(found["sign"], self._lexicon.money)]
        fraction = _group_of(found, "fraction")
        if fraction and len(fraction) == 2 and not found["scale"]:
            whole = self._counted(found, noun, fraction="")
            if int(fraction) == 0:
                return whole
            cents = cardinal(str(int(fraction)), self._lexicon, hundredth.gender)
            joint = " and " if self._lexicon.code == "en" else " "
            return f"{whole}{joint}{cents} {hundredth.after(int(fraction), self._lexicon.code)}"
        return self._counted(found, noun)

    def unit(self, found: re.Match[str]) -> str:
        name = found["unit"]
        if name == "%":
            return self._counted(found, self._lexicon.percent)
        if name.startswith("°"):
            said = self._counted(found, self._lexicon.degree)
            return said if name == "°" else f"{said} {self._lexicon.celsius}"
        return self._counted(found, self._lexicon.units[_key(name, self._lexicon.units)])

    def ordinal(self, found: re.Match[str]) -> str:
        gender, case, plural = _GRAMMAR.get(found["ending"], ("m", "n", False))
        return ordinal(int(found["whole"]), self._lexicon, gender, case, plural=plural)

    def plain(self, found: re.Match[str]) -> str | None:
        digits = _digits(found)
        if found["scale"] or _group_of(found, "fraction") or _group_of(found, "before"):
            return self._counted(found, None)
        minus = f"{self._lexicon.minus} " if found["minus"] else ""
        if self._lexicon.code == "en" and len(found["whole"]) == 4 and 1100 <= int(digits) <= 2099:
            return minus + year(int(digits), self._lexicon)
        return minus + cardinal(digits, self._lexicon, self._gender(digits, found["next"].split()))

    def _counted(self, found: re.Match[str], noun: Noun | None, fraction: str | None = None) -> str:
        """The number, and the noun in the form that it asks for."""
        code = self._lexicon.code
        fraction = _group_of(found, "fraction") if fraction is None else fraction
        digits, before = _digits(found), _group_of(found, "before")
        case: Case = "n"
        if before and not fraction and code == "ru":
            case = (
                "g"
                if before.lower() in self._lexicon.genitive
                else "d"
                if noun is None and not found["scale"]
                else "n"
            )
        scale = self._lexicon.scales[found["scale"]] if found["scale"] else None
        counted = scale or noun
        value = None if fraction else int(digits[-15:])
        if fraction:
            said = decimal(digits, fraction, self._lexicon)
        else:
            said = cardinal(digits, self._lexicon, counted.gender if counted else "m", case)
        parts = [before, self._lexicon.minus if _group_of(found, "minus") else "", said]
        if counted:
            parts.append(counted.after(value, code, case))
        if scale and noun:
            parts.append(noun.many or noun.few or noun.one)
        return " ".join(part for part in parts if part)

    def _gender(self, digits: str, following: list[str]) -> Gender:
        """That of the noun after a 1 or a 2, told by its ending; Russian and Ukrainian only."""
        last = following[0].lower() if following else ""
        if self._lexicon.code not in ("ru", "uk") or digits[-2:] in ("11", "12") or not last:
            return "m"
        if self._lexicon.code == "uk":
            return "f" if any(word.lower().startswith(self._lexicon.feminine) for word in following[:2]) else "m"
        if len(following) > 1 and re.search("(ых|их|ая|яя|ое|ее)$", last):  # an adjective: the noun comes after it
            last = following[1].lower()
        if digits.endswith("1"):
            return "f" if re.search("[ая]$", last) and last != "дня" else "n" if re.search("[ое]$", last) else "m"
        if digits.endswith("2"):
            return "f" if re.search("[ыи]е?$", last) and last not in ("пути", "или", "и", "дети") else "m"
        return "m"


def _digits(found: re.Match[str]) -> str:
    return re.sub(r"\D", "", found["whole"])


def _group_of(found: re.Match[str], name: str) -> str:
    return found.groupdict().get(name) or ""


def _key(written: str, known: Iterable[str]) -> str:
    """The entry that was meant: "кв.м" is "кв. м"."""
    return next(one for one in known if one.replace(" ", "") == re.sub(r"\s", "", written))
