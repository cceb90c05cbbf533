"""Sound that waits for its frames comes out whole and in order."""

from __future__ import annotations

import numpy as np

from lipsync.video.pending_sound import PendingSound


def test_samples_come_out_in_order_up_to_the_asked_time() -> None:
    pending, samples = PendingSound(100), np.linspace(-1, 1, 250, dtype=np.float32)
    for begin, end in ((0, 30), (30, 30), (30, 250)):
        pending.add(samples[begin:end])
    frames = [list(pending.take_until(until)) for until in (0, 40, 200, None)]
    counts = [sum(frame.samples for frame in taken) for taken in frames]
    assert counts == [0, 40, 160, 50]
    taken = [frame for part in frames for frame in part]
    assert [frame.pts for frame in taken] == [0, 30, 40, 200]
    assert np.array_equal(np.concatenate([frame.to_ndarray()[0] for frame in taken]), samples)
    assert list(pending.take_until(None)) == []
