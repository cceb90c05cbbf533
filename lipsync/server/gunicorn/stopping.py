"""Whether the server is stopping: set by the worker, asked by long responses and by the job runner."""

from __future__ import annotations

from collections.abc import Callable


def _never() -> bool:
    return False


_probe: Callable[[], bool] = _never


def set_probe(probe: Callable[[], bool]) -> None:
    """Use ``probe``, which may be called in any thread, from now on. config.py sets one in each worker."""
    global _probe  # noqa: PLW0603 - there is one server in a process
    _probe = probe


def is_stopping() -> bool:
    """Whether the server has stopped accepting connections and waits for running requests. False without a probe."""
    return _probe()
