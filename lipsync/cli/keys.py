"""``lipsync keys``: add, list and revoke API keys."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lipsync.auth.caller import SCOPES, Scope
from lipsync.cli.commands import Group, json_option
from lipsync.cli.session import Session, pass_session
from lipsync.cli.terminal import print_json
from lipsync.text.charset import check_argument

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from lipsync.auth.keys import Key
    from lipsync.settings import Settings


@click.group("keys", cls=Group, help="help.keys", invoke_without_command=True)
@json_option
@click.pass_context
def keys_group(context: click.Context, as_json: bool) -> int:
    """List the keys where no command is named."""
    return context.invoke(list_command, as_json=as_json) if context.invoked_subcommand is None else 0


@keys_group.command("add", help="help.keys_add")
@click.argument("name", help="help.keys_name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), metavar="SCOPE", help="help.keys_scope")
@json_option
@pass_session
def add_command(session: Session, name: str, scopes: tuple[Scope, ...], as_json: bool) -> int:
    """Make a key. Only the key itself goes to standard output."""
    from lipsync.auth.keys import add_key  # noqa: PLC0415 - --help needs none of it

    settings = session.checked_settings()
    check_argument(name, "name")
    with _database(settings) as engine:
        key, text = add_key(engine, name, list(scopes) or ["generate"])
    if as_json:
        print_json({**_key_as_json(key), "key": text})
        return 0
    print(text)
    print(session.message("cli.key_added", key=key.id, scopes=list(key.scopes)), file=sys.stderr)
    return 0


@keys_group.command("list", help="help.keys_list")
@json_option
@pass_session
def list_command(session: Session, as_json: bool) -> int:
    """List the keys, without the secret part of each."""
    from lipsync.auth.keys import list_keys  # noqa: PLC0415 - --help needs none of it

    with _database(session.checked_settings()) as engine:
        keys = list_keys(engine)
    if as_json:
        print_json([_key_as_json(key) for key in keys])
        return 0
    for key in keys:
        revoked = session.message("cli.key_revoked_on", date=_date(key.revoked)) if key.revoked is not None else ""
        print(f"{key.id}  {_date(key.created)}  {','.join(key.scopes):<14}  {key.name}  {revoked}".rstrip())
    if not keys:
        print(session.message("cli.none"), file=sys.stderr)
    return 0


@keys_group.command("revoke", help="help.keys_revoke")
@click.argument("key_id", metavar="ID", help="help.keys_id")
@json_option
@pass_session
def revoke_command(session: Session, key_id: str, as_json: bool) -> int:
    """Revoke a key at once."""
    from lipsync.auth.keys import revoke_key  # noqa: PLC0415 - --help needs none of it

    with _database(session.checked_settings()) as engine:
        key = revoke_key(engine, key_id)
    if as_json:
        print_json(_key_as_json(key))
    else:
        print(session.message("cli.key_revoked", key=key.id, name=key.name))
    return 0


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    from lipsync.storage.database import connect  # noqa: PLC0415 - --help needs none of it

    engine = connect(settings)
    try:
        yield engine
    finally:
        engine.dispose()


def _key_as_json(key: Key) -> dict[str, object]:
    """The facts about a key that are not secret."""
    revoked = None if key.revoked is None else _date(key.revoked)
    return {**asdict(key), "created": _date(key.created), "revoked": revoked}


def _date(seconds: float) -> str:
    """Seconds since 1970 as an ISO 8601 date in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
