"""gunicorn's configuration: ``gunicorn -c python:lipsync.server.gunicorn.config lipsync.server.wsgi:app``.

Address and port are settings: LIPSYNC_HOST, LIPSYNC_PORT. For gunicorn alone: importing it sets signal handlers.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from lipsync.settings import Settings


def _end_before_start(_kind: int, _frame: object) -> None:
    """A stop that comes before gunicorn has its own handlers, which replace this one."""
    sys.exit(0)


for _kind in (signal.SIGTERM, signal.SIGINT):
    if signal.getsignal(_kind) in (signal.SIG_DFL, signal.default_int_handler):
        signal.signal(_kind, _end_before_start)

_settings = Settings()

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
loglevel = _settings.log_level.lower()
# In the form of our own lines, of which there is one for each request.
logger_class = "lipsync.server.gunicorn.server_log.ServerLog"

# One process owns the models and their memory; inside it NumPy, OpenCV and the encoders run without Python's lock.
workers = 1
worker_class = "lipsync.server.gunicorn.worker.AsgiWorker"
# A request that waits for a video holds a thread; a stream does so until its first byte; the rest is for short
# responses. An idle thread costs next to nothing (docs/deploy.md). Slow clients and WebSockets hold none.
threads = _settings.threads or _settings.max_queued + _settings.max_streams + 32
worker_connections = 2000 + threads
# The service loads in the worker: neither its threads nor a GPU would survive the fork after a preload.
preload_app = False

# The worker's heartbeat comes from its event loop, not from its requests: this is how long the loop may hang, not how
# long a request may take.
timeout = 120
# After SIGTERM no request is accepted, and those that run may take this long to finish.
graceful_timeout = 600
# Longer than nginx keeps its own end (deploy/nginx.conf): it never sends a request into a connection that closes.
keepalive = 20

# LIPSYNC_PROXIES says how far X-Forwarded-… is trusted, in the Flask application.
forwarded_allow_ips = ""

# The server is controlled by signals alone.
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Check the settings, and that the server is not open to strangers by mistake; otherwise print why and exit."""
    from lipsync.server.gunicorn.preflight import start_or_exit  # noqa: PLC0415 - in the master

    start_or_exit(_settings, server.cfg.address)
    from lipsync.runtime.setting_names import unknown_settings  # noqa: PLC0415 - in the master

    for problem in unknown_settings(os.environ):
        server.log.warning("%s", problem)


def post_fork(server: Any, worker: Any) -> None:
    """Let the worker read the signals that it received before it had handlers of its own."""
    worker.early_signals = server.SIG_QUEUE


def post_worker_init(worker: Any) -> None:
    """Let the application ask whether the server is stopping."""
    from lipsync.server.gunicorn.stopping import set_probe  # noqa: PLC0415 - in the worker

    set_probe(lambda: not worker.alive)


def worker_exit(_server: Any, worker: Any) -> None:
    """Hand running jobs back to the queue, then end the process with gunicorn's exit status, also while the service
    loads or native code runs in another thread."""
    status = getattr(sys.exc_info()[1], "code", 0)
    try:
        held = getattr(getattr(worker, "wsgi", None), "extensions", {}).get("lipsync")
        if held is not None:
            held.close()
    except Exception:
        worker.log.exception("the running jobs could not be handed back")
    from lipsync.runtime.process_exit import end_process  # noqa: PLC0415 - in the worker

    end_process(status if isinstance(status, int) else 0)
