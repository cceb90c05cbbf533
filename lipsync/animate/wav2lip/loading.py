"""From a checkpoint to a network that many may draw with."""

from __future__ import annotations

from functools import partial

import torch

from lipsync.animate.wav2lip.batching import Drawer
from lipsync.animate.wav2lip.checkpoint import Checkpoint
from lipsync.animate.wav2lip.generator import Compile, Generator, PreparedFace
from lipsync.threads import ThreadPlan


def load_drawer(
    checkpoint: Checkpoint, plan: ThreadPlan, compile: Compile = "none"
) -> tuple[Drawer[PreparedFace], str]:
    """The network of a checkpoint, lent to many threads, and the kind of device that it runs on.

    On a CPU each of ``plan.torch`` threads draws batches of its own: none waits for another inside of a layer.
    """
    weights = checkpoint.script if checkpoint.weights is None else checkpoint.weights
    assert weights is not None
    generator = Generator(weights, size=checkpoint.size, compile=compile)
    workers = plan.torch if generator.device.type == "cpu" else 1
    return Drawer(generator, workers=workers, set_up=partial(torch.set_num_threads, 1)), generator.device.type
