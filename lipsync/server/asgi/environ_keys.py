"""Keys in the WSGI environment, by which the server tells the Flask application what WSGI has no word for."""

from __future__ import annotations

HAS_LEFT = "lipsync.has_left"
"""A function that says whether the client has closed its connection."""
PAUSE = "lipsync.pause"
"""The request's :class:`lipsync.server.asgi.pause.Pause`, where the server has one."""
HANDSHAKE = "lipsync.websocket"
"""The :class:`lipsync.server.asgi.websocket_routes.Handshake` of a request that opens a WebSocket."""
