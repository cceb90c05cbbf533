"""The words of a language for text normalization: units, months, money, signs, abbreviations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Gender = Literal["m", "f", "n"]
Case = Literal["n", "g", "d", "i", "p"]
"""Grammatical case: nominative (and inanimate accusative), genitive, dative, instrumental, prepositional."""


@dataclass(frozen=True)
class Noun:
    """A noun in the forms that follow numbers: 1 километр, 2 километра, 5 километров."""

    one: str
    few: str = ""
    """Form after 2, 3, 4 and after a fraction (genitive singular); the plural in languages with two forms."""
    many: str = ""
    gender: Gender = "m"
    part: str = ""
    """Form after a fraction if it is not ``few``: 2,5 кілометра."""

    def after(self, number: int | None, language: str, case: Case = "n") -> str:
        """The form after ``number`` (None: a fraction), where the number itself is in ``case``."""
        few, many = self.few or self.one, self.many or self.few or self.one
        if language not in ("ru", "uk"):
            return self.one if number == 1 else few
        if number is None:
            return self.part or few
        is_singular = number % 10 == 1 and number % 100 != 11
        if case == "g":
            return few if is_singular else many
        if is_singular:
            return self.one
        return few if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else many


@dataclass(frozen=True)
class Lexicon:
    """The words of one language for normalization."""

    code: str
    number_code: str
    """Code of the language in the library num2words."""
    months: tuple[str, ...]
    """Names of the months as in a date: марта, March."""
    minus: str
    units: Mapping[str, Noun]
    """Names of units by their symbol after a number."""
    scales: Mapping[str, Noun]
    """Abbreviated scales between a number and its unit: тыс., млн."""
    money: Mapping[str, tuple[Noun, Noun]]
    """Currency and its hundredth by sign."""
    percent: Noun
    degree: Noun
    celsius: str
    signs: Mapping[str, str]
    """Names of signs in addresses: dot, slash, dash, underscore, at."""
    between: Mapping[str, str]
    """Names of operators between two numbers: + - × =."""
    words: Mapping[str, str]
    """Signs that are read as a word anywhere: &, №, §."""
    abbreviations: Mapping[str, str]
    """Regular expressions of abbreviations, and their expansions."""
    genitive: tuple[str, ...] = ()
    """Words that govern the genitive of a number."""
    dative: tuple[str, ...] = ()
    """Words that govern the dative of a number."""
    feminine: tuple[str, ...] = ()
    """Stems of feminine nouns, where the ending does not show the gender after a 2."""
    halves: Mapping[str, str] = field(default_factory=dict)
    """Names of ½, ¼, ¾."""
