"""Dates, years and times of day."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from lipsync.speech.reading.lexicon import Case, Lexicon
from lipsync.speech.reading.numbers import cardinal, ordinal, year
from lipsync.speech.reading.passage import Rule, Say

_SPACE = r"[ \u00a0\u202f]"


def date_rules(lexicon: Lexicon) -> list[Rule]:
    """The rules, those first that take the most."""
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
        *(_rule(pattern, say) for pattern, say in dates.written()),
        _rule(rf"(?<![\w:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\w:])"
              rf"(?:{_SPACE}?(?P<half>[AaPp])\.?[Mm](?:\.|\b))?", dates.time),
    ]  # fmt: skip


def _rule(pattern: str, say: Say) -> Rule:
    return Rule(re.compile(pattern), say)


class _Dates(ABC):
    """What is the same in all languages."""

    first, second = "d", "m"
    year_word = ""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.months = "|".join(lexicon.months)

    def date(self, found: re.Match[str]) -> str | None:
        """12.03.2024."""
        day, month, of = int(found["d"]), int(found["m"]), int(found["y"])
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return None
        return self.said(day, self.lexicon.months[month - 1], of)

    @abstractmethod
    def said(self, day: int, month: str, of: int | None) -> str:
        """The day of the month of the year."""

    @abstractmethod
    def written(self) -> list[tuple[str, Say]]:
        """Patterns of dates with words in them."""

    def time(self, found: re.Match[str]) -> str:
        """14:30."""
        hour, minute = cardinal(str(int(found["hour"])), self.lexicon), found["minute"]
        zero = cardinal("0", self.lexicon)
        if minute == "00":
            return f"{hour} {zero}-{zero}" if self.lexicon.code in ("ru", "uk") else f"{hour} {zero} {zero}"
        leading = f"{zero} " if minute[0] == "0" else ""
        return f"{hour} {leading}{cardinal(str(int(minute)), self.lexicon)}"


class _Slavic(_Dates):
    """Russian and Ukrainian: двенадцатого марта две тысячи двадцать четвёртого года."""

    year_word = rf"(?:{_SPACE}?(?:г\.|р\.|года|року))?"

    def said(self, day: int, month: str, of: int | None) -> str:
        start = f"{ordinal(day, self.lexicon, 'm', 'g')} {month}"
        name = {"ru": "года", "uk": "року"}[self.lexicon.code]
        return start if of is None else f"{start} {ordinal(of, self.lexicon, 'm', 'g')} {name}"

    def written(self) -> list[tuple[str, Say]]:
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

    def _with_month(self, found: re.Match[str]) -> str | None:
        if not 1 <= int(found["d"]) <= 31:
            return None
        return self.said(int(found["d"]), found["m"], int(found["y"]) if found["y"] else None)

    def _year(self, found: re.Match[str]) -> str:
        before, name = found["before"] or "", found["name"]
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
        return f"{before} {ordinal(int(found['y']), self.lexicon, 'm', case)} {name}".strip()

    def _years(self, found: re.Match[str]) -> str:
        name = {"гг": "годы", "гг.": "годы", "рр": "роки", "рр.": "роки"}.get(found["name"], found["name"])
        case: Case = {"годов": "g", "років": "g", "годах": "p", "роках": "p"}.get(name, "n")  # type: ignore[assignment]
        first, last = (ordinal(int(found[end]), self.lexicon, "m", case) for end in ("from", "to"))
        return f"{first} – {last} {name}"


class _Kazakh(_Dates):
    """2024 жылғы 12 наурыз: екі мың жиырма төртінші жылғы он екінші наурыз."""

    def said(self, day: int, month: str, of: int | None) -> str:
        start = "" if of is None else f"{ordinal(of, self.lexicon)} жылғы "
        return f"{start}{ordinal(day, self.lexicon)} {month}"

    def written(self) -> list[tuple[str, Say]]:
        return [
            (rf"(?<![\w.])(?P<d>[0-3]?\d){_SPACE}(?=(?:{self.months}))", self._ordinal),
            (rf"(?<![\w.])(?P<d>[12]\d{{3}}){_SPACE}(?=(?:жыл))", self._ordinal),
        ]

    def _ordinal(self, found: re.Match[str]) -> str:
        return f"{ordinal(int(found['d']), self.lexicon)} "


class _English(_Dates):
    """March twelfth, twenty twenty-four."""

    first, second = "m", "d"

    def said(self, day: int, month: str, of: int | None) -> str:
        start = f"{month} {ordinal(day, self.lexicon)}"
        return start if of is None else f"{start}, {year(of, self.lexicon)}"

    def date(self, found: re.Match[str]) -> str | None:
        """03/12/2024 is the twelfth of March, 25/12/2024 can only be Christmas."""
        day, month = int(found["d"]), int(found["m"])
        if month > 12:
            day, month = month, day
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return None
        return self.said(day, self.lexicon.months[month - 1], int(found["y"]))

    def written(self) -> list[tuple[str, Say]]:
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

    def _month_first(self, found: re.Match[str]) -> str | None:
        return self._of(found, "{month} {day}")

    def _day_first(self, found: re.Match[str]) -> str | None:
        return self._of(found, "the {day} of {month}")

    def _of(self, found: re.Match[str], form: str) -> str | None:
        day = int(found["d"])
        if not 1 <= day <= 31:
            return None
        month = next(name for name in self.lexicon.months if name.startswith(found["m"][:3]))
        start = form.format(day=ordinal(day, self.lexicon), month=month)
        return start if not found["y"] else f"{start}, {year(int(found['y']), self.lexicon)}"

    def _decade(self, found: re.Match[str]) -> str:
        said = year(int(found["decade"] + "0"), self.lexicon)
        return said[:-1] + "ies" if said.endswith("y") else said + "s"

    def time(self, found: re.Match[str]) -> str:
        hour, minute = int(found["hour"]), found["minute"]
        half = f" {found['half'].lower()} m" if found["half"] else ""
        name = cardinal(str(hour), self.lexicon)
        if minute == "00":
            return name + (half or (" o'clock" if 1 <= hour <= 12 else " hundred"))
        said = f"oh {cardinal(minute[1], self.lexicon)}" if minute[0] == "0" else cardinal(minute, self.lexicon)
        return f"{name} {said}{half}"
