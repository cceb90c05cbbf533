"""Blendshape weights for a 3D face: frames by name, and the interface of a generator of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from lipsync.speech.types import Speech

FPS = 30
"""Frames a second of blendshape weights."""


class BlendshapeFrame(BaseModel):
    """The face at one moment."""

    model_config = ConfigDict(frozen=True)

    timestamp: float = Field(ge=0, description="Seconds from the start of the sound.")
    weights: dict[str, float] = Field(description="Weight of each blendshape that is not zero, 0 to 1.")


class BlendshapeWeights(BaseModel):
    """The face during a piece of speech."""

    model_config = ConfigDict(frozen=True)

    frames: tuple[BlendshapeFrame, ...]
    fps: int = FPS
    duration: float = Field(ge=0, description="Seconds of sound that the frames cover.")


class LipSyncGenerator(Protocol):
    """Turns speech into blendshape weights. Thread-safe."""

    def generate_blendshapes(self, speech: Speech) -> BlendshapeWeights:
        """The weights of one piece of speech on its own."""
        ...

    def phoneme_mapping(self) -> Mapping[str, Mapping[str, float]]:
        """The weights of each phone (IPA symbol) at its middle, 0 to 1 by name."""
        ...
