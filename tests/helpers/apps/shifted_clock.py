"""What gunicorn serves in test_resilience.py: the small service in a process whose clock can be moved.

``time.time`` is so many seconds ahead as stand in a file ``clock`` beside the outputs; monotonic clocks are as ever.
"""

import os
import time
from pathlib import Path

_clock = Path(os.environ["LIPSYNC_OUTPUTS"]).parent / "clock"
_real = time.time


def _moved() -> float:
    try:
        return _real() + float(_clock.read_text())
    except (OSError, ValueError):
        return _real()


time.time = _moved

from tests.helpers.apps.gated_service import app  # noqa: E402 - after the clock is another

__all__ = ["app"]
