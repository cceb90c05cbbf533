"""How far a video is, told while it is made."""

from __future__ import annotations

from typing import Literal, Protocol

Stage = Literal["portrait", "speech", "render", "finish"]
"""What is being done: the portrait is prepared; a sentence is spoken; frames are made; the file is closed."""


class Progress(Protocol):
    """Told in the thread that makes the video, at least every :data:`SLICE` while something is waited for.

    What it raises ends the work: :class:`Cancelled`, which other videos that wait for the same thing do not hear of.
    """

    def __call__(self, stage: Stage, done: float) -> None:
        """``done`` is the part of the whole video that is made, 0 to 1."""
        ...


class Cancelled(Exception):
    """Nobody wants the video any more: raised by a :class:`Progress`."""
