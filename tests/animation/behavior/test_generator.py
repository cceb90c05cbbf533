"""All of behaviour together, on real speech."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.expression import Expression
from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import ARKIT_NAMES
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Speech, SpeechMood
from tests.animation.behavior.speaking import TEXTS, cut, joined, share_above, silence, syllables, tracks

LID = ARKIT_NAMES.index("eyeBlinkLeft")
BROW = ARKIT_NAMES.index("browInnerUp")
MOVING = ("pose", "torso")


@pytest.fixture(scope="module", params=list(TEXTS))
def pieces(request: pytest.FixtureRequest) -> list[Speech]:
    return list(EspeakVoice().speak(TEXTS[request.param], request.param))


@pytest.fixture(scope="module")
def english() -> list[Speech]:
    return list(EspeakVoice().speak(TEXTS["en"], "en"))


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_faster_than_3_hertz(pieces: list[Speech], seed: int) -> None:
    pose = joined(tracks(pieces, 50, seed), "pose")[:, :3]
    assert (share_above(pose, 3, 50) < 0.001).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_head_moves_like_a_person_s(pieces: list[Speech], seed: int) -> None:
    pose = joined(tracks(pieces, 25, seed), "pose")[:, :3]
    assert (np.abs(pose).max(axis=0) < [7, 6.5, 2.5]).all()
    assert (pose.std(axis=0) > [1.2, 0.9, 0.3]).all()
    assert (np.abs(np.diff(pose, axis=0)).max(axis=0) * 25 < [30, 45, 15]).all()


def test_pieces_cut_anywhere_join_without_a_jump(pieces: list[Speech]) -> None:
    """At the joins acceleration is not larger than it is in a nod."""
    rng = np.random.default_rng(0)
    halves = [half for piece in pieces for half in cut(piece, rng.uniform(0.1, piece.duration - 0.1))]
    parts = tracks(halves, 50)
    joins = np.cumsum([len(part) for part in parts])[:-1]
    near = (joins[:, None] + np.arange(-4, 4)).ravel().clip(0, sum(map(len, parts)) - 3)
    acceleration = np.abs(np.diff(joined(parts, "pose")[:, :3], 2, axis=0)) * 50**2
    assert (acceleration[near] < [150, 300, 60]).all()
    assert (share_above(joined(parts, "pose")[:, :3], 3, 50) < 0.001).all()
    assert np.abs(np.diff(joined(parts, "torso"), 2, axis=0)).max() * 50**2 < 5
    assert np.abs(np.diff(joined(parts, "weights")[:, LID])).max() < 0.45


def test_a_silence_may_be_cut_anywhere() -> None:
    whole = [silence(30)]
    parts = [silence(length) for length in (0.1, 7.33, 2.57, 0.5, 19.5)]
    for name in ("pose", "torso", "gaze", "weights"):
        np.testing.assert_allclose(joined(tracks(whole), name), joined(tracks(parts), name), atol=1e-5)


def test_the_eyes_stay_on_the_viewer_while_the_head_turns(pieces: list[Speech]) -> None:
    """Between saccades the look in the world changes by 5 % of what the head turns."""
    parts = tracks(pieces, 50)
    pose, gaze = joined(parts, "pose")[:, :2], joined(parts, "gaze")
    turn, eyes = np.diff(pose, axis=0), np.diff(gaze, axis=0)
    slips = np.abs(eyes + turn) <= 0.0501 * np.abs(turn) + 1e-4
    assert slips.all(axis=1).mean() > 0.9  # the other frames are those of saccades
    assert np.ptp(pose[:, 0]) > 3


def test_a_nod_is_lowest_on_the_stressed_vowel() -> None:
    speech = syllables(12, distance=1.1)
    vowels = np.array([phone.start + 0.1 for phone in speech.phones if phone.symbol.startswith("ˈ")])
    lags = []
    for seed in range(6):
        pitch = joined(tracks([speech], 50, seed), "pose")[:, 1]
        lowest = (np.flatnonzero((pitch[1:-1] < pitch[:-2]) & (pitch[1:-1] <= pitch[2:])) + 1.5) / 50
        lags += [lowest[np.abs(lowest - vowel).argmin()] - vowel for vowel in vowels]
    near = np.array([lag for lag in lags if abs(lag) < 0.15])
    assert len(near) > 0.6 * len(lags)
    assert -0.02 < np.median(near) < 0.08


def test_without_motion_head_and_eyes_are_still_and_the_lids_are_not(english: list[Speech]) -> None:
    parts = tracks(english, expression=Expression(motion=0.0, mood="thinking"))
    for name in ("pose", "torso", "gaze"):
        assert not joined(parts, name).any()
    weights = joined(parts, "weights")
    assert not weights[:, [k for k, name in enumerate(ARKIT_NAMES) if name.startswith("eyeLook")]].any()
    assert weights[:, LID].max() > 0.9
    assert 0.15 < weights[:, BROW].max() < 0.45


def test_motion_is_the_size(english: list[Speech]) -> None:
    small, natural, large = (
        joined(tracks(english, expression=Expression(motion=motion)), "pose")[:, :3] for motion in (0.5, 1.0, 1.5)
    )
    np.testing.assert_allclose(small, 0.5 * natural, atol=1e-5)
    np.testing.assert_allclose(large, 1.5 * natural, atol=1e-5)


def test_the_same_request_moves_the_same_and_another_seed_or_voice_does_not(english: list[Speech]) -> None:
    first, again, seed = tracks(english), tracks(english), tracks(english, seed=2)
    voice = tracks([replace(piece, voice="another") for piece in english])
    for name in ("pose", "gaze", "torso", "weights"):
        assert np.array_equal(joined(first, name), joined(again, name))
        for other in (seed, voice):
            assert np.abs(joined(first, name) - joined(other, name)).max() > 0.001


@pytest.mark.parametrize("fps", [10, 24, 30, 50, 60])
def test_motion_does_not_depend_on_the_frame_rate(english: list[Speech], fps: int) -> None:
    usual, other = tracks(english, 25), tracks(english, fps)
    at, frames = ((np.arange(sum(map(len, parts))) + 0.5) / parts[0].fps for parts in (usual, other))
    fine, coarse = (usual, other) if fps < 25 else (other, usual)
    fine_at, coarse_at = (at, frames) if fps < 25 else (frames, at)
    inside = (coarse_at > fine_at[0]) & (coarse_at < fine_at[-1])
    for name, tolerance in (("pose", 0.12), ("torso", 0.01)):
        expected = np.stack([np.interp(coarse_at, fine_at, curve) for curve in joined(fine, name).T], axis=1)
        np.testing.assert_allclose(joined(coarse, name)[inside], expected[inside], atol=tolerance)


def test_a_listener_breathes_blinks_and_looks() -> None:
    parts = tracks([silence(0.5) for _ in range(120)], expression=Expression())
    pose, torso, gaze = (joined(parts, name) for name in ("pose", "torso", "gaze"))
    lids = joined(parts, "weights")[:, LID]
    assert 10 < ((lids[1:] > 0.5) & (lids[:-1] <= 0.5)).sum() < 35
    assert torso[:, 1].std() > 0.002
    assert 0.4 < pose[:, 0].std() < 2.5
    assert (np.abs(np.diff(gaze, axis=0)).max(axis=1) > 0.2).sum() > 25
    assert (np.abs(pose).max(axis=0)[:3] < [5, 3, 2]).all()


def test_the_head_settles_after_the_speech(english: list[Speech]) -> None:
    speaking = joined(tracks([*english, silence(6)]), "pose")
    calm = speaking[-4 * 25 :]
    assert calm[:, 1].std() < 0.5 * speaking[: -6 * 25, 1].std()


def test_moods_change_the_face_the_head_and_the_look(english: list[Speech]) -> None:
    neutral = tracks(english)
    sad, thinking = (tracks(english, expression=Expression(mood=mood)) for mood in ("sad", "thinking"))
    assert joined(sad, "smile_removal")[-1] == pytest.approx(0.6)
    assert not joined(neutral, "smile_removal").any()
    assert joined(sad, "pose")[100:, 1].mean() < joined(neutral, "pose")[100:, 1].mean() - 2
    assert joined(sad, "pose")[100:, 0].std() < 0.75 * joined(neutral, "pose")[100:, 0].std()
    look = joined(thinking, "gaze") + 0.95 * joined(thinking, "pose")[:, :2]
    assert np.median(look[:, 0]) > 4
    assert joined(sad, "weights")[:, LID].min() < 0.001
    assert np.median(joined(sad, "weights")[:, LID]) == pytest.approx(0.12, abs=0.01)


def test_a_mood_in_the_text_comes_and_goes_smoothly(english: list[Speech]) -> None:
    marked = [
        replace(p, moods=(SpeechMood("happy", 1.0, 0.2, p.duration - 0.2),) * (k == 1)) for k, p in enumerate(english)
    ]
    weights = joined(tracks(marked, 50), "weights")
    cheek = weights[:, ARKIT_NAMES.index("cheekSquintLeft")]
    begins, ends = (sum(piece.duration for piece in english[:count]) for count in (1, 2))
    assert cheek[int((begins - 0.1) * 50)] < 0.02
    assert cheek[int((begins + 0.8) * 50)] > 0.5
    assert cheek[int((ends - 0.2) * 50)] > 0.5
    assert cheek[int((ends + 0.9) * 50)] < 0.02
    assert np.abs(np.diff(cheek)).max() < 0.04


@pytest.mark.slow
def test_memory_does_not_grow_with_the_text(english: list[Speech]) -> None:
    builder = TrackBuilder(25, 1)

    def speak(times: int) -> None:
        for _ in range(times):
            for piece in english:
                builder.add(piece, last=False)

    speak(3)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        speak(12)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100_000
