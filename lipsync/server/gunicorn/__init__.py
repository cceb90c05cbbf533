"""How gunicorn runs the server: its configuration and worker, checks before the start, its log, its end."""
