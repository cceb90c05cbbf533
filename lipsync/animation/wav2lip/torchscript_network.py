"""A generator that came as a TorchScript graph whose weights have other names than ours: it runs as it is."""

from __future__ import annotations

import torch
from torch import Tensor

from lipsync.animation.wav2lip.cached_face_network import Additions, Maps, Runs


class TorchScriptNetwork:
    """The same three steps as :class:`~lipsync.animation.wav2lip.cached_face_network.CachedFaceNetwork`, of which
    nothing is saved."""

    def __init__(
        self, script: torch.jit.ScriptModule, *, size: int, first_row: int, batch: int, device: torch.device
    ) -> None:
        """``script`` takes mels (B, 1, 80, 16) and faces (B, 6, S, S) and gives (B, 3, S, S), all float32."""
        self.batch, self.first_row, self.device, self.dtype = batch, first_row, device, torch.float32
        self._size = size
        self._script = script.to(device).eval()

    def maps(self, faces: Tensor) -> Maps:
        """(B, 3, S, S) float32 BGR in [0, 1] to what the graph sees."""
        hidden = faces.clone()
        hidden[:, :, self._size // 2 :] = 0
        return (torch.cat([hidden, faces], dim=1).to(self.device),)

    def additions(self, maps: Maps) -> Additions:
        """The maps."""
        return maps

    def draw(self, mels: Tensor, runs: Runs) -> Tensor:
        """Mels (batch, 1, 80, 16) to (batch, 3, S - first_row, S), BGR in [0, 1]."""
        faces = torch.cat([faces.expand(len(mels[frames]), -1, -1, -1) for frames, (faces,) in runs])
        drawn: Tensor = self._script(mels.to(self.device), faces)
        return drawn[:, :, self.first_row :].float()
