"""Loops of portraits that do not speak."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import pytest

from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import FaceTrack
from lipsync.conversation.portrait_loops import LOOP_KINDS, LOOP_S, LoopKind, PortraitLoops, dissolve_end, loop_track
from lipsync.pipeline.live_parts import LiveAvatar
from lipsync.settings import Settings
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame, frame_of
from tests.helpers.conversation import StillAnimator

FPS = 25


@dataclass
class Avatars:
    """What the loops are drawn of; it counts what it is asked for."""

    asked: list[str | None] = field(default_factory=list)
    animator: StillAnimator = field(default_factory=StillAnimator)

    def avatar(self, name: str | None = None, *, scale: float = 1.0) -> LiveAvatar:  # noqa: ARG002 - as LiveParts
        self.asked.append(name)
        return LiveAvatar(self.animator, f"still {name}")


def loops_of(settings: Settings, avatars: Any) -> PortraitLoops:
    return PortraitLoops(settings, lambda: avatars)


def curves(track: FaceTrack) -> np.ndarray:
    return np.concatenate([track.weights, track.pose, track.torso, track.gaze], axis=1)


@pytest.mark.parametrize("kind", LOOP_KINDS)
def test_the_face_begins_and_ends_at_rest_and_moves_between(kind: LoopKind) -> None:
    track = loop_track(kind, FPS)
    assert len(track) == LOOP_S * FPS
    face = curves(track)
    assert np.abs(face[[0, -1]]).max() < 1e-6
    assert np.abs(np.diff(face[:3], axis=0)).max() < 0.1, "it leaves rest slowly"
    assert np.abs(track.pose[:, :3]).max() > 0.5
    assert np.abs(track.pose[:, :3]).max() < 8


def test_answers_begin_at_rest_too() -> None:
    silence = Speech(np.zeros(24_000, np.float32), 24_000)
    first = TrackBuilder(FPS, 5).add(silence, last=True).part(0, 1)
    assert np.abs(curves(first) - curves(loop_track("idle", FPS).part(0, 1))).max() < 0.01
    assert first.seal[0] == loop_track("idle", FPS).seal[0]


def test_the_manners_differ() -> None:
    idle, listening, thinking = (curves(loop_track(kind, FPS)) for kind in ("idle", "listening", "thinking"))
    assert np.abs(idle - listening).max() > 0.5
    assert np.abs(idle - thinking).max() > 0.5


def test_a_portrait_that_never_rests_ends_as_it_begins() -> None:
    def moving() -> Iterator[Frame]:
        for index in range(20):
            yield frame_of(np.full((8, 8, 3), 10 * index, np.uint8))

    frames = list(dissolve_end(moving(), 20))
    assert len(frames) == 20
    np.testing.assert_array_equal(frames[-1].y, frames[0].y)
    np.testing.assert_array_equal(frames[-1].uv, frames[0].uv)
    levels = [int(frame.y[0, 0]) for frame in frames]
    assert levels[:14] == sorted(levels[:14])
    assert levels[14:] == sorted(levels[14:], reverse=True)


def test_a_loop_is_drawn_once_and_kept(settings: Settings) -> None:
    avatars = Avatars()
    loops = loops_of(settings, avatars)
    key, video = loops.get("hopper", "idle")
    drawn = avatars.animator.drawn
    assert drawn == LOOP_S * settings.fps
    assert loops.get("hopper", "idle") == (key, video)
    assert loops_of(settings, avatars).get("hopper", "idle") == (key, video), "also after a restart"
    assert avatars.animator.drawn == drawn
    assert loops.get("hopper", "thinking")[0] != key
    assert loops.get(None, "idle")[0] != key


def test_a_loop_is_an_mp4_of_the_portrait(settings: Settings) -> None:
    _, video = loops_of(settings, Avatars()).get(None, "listening")
    with av.open(io.BytesIO(video)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == StillAnimator.size
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(stream)]
    assert len(pictures) == LOOP_S * settings.fps
    assert np.abs(pictures[0].astype(int) - pictures[-1]).mean() < 2
