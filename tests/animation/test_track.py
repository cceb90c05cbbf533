from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync.animation.expression import Expression
from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import ARKIT_NAMES, FaceTrack
from lipsync.animation.visemes import units_opening
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Phone, Speech
from lipsync.text.mood import MOODS, Mood

TEXTS = {
    "ru": "Мама мыла раму, а папа пил пиво. Бабушка, обойдёмся без эпопеи! Пёс, ёж и жук живут в парке.",
    "en": "Bob bought some beautiful apples. Peter Piper picked a peck of pickled peppers, maybe more! Why not?",
    "uk": "Мама мила раму, а тато пив воду. Бабуся, п'ять бджіл!",
    "kk": "Апам маған бес алма берді. Біз бүгін саябаққа барамыз ба?",
}
BLINKS = [ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("eyeBlinkRight")]
MOUTH = [i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("mouth", "jaw", "tongue", "cheek"))]


def tracks(
    pieces: list[Speech], fps: int = 25, seed: int = 1, expression: Expression | None = None
) -> list[FaceTrack]:
    assert pieces
    builder = TrackBuilder(fps, seed, expression or Expression())
    return [builder.add(piece, last=place == len(pieces) - 1) for place, piece in enumerate(pieces)]


def joined(parts: list[FaceTrack], name: str) -> np.ndarray:
    return np.concatenate([getattr(part, name) for part in parts])


def opening(parts: list[FaceTrack]) -> np.ndarray:
    """(T,) millimetres between the lips of a mean face."""
    return np.maximum(joined(parts, "weights") @ units_opening(), 0) * (1 - joined(parts, "seal"))


def phones(pieces: list[Speech]) -> list[Phone]:
    """All phones, on the timeline of the video."""
    found, begins = [], 0.0
    for piece in pieces:
        found += [Phone(p.symbol, p.start + begins, p.end + begins) for p in piece.phones]
        begins += piece.duration
    return found


def sound(count: int, rate: int) -> Speech:
    return Speech(np.zeros(count, np.float32), rate)


@pytest.fixture(
    scope="module", params=[(c, v) for c in TEXTS for v in ("espeak-male", "espeak-female")], ids="-".join
)
def pieces(request: pytest.FixtureRequest) -> list[Speech]:
    language, voice = request.param
    return list(EspeakVoice().speak(TEXTS[language], language, voice))


# --- frames


@pytest.mark.parametrize("fps", [10, 24, 25, 30, 50, 60])
@pytest.mark.parametrize("seconds", ["0", "0.05", "0.19", "0.2", "7.77", "1", "3.04", "12.34", "0.00005"])
def test_frames_are_the_ceiling_of_the_duration(seconds: str, fps: int) -> None:
    for rate in (8000, 22050, 44100, 48000):
        samples = round(Fraction(seconds) * rate)
        track = TrackBuilder(fps, 0).add(sound(samples, rate), last=True)
        assert len(track) == math.ceil(Fraction(samples, rate) * fps)
        assert track.weights.shape == (len(track), 52)
        assert track.pose.shape == (len(track), 5)
        assert track.torso.shape == (len(track), 3)
        assert track.gaze.shape == (len(track), 2)


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(0, 9000), min_size=1, max_size=6),
    rate=st.sampled_from([8000, 16000, 22050, 24000, 44100]),
    fps=st.integers(10, 60),
)
def test_no_frame_is_lost_or_doubled_between_pieces(counts: list[int], rate: int, fps: int) -> None:
    builder = TrackBuilder(fps, 0)
    told = 0
    samples = 0
    for place, count in enumerate(counts):
        last = place == len(counts) - 1
        track = builder.add(sound(count, rate), last=last)
        assert track.start == told
        assert track.fps == fps
        told += len(track)
        samples += count
        if last:
            assert told == math.ceil(Fraction(samples, rate) * fps)
        else:
            # all frames whose middle has been heard, and no other
            assert Fraction(2 * told - 1, 2 * fps) < Fraction(samples, rate) or told == 0
            assert Fraction(2 * told + 1, 2 * fps) >= Fraction(samples, rate)


def test_another_rate_is_refused() -> None:
    builder = TrackBuilder(25, 0)
    builder.add(sound(100, 22050), last=False)
    with pytest.raises(ValueError, match="22050"):
        builder.add(sound(100, 44100), last=True)


# --- the mouth


@pytest.mark.parametrize("fps", [10, 25, 60])
def test_every_p_b_m_shuts_the_mouth(pieces: list[Speech], fps: int) -> None:
    parts = tracks(pieces, fps)
    seal, millimetres = joined(parts, "seal"), opening(parts)
    closures = [phone for phone in phones(pieces) if phone.symbol[:1] in set("pbm")]
    assert len(closures) >= 6
    for phone in closures:
        near = slice(math.floor(phone.start * fps), math.ceil(phone.end * fps))
        assert seal[near].max() >= 0.99, phone
        assert millimetres[near].min() < 0.1, phone


@pytest.mark.parametrize("mood", MOODS[1:])
def test_every_p_b_m_shuts_the_mouth_in_every_mood(pieces: list[Speech], mood: Mood) -> None:
    plain, moved = tracks(pieces), tracks(pieces, expression=Expression(mood=mood))
    np.testing.assert_array_equal(joined(plain, "seal"), joined(moved, "seal"))
    millimetres = opening(moved)
    for phone in phones(pieces):
        if phone.symbol[:1] in set("pbm"):
            near = slice(math.floor(phone.start * 25), math.ceil(phone.end * 25))
            assert millimetres[near].min() < 0.1, phone
    assert np.corrcoef(opening(plain), millimetres)[0, 1] > 0.97


def test_a_track_two_frames_late_misses_closures_and_openings(pieces: list[Speech]) -> None:
    """What this file checks can fail: it does when the track is shifted."""
    parts = tracks(pieces)
    seal, millimetres = joined(parts, "seal"), opening(parts)

    def shut(shift: int) -> float:
        """Share of the middles of p, b and m at which the lips touch."""
        middles = [(p.start + p.end) / 2 for p in phones(pieces) if p.symbol[:1] in set("pbm")]
        places = [min(len(seal) - 1, max(0, int(middle * 25) + shift)) for middle in middles]
        return float(np.mean(seal[places] > 0.99))

    def open_(shift: int) -> float:
        """Mean opening at the middles of open vowels."""
        middles = [(p.start + p.end) / 2 for p in phones(pieces) if p.symbol.strip("ˈˌː")[-1:] in set("aɑæɐɔo")]
        return float(np.mean([millimetres[int(middle * 25) + shift] for middle in middles]))

    assert shut(0) > 0.95
    assert max(shut(2), shut(-2)) < 0.8
    assert open_(0) > 1.2 * max(open_(2), open_(-2))


def test_pauses_are_shut(pieces: list[Speech]) -> None:
    parts = tracks(pieces)
    weights, seal = joined(parts, "weights"), joined(parts, "seal")
    assert seal[0] == seal[-1] == 1
    assert not weights[[0, -1]][:, MOUTH].any()
    silences: list[list[float]] = []
    for phone in phones(pieces):
        if phone.symbol:
            continue
        if silences and abs(silences[-1][1] - phone.start) < 1e-6:
            silences[-1][1] = phone.end
        else:
            silences.append([phone.start, phone.end])
    assert len([1 for start, end in silences if end - start > 0.3]) >= 2
    for start, end in silences:
        if end - start <= 0.15:
            continue
        ramp = min(0.1, 0.4 * (end - start))
        inside = [f for f in range(len(seal)) if start + ramp <= (f + 0.5) / 25 <= end - ramp]
        assert len(inside) >= (end - start - 0.2) * 25 - 1
        assert (seal[inside] > 0.999).all()
        assert np.abs(weights[inside][:, MOUTH]).max(initial=0) < 1e-3


def test_the_mouth_opens_as_a_mouth_does(pieces: list[Speech]) -> None:
    for fps in (25, 60):
        millimetres = opening(tracks(pieces, fps))
        spoken = millimetres[millimetres > 1]
        assert 4.5 < np.median(spoken) < 9.5
        assert millimetres.max() < 14.5
        assert millimetres.max() > 9
        assert np.abs(np.diff(millimetres)).max() * fps < 220


def test_values_are_in_range(pieces: list[Speech]) -> None:
    for part in tracks(pieces):
        for name in ("weights", "seal", "bite", "tongue"):
            values = getattr(part, name)
            assert values.dtype == np.float32
            assert np.isfinite(values).all()
            assert values.min(initial=0) >= 0
            assert values.max(initial=0) <= 1
        assert part.pose.dtype == np.float32


def test_f_and_v_bring_the_lip_to_the_teeth() -> None:
    spoken = list(EspeakVoice().speak("Фефёла видит Вову. Флаг.", "ru"))
    bite = joined(tracks(spoken), "bite")
    for phone in phones(spoken):
        if phone.symbol[:1] in set("fv"):
            assert bite[math.floor(phone.start * 25) : math.ceil(phone.end * 25)].max() > 0.95, phone
    assert bite[0] == bite[-1] == 0


@pytest.mark.parametrize("fps", [25, 60])
def test_a_short_vowel_between_two_closures_is_seen(fps: int) -> None:
    spoken = list(EspeakVoice().speak("Мама, папа, баба.", "ru"))
    millimetres = opening(tracks(spoken, fps))
    seen = 0
    for before, vowel, after in zip(phones(spoken), phones(spoken)[1:], phones(spoken)[2:], strict=False):
        if before.symbol[:1] in set("pbm") and after.symbol[:1] in set("pbm"):
            seen += 1
            assert millimetres[math.floor(vowel.start * fps) : math.ceil(vowel.end * fps)].max() > 2.5, vowel
    assert seen >= 3


# --- several pieces, seeds


def test_pieces_join_without_a_jump(pieces: list[Speech]) -> None:
    parts = tracks(pieces)
    assert len(parts) > 1
    for before, after in pairwise(parts):
        assert np.abs(before.weights[-1, MOUTH] - after.weights[0, MOUTH]).max() < 0.01
        assert before.seal[-1] == after.seal[0] == 1


def test_cut_in_silence_the_mouth_is_the_same() -> None:
    """One piece, or the same sound and phones cut inside a pause, give the same mouth."""
    whole = _spaced("Мама мыла раму, а папа ел.")
    cut = round(whole.phones[-1].start * whole.rate) + round(0.26 * whole.rate)
    at = cut / whole.rate
    head = Speech(whole.samples[:cut], whole.rate, (*whole.phones[:-1], Phone("", whole.phones[-1].start, at)))
    tail = Speech(whole.samples[cut:], whole.rate, (Phone("", 0.0, whole.duration - at),))
    one, two = tracks([whole]), tracks([head, tail])
    assert len(two[1]) > 0
    for name in ("seal", "bite", "tongue"):
        np.testing.assert_allclose(joined(one, name), joined(two, name), atol=1e-6)
    np.testing.assert_allclose(joined(one, "weights")[:, MOUTH], joined(two, "weights")[:, MOUTH], atol=1e-6)


def test_a_piece_cut_inside_a_vowel_does_not_jump() -> None:
    first = Speech(_tone(0.5), 22050, (Phone("", 0.0, 0.2), Phone("ˈɑ", 0.2, 0.5)))
    second = Speech(_tone(0.5), 22050, (Phone("ˈi", 0.0, 0.3), Phone("", 0.3, 0.5)))
    parts = tracks([first, second], fps=50)
    assert parts[0].weights[-1, MOUTH].max() > 0.1
    assert np.abs(np.diff(opening(parts))).max() * 50 < 220
    assert opening(parts)[-1] == 0


def test_the_seed_decides_and_nothing_else() -> None:
    spoken = list(EspeakVoice().speak("Привет, мама! Как дела?", "ru"))
    first, again, other = tracks(spoken), tracks(spoken), tracks(spoken, seed=2)
    for name in ("weights", "seal", "bite", "tongue", "pose"):
        assert np.array_equal(joined(first, name), joined(again, name))
    assert not np.array_equal(joined(first, "pose"), joined(other, "pose"))
    assert np.array_equal(joined(first, "seal"), joined(other, "seal"))
    assert joined(first, "weights")[:, BLINKS].max() == pytest.approx(1)


# --- sound without phones


def test_silence_keeps_the_mouth_shut() -> None:
    rng = np.random.default_rng(0)
    for samples in (np.zeros(22050), rng.normal(0, 1e-4, 22050)):
        parts = tracks([Speech(samples.astype(np.float32), 22050)])
        assert opening(parts).max() < 0.1
        assert not joined(parts, "weights")[0, MOUTH].any()


def test_without_phones_the_jaw_follows_the_loudness() -> None:
    spoken = list(EspeakVoice().speak("Мама мыла раму. Бабушка пела песню, а папа спал.", "ru"))
    known = opening(tracks(spoken))
    unknown_pieces = [Speech(s.samples, s.rate) for s in spoken]
    parts = tracks(unknown_pieces)
    unknown = opening(parts)
    assert np.corrcoef(known, unknown)[0, 1] > 0.5
    assert 3 < np.median(unknown[unknown > 1]) < 10
    assert unknown.max() < 14.5
    for phone in phones(spoken):
        if not phone.symbol and phone.end - phone.start > 0.3:
            inside = slice(math.ceil((phone.start + 0.15) * 25), math.floor((phone.end - 0.15) * 25))
            assert unknown[inside].max(initial=0) < 0.2


def _tone(seconds: float) -> np.ndarray:
    times = np.arange(round(seconds * 22050)) / 22050
    return (0.3 * np.sin(2 * np.pi * 150 * times)).astype(np.float32)


def _spaced(text: str) -> Speech:
    (speech,) = EspeakVoice().speak(text, "ru")
    return speech
