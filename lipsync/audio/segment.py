"""A piece of sound as a conversation sends it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

SEGMENT_RATE = 24_000
"""Samples a second of the sound that a conversation sends."""


def decode_pcm16(data: bytes) -> NDArray[np.float32]:
    """(n,) float32 samples in [-1, 1) of 16-bit little-endian ones, of which ``data`` holds whole ones."""
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


class AudioSegment(BaseModel):
    """A piece of mono sound."""

    model_config = ConfigDict(frozen=True)

    data: Base64Bytes = Field(description="The sound, base64.")
    sample_rate: int = Field(SEGMENT_RATE, gt=0, description="Samples a second.")
    format: Literal["pcm16", "wav", "opus"] = Field("wav", description="pcm16 is little-endian without a header.")
    duration: float = Field(ge=0, description="Seconds.")
