"""Numbers in words. Whole ones are the library num2words'; what it lacks of Ukrainian and Kazakh is added here."""

from __future__ import annotations

import re

from lipsync.speech.reading.lexicon import Case, Gender, Lexicon

_LONGEST = 15
"""Digits; a longer one, such as a card's, is said digit by digit."""
_ONE_THOUSAND = re.compile(r"^(одна|одной|одну|однією|однієї|одній) (?=тысяч|тисяч)")


def cardinal(digits: str, lexicon: Lexicon, gender: Gender = "m", case: Case = "n") -> str:
    """``digits`` as a whole number: "21" is twenty-one, двадцать одна, двадцати одного."""
    if len(digits) > _LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits, lexicon)
    said = _num2words(int(digits), lexicon, gender, case)
    return _ONE_THOUSAND.sub("", said)


def digit_by_digit(digits: str, lexicon: Lexicon) -> str:
    """ "007": ноль ноль семь."""
    return " ".join(_num2words(int(digit), lexicon) for digit in digits)


def decimal(whole: str, fraction: str, lexicon: Lexicon) -> str:
    """A decimal fraction: "3", "14" is three point one four, три целых четырнадцать сотых."""
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
        f"{start} {whole_word[not _is_single(int(whole[-3:]))]} "
        f"{_num2words(value, lexicon, 'f')} {part_word[not _is_single(value)]}"
    )


def ordinal(value: int, lexicon: Lexicon, gender: Gender = "m", case: Case = "n", *, plural: bool = False) -> str:
    """The ``value``-th: двадцать первого."""
    if lexicon.code == "ru":
        from num2words import num2words  # noqa: PLC0415

        return str(num2words(value, lang="ru", to="ordinal", gender=gender, case=case, plural=plural))
    if lexicon.code == "kk":
        *front, last = _num2words(value, lexicon).split(" ")
        return " ".join([*front, _KAZAKH.get(last, last + "інші")])
    from num2words import num2words  # noqa: PLC0415

    said = str(num2words(value, lang=lexicon.number_code, to="ordinal")).replace(",", "")
    if lexicon.code != "uk":
        return said
    said = re.sub("^одна (?=тисяч)", "", said)
    stem, soft = said[:-2], said.endswith("ій")
    endings = _UKRAINIAN_PLURAL if plural else _UKRAINIAN[gender]
    return stem + ("ь" if soft and endings[case][0] == "о" else "") + _softened(endings[case], soft=soft)


def year(value: int, lexicon: Lexicon) -> str:
    """A year that stands alone: nineteen ninety-nine; as any number in other languages than English."""
    if lexicon.code != "en":
        return cardinal(str(value), lexicon)
    from num2words import num2words  # noqa: PLC0415

    return str(num2words(value, lang="en", to="year")).replace(",", "")


def _num2words(value: int, lexicon: Lexicon, gender: Gender = "m", case: Case = "n") -> str:
    from num2words import num2words  # noqa: PLC0415 - loads all of its languages

    if lexicon.code == "ru":
        return str(num2words(value, lang="ru", gender=gender, case=case))
    said = str(num2words(value, lang=lexicon.number_code)).replace(",", "")
    if lexicon.code == "uk" and gender != "m":
        said = re.sub(r"\bодин$", "одна" if gender == "f" else "одне", said)
        said = re.sub(r"\bдва$", "дві", said) if gender == "f" else said
    return said


def _is_single(value: int) -> bool:
    return value % 10 == 1 and value % 100 != 11


_UKRAINIAN: dict[Gender, dict[Case, str]] = {
    "m": {"n": "ий", "g": "ого", "d": "ому", "i": "им", "p": "ому"},
    "f": {"n": "а", "g": "ої", "d": "ій", "i": "ою", "p": "ій"},
    "n": {"n": "е", "g": "ого", "d": "ому", "i": "им", "p": "ому"},
}
_UKRAINIAN_PLURAL: dict[Case, str] = {"n": "і", "g": "их", "d": "им", "i": "ими", "p": "их"}


def _softened(ending: str, *, soft: bool) -> str:
    """третій is soft: третя, третє, третім."""
    if not soft:
        return ending
    return {"ий": "ій", "а": "я", "е": "є", "им": "ім", "их": "іх", "ими": "іми"}.get(ending, ending)


_KAZAKH = {
    "нөл": "нөлінші", "бір": "бірінші", "екі": "екінші", "үш": "үшінші", "төрт": "төртінші", "бес": "бесінші",
    "алты": "алтыншы", "жеті": "жетінші", "сегіз": "сегізінші", "тоғыз": "тоғызыншы", "он": "оныншы",
    "жиырма": "жиырмасыншы", "отыз": "отызыншы", "қырық": "қырқыншы", "елу": "елуінші", "алпыс": "алпысыншы",
    "жетпіс": "жетпісінші", "сексен": "сексенінші", "тоқсан": "тоқсаныншы", "жүз": "жүзінші", "мың": "мыңыншы",
    "миллион": "миллионыншы", "миллиард": "миллиардыншы",
}  # fmt: skip
