"""What is spoken of a reply of a language model: its text without markup, emoji and stage directions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from lipsync.text.clean import drop_soundless
from lipsync.text.mood import Mood
from lipsync.text.mood_lexicon import fold, mood_names
from lipsync.text.stage_directions import ACTION_NAME, direction_action

_MAX_HELD = 300
"""Characters for which an opening mark waits for its closing one; then it is text."""

_HIDDEN = {"```": "```", "~~~": "~~~", "<think>": "</think>", "<thinking>": "</thinking>"}
"""Opening and closing marks of what is not spoken: code, and the reasoning of a model."""
_OPENINGS = re.compile(r"```|~~~|<think(?:ing)?>")
_ACTION = re.compile(r"[\[({<*]{1,2}\s*(?:action|действие|дія)\s*[:=]\s*([\w-]{1,30})\s*[\])}>*]{1,2}", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_BRACKETS = re.compile(r"\[([^\[\]\n]{1,60})\]")
_PARENTHESES = re.compile(r"\(([^()\n]{1,60})\)")
_BOLD = re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1")
_ASTERISKS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_CODE = re.compile(r"`([^`\n]*)`")
_URL = re.compile(r"https?://[^\s)>\]]+")
_HTML = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|[-*+•–—][ \t]+|\d{1,2}[.)][ \t]+|>[ \t]*|\|)", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$|^[ \t|:-]*\|[ \t|:-]*$", re.MULTILINE)
_PRODUCT = re.compile(r"(?<=\d) ?\* ?(?=\d)")
_ITEM = "\1"
"""Stands, until the text is joined, where the mark of a list or heading was."""
_EMOTICON = re.compile(r"(?<!\S)[:;=8][-']?[)(DdPpOo/\\|*3]+(?!\w)|(?<=\s)\)+(?=\s|$)|<3|\^_\^")
_STRAY = re.compile(r"\*+(?=\S)|(?<=\S)\*+|[`~|]+|(?<!\w)_+|_+(?!\w)|(?<!\S)#+(?=\s)")
_SPEAKER = re.compile(r"^\s*(?:assistant|ai|bot|ассистент|помощник|асистент)\s*:\s*", re.IGNORECASE)
_UNFINISHED = re.compile(r"[ \t]*(?:[-*+•–—>#|]+|\d{1,2}[.)]?)?[ \t]*$")
"""A line that may yet turn out to begin with a mark."""
_PAIRS = {"[": "]", "(": ")", "<": ">", "{": "}"}


@dataclass(frozen=True)
class Direction:
    """An action that a reply names."""

    action: str
    """Name such as ``greet``."""
    is_markup: bool
    """True for ``[action: greet]``, False for a stage direction such as ``*waves*``."""


def main_action(directions: Iterable[Direction]) -> str | None:
    """The first action in markup, else the first of a stage direction; None without any."""
    found = sorted(directions, key=lambda direction: not direction.is_markup)
    return found[0].action if found else None


@dataclass(frozen=True)
class SpokenText:
    """A reply as it is spoken."""

    text: str
    action: str | None = None
    """Action that the reply names first, such as ``greet``."""
    mood: Mood | None = None
    """Mood that the reply names last, in markup such as ``[happy]``."""


def spoken_reply(text: str) -> SpokenText:
    """Return what is spoken of a whole reply.

    >>> spoken_reply("*smiles* **Paris**, of course! [action: nod] 😀").text
    'Paris, of course!'
    """
    stream = SpokenReply()
    spoken = stream.feed(text) + stream.finish()
    return SpokenText(spoken.strip(), stream.action, stream.mood)


class SpokenReply:
    """Receives a reply in pieces, and returns what is spoken of it: whole words, as early as they are certain."""

    def __init__(self) -> None:
        self.directions: list[Direction] = []
        """Actions that the reply has named so far, in markup and in stage directions."""
        self.moods: list[Mood] = []
        """Moods that the reply has named so far, in markup such as ``[happy]``."""
        self._raw = ""
        self._hidden_until: str | None = None
        self._spoken_tail = ""
        """Last character that was returned, spaces aside."""
        self._pending = ""
        """Space or line end that is returned with the next word."""
        self._is_line_start = True
        self._is_item = False
        """Whether the mark of a list or heading stands before the next word."""

    @property
    def action(self) -> str | None:
        """Action that the reply names first; None until then. One in markup replaces one of a stage direction."""
        return main_action(self.directions)

    @property
    def mood(self) -> Mood | None:
        """Mood that the reply named last; None until then."""
        return self.moods[-1] if self.moods else None

    @property
    def is_waiting(self) -> bool:
        """Whether a later piece decides what is spoken of the text so far, such as the end of an open mark."""
        return self._hidden_until is not None or bool(self._raw.strip())

    def feed(self, piece: str) -> str:
        """Add ``piece``, and return the text that follows what was returned before."""
        self._raw += piece
        spoken = ""
        while True:
            if self._hidden_until is not None and not self._skip_hidden():
                return spoken
            opening = _OPENINGS.search(self._raw)
            end = opening.start() if opening else self._certain_end()
            spoken += self._release(end)
            if opening is None:
                return spoken
            self._raw = self._raw[len(opening[0]) :]
            self._hidden_until = _HIDDEN[opening[0]]

    def finish(self) -> str:
        """Return the rest, at the end of the reply."""
        if self._hidden_until is not None:
            self._raw = ""
        return self._release(len(self._raw))

    def _skip_hidden(self) -> bool:
        """Remove what is hidden from the buffer; False while its end has not come."""
        closing = self._hidden_until or ""
        end = self._raw.find(closing)
        if end < 0:
            self._raw = self._raw[-len(closing) :]
            return False
        self._raw = self._raw[end + len(closing) :]
        self._hidden_until = None
        self._pending = self._pending or " "
        return True

    def _certain_end(self) -> int:
        """Index in the buffer up to which later pieces change nothing: after a word, before any open mark."""
        raw = self._raw
        end = max(raw.rfind(" "), raw.rfind("\n")) + 1
        while (opened := _open_mark(raw, end)) is not None and len(raw) - opened < _MAX_HELD:
            end = max(raw.rfind(" ", 0, opened), raw.rfind("\n", 0, opened)) + 1
        line = raw.rfind("\n", 0, end) + 1
        if (line or self._is_line_start) and _UNFINISHED.fullmatch(raw, line, end) and len(raw) - line < _MAX_HELD:
            end = line
        return end

    def _release(self, end: int) -> str:
        chunk, self._raw = self._raw[:end], self._raw[end:]
        if not chunk:
            return ""
        text = self._clean(chunk)
        self._is_line_start = chunk.rstrip(" \t").endswith("\n") or (self._is_line_start and not chunk.strip())
        return self._join(text)

    def _clean(self, chunk: str) -> str:
        if not self._spoken_tail:
            chunk = _SPEAKER.sub("", chunk)
        if not self._is_line_start:
            chunk = "\0" + chunk  # the beginning of this chunk is not that of a line
        text = _ACTION.sub(self._note_action, chunk)
        text = _LINK.sub(r"\1", _IMAGE.sub("", text))
        text = _URL.sub(lambda match: urlsplit(match[0]).hostname or "", text)
        text = _RULE.sub("", text)
        text = _LINE_MARK.sub(_ITEM, text)
        text = _PRODUCT.sub(" × ", text)
        text = _CODE.sub(r"\1", _HTML.sub(" ", text))
        text = _BOLD.sub(r"\2", text)
        text = _BRACKETS.sub(self._read_brackets, text)
        text = _PARENTHESES.sub(self._read_parentheses, text)
        text = _ASTERISKS.sub(self._read_asterisks, text)
        text = _EMOTICON.sub("", unescape(text.replace("\0", "")))
        return drop_soundless(_STRAY.sub(" ", text))

    def _note_action(self, match: re.Match[str]) -> str:
        name = match[1].casefold()
        if ACTION_NAME.fullmatch(name):
            self.directions.append(Direction(name, is_markup=True))
        return ""

    def _note_direction(self, content: str) -> bool:
        """Store the action of ``content`` if it is a stage direction, and return whether it is one."""
        action = direction_action(content)
        if action is not None:
            self.directions.append(Direction(action, is_markup=False))
        return action is not None

    def _read_brackets(self, match: re.Match[str]) -> str:
        mood = mood_names().get(fold(match[1].partition(":")[0].strip()))
        if mood is not None:
            self.moods.append(mood)
            return ""
        name = match[1].strip().casefold()
        if self._note_direction(name) or re.fullmatch(r"\d{1,3}", name):  # [1] is a footnote
            return ""
        return match[1]

    def _read_parentheses(self, match: re.Match[str]) -> str:
        return "" if self._note_direction(match[1]) else match[0]

    def _read_asterisks(self, match: re.Match[str]) -> str:
        if self._note_direction(match[1]):
            return ""
        before = match.string[: match.start()].strip(" \0")[-1:] or self._spoken_tail
        after = match.string[match.end() :]
        starts = before in ("", "\n", *".!?…")
        alone = not after.strip() or bool(re.match(r"\s+[^\W\d_a-zа-яёіїєґ]", after))
        return "" if starts and alone and len(match[1].split()) > 1 else match[1]

    def _join(self, text: str) -> str:
        """``text`` with single spaces, and an end of the sentence where a line ended without one."""
        spoken = ""
        for token in re.findall(r"\S+|\s+", text):
            if token.isspace():
                if "\n" in token or not self._pending:
                    self._pending = "\n" if "\n" in token else " "
                continue
            is_item, word = token.startswith(_ITEM), token.replace(_ITEM, "")
            if not word:
                self._is_item = is_item
                continue
            spoken += self._separator(word, is_item=is_item or self._is_item) + word
            self._is_item = False
            self._spoken_tail = word[-1]
            self._pending = ""
        return spoken

    def _separator(self, word: str, *, is_item: bool) -> str:
        """What stands between the word before and ``word``."""
        if not self._spoken_tail or not self._pending:
            return ""
        if self._pending == "\n" and self._spoken_tail.isalnum():
            return ". " if not word[0].islower() else ", " if is_item else " "
        return "" if word[0] in ".,!?…;:" and self._pending == " " else " "


def _open_mark(raw: str, end: int) -> int | None:
    """Index of the first mark in ``raw[:end]`` whose closing one has not come; None without one."""
    stack: list[tuple[str, int]] = []
    for index, character in enumerate(raw[:end]):
        if character in _PAIRS and not (character == "<" and not re.match(r"</?[a-zA-Z!]", raw[index:])):
            stack.append((_PAIRS[character], index))
        elif stack and character == stack[-1][0]:
            stack.pop()
    found = [index for _, index in stack]
    link = re.search(r"\]\([^)\n]*$", raw[:end])
    if link:
        found.append(raw.rfind("[", 0, link.start()))
    for mark in ("**", "`"):
        if raw[:end].count(mark) % 2:
            found.append(raw[:end].rindex(mark))
    singles = [
        match.start() for match in re.finditer(r"(?<!\*)\*(?!\*)", raw[:end]) if not _is_bullet(raw, match.start())
    ]
    if len(singles) % 2:
        found.append(singles[-1])
    found = [index for index in found if index >= 0 and end - index < _MAX_HELD]
    return min(found) if found else None


def _is_bullet(raw: str, index: int) -> bool:
    """Whether the asterisk at ``index`` is surrounded by spaces, as in a list and a product."""
    return raw[index + 1 : index + 2] in (" ", "\t", "") and (index == 0 or raw[index - 1].isspace())
