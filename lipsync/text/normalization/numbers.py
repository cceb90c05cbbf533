"""Numbers in words, by the library num2words, with additions for Ukrainian and Kazakh."""

from __future__ import annotations

import re

from lipsync.text.normalization.lexicon import Case, Gender, Lexicon

_MAX_DIGITS = 15
"""Maximum digits of a number; a longer one, such as that of a card, is read digit by digit."""
_ONE_THOUSAND = re.compile(r"^(одна|одной|одну|однією|однієї|одній) (?=тысяч|тисяч)")


def cardinal(digits: str, lexicon: Lexicon, gender: Gender = "m", case: Case = "n") -> str:
    """Cardinal number: "21" gives "twenty-one", «двадцать одна», «двадцати одного»."""
    if len(digits) > _MAX_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits, lexicon)
    words = _num2words(int(digits), lexicon, gender, case)
    return _ONE_THOUSAND.sub("", words)


def digit_by_digit(digits: str, lexicon: Lexicon) -> str:
    """Digit by digit: "007" gives «ноль ноль семь»."""
    return " ".join(_num2words(int(digit), lexicon) for digit in digits)


def decimal(whole: str, fraction: str, lexicon: Lexicon) -> str:
    """Decimal fraction: "3", "14" gives "three point one four", «три целых четырнадцать сотых»."""
    if lexicon.code == "en":
        return f"{cardinal(whole, lexicon)} point {digit_by_digit(fraction, lexicon)}"
    start = cardinal(whole, lexicon, "f")
    if len(fraction) > 3:
        comma = {"ru": "запятая", "uk": "кома", "kk": "үтір"}[lexicon.code]
        return f"{cardinal(whole, lexicon)} {comma} {digit_by_digit(fraction, lexicon)}"
    value = int(fraction)
    if lexicon.code == "kk":
        part = ("оннан", "жүзден", "мыңнан")[len(fraction) - 1]
        return f"{start} бүтін {part} {_num2words(value, lexicon)}"
    whole_word, parts = {
        "ru": (("целая", "целых"), (("десятая", "десятых"), ("сотая", "сотых"), ("тысячная", "тысячных"))),
        "uk": (("ціла", "цілих"), (("десята", "десятих"), ("сота", "сотих"), ("тисячна", "тисячних"))),
    }[lexicon.code]
    part_word = parts[len(fraction) - 1]
    return (
        f"{start} {whole_word[not _takes_singular(int(whole[-3:]))]} "
        f"{_num2words(value, lexicon, 'f')} {part_word[not _takes_singular(value)]}"
    )


def ordinal(value: int, lexicon: Lexicon, gender: Gender = "m", case: Case = "n", *, plural: bool = False) -> str:
    """Ordinal number: 21 gives "twenty-first", «двадцать первого»."""
    if lexicon.code == "ru":
        from num2words import num2words  # noqa: PLC0415

        return str(num2words(value, lang="ru", to="ordinal", gender=gender, case=case, plural=plural))
    if lexicon.code == "kk":
        *front, last = _num2words(value, lexicon).split(" ")
        return " ".join([*front, _KAZAKH_ORDINALS.get(last, last + "інші")])
    from num2words import num2words  # noqa: PLC0415

    words = str(num2words(value, lang=lexicon.number_code, to="ordinal")).replace(",", "")
    if lexicon.code != "uk":
        return words
    words = re.sub("^одна (?=тисяч)", "", words)
    stem, soft = words[:-2], words.endswith("ій")
    endings = _UKRAINIAN_PLURAL_ENDINGS if plural else _UKRAINIAN_ENDINGS[gender]
    return stem + ("ь" if soft and endings[case][0] == "о" else "") + _soften(endings[case], soft=soft)


def year(value: int, lexicon: Lexicon) -> str:
    """Year without a date: 1999 gives "nineteen ninety-nine"; a cardinal in other languages than English."""
    if lexicon.code != "en":
        return cardinal(str(value), lexicon)
    from num2words import num2words  # noqa: PLC0415

    return str(num2words(value, lang="en", to="year")).replace(",", "")


def _num2words(value: int, lexicon: Lexicon, gender: Gender = "m", case: Case = "n") -> str:
    from num2words import num2words  # noqa: PLC0415 - loads all of its languages

    if lexicon.code == "ru":
        return str(num2words(value, lang="ru", gender=gender, case=case))
    words = str(num2words(value, lang=lexicon.number_code)).replace(",", "")
    if lexicon.code == "uk" and gender != "m":
        words = re.sub(r"\bодин$", "одна" if gender == "f" else "одне", words)
        words = re.sub(r"\bдва$", "дві", words) if gender == "f" else words
    return words


def _takes_singular(value: int) -> bool:
    """Whether a Slavic noun after ``value`` is in the singular: 1, 21, 101, but not 11."""
    return value % 10 == 1 and value % 100 != 11


_UKRAINIAN_ENDINGS: dict[Gender, dict[Case, str]] = {
    "m": {"n": "ий", "g": "ого", "d": "ому", "i": "им", "p": "ому"},
    "f": {"n": "а", "g": "ої", "d": "ій", "i": "ою", "p": "ій"},
    "n": {"n": "е", "g": "ого", "d": "ому", "i": "им", "p": "ому"},
}
_UKRAINIAN_PLURAL_ENDINGS: dict[Case, str] = {"n": "і", "g": "их", "d": "им", "i": "ими", "p": "их"}


def _soften(ending: str, *, soft: bool) -> str:
    """The ending of a soft stem: третій, третя, третє, третім."""
    if not soft:
        return ending
    return {"ий": "ій", "а": "я", "е": "є", "им": "ім", "их": "іх", "ими": "іми"}.get(ending, ending)


_KAZAKH_ORDINALS = {
    "нөл": "нөлінші", "бір": "бірінші", "екі": "екінші", "үш": "үшінші", "төрт": "төртінші", "бес": "бесінші",
    "алты": "алтыншы", "жеті": "жетінші", "сегіз": "сегізінші", "тоғыз": "тоғызыншы", "он": "оныншы",
    "жиырма": "жиырмасыншы", "отыз": "отызыншы", "қырық": "қырқыншы", "елу": "елуінші", "алпыс": "алпысыншы",
    "жетпіс": "жетпісінші", "сексен": "сексенінші", "тоқсан": "тоқсаныншы", "жүз": "жүзінші", "мың": "мыңыншы",
    "миллион": "миллионыншы", "миллиард": "миллиардыншы",
}  # fmt: skip
