"""Actions as language models name them, and what the face does for each: gestures of the head, and moods.

The body's motion for an action is a preset (:mod:`lipsync.animation.body_motion.preset_motion`).
"""

from __future__ import annotations

from collections.abc import Mapping

from lipsync.speech.types import HeadGesture
from lipsync.text.mood import MOODS, Mood

ALIASES: Mapping[str, str] = {
    "hello": "greet", "hi": "greet", "wave": "greet", "greeting": "greet", "yes": "nod", "nodding": "nod",
    "no": "shake", "shake-head": "shake", "disagree": "shake", "thinking": "think", "ponder": "think",
    "explaining": "explain", "present": "explain", "gesture": "explain", "point": "explain", "listening": "listen",
    "talking": "talk", "speak": "talk", "agreement": "agree", "smile": "happy", "laugh": "happy", "cry": "sad",
    "sigh": "sad", "surprise": "surprised", "gasp": "surprised", "anger": "angry", "frown": "angry",
    "shrugging": "shrug", "rest": "idle", "stand": "idle",
}  # fmt: skip
"""Other names of actions, as language models write them."""

_GESTURES: Mapping[str, HeadGesture] = {
    "nod": "nod", "agree": "nod", "greet": "nod", "shake": "shake", "shrug": "tilt", "listen": "tilt",
}  # fmt: skip
_MAX_CHARACTERS = 100


def plain_action(action: str | None) -> str:
    """``action`` in small letters with hyphens, without the marks of stage directions: “*Shake head*”: shake-head."""
    text = (action or "")[:_MAX_CHARACTERS].lower().replace("_", " ").replace("-", " ")
    return "-".join(text.split()).strip("*()[]<>.!")


def gesture_of_action(action: str | None) -> HeadGesture:
    """The gesture of the head for an action; empty where it has none."""
    return _GESTURES.get(_resolve_alias(action), "")


def mood_of_action(action: str | None) -> Mood | None:
    """The mood of the face for an action such as “smile”; None if it has none."""
    name = _resolve_alias(action)
    name = "thinking" if name == "think" else name
    return next((mood for mood in MOODS if mood == name), None)


def _resolve_alias(action: str | None) -> str:
    """The name of the action that ``action`` stands for; for any other name, that name in plain form."""
    name = plain_action(action)
    return ALIASES.get(name, name)
