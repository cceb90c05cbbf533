"""From a checkpoint to a network that many may draw with."""

from __future__ import annotations

from functools import partial

import torch

from lipsync.animate.wav2lip.batching import Drawer
from lipsync.animate.wav2lip.checkpoint import Checkpoint
from lipsync.animate.wav2lip.generator import Generator, PreparedFace
from lipsync.threads import ThreadPlan


def load_drawer(checkpoint: Checkpoint, plan: ThreadPlan) -> tuple[Drawer[PreparedFace], str]:
    """The network of a checkpoint, lent to many threads, and the kind of device that it runs on."""
    assert checkpoint.weights is not None
    generator = Generator(checkpoint.weights, size=checkpoint.size)
    return Drawer(generator, set_up=partial(torch.set_num_threads, plan.torch)), generator.device.type
