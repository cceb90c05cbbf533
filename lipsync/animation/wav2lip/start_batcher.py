"""From a checkpoint to a network that many may draw with."""

from __future__ import annotations

from functools import partial

import torch

from lipsync.animation.wav2lip.batching import Drawer
from lipsync.animation.wav2lip.checkpoint import Checkpoint
from lipsync.animation.wav2lip.generator import Compile, Generator, PreparedFace
from lipsync.runtime.threads import ThreadPlan


def load_drawer(
    checkpoint: Checkpoint, plan: ThreadPlan, compile: Compile = "none"
) -> tuple[Drawer[PreparedFace], str]:
    """The network of a checkpoint, lent to many threads, and the kind of device that it runs on."""
    weights = checkpoint.script if checkpoint.weights is None else checkpoint.weights
    assert weights is not None
    generator = Generator(weights, size=checkpoint.size, compile=compile)
    return lend(generator, plan.torch), generator.device.type


def lend(generator: Generator, threads: int, *, waiting: int = 64) -> Drawer[PreparedFace]:
    """The generator, lent to many threads.

    On a CPU each of ``threads`` draws batches of its own: none waits for another inside of a layer, as it would where
    the threads share each layer and the encoder or another program takes the time of one of them.
    """
    workers = threads if generator.device.type == "cpu" else 1
    return Drawer(generator, workers=workers, waiting=waiting, set_up=partial(torch.set_num_threads, 1))
