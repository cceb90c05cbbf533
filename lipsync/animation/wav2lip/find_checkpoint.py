"""Which checkpoint to use: the one that the settings name, or the best in the folder of weights. Needs no torch."""

from __future__ import annotations

import logging
import mmap
from dataclasses import dataclass
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.weights.errors import WeightsError
from lipsync.weights.sniff import detect_format

log = logging.getLogger(__name__)

BEST_FIRST = ("wav2lip_gan.pth", "Wav2Lip-SD-GAN.pt", "wav2lip.pth", "Wav2Lip-SD-NOGAN.pt", "wav2lip256.pth")
"""Names under which the known checkpoints go about; a file of another name comes after these."""

SUFFIXES = (".pth", ".pt", ".safetensors")

_MARKS = (b"face_encoder_blocks", b"face_decoder_blocks", b"audio_encoder")
"""Stand in every file of a generator as they are, whatever its kind; SyncNet and the discriminator lack some."""


@dataclass(frozen=True)
class Choice:
    """The checkpoint to use, or the reason why none can be used."""

    path: Path | None
    problem: LipsyncError | None = None
    """Why ``path`` is None; None otherwise, and without any checkpoint."""


def find_checkpoint(settings: Settings) -> Choice:
    """The checkpoint of these settings. Raises nothing: what is wrong with it is in the choice.

    A file that ``settings.checkpoint`` names is taken at its word, and not replaced by another when it is wrong. In
    the folder the first is taken that holds a generator by its content; what is wrong with those before it is in
    the log.
    """
    if settings.checkpoint is not None:
        path = settings.checkpoint.expanduser().absolute()
        try:
            detect_format(path)
        except LipsyncError as error:
            return Choice(None, error)
        return Choice(path)
    problem: LipsyncError | None = None
    for path in candidates(settings.checkpoints.expanduser().absolute()):
        try:
            if holds_generator(path):
                return Choice(path)
        except LipsyncError as error:
            log.warning("%s", error)
            problem = problem or error
    return Choice(None, problem)


def candidates(folder: Path) -> list[Path]:
    """The files in a folder that may be checkpoints, best first; empty if the folder does not exist."""
    ranks = {name.lower(): rank for rank, name in enumerate(BEST_FIRST)}
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError:
        return []
    return sorted(files, key=lambda path: (ranks.get(path.name.lower(), len(ranks)), path.name))


def holds_generator(path: Path) -> bool:
    """Whether the file holds a Wav2Lip generator, by the names in it; it is searched, not loaded.

    A graph whose weights have other names is not recognised: name it in the settings. Raises LipsyncError: what
    :func:`lipsync.weights.sniff.detect_format` raises.
    """
    detect_format(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return all(content.find(mark) >= 0 for mark in _MARKS)
    except (OSError, ValueError) as error:
        raise WeightsError("weights_unreadable", file=path) from error
