"""The way in: a text, and how it is said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from lipsync.speech.reading.addresses import address_rules
from lipsync.speech.reading.amounts import amount_rules
from lipsync.speech.reading.dates import date_rules
from lipsync.speech.reading.english import ENGLISH
from lipsync.speech.reading.foreign import foreign_rules
from lipsync.speech.reading.kazakh import KAZAKH
from lipsync.speech.reading.lexicon import Lexicon
from lipsync.speech.reading.passage import Reading, Rule
from lipsync.speech.reading.roman import roman_rules
from lipsync.speech.reading.russian import RUSSIAN
from lipsync.speech.reading.ukrainian import UKRAINIAN

LEXICONS = {lexicon.code: lexicon for lexicon in (RUSSIAN, ENGLISH, UKRAINIAN, KAZAKH)}
"""The languages whose numbers and short forms are put into words here; the others' are left to the voice."""

_ENDS = (".", "!", "?", "…")
_RUSSIAN_LETTERS = {
    "а": "а", "б": "бэ", "в": "вэ", "г": "гэ", "д": "дэ", "е": "е", "ж": "жэ", "з": "зэ", "и": "и", "к": "ка",
    "л": "эл", "м": "эм", "н": "эн", "о": "о", "п": "пэ", "р": "эр", "с": "эс", "т": "тэ", "у": "у", "ф": "эф",
    "х": "ха", "ц": "цэ", "ч": "че", "ш": "ша", "щ": "ща", "э": "э", "ю": "ю", "я": "я",
}  # fmt: skip
_RUSSIAN_CAPITALS = {
    "США": "сэ-шэ-а", "ФРГ": "эф-эр-гэ", "ООН": "о-о-эн", "ЕС": "е-эс", "ИИ": "и-и", "АО": "а-о", "ЦРУ": "цэ-рэ-у",
    "ЭВМ": "э-вэ-эм", "АЭС": "а-эс", "НЛО": "эн-эл-о", "МГУ": "эм-гэ-у", "МЧС": "эм-че-эс", "ОАЭ": "о-а-э",
    "ГАЗ": "газ", "ЮНЕСКО": "юнеско",
}  # fmt: skip
"""What the rule for capitals would get wrong."""


def read(text: str, language: str) -> tuple[Reading, ...]:
    """``text`` (as clean_text returned it) in parts that, joined, are the text, each with how it is said.

    ``language`` is a code. Numbers, dates, money, units, short forms, addresses and foreign words are put into words;
    in languages without a lexicon only foreign words are. Case and gender follow what stands around a number as far
    as simple signs of it tell.
    """
    passage: tuple[Reading, ...] = (Reading(text),)
    for rule in _rules(language):
        passage = rule.apply(passage)
    return passage


def spoken(passage: Iterable[Reading]) -> str:
    """What a voice is given: the parts as they are said, with a blank where two words would run together.

    A part that follows the end of a sentence begins with a capital, so that a sentence is seen to begin there.
    """
    said = ""
    for reading in passage:
        part = reading.said
        if reading.spoken is not None and (not said or said[-1].isspace()):
            part = part.lstrip()
        if reading.spoken is not None and said.rstrip()[-1:] in _ENDS and said[-1:].isspace():
            part = part[:1].upper() + part[1:]
        if said and part and said[-1].isalnum() and part[0].isalnum():
            said += " "
        said += part
    return said


@cache
def _rules(language: str) -> tuple[Rule, ...]:
    lexicon = LEXICONS.get(language)
    if lexicon is None:
        return tuple(foreign_rules(language))
    return (
        *address_rules(lexicon),
        *roman_rules(lexicon),
        *date_rules(lexicon),
        *_short_forms(lexicon),
        *amount_rules(lexicon),
        *_signs(lexicon),
        *(_capitals() if language == "ru" else ()),
        *foreign_rules(language),
    )


def _short_forms(lexicon: Lexicon) -> list[Rule]:
    """Abbreviations. One whose whole ends with a point may end a sentence, and then keeps the point."""

    def rule(pattern: str, whole: str) -> Rule:
        end = r"(?!\w)" if pattern.endswith(".") else ""
        return Rule(re.compile(rf"(?<![\w.-])(?:{pattern}){end}"), lambda found: _whole(found, whole))

    return [rule(pattern, whole) for pattern, whole in lexicon.abbreviations.items()]


def _whole(found: re.Match[str], whole: str) -> str:
    following = found.string[found.end() :].lstrip()
    if found[0][0].isupper() and whole[0].islower():
        whole = whole[0].upper() + whole[1:]
    ends = not following or following[0].isupper() or following[0] in '«„“"—'
    return whole if ends else whole.removesuffix(".")


def _signs(lexicon: Lexicon) -> list[Rule]:
    """Signs that stand for a word."""
    signs = {**lexicon.halves, **lexicon.words}
    pattern = "|".join(map(re.escape, signs))
    return [Rule(re.compile(rf" ?(?:{pattern}) ?"), lambda found: f" {signs[found[0].strip()]} ")]


def _capitals() -> list[Rule]:
    """Short Russian words in capitals that cannot be said as words are spelled: МГУ; not in a text of capitals."""

    def spell(found: re.Match[str]) -> str | None:
        word = found[0]
        if known := _RUSSIAN_CAPITALS.get(word):
            return known
        around = found.string[max(0, found.start() - 30) : found.end() + 30]
        if not any(letter.islower() for letter in around) or _sayable(word):
            return None
        return "-".join(_RUSSIAN_LETTERS.get(letter, letter) for letter in word.lower())

    return [Rule(re.compile(r"(?<!\w)[А-ЯЁ]{2,6}(?!\w)"), spell)]


def _sayable(word: str) -> bool:
    """Vowels and consonants in turns, one consonant more at most on either side: НАТО, ГОСТ, ТАСС."""
    return re.fullmatch(r"[^АЕЁИОУЫЭЮЯ]{0,2}(?:[АЕЁИОУЫЭЮЯ][^АЕЁИОУЫЭЮЯ]{1,2}){1,3}[АЕЁИОУЫЭЮЯ]?", word) is not None
