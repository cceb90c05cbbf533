"""Finds the weights of Whisper in the folder of weights, and loads them.

Weights are a folder as CTranslate2 converts them: model.bin, config.json, tokenizer.json and vocabulary.txt or .json,
data without code. Nothing is downloaded here.
"""

from __future__ import annotations

import importlib.util
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from lipsync.hearing.errors import HearingError
from lipsync.runtime.installation import command_to_add
from lipsync.weights.catalogue import catalogue

log = logging.getLogger(__name__)

_FILES = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_FOLDERS = ("whisper-{}", "faster-whisper-{}")
"""Names of the folder of a model: ours, and that of its repository on Hugging Face."""
_LATEST = {"large": ("large", "large-v3", "large-v3-turbo", "large-v2")}
"""Names of the models that a size stands for, in order of preference."""
_MAX_CONFIG_BYTES = 1_000_000


def is_installed() -> bool:
    """Whether the packages of the extra ``conversation`` that recognition needs are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("faster_whisper", "ctranslate2"))


def find_weights(model: str, checkpoints: Path) -> Path:
    """The folder of the weights of ``model``: a size such as ``base`` or ``tiny.en``, or the path of a folder.

    Raises HearingError hearing_no_weights, hearing_incomplete_weights.
    """
    if "/" in model or "\\" in model:
        folders = [Path(model).expanduser().absolute()]
    else:
        root = checkpoints.expanduser().absolute()
        folders = [root / name.format(size) for size in _LATEST.get(model, (model,)) for name in _FOLDERS]
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        raise HearingError("hearing_no_weights", model=model, folder=folders[0].name, remedy=_remedy(model))
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _VOCABULARIES):
        missing.append(_VOCABULARIES[1])
    if missing:
        raise HearingError("hearing_incomplete_weights", folder=folder.name, missing=missing, remedy=_remedy(model))
    return folder


def load_model(folder: Path, threads: int) -> Any:
    """Load the weights in ``folder`` as a faster_whisper.WhisperModel: on a GPU (float16) if there is one, else on
    the processor (int8) with ``threads`` threads.

    Raises HearingError hearing_not_installed, hearing_broken_weights.
    """
    if not is_installed():
        raise HearingError("hearing_not_installed", remedy=command_to_add("conversation"))
    import ctranslate2  # noqa: PLC0415 - an extra
    from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra

    _check_json(folder / "config.json")
    if ctranslate2.get_cuda_device_count() > 0:
        try:
            return _checked(WhisperModel(str(folder), device="cuda", compute_type="float16"))
        except (RuntimeError, ValueError) as error:  # CUDA's libraries are missing, or its memory is full
            log.warning("Whisper cannot use the GPU (%s): it runs on the processor", error)
    try:
        return _checked(WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads))
    except Exception as error:  # tokenizers raises plain Exception for a damaged file
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise HearingError("hearing_broken_weights", folder=folder.name, reason=reason) from error


def _checked(model: Any) -> Any:
    """The model after it has encoded a short silence: CUDA's libraries are looked for then. Corrects the number of
    mel bands of a model without preprocessor_config.json."""
    bands = model.model.n_mels
    if model.feature_extractor.mel_filters.shape[0] != bands:
        model.feature_extractor = type(model.feature_extractor)(feature_size=bands)
    model.encode(np.zeros((bands, 100), np.float32))
    return model


def _check_json(path: Path) -> None:
    """Raise HearingError hearing_broken_weights unless the file is a JSON object of a plausible size."""
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES or not isinstance(json.loads(path.read_bytes()), dict):
            raise ValueError("not a configuration")
    except (OSError, ValueError) as error:
        raise HearingError("hearing_broken_weights", folder=path.parent.name, reason=path.name) from error


def _remedy(model: str) -> str:
    """The command that fetches the weights of ``model``; of the default model for one that has no such command."""
    name = f"whisper-{model.replace('.', '-')}"
    return f"lipsync models fetch {name if name in catalogue() else 'whisper-base'}"
