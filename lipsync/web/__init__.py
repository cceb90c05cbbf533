"""The web: a page and an API over one :class:`lipsync.service.LipsyncService`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lipsync.web.app import create_app as create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> object:
    """``create_app``, when it is asked for: gunicorn's master imports the worker from here, and forks.

    With the application came NumPy, OpenCV and PyAV, 140 MB and their threads, which it does not need.
    """
    if name == "create_app":
        from lipsync.web.app import create_app  # noqa: PLC0415

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
