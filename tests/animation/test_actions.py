from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.actions import gesture_of_action, mood_of_action, plain_action
from lipsync.animation.expression import Expression
from lipsync.animation.track import TrackBuilder
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import HeadGesture

PIECES = tuple(EspeakVoice().speak("Yes, of course I can do that for you. And what shall we do then?", "en"))


def poses(*gestures: HeadGesture, motion: float = 1.0) -> np.ndarray:
    builder = TrackBuilder(25, 3, Expression(motion=motion))
    pieces = [replace(piece, gesture=gesture) for piece, gesture in zip(PIECES, gestures, strict=True)]
    return np.concatenate([builder.add(piece, last=piece is pieces[-1]).pose for piece in pieces])


@pytest.mark.parametrize(("place", "kind", "axis"), [(0, "nod", 1), (1, "nod", 1), (0, "shake", 0), (1, "shake", 0)])
def test_a_gesture_moves_the_head_at_the_start_of_its_piece(place: int, kind: HeadGesture, axis: int) -> None:
    plain = poses("", "")
    gestures: list[HeadGesture] = ["", ""]
    gestures[place] = kind
    added = poses(*gestures)[:, axis] - plain[:, axis]
    start = int(PIECES[0].duration * 25) if place else 0
    during = added[start : start + 50]
    assert np.abs(added[: max(0, start - 1)]).max(initial=0.0) < 1e-6
    assert during.min() < -2.0
    if kind == "shake":
        assert during.max() > 2.0
    assert np.abs(added[start + 52 :]).max(initial=0.0) < 1e-6
    assert np.abs(np.diff(poses(*gestures)[:, axis])).max() < 2.5


def test_a_still_head_makes_no_gesture() -> None:
    assert np.allclose(poses("nod", "", motion=0.0), poses("", "", motion=0.0))


@pytest.mark.parametrize(
    ("action", "plain", "gesture", "mood"),
    [
        ("nod", "nod", "nod", None),
        ("*Shake head*", "shake-head", "shake", None),
        ("YES", "yes", "nod", None),
        ("wave", "wave", "nod", None),
        ("shrug", "shrug", "tilt", None),
        ("smile", "smile", "", "happy"),
        ("thinking", "thinking", "", "thinking"),
        ("sad", "sad", "", "sad"),
        ("fly", "fly", "", None),
        (None, "", "", None),
        ("x" * 500, "x" * 100, "", None),
    ],
)
def test_actions(action: str | None, plain: str, gesture: str, mood: str | None) -> None:
    assert plain_action(action) == plain
    assert gesture_of_action(action) == gesture
    assert mood_of_action(action) == mood
