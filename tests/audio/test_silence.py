"""The level of short frames."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.audio.silence import frame_levels


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_levels_are_root_mean_squares_of_whole_frames(dtype: type[np.floating]) -> None:
    tone = (0.5 * np.sin(2 * np.pi * np.arange(100) / 20)).astype(dtype)
    levels = frame_levels(np.concatenate([tone, np.zeros(20, dtype), np.ones(19, dtype)]), 20)
    assert levels.dtype == dtype
    assert levels == pytest.approx([0.5 / 2**0.5] * 5 + [0.0], abs=1e-6)
    assert frame_levels(tone[:19], 20).shape == (0,)
