from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from lipsync.speech.alignment.dtw import dtw
from lipsync.speech.alignment.mfcc import Features


def walk(rows: int, seed: int = 0) -> Features:
    """(rows, 26) features that change as those of speech do."""
    steps = np.random.default_rng(seed).normal(size=(max(rows, 8), 26)).cumsum(axis=0)
    kernel = np.ones(8) / 8
    smooth = np.stack([np.convolve(column, kernel, "same") for column in steps.T], axis=1)
    return ((smooth - smooth.mean(axis=0)) / smooth.std(axis=0)).astype(np.float32)[:rows]


def test_identical_sequences_align_on_the_diagonal() -> None:
    features = walk(300)
    assert np.array_equal(dtw(features, features), np.arange(300))


def test_a_stretched_and_compressed_sequence_is_aligned() -> None:
    times = np.concatenate([np.arange(0, 100, 0.5), np.arange(100, 300, 2.0), np.arange(300, 400, 1.0)])
    reference = walk(400)
    target = np.stack([np.interp(times, np.arange(400), column) for column in reference.T], axis=1)
    found = dtw(reference, target.astype(np.float32))
    assert np.abs(found - np.interp(np.arange(400), times, np.arange(len(times)))).max() <= 3


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 500), (500, 1), (30, 900), (900, 30), (2000, 1500)])
def test_the_path_goes_from_start_to_end_and_never_back(rows: int, columns: int) -> None:
    found = dtw(walk(rows), walk(columns, seed=1))
    assert found.shape == (rows,)
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= columns - 1
    if rows > 1:
        assert found[0] < 0.6 * columns
        assert found[-1] >= 0.4 * (columns - 1)


@pytest.mark.slow
def test_memory_is_a_band_and_not_a_square() -> None:
    long = walk(6000)
    tracemalloc.start()
    try:
        dtw(long, long)
        assert tracemalloc.get_traced_memory()[1] < 6000 * 1201 + 4_000_000
    finally:
        tracemalloc.stop()


def test_empty_sequence_is_rejected() -> None:
    with pytest.raises(ValueError, match="empty sequence"):
        dtw(walk(5)[:0], walk(5))
