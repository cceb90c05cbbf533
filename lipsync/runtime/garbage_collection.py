"""How often Python looks for cyclic garbage while a process starts."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL_THRESHOLD = gc.get_threshold()
_STARTUP_OBJECTS = 200_000
"""New objects after which garbage is collected during the start. Imports leave next to none, yet at Python's 700
objects it was looked for 135 times before the first frame of ``lipsync say``, which took 60 of its 500 ms."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage rarely in this block, until :func:`collect_as_usual` is called."""
    gc.set_threshold(_STARTUP_OBJECTS, *USUAL_THRESHOLD[1:])
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*USUAL_THRESHOLD)


def collect_as_usual() -> None:
    """End the start of the process: what exists is not looked through again (gc.freeze), what follows as usual."""
    gc.freeze()
    gc.set_threshold(*USUAL_THRESHOLD)
