"""Run a coroutine from a test, also where Playwright's own event loop runs in the test's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Value = TypeVar("Value")


def run_async(coroutine: Coroutine[Any, Any, Value]) -> Value:
    """The result of ``coroutine``, awaited in an event loop of a new thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
