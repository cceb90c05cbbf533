"""Dates, years and times of day."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from lipsync.text.normalization.lexicon import Case, Lexicon
from lipsync.text.normalization.numbers import cardinal, ordinal, year
from lipsync.text.normalization.rules import Replace, Rule

_SPACE = r"[ \u00a0\u202f]"


def date_rules(lexicon: Lexicon) -> list[Rule]:
    """The rules, the most specific first."""
    kinds: dict[str, type[_Slavic | _Kazakh | _English]] = {
        "ru": _Slavic,
        "uk": _Slavic,
        "kk": _Kazakh,
        "en": _English,
    }
    dates = kinds[lexicon.code](lexicon)
    return [
        _rule(r"(?<![\w.])(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b", dates.date),
        _rule(rf"(?<![\w.])(?P<{dates.first}>\d{{1,2}})(?P<s>[./])(?P<{dates.second}>\d{{1,2}})(?P=s)(?P<y>\d{{4}})"
              rf"\b{dates.year_word}", dates.date),
        *(_rule(pattern, replace) for pattern, replace in dates.date_patterns()),
        _rule(rf"(?<![\w:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\w:])"
              rf"(?:{_SPACE}?(?P<half>[AaPp])\.?[Mm](?:\.|\b))?", dates.time),
    ]  # fmt: skip


def _rule(pattern: str, replace: Replace) -> Rule:
    return Rule(re.compile(pattern), replace)


class _Dates(ABC):
    """Common base of the languages."""

    first, second = "d", "m"
    year_word = ""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.months = "|".join(lexicon.months)

    def date(self, match: re.Match[str]) -> str | None:
        """A date in digits: 12.03.2024."""
        day, month, of = int(match["d"]), int(match["m"]), int(match["y"])
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return None
        return self.phrase(day, self.lexicon.months[month - 1], of)

    @abstractmethod
    def phrase(self, day: int, month: str, of: int | None) -> str:
        """The date in words; ``of`` is the year."""

    @abstractmethod
    def date_patterns(self) -> list[tuple[str, Replace]]:
        """Patterns of dates that contain words, and their replacements."""

    def time(self, match: re.Match[str]) -> str:
        """A time of day: 14:30."""
        hour, minute = cardinal(str(int(match["hour"])), self.lexicon), match["minute"]
        zero = cardinal("0", self.lexicon)
        if minute == "00":
            return f"{hour} {zero}-{zero}" if self.lexicon.code in ("ru", "uk") else f"{hour} {zero} {zero}"
        leading = f"{zero} " if minute[0] == "0" else ""
        return f"{hour} {leading}{cardinal(str(int(minute)), self.lexicon)}"


class _Slavic(_Dates):
    """Russian and Ukrainian, e.g. «двенадцатого марта две тысячи двадцать четвёртого года»."""

    year_word = rf"(?:{_SPACE}?(?:г\.|р\.|года|року))?"

    def phrase(self, day: int, month: str, of: int | None) -> str:
        start = f"{ordinal(day, self.lexicon, 'm', 'g')} {month}"
        name = {"ru": "года", "uk": "року"}[self.lexicon.code]
        return start if of is None else f"{start} {ordinal(of, self.lexicon, 'm', 'g')} {name}"

    def date_patterns(self) -> list[tuple[str, Replace]]:
        names = {"ru": "год|года|году|годом|годе|г\\.", "uk": "рік|року|році|роком|р\\."}[self.lexicon.code]
        years = rf"(?:(?P<before>\b\w+){_SPACE})?(?<![\w.])(?P<y>[12]\d{{3}}){_SPACE}?(?P<name>{names})(?!\w)"
        plural = {"ru": "годы|годов|годах|гг\\.?", "uk": "роки|років|роках|рр\\.?"}[self.lexicon.code]
        return [
            (rf"(?<![\w.])(?P<d>[0-3]?\d){_SPACE}(?P<m>{self.months})(?:{_SPACE}(?P<y>[12]\d{{3}})\b{self.year_word})?(?!\w)",
             self._with_month),
            (years, self._year),
            (rf"(?<![\w.])(?P<from>[12]\d{{3}}){_SPACE}?[–—-]{_SPACE}?(?P<to>[12]\d{{3}}){_SPACE}?(?P<name>{plural})(?!\w)",
             self._years),
        ]  # fmt: skip

    def _with_month(self, match: re.Match[str]) -> str | None:
        if not 1 <= int(match["d"]) <= 31:
            return None
        return self.phrase(int(match["d"]), match["m"], int(match["y"]) if match["y"] else None)

    def _year(self, match: re.Match[str]) -> str:
        before, name = match["before"] or "", match["name"]
        forms: dict[str, Case] = {
            "год": "n", "года": "g", "году": "p", "годе": "p", "годом": "i", "рік": "n", "року": "g", "році": "p",
            "роком": "i",
        }  # fmt: skip
        whole = {"ru": ("год", "года", "году"), "uk": ("рік", "року", "році")}[self.lexicon.code]
        if name in forms:
            case = "d" if name == "году" and before.lower() in ("к", "по") else forms[name]
        elif before.lower() in ("в", "во", "у"):
            case, name = "p", whole[2]
        elif before.lower() in ("с", "со", "до", "от", "после", "около", "з", "із", "від", "після"):
            case, name = "g", whole[1]
        else:
            case, name = "n", whole[0]
        return f"{before} {ordinal(int(match['y']), self.lexicon, 'm', case)} {name}".strip()

    def _years(self, match: re.Match[str]) -> str:
        name = {"гг": "годы", "гг.": "годы", "рр": "роки", "рр.": "роки"}.get(match["name"], match["name"])
        case: Case = {"годов": "g", "років": "g", "годах": "p", "роках": "p"}.get(name, "n")  # type: ignore[assignment]
        first, last = (ordinal(int(match[end]), self.lexicon, "m", case) for end in ("from", "to"))
        return f"{first} – {last} {name}"


class _Kazakh(_Dates):
    """Kazakh: “2024 жылғы 12 наурыз” gives “екі мың жиырма төртінші жылғы он екінші наурыз”."""

    def phrase(self, day: int, month: str, of: int | None) -> str:
        start = "" if of is None else f"{ordinal(of, self.lexicon)} жылғы "
        return f"{start}{ordinal(day, self.lexicon)} {month}"

    def date_patterns(self) -> list[tuple[str, Replace]]:
        return [
            (rf"(?<![\w.])(?P<d>[0-3]?\d){_SPACE}(?=(?:{self.months}))", self._ordinal),
            (rf"(?<![\w.])(?P<d>[12]\d{{3}}){_SPACE}(?=(?:жыл))", self._ordinal),
        ]

    def _ordinal(self, match: re.Match[str]) -> str:
        return f"{ordinal(int(match['d']), self.lexicon)} "


class _English(_Dates):
    """English, e.g. "March twelfth, twenty twenty-four"."""

    first, second = "m", "d"

    def phrase(self, day: int, month: str, of: int | None) -> str:
        start = f"{month} {ordinal(day, self.lexicon)}"
        return start if of is None else f"{start}, {year(of, self.lexicon)}"

    def date(self, match: re.Match[str]) -> str | None:
        """A date in digits, month first: 03/12/2024 is March twelfth; 25/12/2024 can only be the day first."""
        day, month = int(match["d"]), int(match["m"])
        if month > 12:
            day, month = month, day
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return None
        return self.phrase(day, self.lexicon.months[month - 1], int(match["y"]))

    def date_patterns(self) -> list[tuple[str, Replace]]:
        day = r"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?"
        months = rf"(?P<m>{self.months}|(?:{'|'.join(month[:3] for month in self.lexicon.months)}|Sept)\b\.?)"
        return [
            (rf"\b{months}{_SPACE}{day}(?!\d|:)(?:,?{_SPACE}(?P<y>[12]\d{{3}})\b)?", self._month_first),
            (
                rf"(?<![\w.]){day}{_SPACE}(?:of )?{months}(?:,?{_SPACE}(?P<y>[12]\d{{3}})\b)?(?!\w)",
                self._day_first,
            ),
            (r"(?<![\w.,])(?P<decade>1[1-9]\d|20\d)0s\b", self._decade),
        ]

    def _month_first(self, match: re.Match[str]) -> str | None:
        return self._of(match, "{month} {day}")

    def _day_first(self, match: re.Match[str]) -> str | None:
        return self._of(match, "the {day} of {month}")

    def _of(self, match: re.Match[str], form: str) -> str | None:
        day = int(match["d"])
        if not 1 <= day <= 31:
            return None
        month = next(name for name in self.lexicon.months if name.startswith(match["m"][:3]))
        start = form.format(day=ordinal(day, self.lexicon), month=month)
        return start if not match["y"] else f"{start}, {year(int(match['y']), self.lexicon)}"

    def _decade(self, match: re.Match[str]) -> str:
        words = year(int(match["decade"] + "0"), self.lexicon)
        return words[:-1] + "ies" if words.endswith("y") else words + "s"

    def time(self, match: re.Match[str]) -> str:
        hour, minute = int(match["hour"]), match["minute"]
        half = f" {match['half'].lower()} m" if match["half"] else ""
        name = cardinal(str(hour), self.lexicon)
        if minute == "00":
            return name + (half or (" o'clock" if 1 <= hour <= 12 else " hundred"))
        words = f"oh {cardinal(minute[1], self.lexicon)}" if minute[0] == "0" else cardinal(minute, self.lexicon)
        return f"{name} {words}{half}"
