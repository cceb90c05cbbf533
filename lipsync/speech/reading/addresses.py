"""Addresses of pages and of people: what a person would read out to another."""

from __future__ import annotations

import re

from lipsync.speech.reading.foreign import in_cyrillic
from lipsync.speech.reading.lexicon import Lexicon
from lipsync.speech.reading.passage import Rule

_TOP = (
    "com|org|net|edu|gov|info|biz|io|ai|app|dev|me|tv|ru|su|ua|kz|by|uz|ge|uk|us|eu|de|fr|es|it|pl|cz|tr|pt|br|xyz|online"
    "|site|shop|рф|укр|қаз"
)
_RUN = 200
"""Characters of an address that are read at most, and looked at."""


def address_rules(lexicon: Lexicon) -> list[Rule]:
    """E-mail, pages, hashtags and names behind an @."""
    addresses = _Addresses(lexicon)
    host = rf"(?:www\.)?(?:[\w-]{{1,63}}\.){{1,6}}(?:{_TOP})"
    path = rf"(?:/[^\s<>\"«»“”(),;!?…]{{0,{_RUN}}}(?<![.,:]))?(?:\?[^\s<>\"«»“”(),;!…]{{1,{_RUN}}}(?<![.,:?]))?"
    full = rf"\b(?:https?|ftp)://[^\s<>\"«»“”()]{{1,{_RUN}}}[^\s<>\"«»“”(),.;:!?…]"
    return [
        Rule(re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}\b"), addresses.mail),
        Rule(re.compile(full), addresses.page),
        Rule(re.compile(rf"(?<![\w.@]){host}\b{path}(?!\.?\w)"), addresses.page),
        Rule(re.compile(r"(?<![\w&/])(?P<sign>[#@])(?P<name>[^\W\d_]\w{1,60})"), addresses.tag),
    ]


class _Addresses:
    def __init__(self, lexicon: Lexicon) -> None:
        self._signs = lexicon.signs
        self._code = lexicon.code

    def mail(self, found: re.Match[str]) -> str:
        return self._read(found[0])

    def page(self, found: re.Match[str]) -> str:
        """Without https://, www. and what stands behind ? and #, which nobody reads out."""
        place = re.sub(r"^(?:\w+://)?(?:www\.)?", "", found[0])
        return self._read(re.split(r"[?#]", place)[0].rstrip("/"))

    def tag(self, found: re.Match[str]) -> str:
        return f"{self._signs[found['sign']]} {self._read(found['name'])}"

    def _read(self, address: str) -> str:
        parts = re.findall(r"[^\W\d_]+|\d+|.", address)
        return " ".join(self._part(part) for part in parts if part.isalnum() or part in self._signs)

    def _part(self, part: str) -> str:
        if part in self._signs:
            return self._signs[part]
        return in_cyrillic(part, self._code) if part.isascii() and part.isalpha() and self._code != "en" else part
