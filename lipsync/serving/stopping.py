"""Whether the server is about to end: asked by whatever answers for long, told by whatever serves."""

from __future__ import annotations

from collections.abc import Callable


def _never() -> bool:
    return False


_probe: Callable[[], bool] = _never


def set_probe(probe: Callable[[], bool]) -> None:
    """``probe`` answers from now on, in any thread. gunicorn.conf.py sets one in each worker."""
    global _probe  # noqa: PLW0603 - there is one server in a process
    _probe = probe


def is_stopping() -> bool:
    """Whether the server takes no more connections and waits for what runs. False where nobody said how to ask."""
    return _probe()
