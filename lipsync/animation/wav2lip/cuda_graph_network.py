"""A network on a GPU whose kernels start all at once, as a CUDA graph, and on demand compiled before.

Not measured: no GPU was at hand. ``LIPSYNC_COMPILE`` is off by default.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import torch
from torch import Tensor

from lipsync.animation.wav2lip.cached_face_network import Additions, CachedFaceNetwork, Maps, Runs

_WARM_UP = 3
"""Runs before the capture, in which cuDNN chooses its algorithms: torch's own advice on CUDA graphs."""


class CudaGraphNetwork:
    """Draws as the network does that it was made of; a batch with several faces goes the network's own way."""

    def __init__(self, network: CachedFaceNetwork, *, compiled: bool) -> None:
        """Captures at once. ``compiled``: with torch.compile, which takes minutes and needs a C compiler."""
        self._network = network
        self.batch, self.first_row, self.device, self.dtype = (
            network.batch,
            network.first_row,
            network.device,
            network.dtype,
        )
        self._lock = Lock()
        size = network.plan.size
        with torch.inference_mode():
            nothing = network.additions(network.maps(torch.zeros(1, 3, size, size, device=network.device)))
            self._additions = tuple(addition.clone() for addition in nothing)
            self._shown: Additions | None = None
            self._mels = torch.zeros(network.batch, 1, 80, 16, device=network.device)
            draw: Callable[[Tensor, Runs], Tensor] = network.draw
            if compiled:
                draw = torch.compile(network.draw, mode="max-autotune-no-cudagraphs", dynamic=False)
            runs = [(slice(0, network.batch), self._additions)]
            aside = torch.cuda.Stream(network.device)  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream(network.device))
            with torch.cuda.stream(aside):
                for _ in range(_WARM_UP):
                    draw(self._mels, runs)
            torch.cuda.current_stream(network.device).wait_stream(aside)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._drawn = draw(self._mels, runs)

    def maps(self, faces: Tensor) -> Maps:
        """As the network does."""
        return self._network.maps(faces)

    def additions(self, maps: Maps) -> Additions:
        """As the network does."""
        return self._network.additions(maps)

    def draw(self, mels: Tensor, runs: Runs) -> Tensor:
        """Mels (batch, 1, 80, 16) to (batch, 3, S - first_row, S) float32, BGR in [0, 1]."""
        if len(runs) > 1:
            return self._network.draw(mels, runs)
        with self._lock:
            ((_, additions),) = runs
            if additions is not self._shown:
                for place, addition in zip(self._additions, additions, strict=True):
                    place.copy_(addition)
                self._shown = additions
            self._mels.copy_(mels)
            self._graph.replay()
            return self._drawn.clone()
