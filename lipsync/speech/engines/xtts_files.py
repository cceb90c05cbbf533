"""XTTS v2 on disk: the published files, config.json, and the acceptance of the licence.

The files are those of https://huggingface.co/coqui/XTTS-v2. Nothing here opens them in a way that could run code;
neither torch nor coqui-tts is needed.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lipsync.settings import Settings
from lipsync.storage.atomic import atomic_write
from lipsync.storage.errors import StorageError
from lipsync.weights.errors import WeightsError
from lipsync.weights.sniff import detect_format

FOLDER = "xtts"
"""Subfolder of the folder of weights."""
CONFIG, VOCABULARY, SPEAKERS, WEIGHTS = "config.json", "vocab.json", "speakers_xtts.pth", "model.pth"
ACCEPTED = "licence-accepted.json"
LICENCE = "Coqui Public Model License 1.0.0: non-commercial use only"
LICENCE_ADDRESS = "https://huggingface.co/coqui/XTTS-v2/blob/main/LICENSE.txt"

_MAX_BYTES = {CONFIG: 1_000_000, VOCABULARY: 20_000_000}  # the published files have 4,368 and 361,219 bytes


class _FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


Width = Annotated[int, Field(ge=8, le=4096)]


class ModelArguments(_FrozenModel):
    """``model_args`` of config.json: the dimensions of the network, bounded before it is built. Other keys are
    ignored; paths in them are never followed."""

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


class ModelConfig(_FrozenModel):
    """The fields of ``config.json`` that are used."""

    model: str
    model_args: ModelArguments
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]{2})?$")], ...] = Field(min_length=1)
    temperature: float = Field(0.75, gt=0, le=2)
    length_penalty: float = Field(1.0, ge=-10, le=10)
    repetition_penalty: float = Field(5.0, ge=0.1, le=100)
    top_k: int = Field(50, ge=1, le=10_000)
    top_p: float = Field(0.85, gt=0, le=1)
    gpt_cond_len: int = Field(30, ge=1, le=600)
    gpt_cond_chunk_len: int = Field(4, ge=1, le=600)


@dataclass(frozen=True)
class XttsFiles:
    """The four files of a model."""

    folder: Path

    @property
    def config(self) -> Path:
        """``config.json``: dimensions of the network."""
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


def find_files(settings: Settings) -> XttsFiles:
    """The files of the model in the folder of weights.

    Raises WeightsError if a file is missing or the licence has not been accepted.
    """
    files = _require_all_files(settings.checkpoints.expanduser().absolute() / FOLDER)
    if not is_licence_accepted(files.folder):
        raise WeightsError("xtts_licence", licence=LICENCE, folder=files.folder)
    return files


def _require_all_files(folder: Path) -> XttsFiles:
    """The files in ``folder``. Raises WeightsError for the first one that is missing."""
    files = XttsFiles(folder)
    for path in (files.config, files.vocabulary, files.speakers, files.weights):
        if not path.is_file():
            raise WeightsError("xtts_missing", file=path.name, folder=folder)
    return files


def is_licence_accepted(folder: Path) -> bool:
    """Whether the licence of the model in ``folder`` has been accepted."""
    try:
        with (folder / ACCEPTED).open(encoding="utf-8") as file:
            note = json.loads(file.read(10_000))
    except (OSError, ValueError):
        return False
    return isinstance(note, dict) and note.get("licence") == LICENCE


def accept_licence(folder: Path) -> None:
    """Record beside the model that its licence has been accepted. Raises StorageError."""
    path = folder / ACCEPTED
    note = {
        "licence": LICENCE,
        "address": LICENCE_ADDRESS,
        "accepted": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as part:
            part.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError("cannot_write", place=path, reason=error.strerror) from error


def import_folder(source: Path, checkpoints: Path) -> Path:
    """Copy a local model, published or fine-tuned, into the folder of weights; return the target folder.

    Checks the layout, not the checksums. Raises WeightsError, StorageError, and what
    :func:`lipsync.weights.sniff.detect_format` raises.
    """
    files = _require_all_files(source.absolute())
    read_config(files.config)
    read_bounded(files.vocabulary)
    for path in (files.weights, files.speakers):
        detect_format(path)
    target = checkpoints.expanduser().absolute() / FOLDER
    if target.exists() and target.samefile(source):
        return target
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in (CONFIG, VOCABULARY, SPEAKERS, WEIGHTS):
            with atomic_write(target / name) as part:
                shutil.copyfile(files.folder / name, part)
    except OSError as error:
        raise StorageError("cannot_write", place=target, reason=error.strerror) from error
    return target


def read_config(path: Path) -> ModelConfig:
    """Read and validate ``config.json``. Raises WeightsError or StorageError."""
    try:
        config = ModelConfig.model_validate(json.loads(read_bounded(path)))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise WeightsError("xtts_config", file=path, reason=f"{field}: {problem['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError("xtts_config", file=path, reason=str(error)[:200]) from error
    if config.model != "xtts":
        raise WeightsError("xtts_config", file=path, reason=f"model: {config.model[:40]!r}")
    return config


def read_bounded(path: Path) -> str:
    """Read a text file of the model of bounded size. Raises WeightsError or StorageError."""
    max_bytes = _MAX_BYTES[path.name]
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error
    if len(data) > max_bytes:
        raise WeightsError("xtts_config", file=path, reason=f"> {max_bytes} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WeightsError("xtts_config", file=path, reason="UTF-8") from error


def model_arguments(config: ModelConfig) -> dict[str, Any]:
    """``model_args`` for coqui-tts."""
    return config.model_args.model_dump()


_MEN = frozenset(
    {
        "Andrew Chipper", "Badr Odhiambo", "Dionisio Schuyler", "Royston Min", "Viktor Eka", "Abrahan Mack",
        "Adde Michal", "Baldur Sanjin", "Craig Gutsy", "Damien Black", "Gilberto Mathias", "Ilkin Urbano",
        "Kazuhiko Atallah", "Ludvig Milivoj", "Suad Qasim", "Torcull Diarmuid", "Viktor Menelaos",
        "Zacharie Aimilios", "Ige Behringer", "Filip Traverse", "Damjan Chapman", "Wulf Carlevaro",
        "Aaron Dreschner", "Kumar Dahl", "Eugenio Mataracı", "Ferran Simen", "Xavier Hayasaka", "Luis Moray",
        "Marcos Rudaski",
    }
)  # fmt: skip
_WOMEN = frozenset(
    {
        "Claribel Dervla", "Daisy Studious", "Gracie Wise", "Tammie Ema", "Alison Dietlinde", "Ana Florence",
        "Annmarie Nele", "Asya Anara", "Brenda Stern", "Gitta Nikolina", "Henriette Usha", "Sofia Hellen",
        "Tammy Grit", "Tanja Adelina", "Vjollca Johnnie", "Nova Hogarth", "Maja Ruoho", "Uta Obando",
        "Lidiya Szekeres", "Chandra MacFarland", "Szofi Granger", "Camilla Holmström", "Lilya Stainthorpe",
        "Zofija Kendrick", "Narelle Moon", "Barbora MacLean", "Alexandra Hisakawa", "Alma María",
        "Rosemary Okafor",
    }
)  # fmt: skip


def speaker_sex(name: str) -> str:
    """Sex of one of the 58 published speakers, which their file does not state; empty for another name."""
    return "male" if name in _MEN else "female" if name in _WOMEN else ""
