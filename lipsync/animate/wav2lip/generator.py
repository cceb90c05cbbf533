"""Wav2Lip's network as the rest of the program uses it: pictures and mels in, the rows that are pasted out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipsync.animate.wav2lip.layout import Size, layout
from lipsync.animate.wav2lip.network import Network
from lipsync.animate.wav2lip.static import Additions, Maps, StaticNetwork, rows_from

Floats = NDArray[np.float32]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, eq=False)
class PreparedFace:
    """What depends on a face alone. Shared by threads and by requests; only for the generator that made it."""

    maps: Maps
    """(1, C, H, W) each."""
    additions: Additions | None
    """(1, C, H, W) each; None for one of many faces, for which they are made when they are needed."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes, on the device."""
        return sum(one.nbytes for one in (*self.maps, *(self.additions or ())))


class Generator:
    """The network on one device. For one thread at a time: :class:`~.batching.Drawer` lends it to many.

    Every frame is drawn in a batch of the same size and so is, to the last bit, the same in whatever company.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        *,
        size: Size,
        first_row: int | None = None,
        device: str = "auto",
        precision: Precision = "auto",
        batch: int = 8,
    ) -> None:
        """``weights`` is a state dict with the published keys; rows from ``first_row`` on are drawn, by default half.

        ``device`` is ``auto``, ``cpu``, ``cuda`` or what else torch names so.
        """
        self.size = size
        self.first_row = size // 2 if first_row is None else first_row
        self.batch = batch
        self.device = torch.device(_best_device() if device == "auto" else device)
        self._plan = layout(size)
        self._weights = weights
        self._rows = rows_from(self.first_row, self._plan)
        dtype = {"auto": torch.float32}.get(precision) or getattr(torch, precision)
        self._network = StaticNetwork(self._plan, weights, device=self.device, dtype=dtype)

    @torch.inference_mode()
    def prepare(self, face: NDArray[np.uint8]) -> PreparedFace:
        """What a face (S, S, 3) RGB adds, for a picture that does not move."""
        maps = self._maps(face)
        return PreparedFace(maps, self._network.additions(maps, self._rows))

    @torch.inference_mode()
    def prepare_many(self, faces: Sequence[NDArray[np.uint8]]) -> list[PreparedFace]:
        """The faces (S, S, 3) RGB of a video's frames: less is kept of each than of one that does not move."""
        return [PreparedFace(self._maps(face), None) for face in faces]

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

    @torch.inference_mode()
    def reference(self, face: NDArray[np.uint8], mels: Floats) -> Floats:
        """What the plain network draws, in float32: (B, S, S, 3) RGB in 0-255, all rows. For tests and measures."""
        network = Network(self._plan)
        network.load_state_dict(dict(self._weights))
        shown = self._tensor(face)
        hidden = shown.clone()
        hidden[:, :, self.size // 2 :] = 0
        both = torch.cat([hidden, shown], dim=1).expand(len(mels), -1, -1, -1).cpu()
        drawn = network(torch.from_numpy(mels)[:, None], both)
        return _pictures(drawn)

    def _draw_batch(self, faces: Sequence[PreparedFace], mels: Floats) -> Floats:
        full = np.zeros((self.batch, *mels.shape[1:]), np.float32)
        full[: len(mels)] = mels
        x = torch.from_numpy(full)[:, None]
        return _pictures(self._network.draw(x, self._additions(faces), self._rows))[: len(mels)]

    def _additions(self, faces: Sequence[PreparedFace]) -> Additions:
        """One face's, or those of every frame of a whole batch."""
        first = faces[0]
        if first.additions is not None and all(face is first for face in faces):
            return first.additions
        rows = [self._added(face) for face in faces]
        rows += [rows[-1]] * (self.batch - len(rows))
        return tuple(torch.cat(level) for level in zip(*rows, strict=True))

    def _added(self, face: PreparedFace) -> Additions:
        return face.additions or self._network.additions(face.maps, self._rows)

    def _maps(self, face: NDArray[np.uint8]) -> Maps:
        return self._network.maps(self._tensor(face))

    def _tensor(self, face: NDArray[np.uint8]) -> Tensor:
        """(S, S, 3) RGB to (1, 3, S, S) BGR in [0, 1] on the device."""
        if face.shape != (self.size, self.size, 3) or face.dtype != np.uint8:
            raise ValueError(f"a face is ({self.size}, {self.size}, 3) uint8, not {face.shape} {face.dtype}")
        bgr = np.ascontiguousarray(face[..., ::-1].transpose(2, 0, 1))
        return torch.from_numpy(bgr).to(self.device).float()[None] / 255


def _best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _pictures(drawn: Tensor) -> Floats:
    """(B, 3, H, W) BGR in [0, 1] to (B, H, W, 3) RGB in 0-255."""
    pictures: Floats = (drawn.flip(1).permute(0, 2, 3, 1) * 255).contiguous().cpu().numpy()
    return pictures
