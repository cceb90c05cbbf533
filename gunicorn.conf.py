"""How gunicorn serves ``app:app``. Address and port are settings: LIPSYNC_HOST, LIPSYNC_PORT."""

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
logger_class = "lipsync.serving.server_log.ServerLog"

# One process owns the models and their memory; inside it NumPy, OpenCV and the encoders run without Python's lock.
workers = 1
worker_class = "lipsync.serving.worker.Worker"
# Whoever waits for a video has a thread, and whoever watches one; the rest is for short answers. An idle thread
# costs next to nothing (docs/deploy.md), and a connection that sends nothing has none.
threads = _settings.threads or _settings.queue + _settings.streams + 32
worker_connections = 2000 + threads
# The service loads in the worker: neither its threads nor a GPU would survive the fork after a preload.
preload_app = False

# A threaded worker beats from its main loop, not from its requests: this is how long it may hang, not how long
# a request may take.
timeout = 120
# After SIGTERM no request is accepted, and those that run may take this long to finish.
graceful_timeout = 600
# Longer than nginx keeps its own end (deploy/nginx.conf): it never sends a request into a connection that closes.
keepalive = 20

# Who believes X-Forwarded-… and how far is LIPSYNC_PROXIES; gunicorn itself believes nobody.
forwarded_allow_ips = ""

# No socket to steer the server by: signals do.
control_socket_disable = True


def on_starting(server: Any) -> None:
    """What is set wrongly, or would be open to strangers by mistake, is said in a sentence, and nothing starts."""
    from lipsync.serving.start import start_or_exit  # noqa: PLC0415 - in the master

    start_or_exit(_settings, server.cfg.address)
    from lipsync.setting_names import unknown_settings  # noqa: PLC0415 - in the master

    for problem in unknown_settings(os.environ):
        server.log.warning("%s", problem)


def post_fork(server: Any, worker: Any) -> None:
    """The worker can ask which signals it got before it had handlers of its own."""
    worker.early_signals = server.SIG_QUEUE


def post_worker_init(worker: Any) -> None:
    """The application can ask whether it is about to end."""
    from lipsync.serving.stopping import set_probe  # noqa: PLC0415 - in the worker

    set_probe(lambda: not worker.alive)


def worker_exit(_server: Any, worker: Any) -> None:
    """What the application still holds is put in order: jobs that run are handed back. Then the process ends, with
    the status that gunicorn has chosen, also while the service loads or native code runs in another thread."""
    status = getattr(sys.exc_info()[1], "code", 0)
    try:
        held = getattr(getattr(worker, "wsgi", None), "extensions", {}).get("lipsync")
        if held is not None:
            held.close()
    except Exception:  # gunicorn would write it to its log and go on
        worker.log.exception("the application could not put its jobs in order")
    from lipsync.ending import end_process  # noqa: PLC0415 - in the worker

    end_process(status if isinstance(status, int) else 0)
