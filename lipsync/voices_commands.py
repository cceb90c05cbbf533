"""``lipsync voices``: the voices there are; adding one's own, listing those, deleting one."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lipsync.charset import check_argument
from lipsync.errors import LipsyncError
from lipsync.terminal import print_json

if TYPE_CHECKING:
    from lipsync.settings import Settings

_LARGEST = 300_000_000
"""Bytes of a recording: ten minutes of stereo at 48 kHz and 32 bits have 230 million."""


class Words(Protocol):
    """Picks the sentence in the person's language."""

    language: str

    def __call__(self, english: str, russian: str) -> str: ...


def add_arguments(parser: argparse.ArgumentParser, words: Words) -> None:
    """The three commands; without one of them the parser's own."""
    commands = parser.add_subparsers(metavar=words("command", "команда"), parser_class=type(parser))

    one = commands.add_parser("add", help=words("add a voice from recordings", "добавить голос из записей"))
    one.set_defaults(command=add)
    one.add_argument("name", help=words("what it is called", "как он называется"))
    one.add_argument("files", nargs="+", type=Path, help=words("6 seconds to 10 minutes", "от 6 секунд до 10 минут"))
    one.add_argument(
        "--i-may-use-this-voice",
        action="store_true",
        help=words("confirm that it is yours, or that you are allowed to", "подтвердить, что он ваш или вам можно"),
    )

    one = commands.add_parser("list", help=words("voices that were added", "добавленные голоса"))
    one.set_defaults(command=show_added)
    one.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))

    one = commands.add_parser("delete", help=words("delete a voice", "удалить голос"))
    one.set_defaults(command=delete)
    one.add_argument("name", help=words("its name", "его имя"))


def add(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``voices add NAME FILES… --i-may-use-this-voice``."""
    from lipsync.service import LipsyncService  # noqa: PLC0415 - --help needs none of it

    check_argument(options.name, "name")
    if not options.i_may_use_this_voice:
        raise LipsyncError("not_confirmed")
    files = [_read(path.expanduser()) for path in options.files]
    added = LipsyncService(settings).cloning.add(options.name, files, confirmed=True)
    seconds = words(f"{added.seconds:.1f} s of speech", f"{added.seconds:.1f} с речи")
    print(f"{added.name}: {seconds}; --voice 'xtts:{added.name}'")
    return 0


def show_added(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``voices list``."""
    from lipsync.speech.cloned import ClonedVoices  # noqa: PLC0415 - --help needs none of it

    voices = ClonedVoices(settings.cloned_voices).list()
    if options.json:
        print_json([asdict(one) for one in voices])
        return 0
    for one in voices:
        print(f"{one.name}  {one.created}  {one.seconds:.1f} {words('s', 'с')}")
    if not voices:
        print(words("none", "нет"), file=sys.stderr)
    return 0


def delete(options: argparse.Namespace, settings: Settings, words: Words) -> int:  # noqa: ARG001 - as every command
    """``voices delete NAME``."""
    from lipsync.speech.cloned import ClonedVoices  # noqa: PLC0415 - --help needs none of it

    check_argument(options.name, "name")
    ClonedVoices(settings.cloned_voices).delete(options.name)
    return 0


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error
    if len(data) > _LARGEST:
        raise LipsyncError("file_too_large", limit=f"{_LARGEST / 1e6:g}")
    return data
