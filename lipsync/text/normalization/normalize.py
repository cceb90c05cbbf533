"""Entry point of text normalization: a text in spans, each with its spoken form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from lipsync.text.normalization.amounts import amount_rules
from lipsync.text.normalization.dates import date_rules
from lipsync.text.normalization.english import ENGLISH
from lipsync.text.normalization.foreign import foreign_rules
from lipsync.text.normalization.kazakh import KAZAKH
from lipsync.text.normalization.lexicon import Lexicon
from lipsync.text.normalization.roman import roman_rules
from lipsync.text.normalization.rules import NormalizedSpan, Rule
from lipsync.text.normalization.russian import RUSSIAN
from lipsync.text.normalization.ukrainian import UKRAINIAN
from lipsync.text.normalization.web_addresses import address_rules

LEXICONS = {lexicon.code: lexicon for lexicon in (RUSSIAN, ENGLISH, UKRAINIAN, KAZAKH)}
"""Lexicons by language. In other languages, numbers and abbreviations are left to the voice."""

_ENDS = (".", "!", "?", "…")
_RUSSIAN_LETTER_NAMES = {
    "а": "а", "б": "бэ", "в": "вэ", "г": "гэ", "д": "дэ", "е": "е", "ж": "жэ", "з": "зэ", "и": "и", "к": "ка",
    "л": "эл", "м": "эм", "н": "эн", "о": "о", "п": "пэ", "р": "эр", "с": "эс", "т": "тэ", "у": "у", "ф": "эф",
    "х": "ха", "ц": "цэ", "ч": "че", "ш": "ша", "щ": "ща", "э": "э", "ю": "ю", "я": "я",
}  # fmt: skip
_RUSSIAN_ACRONYMS = {
    "США": "сэ-шэ-а", "ФРГ": "эф-эр-гэ", "ООН": "о-о-эн", "ЕС": "е-эс", "ИИ": "и-и", "АО": "а-о", "ЦРУ": "цэ-рэ-у",
    "ЭВМ": "э-вэ-эм", "АЭС": "а-эс", "НЛО": "эн-эл-о", "МГУ": "эм-гэ-у", "МЧС": "эм-че-эс", "ОАЭ": "о-а-э",
    "ГАЗ": "газ", "ЮНЕСКО": "юнеско",
}  # fmt: skip
"""Acronyms that the rule of :func:`_acronym_rules` would spell wrongly."""


def normalize(text: str, language: str) -> tuple[NormalizedSpan, ...]:
    """Split ``text``, as returned by clean_text, into spans with their spoken forms. Their originals join to the
    text.

    ``language`` is a code. Numbers, dates, money, units, abbreviations, addresses and foreign words are put into
    words; in languages without a lexicon only foreign words. Case and gender follow simple cues in the context.
    """
    spans: tuple[NormalizedSpan, ...] = (NormalizedSpan(text),)
    for rule in _rules(language):
        spans = rule.apply(spans)
    return spans


def verbalize(spans: Iterable[NormalizedSpan]) -> str:
    """Join the spoken forms to the input of a voice, with a space where two words would run together.

    A spoken form after the end of a sentence is capitalized, so that the boundary of the sentence is kept.
    """
    return "".join(spoken_parts(spans))


def spoken_parts(spans: Iterable[NormalizedSpan]) -> Iterator[str]:
    """For each span its part of what :func:`verbalize` returns; a part may begin with a space that is not the
    span's."""
    last, last_visible = "", ""  # character of what was returned so far
    for span in spans:
        part = span.speech_text
        if span.spoken is not None and (not last or last.isspace()):
            part = part.lstrip()
        if span.spoken is not None and last_visible in _ENDS and last.isspace():
            part = part[:1].upper() + part[1:]
        if last and part and last.isalnum() and part[0].isalnum():
            part = f" {part}"
        yield part
        last = part[-1:] or last
        last_visible = part.rstrip()[-1:] or last_visible


@cache
def _rules(language: str) -> tuple[Rule, ...]:
    lexicon = LEXICONS.get(language)
    if lexicon is None:
        return tuple(foreign_rules(language))
    return (
        *address_rules(lexicon),
        *roman_rules(lexicon),
        *date_rules(lexicon),
        *_abbreviation_rules(lexicon),
        *amount_rules(lexicon),
        *_sign_rules(lexicon),
        *(_acronym_rules() if language == "ru" else ()),
        *foreign_rules(language),
    )


def _abbreviation_rules(lexicon: Lexicon) -> list[Rule]:
    """Abbreviations. An expansion with a full stop may end a sentence, and then keeps it."""

    def rule(pattern: str, expansion: str) -> Rule:
        end = r"(?!\w)" if pattern.endswith(".") else ""
        return Rule(re.compile(rf"(?<![\w.-])(?:{pattern}){end}"), lambda match: _expansion(match, expansion))

    return [rule(pattern, expansion) for pattern, expansion in lexicon.abbreviations.items()]


def _expansion(match: re.Match[str], expansion: str) -> str:
    following = match.string[match.end() :].lstrip()
    if match[0][0].isupper() and expansion[0].islower():
        expansion = expansion[0].upper() + expansion[1:]
    ends = not following or following[0].isupper() or following[0] in '«„“"—'
    return expansion if ends else expansion.removesuffix(".")


def _sign_rules(lexicon: Lexicon) -> list[Rule]:
    """Signs that are read as words."""
    signs = {**lexicon.halves, **lexicon.words}
    pattern = "|".join(map(re.escape, signs))
    return [Rule(re.compile(rf" ?(?:{pattern}) ?"), lambda match: f" {signs[match[0].strip()]} ")]


def _acronym_rules() -> list[Rule]:
    """Spell Russian acronyms that are not pronounceable, e.g. МГУ; not in a text that is all capitals."""

    def spell(match: re.Match[str]) -> str | None:
        word = match[0]
        if known := _RUSSIAN_ACRONYMS.get(word):
            return known
        around = match.string[max(0, match.start() - 30) : match.end() + 30]
        if not any(letter.islower() for letter in around) or _is_pronounceable(word):
            return None
        return "-".join(_RUSSIAN_LETTER_NAMES.get(letter, letter) for letter in word.lower())

    return [Rule(re.compile(r"(?<!\w)[А-ЯЁ]{2,6}(?!\w)"), spell)]


def _is_pronounceable(word: str) -> bool:
    """Whether vowels and consonants alternate, with at most one more consonant on either side: НАТО, ГОСТ, ТАСС."""
    return re.fullmatch(r"[^АЕЁИОУЫЭЮЯ]{0,2}(?:[АЕЁИОУЫЭЮЯ][^АЕЁИОУЫЭЮЯ]{1,2}){1,3}[АЕЁИОУЫЭЮЯ]?", word) is not None
