"""``lipsync keys``: API keys; making one, listing them, revoking one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lipsync.access.caller import SCOPES
from lipsync.charset import check_argument
from lipsync.terminal import print_json

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from lipsync.access.keys import Key
    from lipsync.settings import Settings
    from lipsync.voices_commands import Words


def add_arguments(parser: argparse.ArgumentParser, words: Words) -> None:
    """The three commands; without one of them the keys are listed."""
    parser.set_defaults(command=show)
    parser.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))
    commands = parser.add_subparsers(metavar=words("command", "команда"), parser_class=type(parser))

    one = commands.add_parser("add", help=words("make a key; it is shown once", "создать ключ; он показывается раз"))
    one.set_defaults(command=add)
    one.add_argument("name", help=words("whose it is, or what for", "чей он или для чего"))
    one.add_argument(
        "--scope",
        action="append",
        choices=SCOPES,
        metavar="SCOPE",
        help=words(
            "generate (also when none is said) or admin; may be repeated",
            "generate (и если не сказано) или admin; можно повторить",
        ),
    )
    one.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))

    one = commands.add_parser("list", help=words("keys that were made", "созданные ключи"))
    one.set_defaults(command=show)
    one.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))

    one = commands.add_parser("revoke", help=words("revoke a key, at once", "отозвать ключ, сразу"))
    one.set_defaults(command=revoke)
    one.add_argument("id", help=words("its id, which keys list shows", "его номер, см. keys list"))
    one.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))


def add(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``keys add NAME [--scope generate|admin …]``: the key alone goes to standard output."""
    from lipsync.access.keys import add_key  # noqa: PLC0415 - --help needs none of it

    check_argument(options.name, "name")
    with _database(settings) as engine:
        key, text = add_key(engine, options.name, options.scope or ["generate"])
    if options.json:
        print_json({**_facts(key), "key": text})
        return 0
    print(text)
    said = words(
        f"The key {key.id} ({', '.join(key.scopes)}). Keep it: it is not shown again.",
        f"Ключ {key.id} ({', '.join(key.scopes)}). Сохраните его: больше он не будет показан.",
    )
    print(said, file=sys.stderr)
    return 0


def show(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``keys list``."""
    from lipsync.access.keys import list_keys  # noqa: PLC0415 - --help needs none of it

    with _database(settings) as engine:
        keys = list_keys(engine)
    if options.json:
        print_json([_facts(key) for key in keys])
        return 0
    for key in keys:
        ended = words("revoked", "отозван") + f" {_date(key.revoked)}" if key.revoked is not None else ""
        print(f"{key.id}  {_date(key.created)}  {','.join(key.scopes):<14}  {key.name}  {ended}".rstrip())
    if not keys:
        print(words("none", "нет"), file=sys.stderr)
    return 0


def revoke(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``keys revoke ID``."""
    from lipsync.access.keys import revoke_key  # noqa: PLC0415 - --help needs none of it

    with _database(settings) as engine:
        key = revoke_key(engine, options.id)
    if options.json:
        print_json(_facts(key))
    else:
        print(words(f"The key {key.id} ({key.name}) is revoked.", f"Ключ {key.id} ({key.name}) отозван."))
    return 0


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    from lipsync.jobs.database import connect  # noqa: PLC0415 - --help needs none of it

    engine = connect(settings)
    try:
        yield engine
    finally:
        engine.dispose()


def _facts(key: Key) -> dict[str, object]:
    ended = None if key.revoked is None else _date(key.revoked)
    return {**asdict(key), "created": _date(key.created), "revoked": ended}


def _date(seconds: float) -> str:
    """ISO 8601, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
