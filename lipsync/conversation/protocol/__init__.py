"""Messages of the WebSocket ``/api/v1/stream`` and of the server-sent events of ``/api/v1/chat``."""
