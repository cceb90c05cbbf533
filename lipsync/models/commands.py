"""``lipsync models``: which weights there are, getting them, and whether those that are there are whole."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lipsync.errors import LipsyncError
from lipsync.terminal import ProgressBar, print_json

if TYPE_CHECKING:
    from lipsync.models.catalogue import Model
    from lipsync.settings import Settings


class Words(Protocol):
    """Picks the sentence in the person's language."""

    language: str

    def __call__(self, english: str, russian: str) -> str: ...


def add_arguments(parser: argparse.ArgumentParser, words: Words) -> None:
    """The three commands and their options; without one of them the models are listed."""
    parser.set_defaults(command=show)
    parser.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))
    commands = parser.add_subparsers(metavar=words("command", "команда"), parser_class=type(parser))
    one = commands.add_parser("list", help=words("known weights, and which are here", "какие есть веса"))
    one.set_defaults(command=show)
    one.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))

    one = commands.add_parser("fetch", help=words("get weights, or take a file", "скачать веса или взять файл"))
    one.set_defaults(command=get)
    one.add_argument("name", help=words("name from the list", "имя из списка"))
    one.add_argument(
        "--from",
        dest="file",
        type=Path,
        metavar="FILE",
        help=words("a file that you have", "файл, который есть у вас"),
    )
    one.add_argument(
        "--accept-licence", action="store_true", help=words("accept its licence, unasked", "принять её лицензию")
    )

    one = commands.add_parser("verify", help=words("check the sums of those here", "проверить суммы имеющихся"))
    one.set_defaults(command=verify)
    one.add_argument("name", nargs="?", help=words("only this one", "только эту"))


def show(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``models list``."""
    from lipsync.models.catalogue import catalogue  # noqa: PLC0415 - --help needs none of it

    models = catalogue().values()
    if options.json:
        facts = [{**one.model_dump(mode="json"), "found": one.found(settings.checkpoints)} for one in models]
        print_json(facts)
        return 0
    width = max(len(one.name) for one in models)
    for one in models:
        path = one.found(settings.checkpoints)
        mark = "✓" if path else "–"
        print(f"{mark} {one.name:<{width}}  {one.size / 1e6:4.0f} MB  {getattr(one.purpose, words.language)}")
        print(f"  {'':<{width}}  {words('licence', 'лицензия')}: {one.licence}")
        if path:
            print(f"  {'':<{width}}  {path}")
        elif not one.sources:
            print(f"  {'':<{width}}  {words('ask its authors', 'спросите авторов')}: {one.ask}")
    return 0


def get(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``models fetch NAME``."""
    from lipsync.models import catalogue  # noqa: PLC0415 - --help needs none of it
    from lipsync.models.fetch import take_file  # noqa: PLC0415
    from lipsync.speech.xtts_files import FOLDER, accept, take_folder  # noqa: PLC0415

    model = catalogue.model(options.name)
    if options.file is None and not model.sources:
        raise LipsyncError("no_source", model=model.name, ask=model.ask)
    if model.restricted and not options.accept_licence and not _accepts(model, words):
        raise LipsyncError("licence_not_accepted", model=model.name, licence=model.licence)
    folder = settings.checkpoints
    if options.file is None:
        wanted = [model, *map(catalogue.model, model.also)]
        if model.also:  # a file that a person has put there is not fetched again to complete the set
            wanted = [one for one in wanted if one.found(folder) is None]
        status = _fetch(wanted, folder, words)
    elif model.name == "xtts" and options.file.expanduser().is_dir():
        print(take_folder(options.file.expanduser(), folder))
        status = 0
    else:
        print(take_file(model, options.file.expanduser(), folder))
        status = 0
    if status == 0 and model.name.startswith("xtts"):
        accept(folder.expanduser().absolute() / FOLDER)
    return status


def _fetch(models: Sequence[Model], folder: Path, words: Words) -> int:
    """From their sources, with a bar for all of them together."""
    from lipsync.models.fetch import fetch  # noqa: PLC0415 - --help needs none of it

    sizes = [max(one.size, *(sum(part.size for part in source.parts) for source in one.sources)) for one in models]
    bar = ProgressBar(sys.stderr)
    before = 0
    try:
        for model, size in zip(models, sizes, strict=True):
            start = before
            path = fetch(model, folder, lambda done: bar.show(min(1.0, (start + done) / sum(sizes))))  # noqa: B023
            before += size
            bar.clear()
            print(path)
    except KeyboardInterrupt:
        bar.clear()
        said = words("Interrupted: the same command goes on from here.", "Прервано: та же команда продолжит отсюда.")
        print(said, file=sys.stderr)
        return 130  # as shells have it for Ctrl-C
    finally:
        bar.clear()
    return 0


def verify(options: argparse.Namespace, settings: Settings, words: Words) -> int:
    """``models verify [NAME]``: 0 when all that are here are whole, 1 when one is not or the named one is missing."""
    from lipsync.models.catalogue import catalogue, model  # noqa: PLC0415 - --help needs none of it
    from lipsync.models.fetch import check_file  # noqa: PLC0415

    wrong = False
    for one in [model(options.name)] if options.name else catalogue().values():
        path = one.found(settings.checkpoints)
        if path is None:
            wrong = wrong or bool(options.name)
            print(f"– {one.name}: {words('not here', 'нет')}")
            continue
        try:
            check_file(one, path)
            print(f"✓ {one.name}: {path}")
        except LipsyncError as error:
            wrong = True
            print(f"✗ {one.name}: {error.sentence(words.language)}")
    return 1 if wrong else 0


def _accepts(model: Model, words: Words) -> bool:
    """Ask the person at the terminal; where there is none, nobody has accepted anything."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    stated = words("Licence of", "Лицензия")
    asked = words("Do you accept it? [y/N] ", "Принимаете? [д/Н] ")
    print(f"{stated} {model.name}: {model.licence}\n{model.ask}\n{asked}", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "д", "да")
