"""The head of a portrait as a body that turns: depth, weights, limits, and the displacement of a pose."""

from lipsync.animation.puppet.head.head import Head

__all__ = ["Head"]
