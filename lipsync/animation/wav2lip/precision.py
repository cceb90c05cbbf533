"""Which precision the network runs in: the fastest on this machine that draws the same, measured at load."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lipsync.animation.wav2lip.cached_face_network import CachedFaceNetwork

log = logging.getLogger(__name__)

MAX_DIFFERENCE = 2 / 255
"""The largest difference from float32 in any value that is drawn, of [0, 1]."""
_MARGIN = 0.75
"""What is measured is one batch; over a whole video the largest difference is larger."""
_WORTH = 0.85
"""A lower precision is taken where it needs no more than this share of float32's time."""


@dataclass(frozen=True)
class Trial:
    """One batch in one precision."""

    dtype: torch.dtype
    seconds: float
    difference: float
    """The largest from float32, of [0, 1]."""


def lower_precisions(device: torch.device) -> list[torch.dtype]:
    """What is worth trying beside float32 on a device."""
    if device.type == "cuda":
        return [torch.float16]
    if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return [torch.bfloat16]
    return []


def fastest(trials: list[Trial]) -> Trial:
    """The fastest that is close enough to the first, which is float32's, unless it gains too little."""
    exact, *others = trials
    good = [
        trial
        for trial in others
        if trial.difference <= _MARGIN * MAX_DIFFERENCE and trial.seconds <= _WORTH * exact.seconds
    ]
    return min(good, key=lambda trial: trial.seconds, default=exact)


@torch.inference_mode()
def choose_network(make: Callable[[torch.dtype], CachedFaceNetwork], device: torch.device) -> CachedFaceNetwork:
    """The network in the precision that :func:`fastest` says; ``make`` builds it."""
    exact = make(torch.float32)
    mels, face = _probe(exact.plan.size, exact.batch)
    # The reference is float32 in full, also where the device would round products to fewer bits by default.
    with torch.backends.cudnn.flags(enabled=torch.backends.cudnn.enabled, allow_tf32=False):
        drawn, seconds = _try(exact, mels, face)
    made, trials = {torch.float32: exact}, [Trial(torch.float32, seconds, 0.0)]
    for dtype in lower_precisions(device):
        made[dtype] = make(dtype)
        other, seconds = _try(made[dtype], mels, face)
        trials.append(Trial(dtype, seconds, float((other - drawn).abs().max())))
    for trial in trials:
        log.info(
            "Wav2Lip in %s on %s: %.1f ms a frame, at most %.2f/255 from float32",
            str(trial.dtype).removeprefix("torch."),
            device,
            1000 * trial.seconds / exact.batch,
            255 * trial.difference,
        )
    return made[fastest(trials).dtype]


def _try(network: CachedFaceNetwork, mels: Tensor, face: Tensor) -> tuple[Tensor, float]:
    """What is drawn, and the seconds of the second time."""
    runs = [(slice(0, network.batch), network.additions(network.maps(face.to(network.device))))]
    network.draw(mels, runs)
    _wait(network.device)
    began = time.perf_counter()
    drawn = network.draw(mels, runs)
    _wait(network.device)
    return drawn, time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _probe(size: int, batch: int) -> tuple[Tensor, Tensor]:
    """Made-up mels (batch, 1, 80, 16) from silence to loud, and a made-up face (1, 3, size, size)."""
    chance = torch.Generator().manual_seed(0)
    mels = torch.nn.functional.interpolate(
        torch.rand(batch, 1, 12, 5, generator=chance), size=(80, 16), mode="bilinear"
    )
    loudness = torch.linspace(0, 1, batch)[:, None, None, None]
    face = torch.nn.functional.interpolate(
        torch.rand(1, 3, 12, 12, generator=chance), size=(size, size), mode="bicubic"
    )
    return (8 * mels * loudness - 4).clamp(-4, 4), face.clamp(0, 1)
