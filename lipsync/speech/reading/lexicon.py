"""What a language calls its units, months and signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Gender = Literal["m", "f", "n"]
Case = Literal["n", "g", "d", "i", "p"]
"""Nominative (and the accusative of things), genitive, dative, instrumental, prepositional."""


@dataclass(frozen=True)
class Noun:
    """A counted thing: 1 километр, 2 километра, 5 километров."""

    one: str
    few: str = ""
    """With 2, 3, 4, and after a fraction: the genitive. Where there are two forms only, it is the plural."""
    many: str = ""
    gender: Gender = "m"
    part: str = ""
    """After a fraction, where that is not ``few``: 2,5 кілометра."""

    def after(self, number: int | None, language: str, case: Case = "n") -> str:
        """The form after ``number``; None is a fraction."""
        few, many = self.few or self.one, self.many or self.few or self.one
        if language not in ("ru", "uk"):
            return self.one if number == 1 else few
        if number is None:
            return self.part or few
        single = number % 10 == 1 and number % 100 != 11
        if case == "g":
            return few if single else many
        if single:
            return self.one
        return few if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else many


@dataclass(frozen=True)
class Lexicon:
    """The words of one language."""

    code: str
    number_code: str
    """What the library num2words calls the language."""
    months: tuple[str, ...]
    """As they stand in a date: марта, March."""
    minus: str
    units: Mapping[str, Noun]
    """By what is written after a number."""
    scales: Mapping[str, Noun]
    """тыс., млн: between a number and its unit."""
    money: Mapping[str, tuple[Noun, Noun]]
    """By sign: the currency and its hundredth."""
    percent: Noun
    degree: Noun
    celsius: str
    signs: Mapping[str, str]
    """Of an address: point, slash, dash, underscore, at."""
    between: Mapping[str, str]
    """Of a sum: + - × = between two numbers."""
    words: Mapping[str, str]
    """Signs that stand for a word, wherever they stand: &, №, §."""
    abbreviations: Mapping[str, str]
    """Patterns of what is written short, and the whole."""
    genitive: tuple[str, ...] = ()
    """Words after which a number is in the genitive."""
    dative: tuple[str, ...] = ()
    feminine: tuple[str, ...] = ()
    """Beginnings of feminine nouns that follow a 2, where their ending does not tell."""
    halves: Mapping[str, str] = field(default_factory=dict)
    """½, ¼, ¾."""
