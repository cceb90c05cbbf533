"""How gunicorn serves ``app:app``. Address and port are settings: LIPSYNC_HOST, LIPSYNC_PORT."""

from lipsync.settings import Settings

_settings = Settings()

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
loglevel = _settings.log_level.lower()

# One process owns the models and their memory; inside it NumPy, OpenCV and the encoders run without Python's lock.
workers = 1
worker_class = "gthread"
threads = 16
# The service loads in the worker: neither its threads nor a GPU would survive the fork after a preload.
preload_app = False

# A threaded worker beats from its main loop, not from its requests: this is how long it may hang, not how long
# a request may take.
timeout = 120
# After SIGTERM no request is accepted, and those that run may take this long to finish.
graceful_timeout = 600
keepalive = 5

# No socket to steer the server by: signals do.
control_socket_disable = True
