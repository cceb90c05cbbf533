"""E-mail addresses, URLs, hashtags and mentions, read out as a person would."""

from __future__ import annotations

import re

from lipsync.text.normalization.foreign import to_cyrillic
from lipsync.text.normalization.lexicon import Lexicon
from lipsync.text.normalization.rules import Rule

_TOP_LEVEL_DOMAINS = (
    "com|org|net|edu|gov|info|biz|io|ai|app|dev|me|tv|ru|su|ua|kz|by|uz|ge|uk|us|eu|de|fr|es|it|pl|cz|tr|pt|br|xyz|online"
    "|site|shop|рф|укр|қаз"
)
_MAX_LENGTH = 200
"""Maximum characters of a part of an address."""


def address_rules(lexicon: Lexicon) -> list[Rule]:
    """Rules for e-mail addresses, URLs, hashtags and mentions."""
    addresses = _Addresses(lexicon)
    host = rf"(?:www\.)?(?:[\w-]{{1,63}}\.){{1,6}}(?:{_TOP_LEVEL_DOMAINS})"
    path = rf"""
        (?: / [^\s<>"«»“”(),;!?…]{{0,{_MAX_LENGTH}}} (?<![.,:]) )?    # "/a/b.html"
        (?: \? [^\s<>"«»“”(),;!…]{{1,{_MAX_LENGTH}}} (?<![.,:?]) )?   # "?q=1"
    """
    full = rf"\b(?:https?|ftp)://[^\s<>\"«»“”()]{{1,{_MAX_LENGTH}}}[^\s<>\"«»“”(),.;:!?…]"
    return [
        Rule(re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}\b"), addresses.mail),
        Rule(re.compile(full), addresses.page),
        Rule(re.compile(rf"(?<![\w.@]){host}\b{path}(?!\.?\w)", re.VERBOSE), addresses.page),
        Rule(re.compile(r"(?<![\w&/])(?P<sign>[#@])(?P<name>[^\W\d_]\w{1,60})"), addresses.tag),
    ]


class _Addresses:
    def __init__(self, lexicon: Lexicon) -> None:
        self._signs = lexicon.signs
        self._code = lexicon.code

    def mail(self, match: re.Match[str]) -> str:
        return self._read(match[0])

    def page(self, match: re.Match[str]) -> str:
        """Read a URL without its scheme, "www.", query and fragment."""
        place = re.sub(r"^(?:\w+://)?(?:www\.)?", "", match[0])
        return self._read(re.split(r"[?#]", place)[0].rstrip("/"))

    def tag(self, match: re.Match[str]) -> str:
        return f"{self._signs[match['sign']]} {self._read(match['name'])}"

    def _read(self, address: str) -> str:
        parts = re.findall(r"[^\W\d_]+|\d+|.", address)
        return " ".join(self._part(part) for part in parts if part.isalnum() or part in self._signs)

    def _part(self, part: str) -> str:
        if part in self._signs:
            return self._signs[part]
        return to_cyrillic(part, self._code) if part.isascii() and part.isalpha() and self._code != "en" else part
