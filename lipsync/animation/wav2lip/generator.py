"""Wav2Lip's network as the rest of the program uses it: pictures and mels in, the rows that are pasted out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipsync.animation.wav2lip.cached_face_network import Additions, CachedFaceNetwork, Maps, Runs, fold_all
from lipsync.animation.wav2lip.cuda_graph_network import CudaGraphNetwork
from lipsync.animation.wav2lip.layout import Size, layout
from lipsync.animation.wav2lip.network import Network
from lipsync.animation.wav2lip.precision import choose_network, lower_precisions
from lipsync.animation.wav2lip.torchscript_network import TorchScriptNetwork

Floats = NDArray[np.float32]
Pictures = NDArray[np.uint8]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Compile = Literal["none", "graph", "full"]

_BATCH = {"cpu": 8, "cuda": 64}
"""Frames at once: on a CPU all that lies between two layers stays in its cache; a GPU has more to fill."""


@dataclass(frozen=True, eq=False)
class PreparedFace:
    """What depends on a face alone. Shared by threads and by requests; only for the generator that made it."""

    maps: Maps
    """(1, C, H, W) each."""
    additions: Additions | None
    """(1, C, H, W) each; None for one of many faces, for which they are made when they are needed."""

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return sum(tensor.nbytes for tensor in (*self.maps, *(self.additions or ())))


class _Network(Protocol):
    """StaticNetwork, or what is used like it."""

    @property
    def batch(self) -> int: ...
    @property
    def dtype(self) -> torch.dtype: ...
    def maps(self, faces: Tensor) -> Maps: ...
    def additions(self, maps: Maps) -> Additions: ...
    def draw(self, mels: Tensor, runs: Runs) -> Tensor: ...


class Generator:
    """The network on one device. Safe for many threads; :class:`~.batching.Drawer` brings their frames together.

    Every frame is drawn in a batch of the same size and so is, to the last bit, the same in whatever company.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor] | torch.jit.ScriptModule,
        *,
        size: Size,
        first_row: int | None = None,
        device: str = "auto",
        precision: Precision = "auto",
        compile: Compile = "none",
        batch: int | None = None,
    ) -> None:
        """``weights`` is a state dict with the published keys, or a graph with the published inputs and output.

        Rows from ``first_row`` on are drawn, by default the lower half. ``device`` is ``auto``, ``cpu``, ``cuda`` or
        what else torch names so. ``precision`` ``auto`` measures; a graph runs in float32. ``compile``, on a GPU:
        ``graph`` starts all kernels at once, ``full`` compiles them before.

        Raises ValueError: the device cannot compute in ``precision``.
        """
        self.size = size
        self.first_row = size // 2 if first_row is None else first_row
        self.device = torch.device(_best_device() if device == "auto" else device)
        self.batch = batch or _BATCH.get(self.device.type, 8)
        self._network = self._load(weights, precision, compile)

    @property
    def precision(self) -> str:
        """What it runs in: ``float32``, ``bfloat16`` or ``float16``."""
        return str(self._network.dtype).removeprefix("torch.")

    @torch.inference_mode()
    def prepare(self, face: Pictures) -> PreparedFace:
        """What a face (S, S, 3) RGB adds, for a picture that does not move."""
        maps = self._network.maps(self._tensor(face))
        return PreparedFace(maps, self._network.additions(maps))

    @torch.inference_mode()
    def prepare_many(self, faces: Sequence[Pictures]) -> list[PreparedFace]:
        """The faces (S, S, 3) RGB of a video's frames: less is kept of each than of one that does not move."""
        return [PreparedFace(self._network.maps(self._tensor(face)), None) for face in faces]

    @torch.inference_mode()
    def draw(self, faces: PreparedFace | Sequence[PreparedFace], mels: Floats) -> Floats:
        """(B, 80, 16) windows, and the face of each or one for all, to (B, S - first_row, S, 3) RGB in 0-255."""
        each = [faces] * len(mels) if isinstance(faces, PreparedFace) else list(faces)
        if len(each) != len(mels):
            raise ValueError(f"{len(each)} faces for {len(mels)} mels")
        drawn = np.empty((len(mels), self.size - self.first_row, self.size, 3), np.float32)
        for start in range(0, len(mels), self.batch):
            part = slice(start, min(start + self.batch, len(mels)))
            drawn[part] = self._draw_batch(each[part], mels[part])
        return drawn

    def _draw_batch(self, faces: Sequence[PreparedFace], mels: Floats) -> Floats:
        full = np.zeros((self.batch, 1, *mels.shape[1:]), np.float32)
        full[: len(mels), 0] = mels
        drawn = self._network.draw(torch.from_numpy(full), list(self._runs(faces)))
        return pictures_of(drawn)[: len(mels)]

    def _runs(self, faces: Sequence[PreparedFace]) -> Iterator[tuple[slice, Additions]]:
        """What is added to which frames of a batch; the frames that fill it up show the last face."""
        start = 0
        for _, same in groupby(faces, key=id):
            face, *others = same
            stop = start + 1 + len(others)
            end = self.batch if stop == len(faces) else stop
            yield slice(start, end), face.additions or self._network.additions(face.maps)
            start = stop

    def _load(
        self, weights: Mapping[str, Tensor] | torch.jit.ScriptModule, precision: Precision, compile: Compile
    ) -> _Network:
        first_row, batch, device = self.first_row, self.batch, self.device
        if isinstance(weights, torch.jit.ScriptModule):
            return TorchScriptNetwork(weights, size=self.size, first_row=first_row, batch=batch, device=device)
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True  # the shapes never change
        plan = layout(self.size)
        make = partial(
            CachedFaceNetwork, plan, fold_all(plan, weights), first_row=first_row, batch=batch, device=device
        )
        if precision == "auto":
            network = choose_network(lambda dtype: make(dtype=dtype), device)
        else:
            dtype: torch.dtype = getattr(torch, precision)
            if dtype not in (torch.float32, *lower_precisions(device)):
                raise ValueError(f"{device} cannot compute in {precision}: use float32, or auto")
            network = make(dtype=dtype)
        if compile != "none" and self.device.type == "cuda":
            return CudaGraphNetwork(network, compiled=compile == "full")
        return network

    def _tensor(self, face: Pictures) -> Tensor:
        if face.shape != (self.size, self.size, 3) or face.dtype != np.uint8:
            raise ValueError(f"a face is ({self.size}, {self.size}, 3) uint8, not {face.shape} {face.dtype}")
        return tensor_of(face).to(self.device)


@torch.inference_mode()
def reference(weights: Mapping[str, Tensor], size: Size, face: Pictures, mels: Floats) -> Floats:
    """What the plain network draws of a face (S, S, 3) RGB and mels (B, 80, 16): (B, S, S, 3) RGB in 0-255."""
    network = Network(layout(size))
    network.load_state_dict(dict(weights))
    shown = tensor_of(face)
    hidden = shown.clone()
    hidden[:, :, size // 2 :] = 0
    both = torch.cat([hidden, shown], dim=1).expand(len(mels), -1, -1, -1)
    return pictures_of(network(torch.from_numpy(mels)[:, None], both))


def tensor_of(face: Pictures) -> Tensor:
    """(S, S, 3) RGB uint8 to (1, 3, S, S) BGR float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(face[..., ::-1].transpose(2, 0, 1))).float()[None] / 255


def pictures_of(drawn: Tensor) -> Floats:
    """(B, 3, H, W) BGR in [0, 1] to (B, H, W, 3) RGB in 0-255."""
    pictures: Floats = (drawn.flip(1).permute(0, 2, 3, 1) * 255).contiguous().cpu().numpy()
    return pictures


def _best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
