"""What the command line shows to a person: their language, a progress bar, the time since they pressed Enter."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from lipsync.progress import Stage

_LOADED = time.perf_counter()
_WIDTH = 30
_REFRESH = 0.1  # seconds


def language_of(environment: Mapping[str, str]) -> str:
    """``ru`` or ``en``, by the variables that POSIX names for messages, the first that is set."""
    return "ru" if _locale(environment).lower().startswith("ru") else "en"


def likely_languages(environment: Mapping[str, str]) -> list[str]:
    """The code of the locale's language in a list, where it is a language that can be spoken: ``de_DE.UTF-8``."""
    from lipsync.speech.languages import LANGUAGES  # noqa: PLC0415 - --help needs none of it

    code = re.split(r"[_.@-]", _locale(environment).lower())[0]
    return [one.code for one in LANGUAGES if one.code == code]


def _locale(environment: Mapping[str, str]) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return environment[name]
    return ""


_ASCII = {"✓": "+", "✗": "x", "–": "-", "—": "-", "…": "...", "█": "#", "░": ".", "×": "x"} | dict.fromkeys(
    "“”„«»", '"'
)
"""What stands for a sign that a terminal cannot show; any other is written as an escape: ``\\u043f``."""


def print_any_text() -> None:
    """From now on standard output and error take every text, also where their encoding lacks a character."""
    codecs.register_error("lipsync", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="lipsync")


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_ASCII.get(one, one.encode("ascii", "backslashreplace").decode()) for one in text), error.end


def print_json(value: Any) -> None:
    """Print ``value`` as JSON, in letters where standard output can show them and as JSON's escapes elsewhere."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    print(text)


def since_process_start() -> float:
    """Seconds since this process began; where the system does not tell, since this module was loaded."""
    try:
        # proc(5): field 22 of stat, clock ticks since boot; the name before it may hold spaces, it ends with ")".
        stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        began = int(stat[22 - 3]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - began
    except (OSError, AttributeError, ValueError, IndexError):
        return time.perf_counter() - _LOADED


class ProgressBar:
    """A bar on ``stream`` when a person watches it, nothing when not. Also notes when the first frame was made."""

    def __init__(self, stream: TextIO, check: Callable[[], None] = lambda: None) -> None:
        """``check`` is called at each step of a video, and may end the work by raising."""
        self._check = check
        self._stream = stream
        self._shown = stream.isatty()
        self._last = 0.0
        self.first_frame: float | None = None
        """Seconds from the start of the process to the first frame."""

    def __call__(self, stage: Stage, done: float) -> None:
        """Of a video: a :class:`lipsync.progress.Progress`."""
        self._check()
        if stage == "render" and self.first_frame is None:
            self.first_frame = since_process_start()
        self.show(done)

    def show(self, done: float) -> None:
        """``done``: 0 to 1."""
        now = time.perf_counter()
        if self._shown and (done >= 1 or now - self._last >= _REFRESH):
            self._last = now
            full = round(done * _WIDTH)
            self._stream.write(f"\r{'█' * full}{'░' * (_WIDTH - full)} {done:4.0%}")
            self._stream.flush()

    def clear(self) -> None:
        """Take the bar away."""
        if self._shown and self._last:
            self._stream.write("\r" + " " * (_WIDTH + 6) + "\r")
            self._stream.flush()
