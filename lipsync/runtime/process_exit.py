"""Ending a process while other threads are in native code."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

EXIT_HANDLERS_TIMEOUT_S = 5.0
"""Seconds that the exit handlers may take."""


def end_process(status: int) -> NoReturn:
    """End this process with ``status`` after its exit handlers, without tearing the interpreter down.

    During its teardown CPython (up to 3.13) ends every daemon thread that asks for the interpreter's lock with
    pthread_exit. That unwinds the thread's C++ frames, and where one of them must not be left by an exception, as in
    PyTorch while it is imported or loads a network, the C++ runtime calls std::terminate: "terminate called without
    an active exception", SIGABRT. The teardown also waits for such threads and destroys PyTorch's modules, for
    seconds. The system frees the resources of the process anyway.

    An exit handler that waits, for example for a module that another thread imports, is abandoned after
    :data:`EXIT_HANDLERS_TIMEOUT_S`.
    """
    watchdog = threading.Timer(EXIT_HANDLERS_TIMEOUT_S, os._exit, (status,))
    watchdog.daemon = True
    with suppress(RuntimeError):  # no further thread can be started
        watchdog.start()
    _flush()
    atexit._run_exitfuncs()
    logging.shutdown()
    _flush()
    os._exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or its reader has gone
            stream.flush()
