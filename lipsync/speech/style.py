"""Limits of the speaking style in a request: speed, pitch and pauses."""

from __future__ import annotations

SPEED = (0.25, 4.0)
"""Minimum and maximum speed factor, as in OpenAI's API."""
PITCH = (-12.0, 12.0)
"""Minimum and maximum pitch shift in semitones."""
PAUSE = (0.0, 5.0)
"""Minimum and maximum factor of the length of pauses."""
