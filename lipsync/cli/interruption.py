"""Ctrl-C and SIGTERM on the command line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Interruption:
    """Whether the process has been asked to end; see :func:`interruptible`."""

    def __init__(self) -> None:
        self.happened = False

    def check(self) -> None:
        """Raises KeyboardInterrupt where an earlier one was swallowed, as native code and imports sometimes do."""
        if self.happened:
            raise KeyboardInterrupt

    def handle(self, _signal_number: int, _frame: FrameType | None) -> NoReturn:
        """Signal handler: note the signal and raise KeyboardInterrupt."""
        self.happened = True
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Within the block SIGTERM raises KeyboardInterrupt as SIGINT does. A SIGINT that is ignored stays ignored."""
    interruption = Interruption()
    signals = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signals.append(signal.SIGINT)
    previous = {number: signal.signal(number, interruption.handle) for number in signals}
    try:
        yield interruption
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
