"""``lipsync voices``: list languages and voices; add, list and delete cloned voices."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from lipsync.cli.commands import Group, json_option
from lipsync.cli.session import Session, pass_session
from lipsync.cli.terminal import print_json
from lipsync.speech.errors import CloningError
from lipsync.storage.errors import StorageError
from lipsync.text.charset import check_argument

_MAX_RECORDING_BYTES = 300_000_000
"""Largest recording: ten minutes of stereo at 48 kHz and 32 bits have 230 million bytes."""


@click.group("voices", cls=Group, help="help.voices", invoke_without_command=True)
@json_option
@click.pass_context
def voices_group(context: click.Context, as_json: bool) -> int:
    """List languages and voices where no command is named."""
    return _list_voices(context.ensure_object(Session), as_json) if context.invoked_subcommand is None else 0


def _list_voices(session: Session, as_json: bool) -> int:
    from lipsync.pipeline.service import LipsyncService  # noqa: PLC0415 - --help needs none of it
    from lipsync.text.languages import LANGUAGES  # noqa: PLC0415

    service = LipsyncService(session.checked_settings())
    voices = service.voices()
    absent = {name: error.message(session.language) for name, error in service.absent_voices().items()}
    if as_json:
        languages = {language.code: language.label for language in LANGUAGES}
        print_json({"languages": languages, "voices": [asdict(voice) for voice in voices], "absent": absent})
        return 0
    for voice in voices:
        codes = "" if len(voice.languages) == len(LANGUAGES) else f" ({', '.join(voice.languages)})"
        print(f"{voice.name:<16} {voice.labels.get(session.language, '')}{codes}")
    for name, reason in absent.items():
        print(f"– {name:<14} {reason}")
    print("\n" + "\n".join(f"{language.code:<4} {language.label}" for language in LANGUAGES))
    return 0


@voices_group.command("add", help="help.voices_add")
@click.argument("name", help="help.voices_name")
@click.argument("files", nargs=-1, required=True, type=Path, help="help.voices_files")
@click.option("--i-may-use-this-voice", "is_confirmed", is_flag=True, help="help.voices_confirm")
@pass_session
def add_command(session: Session, name: str, files: tuple[Path, ...], is_confirmed: bool) -> int:
    """Add a voice from recordings."""
    from lipsync.pipeline.service import LipsyncService  # noqa: PLC0415 - --help needs none of it

    settings = session.checked_settings()
    check_argument(name, "name")
    if not is_confirmed:
        raise CloningError("not_confirmed")
    recordings = [_read_recording(path.expanduser()) for path in files]
    voice = LipsyncService(settings).cloning.add(name, recordings, confirmed=True)
    seconds = session.message("cli.speech_seconds", seconds=f"{voice.seconds:.1f}")
    print(f"{voice.name}: {seconds}; --voice 'xtts:{voice.name}'")
    return 0


@voices_group.command("list", help="help.voices_list")
@json_option
@pass_session
def list_command(session: Session, as_json: bool) -> int:
    """List the voices that were added."""
    from lipsync.speech.cloning.store import ClonedVoiceStore  # noqa: PLC0415 - --help needs none of it

    voices = ClonedVoiceStore(session.checked_settings().cloned_voices).list()
    if as_json:
        print_json([asdict(voice) for voice in voices])
        return 0
    for voice in voices:
        print(f"{voice.name}  {voice.created}  {session.message('cli.seconds', seconds=f'{voice.seconds:.1f}')}")
    if not voices:
        print(session.message("cli.none"), file=sys.stderr)
    return 0


@voices_group.command("delete", help="help.voices_delete")
@click.argument("name", help="help.voices_name")
@pass_session
def delete_command(session: Session, name: str) -> int:
    """Delete a voice that was added."""
    from lipsync.speech.cloning.store import ClonedVoiceStore  # noqa: PLC0415 - --help needs none of it

    settings = session.checked_settings()
    check_argument(name, "name")
    ClonedVoiceStore(settings.cloned_voices).delete(name)
    return 0


def _read_recording(path: Path) -> bytes:
    """The bytes of a recording. Raises StorageError where it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_RECORDING_BYTES + 1)
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error
    if len(data) > _MAX_RECORDING_BYTES:
        raise StorageError("file_too_large", limit=f"{_MAX_RECORDING_BYTES / 1e6:g}")
    return data
