"""Limits of what a language model may send, and of the time to connect to it, to check it and to load it."""

from __future__ import annotations

MAX_REPLY_CHARACTERS = 16_000
"""Characters of one reply; what follows is not read. 512 tokens have about 2,500."""
MAX_RESPONSE_BYTES = 4_000_000
"""Bytes of one response of a server, with the JSON around each token."""
MAX_LINE_BYTES = 262_144
"""Bytes of one line of a protocol."""
HEALTH_TIMEOUT_S = 2.0
"""Seconds that a health check may take."""
CONNECT_TIMEOUT_S = 2.0
"""Seconds to connect to a server; few, because the next model replies where it fails."""
LOAD_TIMEOUT_S = 15.0
"""Seconds that a question waits for the embedded model to be loaded, before the time limit of its first token begins.
Loading takes 1.5 s on two quiet cores and more than 4 s on busy ones; it goes on where a question waits no longer."""
PRELOAD_TIMEOUT_S = 180.0
"""Seconds in which a model is loaded and reads the system prompt. Users report up to 70 s with Ollama."""
