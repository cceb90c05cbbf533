"""Mouth cues of a sound by the best way there is: Rhubarb where it is configured and works, else the known phones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.decode import read_sound
from lipsync.errors import LipsyncError
from lipsync.mouth_cues.from_phones import cues_from_phones
from lipsync.mouth_cues.phone_file import SpokenPhones
from lipsync.mouth_cues.rhubarb import Rhubarb
from lipsync.mouth_cues.types import MouthCues
from lipsync.speech.types import Phone, Speech

log = logging.getLogger(__name__)

_SOUND_RATE = 16_000
"""Hz at which Rhubarb gets the sound of a video; it works at 16 kHz itself."""

Sound = tuple[NDArray[np.float32], int]
"""(n,) float32 mono samples in [-1, 1], and their rate in Hz."""


def rhubarb_of(program: Path | None, timeout_s: float) -> Rhubarb | None:
    """The program of the settings ``rhubarb`` and ``rhubarb_timeout_s``; None where none is named."""
    return None if program is None else Rhubarb(program, timeout_s=timeout_s)


def make_mouth_cues(
    phones: Sequence[Phone],
    duration: float,
    *,
    language: str,
    sound: Callable[[], Sound],
    rhubarb: Rhubarb | None = None,
    dialog: str = "",
) -> MouthCues:
    """The cues of ``duration`` seconds of sound; ``source`` and ``problem`` say how they were made.

    ``sound`` is called only for Rhubarb; what it raises as LipsyncError counts as a failure of Rhubarb. ``dialog`` is
    what is said, if known. Raises nothing.
    """
    own = cues_from_phones(phones, duration)
    if rhubarb is None:
        return own
    try:
        samples, rate = sound()
        samples = samples[: round(duration * rate)]  # the codec of a video fills its last block with silence
        return rhubarb.cues(samples, rate, language=language, dialog=dialog)
    except LipsyncError as error:
        log.warning("mouth cues come from the phones: %s", error)
        return replace(own, problem=error)


def video_cues(spoken: SpokenPhones, read_video: Callable[[], bytes], rhubarb: Rhubarb | None) -> MouthCues:
    """The cues of a finished video; ``read_video`` gives the bytes of its file, and is called only for Rhubarb.

    What it raises as LipsyncError counts as a failure of Rhubarb, other exceptions pass.
    """

    def sound() -> Sound:
        return read_sound(read_video(), _SOUND_RATE, max_seconds=spoken.duration + 1), _SOUND_RATE

    return make_mouth_cues(spoken.phones, spoken.duration, language=spoken.language, sound=sound, rhubarb=rhubarb)


def speech_cues(speech: Speech, rhubarb: Rhubarb | None = None) -> MouthCues:
    """The cues of one piece of speech, such as a sentence of an answer."""
    return make_mouth_cues(
        speech.phones,
        speech.duration,
        language=speech.language,
        sound=lambda: (speech.samples, speech.rate),
        rhubarb=rhubarb,
        dialog=speech.text,
    )
