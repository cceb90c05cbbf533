"""Reads the personas of the package and of the folder LIPSYNC_PERSONAS."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from lipsync.conversation.personas.errors import PersonaError
from lipsync.conversation.personas.persona import Persona

MAX_FILE_BYTES = 500_000
"""Bytes of one file; those of the package have 15,000."""
MAX_FILES = 200
"""Personas of one folder."""


class Personas:
    """All personas of this server, by name."""

    def __init__(self, personas: Mapping[str, Persona], default: str) -> None:
        """Raises PersonaError unknown_persona where ``default`` is not among ``personas``."""
        self._personas = dict(personas)
        self.default = self.find(default).name
        """Name of the persona that answers where none is named."""

    def __iter__(self) -> Iterator[Persona]:
        return iter(self._personas.values())

    def find(self, name: str | None = None) -> Persona:
        """Return the persona ``name``, or the default one. Raises PersonaError unknown_persona."""
        chosen = self.default if name is None else name
        if chosen not in self._personas:
            raise PersonaError("unknown_persona", persona=chosen[:40], known=list(self._personas))
        return self._personas[chosen]


def load_personas(folder: Path | None, default: str) -> Personas:
    """Read the personas of the package, then those of ``folder``, which replace others of the same name.

    Raises PersonaError: persona_file, unknown_persona.
    """
    shipped = (read_persona(entry.name, entry.read_bytes()) for entry in _shipped())
    personas = {persona.name: persona for persona in shipped}
    if folder is not None:
        for path in _own_files(folder.expanduser().absolute()):
            persona = read_persona(str(path), _read(path))
            personas[persona.name] = persona
    return Personas(personas, default)


def read_persona(file: str, content: bytes) -> Persona:
    """The persona in ``content``, a TOML document; ``file`` names it in errors. Raises PersonaError persona_file."""
    try:
        fields = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PersonaError("persona_file", file=file, place="TOML", problem=str(error)) from error
    try:
        return Persona.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "TOML"
        raise PersonaError("persona_file", file=file, place=place, problem=first["msg"]) from error


def _shipped() -> list[Path]:
    folder = Path(str(files("lipsync.conversation.personas")))
    return sorted(folder.glob("*.toml"))


def _own_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PersonaError("persona_file", file=str(folder), place="LIPSYNC_PERSONAS", problem="not a folder")
    found = sorted(path for path in folder.glob("*.toml") if path.is_file())
    if len(found) > MAX_FILES:
        raise PersonaError("persona_file", file=str(folder), place="LIPSYNC_PERSONAS", problem=f"> {MAX_FILES} files")
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PersonaError("persona_file", file=str(path), place="TOML", problem=str(error.strerror)) from error
    if len(content) > MAX_FILE_BYTES:
        raise PersonaError("persona_file", file=str(path), place="TOML", problem=f"> {MAX_FILE_BYTES} bytes")
    return content
