"""The head of a portrait as a body that turns: depth, weights, limits, and the displacement of a pose."""

from lipsync.animation.puppet.head.head import Head, plan_head
from lipsync.animation.puppet.head.weights import HeadWeights, plan_weights

__all__ = ["Head", "HeadWeights", "plan_head", "plan_weights"]
