"""XTTS v2 on the disk: the layout in which it is published, and whether its licence has been accepted.

The files are those of https://huggingface.co/coqui/XTTS-v2. Not one of them is opened here with anything that could
run code; neither torch nor coqui-tts is needed.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lipsync.errors import LipsyncError
from lipsync.models.looks import format_of
from lipsync.settings import Settings

FOLDER = "xtts"
"""Below the folder of weights."""
CONFIG, VOCABULARY, SPEAKERS, WEIGHTS = "config.json", "vocab.json", "speakers_xtts.pth", "model.pth"
ACCEPTED = "licence-accepted.json"
LICENCE = "Coqui Public Model License 1.0.0: non-commercial use only"
LICENCE_ADDRESS = "https://huggingface.co/coqui/XTTS-v2/blob/main/LICENSE.txt"

_LARGEST = {CONFIG: 1_000_000, VOCABULARY: 20_000_000}  # bytes; the published ones have 4,368 and 361,219


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


Width = Annotated[int, Field(ge=8, le=4096)]


class Arguments(_Stored):
    """``model_args``: what says how large the network is, bounded before anything is made of it. No other key counts:
    paths in it are never followed."""

    gpt_max_audio_tokens: int = Field(605, ge=4, le=5000)
    gpt_max_text_tokens: int = Field(402, ge=8, le=5000)
    gpt_max_prompt_tokens: int = Field(70, ge=1, le=5000)
    gpt_layers: int = Field(30, ge=1, le=100)
    gpt_n_model_channels: Width = 1024
    gpt_n_heads: int = Field(16, ge=1, le=64)
    gpt_num_audio_tokens: int = Field(1026, ge=3, le=100_000)
    gpt_start_audio_token: int = Field(1024, ge=0, le=100_000)
    gpt_stop_audio_token: int = Field(1025, ge=0, le=100_000)
    gpt_code_stride_len: int = Field(1024, ge=64, le=8192)
    gpt_use_perceiver_resampler: bool = True
    input_sample_rate: int = Field(22050, ge=8000, le=48000)
    output_sample_rate: int = Field(24000, ge=8000, le=48000)
    output_hop_length: int = Field(256, ge=64, le=4096)
    decoder_input_dim: Width = 1024
    d_vector_dim: Width = 512
    cond_d_vector_in_each_upsampling_layer: bool = True


class Config(_Stored):
    """``config.json`` as far as it is used."""

    model: str
    model_args: Arguments
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]{2})?$")], ...] = Field(min_length=1)
    temperature: float = Field(0.75, gt=0, le=2)
    length_penalty: float = Field(1.0, ge=-10, le=10)
    repetition_penalty: float = Field(5.0, ge=0.1, le=100)
    top_k: int = Field(50, ge=1, le=10_000)
    top_p: float = Field(0.85, gt=0, le=1)
    gpt_cond_len: int = Field(30, ge=1, le=600)
    gpt_cond_chunk_len: int = Field(4, ge=1, le=600)


@dataclass(frozen=True)
class Files:
    """The four files of a model."""

    folder: Path

    @property
    def config(self) -> Path:
        """What says how large the network is."""
        return self.folder / CONFIG

    @property
    def vocabulary(self) -> Path:
        return self.folder / VOCABULARY

    @property
    def speakers(self) -> Path:
        return self.folder / SPEAKERS

    @property
    def weights(self) -> Path:
        return self.folder / WEIGHTS


def find_files(settings: Settings) -> Files:
    """The model in the folder of weights, whose licence has been accepted.

    Raises LipsyncError: xtts_missing (which says what is not there), xtts_licence.
    """
    files = _complete(settings.checkpoints.expanduser().absolute() / FOLDER)
    if not is_accepted(files.folder):
        raise LipsyncError("xtts_licence", licence=LICENCE, folder=files.folder)
    return files


def _complete(folder: Path) -> Files:
    files = Files(folder)
    for path in (files.config, files.vocabulary, files.speakers, files.weights):
        if not path.is_file():
            raise LipsyncError("xtts_missing", file=path.name, folder=folder)
    return files


def is_accepted(folder: Path) -> bool:
    """Whether a person has accepted the licence of the model in ``folder``."""
    try:
        with (folder / ACCEPTED).open(encoding="utf-8") as file:
            noted = json.loads(file.read(10_000))
    except (OSError, ValueError):
        return False
    return isinstance(noted, dict) and noted.get("licence") == LICENCE


def accept(folder: Path) -> None:
    """Note beside the model that a person has accepted its licence. Raises LipsyncError cannot_write."""
    path = folder / ACCEPTED
    note = {
        "licence": LICENCE,
        "address": LICENCE_ADDRESS,
        "accepted": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    part = path.with_name(f".{ACCEPTED}.{os.getpid()}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise LipsyncError("cannot_write", place=path, reason=error.strerror) from error


def take_folder(source: Path, checkpoints: Path) -> Path:
    """Copy a model that a person has, the published one or a fine-tuned one, to its place. Returns the place.

    Its layout is looked at, not its sums. Raises LipsyncError: xtts_missing, xtts_config, cannot_write, and what
    :func:`lipsync.models.looks.format_of` raises of the weights.
    """
    found = _complete(source.absolute())
    read_config(found.config)
    read_bounded(found.vocabulary)
    for path in (found.weights, found.speakers):
        format_of(path)
    target = checkpoints.expanduser().absolute() / FOLDER
    if target.exists() and target.samefile(source):
        return target
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in (CONFIG, VOCABULARY, SPEAKERS, WEIGHTS):
            part = target / f".{name}.part"
            try:
                shutil.copyfile(found.folder / name, part)
                part.replace(target / name)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise LipsyncError("cannot_write", place=target, reason=error.strerror) from error
    return target


def read_config(path: Path) -> Config:
    """``config.json``. Raises LipsyncError: xtts_config, cannot_read."""
    try:
        config = Config.model_validate(json.loads(read_bounded(path)))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise LipsyncError("xtts_config", file=path, reason=f"{field}: {problem['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise LipsyncError("xtts_config", file=path, reason=str(error)[:200]) from error
    if config.model != "xtts":
        raise LipsyncError("xtts_config", file=path, reason=f"model: {config.model[:40]!r}")
    return config


def read_bounded(path: Path) -> str:
    """A small text file of the model. Raises LipsyncError: xtts_config, cannot_read."""
    most = _LARGEST[path.name]
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error
    if len(data) > most:
        raise LipsyncError("xtts_config", file=path, reason=f"> {most} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LipsyncError("xtts_config", file=path, reason="UTF-8") from error


def known_arguments(config: Config) -> dict[str, Any]:
    """``model_args`` as coqui-tts takes them."""
    return config.model_args.model_dump()
