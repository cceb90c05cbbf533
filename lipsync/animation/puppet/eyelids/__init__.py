"""Blinks: upper eyelids that are built from the portrait's own picture and painted over its eyes."""

from lipsync.animation.puppet.eyelids.blink import blink
from lipsync.animation.puppet.eyelids.eyelid import Eyelid

__all__ = ["Eyelid", "blink"]
