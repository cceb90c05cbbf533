"""Text, JSON and a progress bar on the terminal."""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TextIO

from lipsync.messages import locale_name
from lipsync.runtime.progress import Stage

if TYPE_CHECKING:
    from tqdm import tqdm

_BAR_FORMAT = "{bar:30} {percentage:3.0f}%"
_BAR_COLUMNS, _BAR_ROWS = 36, 24
"""Columns of the bar with its percentage, and rows; tqdm shows nothing on a terminal that does not tell its size."""


def likely_languages(environment: Mapping[str, str]) -> list[str]:
    """The code of the locale's language in a list, where it is a language that can be spoken: ``de_DE.UTF-8``."""
    from lipsync.text.languages import LANGUAGES  # noqa: PLC0415 - --help needs none of it

    code = re.split(r"[_.@-]", locale_name(environment).lower())[0]
    return [language.code for language in LANGUAGES if language.code == code]


_ASCII = {"✓": "+", "✗": "x", "–": "-", "—": "-", "…": "...", "×": "x"} | dict.fromkeys("“”„«»", '"')
"""Replacements of characters that a terminal cannot show; any other is written as an escape: ``\\u043f``."""


def print_any_text() -> None:
    """From now on standard output and error accept every text, also where their encoding lacks a character."""
    codecs.register_error("lipsync", _replace_by_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="lipsync")


def _replace_by_ascii(error: UnicodeError) -> tuple[str, int]:
    """Error handler of a codec: ASCII text for the characters that it lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    replacements = (
        _ASCII.get(character, character.encode("ascii", "backslashreplace").decode()) for character in text
    )
    return "".join(replacements), error.end


def print_json(value: Any) -> None:
    """Print ``value`` as JSON, in letters where standard output can show them and as JSON's escapes elsewhere."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    print(text)


def since_process_start() -> float:
    """Seconds since this process began.

    Counted from the boot of the machine where the system has such a clock (Linux): the time of the boot is known in
    whole seconds only, and with it the process's start as a time of day.
    """
    from_boot = hasattr(time, "CLOCK_BOOTTIME")
    now = time.clock_gettime(time.CLOCK_BOOTTIME) if from_boot else time.time()
    import psutil  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, so only after the clock was read

    start = float(psutil.Process().create_time())
    return now - (start - float(psutil.boot_time())) if from_boot else now - start


class ProgressBar:
    """A progress bar on ``stream``, shown only where it is a terminal; also notes when the first frame was made.

    It is a context manager: the bar disappears at the end of the block.
    """

    def __init__(self, stream: TextIO, check: Callable[[], None] = lambda: None) -> None:
        """``check`` is called at each step of a video, and may end the work by raising."""
        self._check = check
        self._bar = _draw_bar(stream) if stream.isatty() else None
        self.first_frame: float | None = None
        """Seconds from the start of the process to the first frame."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, stage: Stage, done: float) -> None:
        """Progress of a video; a :class:`lipsync.runtime.progress.Progress`."""
        self._check()
        if stage == "render" and self.first_frame is None:
            self.first_frame = since_process_start()
        self.show(done)

    def show(self, done: float) -> None:
        """Draw the bar at ``done``, 0 to 1."""
        if self._bar is None:
            return
        self._bar.update(done - self._bar.n)
        if done >= 1:
            self._bar.refresh()

    def clear(self) -> None:
        """Remove the bar until it is drawn again."""
        if self._bar is not None:
            self._bar.clear()


def _draw_bar(stream: TextIO) -> tqdm[NoReturn]:
    from tqdm import tqdm  # noqa: PLC0415 - slow, and only a terminal shows it

    tqdm.monitor_interval = 0  # no thread that redraws a bar which stands still
    return tqdm(total=1.0, file=stream, leave=False, bar_format=_BAR_FORMAT, ncols=_BAR_COLUMNS, nrows=_BAR_ROWS)
