"""Cleaning of a message that a person writes: HTML and scripts are removed, the length is bounded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from lipsync.text.clean import check_length, compose, is_speakable
from lipsync.text.errors import NothingToSayError

_MAX_PASSES = 5
"""Maximum number of passes: removing tags and decoding entities can form new tags. Only an attack needs more."""
_DECLARATION = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*>?", re.DOTALL)
"""Comments, declarations and processing instructions; on malformed ones the standard library's parser fails."""
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_SILENT = frozenset(
    ("script", "style", "template", "iframe", "object", "svg", "math", "noscript", "title", "textarea")
)
"""Elements whose content is not text to be read, such as programs."""
_BLOCKS = frozenset(("p", "div", "br", "li", "ul", "ol", "tr", "td", "h1", "h2", "h3", "h4", "blockquote", "pre"))
"""Elements that separate words."""


def clean_message(text: str, max_length: int) -> str:
    """Return ``text`` without HTML, in NFC, with single spaces.

    ``max_length`` bounds the characters of ``text`` as it came. Raises TextError (empty_text, text_too_long,
    bad_characters); NothingToSayError if no letter or digit is left.

    >>> clean_message("<b>Hi</b><script>steal()</script>, is 2 < 3?", 2000)
    'Hi, is 2 < 3?'
    """
    check_length(text, len(text), max_length)
    plain = compose(text)
    for _ in range(_MAX_PASSES):
        shorter = _without_tags(plain)
        if shorter == plain:
            break
        plain = shorter
    plain = " ".join(_TAG.sub(" ", plain).split())
    if not is_speakable(plain):
        raise NothingToSayError("nothing_to_say")
    return compose(plain)


def _without_tags(text: str) -> str:
    parser = _TextParser()
    parser.feed(_DECLARATION.sub("", text))
    parser.close()
    return "".join(parser.pieces)


class _TextParser(HTMLParser):
    """Collects the text between tags."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent: list[str] = []
        """Open elements whose content is dropped, the outermost first."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
