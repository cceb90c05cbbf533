"""The ASGI application around the Flask application: its thread pool, its connections, its WebSocket routes."""
