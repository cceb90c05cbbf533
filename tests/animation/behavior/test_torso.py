from __future__ import annotations

import numpy as np

from lipsync.animation.behavior.torso import TorsoMotion


def test_the_shoulders_follow_late_and_less() -> None:
    times = np.arange(0, 20, 0.01)
    pose = np.zeros((len(times), 5))
    pose[:, 3] = 0.03 * np.sin(2 * np.pi * times / 4)
    pose[:, 2] = 2.0
    torso = TorsoMotion().curves(times, pose, 0.0)
    settled = torso[800:]
    assert 0.3 < settled[:, 0].max() / 0.03 < 0.55
    late = [np.corrcoef(pose[800 - lag : 2000 - lag, 3], settled[:, 0])[0, 1] for lag in range(80)]
    assert 25 < int(np.argmax(late)) < 45
    np.testing.assert_allclose(settled[:, 2], 0.2, atol=0.01)


def test_they_breathe() -> None:
    times = np.arange(0, 37, 0.01)
    lifted, still = (TorsoMotion().curves(times, np.zeros((len(times), 5)), motion) for motion in (1.0, 0.0))
    assert not still.any()
    assert not lifted[:, [0, 2]].any()
    assert np.flatnonzero((lifted[1:, 1] > 0) & (lifted[:-1, 1] <= 0)).size == 10
    assert 0.003 < lifted[:, 1].max() < 0.005
