"""Finds environment variables that look like settings and are not, so that a misspelt setting is reported."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from lipsync.errors import LipsyncError

_PREFIX = "LIPSYNC_"
_OTHERS = re.compile(
    r"LIPSYNC_(CI(_.*)?"  # the tests
    r"|IMAGE"  # our container images (lipsync/installation.py)
    r"|SERVICE_(HOST|PORT)(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)"  # Kubernetes, for a service that is called lipsync
)
"""Variables that are not settings and are used all the same."""


def unknown_settings(environment: Mapping[str, str], file: Path = Path(".env")) -> list[LipsyncError]:
    """One error, not raised, for each variable of ``environment`` and of ``file`` that looks like a setting and is
    not: setting_misspelt where a setting has nearly that name, else setting_unknown."""
    from dotenv import dotenv_values  # noqa: PLC0415 - --help needs none of it

    from lipsync.settings import Settings  # noqa: PLC0415

    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    try:
        in_file = list(dotenv_values(file)) if file.is_file() else []
    except (OSError, UnicodeDecodeError):  # pydantic has read it, or has said why not
        in_file = []
    problems = []
    for name in dict.fromkeys([*sorted(environment), *in_file]):
        shown = name.upper()
        if not shown.startswith(_PREFIX) or shown in known or _OTHERS.fullmatch(shown):
            continue
        near = difflib.get_close_matches(shown, known, n=1, cutoff=0.8)
        printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name[:60])
        if near:
            problems.append(LipsyncError("setting_misspelt", name=printable, nearest=near[0]))
        else:
            problems.append(LipsyncError("setting_unknown", name=printable))
    return problems
