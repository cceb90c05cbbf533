from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.behavior.mood_curve import (
    MoodMixer,
    energy_factor,
    gaze_rest,
    head_bias,
    lid_closure,
    mood_weights,
    smile_removal,
)
from lipsync.animation.behavior.timeline import Span
from lipsync.animation.expression import Expression
from lipsync.animation.moods import MOOD_STYLES
from lipsync.animation.types import ARKIT_NAMES
from lipsync.speech.types import SpeechMood
from lipsync.text.mood import MOODS, Mood
from tests.animation.behavior.speaking import silence

HAPPY, SAD = MOODS.index("happy"), MOODS.index("sad")
SMILE, JAW, WIDE = (ARKIT_NAMES.index(name) for name in ("mouthSmileLeft", "jawOpen", "eyeWideLeft"))


def mix(mixer: MoodMixer, seconds: float, begins: float = 0.0, *moods: SpeechMood) -> np.ndarray:
    span = Span(round(begins * 100), round(seconds * 100))
    return mixer.mix(span, replace(silence(seconds), moods=moods), begins)[1]


def weights(shares: np.ndarray, **given: float) -> np.ndarray:
    """(52,) that moods in these (M,) shares add."""
    spoken = np.zeros((1, 52))
    spoken[0, ARKIT_NAMES.index("mouthPucker")] = given.get("pucker", 0)
    state = {name: np.array([given.get(name, 0.0)]) for name in ("seal", "blink", "speaking")}
    return mood_weights(shares[None], spoken, **state)[0]


def only(mood: Mood, strength: float = 1.0) -> np.ndarray:
    return strength * (np.arange(len(MOODS)) == MOODS.index(mood))


@pytest.mark.parametrize("mood", MOODS[1:])
def test_a_mood_comes_within_a_third_to_two_thirds_of_a_second(mood: Mood) -> None:
    shown = mix(MoodMixer(Expression(mood=mood, strength=0.8)), 2.0)[:, MOODS.index(mood)]
    assert shown[0] < 0.01
    assert shown[-1] == pytest.approx(0.8)
    rise = (np.argmax(shown > 0.95 * 0.8) - np.argmax(shown > 0.05 * 0.8)) / 100
    assert 0.3 <= rise <= 0.6
    assert np.abs(np.diff(shown)).max() < 0.03


def test_marked_words_have_their_mood_and_the_others_that_of_the_request() -> None:
    moods = (SpeechMood("sad", 0.5, 2.0, 4.0), SpeechMood("happy", 1.0, 4.0, 6.0))
    shown = mix(MoodMixer(Expression(mood="angry")), 8.0, 0.0, *moods)
    assert shown[150] == pytest.approx(only("angry"), abs=0.05)
    assert shown[350] == pytest.approx(only("sad", 0.5), abs=0.05)
    assert shown[550] == pytest.approx(only("happy"), abs=0.05)
    assert shown[750] == pytest.approx(only("angry"), abs=0.05)


def test_a_mood_holds_over_the_silence_between_two_sentences() -> None:
    mixer = MoodMixer(Expression())
    first = mix(mixer, 3.0, 0.0, SpeechMood("happy", 1.0, 0.2, 2.7))
    second = mix(mixer, 3.0, 3.0, SpeechMood("happy", 1.0, 0.3, 1.5))
    shown = np.concatenate([first, second])[:, HAPPY]
    assert shown[100:430].min() > 0.95
    assert shown[-1] < 0.01


def test_between_two_marked_words_the_face_does_not_fall_back() -> None:
    moods = (SpeechMood("happy", 1.0, 1.0, 2.0), SpeechMood("happy", 1.0, 2.3, 4.0))
    assert mix(MoodMixer(Expression(mood="sad")), 6.0, 0.0, *moods)[170:350, HAPPY].min() > 0.98


def test_at_full_strength_everything_is_the_style_s() -> None:
    for mood, style in MOOD_STYLES.items():
        shares = only(mood)[None]
        for name, weight in style.weights.items():
            assert weights(shares[0])[ARKIT_NAMES.index(name)] == pytest.approx(weight)
        assert head_bias(shares)[0].tolist() == [style.yaw, style.pitch, style.roll]
        assert energy_factor(shares)[0] == pytest.approx(style.energy)
        assert gaze_rest(shares)[0].tolist() == list(style.gaze)
        assert lid_closure(shares)[0] == style.lids
        assert smile_removal(shares)[0] == style.smile_removal


def test_speech_keeps_its_mouth() -> None:
    smile = weights(only("happy"))[SMILE]
    assert weights(only("happy"), speaking=1)[SMILE] == pytest.approx(0.75 * smile)
    assert weights(only("happy"), pucker=1)[SMILE] == pytest.approx(0.45 * smile)
    assert weights(only("happy"), speaking=1)[ARKIT_NAMES.index("cheekSquintLeft")] == pytest.approx(0.55)
    assert weights(only("surprised"))[JAW] > 0
    assert weights(only("surprised"), seal=1)[JAW] == 0


def test_a_blink_shuts_wide_eyes() -> None:
    assert weights(only("surprised"))[WIDE] > 0.5
    assert weights(only("surprised"), blink=1)[WIDE] == 0
