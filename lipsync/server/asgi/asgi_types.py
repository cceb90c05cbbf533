"""Types of the ASGI specification (https://asgi.readthedocs.io), version 3."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Any]
"""Returns an awaitable of the next :data:`Message`."""
Send = Callable[[Message], Any]
"""Returns an awaitable."""
