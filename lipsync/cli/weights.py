"""``lipsync models``: list the known weights, fetch them, and verify those that are installed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lipsync.cli.commands import Group, json_option
from lipsync.cli.session import Session, pass_session
from lipsync.cli.terminal import ProgressBar, print_json
from lipsync.errors import LipsyncError
from lipsync.messages import LANGUAGES, translate
from lipsync.weights.errors import WeightsError

if TYPE_CHECKING:
    from lipsync.weights.catalogue import Model


@click.group("models", cls=Group, help="help.models", invoke_without_command=True)
@json_option
@click.pass_context
def models_group(context: click.Context, as_json: bool) -> int:
    """List the models where no command is named."""
    return context.invoke(list_command, as_json=as_json) if context.invoked_subcommand is None else 0


@models_group.command("list", help="help.models_list")
@json_option
@pass_session
def list_command(session: Session, as_json: bool) -> int:
    """List the known weights, and where those that are installed are."""
    from lipsync.weights.catalogue import catalogue  # noqa: PLC0415 - --help needs none of it

    folder = session.checked_settings().checkpoints
    models = catalogue().values()
    if as_json:
        facts = [
            {**model.model_dump(mode="json"), "purpose": model.purpose.texts(), "found": model.find(folder)}
            for model in models
        ]
        print_json(facts)
        return 0
    width = max(len(model.name) for model in models)
    for model in models:
        path = model.find(folder)
        mark = "✓" if path else "–"
        print(f"{mark} {model.name:<{width}}  {model.size / 1e6:4.0f} MB  {model.purpose.text(session.language)}")
        print(f"  {'':<{width}}  {session.message('cli.licence', licence=model.licence)}")
        if path:
            print(f"  {'':<{width}}  {path}")
        elif not model.sources:
            print(f"  {'':<{width}}  {session.message('cli.ask_authors', address=model.ask)}")
    return 0


@models_group.command("fetch", help="help.models_fetch")
@click.argument("name", help="help.models_name")
@click.option("--from", "file", type=Path, metavar="FILE", help="help.models_from")
@click.option("--accept-licence", "is_accepted", is_flag=True, help="help.models_accept")
@pass_session
def fetch_command(session: Session, name: str, file: Path | None, is_accepted: bool) -> int:
    """Download weights, or copy them from a file or folder of the caller's."""
    from lipsync.speech.engines.xtts_files import FOLDER, accept_licence, import_folder  # noqa: PLC0415
    from lipsync.weights import catalogue  # noqa: PLC0415 - --help needs none of it
    from lipsync.weights.fetch import take_file  # noqa: PLC0415

    folder = session.checked_settings().checkpoints
    model = catalogue.model(name)
    if file is None and not model.sources:
        raise WeightsError("no_source", model=model.name, ask=model.ask)
    if model.restricted and not is_accepted and not _ask_for_acceptance(model, session):
        raise WeightsError("licence_not_accepted", model=model.name, licence=model.licence)
    status = 0
    if file is None:
        models = [model, *map(catalogue.model, model.also)]
        if model.also:  # of a set, a file that is installed already is not fetched again
            models = [member for member in models if member.find(folder) is None]
        status = _fetch(models, folder, session)
    elif model.name == "xtts" and file.expanduser().is_dir():
        print(import_folder(file.expanduser(), folder))
    else:
        print(take_file(model, file.expanduser(), folder))
    if status == 0 and model.name.startswith("xtts"):
        accept_licence(folder.expanduser().absolute() / FOLDER)
    return status


def _fetch(models: Sequence[Model], folder: Path, session: Session) -> int:
    """Download ``models`` from their sources, with one progress bar for all of them. Returns the exit code."""
    from lipsync.weights.fetch import fetch  # noqa: PLC0415 - --help needs none of it

    sizes = _download_sizes(models)
    total, start = sum(sizes), 0
    archives = folder.expanduser().absolute() / f"{models[0].name}.archives" if len(models) > 1 else None
    try:
        with ProgressBar(sys.stderr) as bar:
            for model, size in zip(models, sizes, strict=True):
                path = fetch(
                    model,
                    folder,
                    lambda done: bar.show((start + min(size, done)) / total),  # noqa: B023
                    archives=archives,
                )
                start += size
                bar.clear()
                print(path)
    except KeyboardInterrupt:
        print(session.message("cli.download_interrupted"), file=sys.stderr)
        return 130  # as shells have it for Ctrl-C
    if archives is not None:
        shutil.rmtree(archives, ignore_errors=True)
    return 0


def _download_sizes(models: Sequence[Model]) -> list[int]:
    """The bytes of each model's largest source; an archive counts for the first model that is in it."""
    from lipsync.weights.catalogue import PackagePart  # noqa: PLC0415

    counted: set[str] = set()
    sizes = []
    for model in models:
        new = [
            [part for part in source.parts if not (isinstance(part, PackagePart) and part.archive in counted)]
            for source in model.sources
        ]
        sizes.append(max(model.size, *(sum(part.size for part in parts) for parts in new)))
        counted |= {part.archive for parts in new for part in parts if isinstance(part, PackagePart)}
    return sizes


@models_group.command("verify", help="help.models_verify")
@click.argument("name", required=False, help="help.models_only")
@pass_session
def verify_command(session: Session, name: str | None) -> int:
    """Check the installed weights. Returns 1 where one is damaged or the named one is missing."""
    from lipsync.weights import catalogue  # noqa: PLC0415 - --help needs none of it
    from lipsync.weights.fetch import check_file  # noqa: PLC0415

    folder = session.checked_settings().checkpoints
    has_failed = False
    for model in [catalogue.model(name)] if name else catalogue.catalogue().values():
        path = model.find(folder)
        if path is None:
            has_failed = has_failed or bool(name)
            print(f"– {model.name}: {session.message('cli.not_downloaded')}")
            continue
        try:
            check_file(model, path)
            print(f"✓ {model.name}: {path}")
        except LipsyncError as error:
            has_failed = True
            print(f"✗ {model.name}: {error.message(session.language)}")
    return 1 if has_failed else 0


def _ask_for_acceptance(model: Model, session: Session) -> bool:
    """Ask on the terminal whether the licence is accepted; without a terminal the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    question = session.message("cli.licence_question", model=model.name, licence=model.licence, address=model.ask)
    print(question, end="", file=sys.stderr, flush=True)
    answers = {answer for language in LANGUAGES for answer in translate("cli.licence_answers", language).split()}
    return sys.stdin.readline().strip().lower() in answers
