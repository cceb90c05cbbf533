"""The thresholds of Python's garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from lipsync.runtime.garbage_collection import USUAL_THRESHOLD, collect_as_usual, rare_collections


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    gc.set_threshold(*USUAL_THRESHOLD)
    yield
    gc.unfreeze()
    gc.set_threshold(*USUAL_THRESHOLD)


def test_a_process_that_starts_collects_rarely() -> None:
    with rare_collections():
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 100 * USUAL_THRESHOLD[0]
    assert gc.get_threshold() == USUAL_THRESHOLD


def test_once_it_has_started_it_collects_as_usual_but_not_what_it_started_with() -> None:
    with rare_collections():
        collect_as_usual()
        assert gc.get_threshold() == USUAL_THRESHOLD
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() == 0


def test_the_thresholds_are_restored_after_an_error() -> None:
    with pytest.raises(KeyboardInterrupt), rare_collections():
        raise KeyboardInterrupt
    assert gc.get_threshold() == USUAL_THRESHOLD
