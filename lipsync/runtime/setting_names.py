"""Checks of the environment for variables that look like settings and are misspelt, or were renamed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from lipsync.runtime.errors import SettingError

_NOT_SETTINGS = re.compile(
    r"LIPSYNC_(CI(_.*)?"  # the tests
    r"|IMAGE"  # our container images (lipsync/runtime/installation.py)
    r"|SERVICE_(HOST|PORT)(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)"  # Kubernetes, for a service that is called lipsync
)
"""Variables that begin like settings and have another purpose."""


def unknown_settings(environment: Mapping[str, str], file: Path = Path(".env")) -> list[SettingError]:
    """Return one error, not raised, for each unknown setting in ``environment`` and in ``file``.

    Codes: setting_renamed for a former name, which still works; setting_misspelt where a setting has nearly that
    name; else setting_unknown.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - --help needs none of it

    from lipsync.settings import PREFIX, RENAMED, Settings, variable  # noqa: PLC0415

    known = [variable(name) for name in Settings.model_fields]
    renamed = {variable(former): variable(name) for former, name in RENAMED.items()}
    try:
        in_file = list(dotenv_values(file)) if file.is_file() else []
    except (OSError, UnicodeDecodeError):  # Settings has read the file, or has raised its error
        in_file = []
    errors = []
    for name in dict.fromkeys([*sorted(environment), *in_file]):
        capitals = name.upper()
        if not capitals.startswith(PREFIX) or capitals in known or _NOT_SETTINGS.fullmatch(capitals):
            continue
        if capitals in renamed:
            errors.append(SettingError("setting_renamed", name=capitals, present=renamed[capitals]))
            continue
        nearest = difflib.get_close_matches(capitals, [*known, *renamed], n=1, cutoff=0.8)
        printable = "".join(
            character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name[:60]
        )
        if nearest:
            errors.append(
                SettingError("setting_misspelt", name=printable, nearest=renamed.get(nearest[0], nearest[0]))
            )
        else:
            errors.append(SettingError("setting_unknown", name=printable))
    return errors
