from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lipsync.animation.blendshapes import FPS, BlendshapeWeights, LipSyncGenerator
from lipsync.animation.oculus_visemes import OCULUS_NAMES
from lipsync.animation.track_blendshapes import BlendshapeSet, TrackLipSyncGenerator
from lipsync.animation.types import ARKIT_NAMES
from lipsync.animation.visemes import PHONES, units_opening
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Speech, SpeechMood

PIECES = tuple(EspeakVoice().speak("Bob bought a map. Five vans move off! Peter, come home. Mum!", "en"))
SETS: list[BlendshapeSet] = ["arkit", "oculus", "both"]


def stream_all(blendshapes: BlendshapeSet) -> list[BlendshapeWeights]:
    stream = TrackLipSyncGenerator(blendshapes).stream()
    return [stream.add(piece, last=place == len(PIECES) - 1) for place, piece in enumerate(PIECES)]


def weight(frame_weights: dict[str, float], name: str) -> float:
    return frame_weights.get(name, 0.0)


def test_it_is_a_lip_sync_generator() -> None:
    generator: LipSyncGenerator = TrackLipSyncGenerator()
    weights = generator.generate_blendshapes(PIECES[0])
    assert weights.fps == FPS == 30
    assert weights.duration == PIECES[0].duration
    assert generator.generate_blendshapes(PIECES[0]) == weights


@pytest.mark.parametrize("blendshapes", SETS)
def test_the_frames_of_a_stream_cover_the_sound_without_a_gap(blendshapes: BlendshapeSet) -> None:
    parts = stream_all(blendshapes)
    frames = [frame for part in parts for frame in part.frames]
    total = sum(len(piece.samples) for piece in PIECES) / PIECES[0].rate
    assert len(PIECES) > 2
    assert [frame.timestamp for frame in frames] == [round(place / 30, 6) for place in range(len(frames))]
    assert frames[-1].timestamp < total <= frames[-1].timestamp + 1 / 30 + 1e-6
    begins = 0.0
    for piece, part in zip(PIECES, parts, strict=True):
        assert part.duration == piece.duration
        assert abs(part.frames[0].timestamp - begins) <= 0.5 / 30 + 1e-6
        begins += piece.duration


def test_a_stream_whose_end_was_not_known_is_completed() -> None:
    stream = TrackLipSyncGenerator().stream()
    frames = [frame for piece in PIECES for frame in stream.add(piece).frames]
    frames += stream.finish().frames
    assert len(frames) == int(np.ceil(stream.duration * 30))
    assert stream.finish().frames == ()


@pytest.mark.parametrize("blendshapes", SETS)
def test_nothing_jumps_where_pieces_join(blendshapes: BlendshapeSet) -> None:
    frames = [frame.weights for part in stream_all(blendshapes) for frame in part.frames]
    begins = 0.0
    for piece in PIECES[:-1]:
        begins += piece.duration
        at = round(begins * 30)
        for before, after in pairwise(frames[at - 2 : at + 3]):
            names = {name for name in before | after if not name.startswith("eyeBlink")}
            assert max((abs(weight(before, name) - weight(after, name)) for name in names), default=0.0) < 0.35


@pytest.mark.parametrize("piece", PIECES)
def test_lips_are_shut_for_p_b_m_and_the_lower_lip_is_rolled_for_f_v(piece: Speech) -> None:
    frames = TrackLipSyncGenerator("both").generate_blendshapes(piece).frames
    seen = 0
    for phone in piece.phones:
        near = [f.weights for f in frames if phone.start - 1 / 30 <= f.timestamp + 1 / 60 <= phone.end + 1 / 30]
        if phone.symbol in {"p", "b", "m"}:
            seen += 1
            open_mm = [
                sum(w * units_opening()[ARKIT_NAMES.index(n)] for n, w in f.items() if n in ARKIT_NAMES)
                - 37 * weight(f, "mouthClose")
                for f in near
            ]
            assert min(open_mm) < 0.3
            assert max(weight(f, "viseme_PP") + weight(f, "viseme_sil") for f in near) > 0.9
        elif phone.symbol in {"f", "v"}:
            seen += 1
            assert max(weight(f, "mouthRollLower") for f in near) > 0.4
            assert max(weight(f, "viseme_FF") for f in near) > 0.9
    assert seen


def test_the_visemes_of_oculus_sum_to_one_and_name_the_vowels() -> None:
    generator = TrackLipSyncGenerator("oculus")
    speech = next(iter(EspeakVoice().speak("Ah! Tea. Two.", "en")))
    for frame in generator.generate_blendshapes(speech).frames:
        assert set(frame.weights) <= set(OCULUS_NAMES)
        assert sum(frame.weights.values()) == pytest.approx(1.0, abs=0.002)
    assert len(OCULUS_NAMES) == 15
    vowel = next(phone for phone in speech.phones if "ɑ" in phone.symbol)
    middle = generator.generate_blendshapes(speech).frames[int((vowel.start + vowel.end) / 2 * 30)]
    assert max(middle.weights, key=lambda name: middle.weights[name]) == "viseme_aa"


def test_a_mood_shows_in_the_weights() -> None:
    speech = PIECES[0]
    happy = replace(speech, moods=(SpeechMood("happy", 1.0, 0.0, speech.duration),))
    plain, smiling = (TrackLipSyncGenerator().generate_blendshapes(one).frames for one in (speech, happy))
    assert np.mean([weight(f.weights, "mouthSmileLeft") for f in plain]) < 0.05
    assert np.mean([weight(f.weights, "mouthSmileLeft") for f in smiling]) > 0.2
    assert any(name.startswith("eyeLook") for f in plain for name in f.weights)
    assert any(name.startswith("brow") for f in smiling for name in f.weights)


@pytest.mark.parametrize("blendshapes", SETS)
def test_the_mapping_has_every_phone(blendshapes: BlendshapeSet) -> None:
    mapping = TrackLipSyncGenerator(blendshapes).phoneme_mapping()
    assert set(mapping) == {*PHONES, ""}
    assert all(0 < w <= 1 for shape in mapping.values() for w in shape.values())
    if blendshapes != "oculus":
        assert mapping["p"]["mouthRollLower"] > 0.2
        assert mapping["ɑ"]["jawOpen"] > mapping["i"]["jawOpen"]
    if blendshapes != "arkit":
        assert mapping["p"]["viseme_PP"] == 1.0
        assert mapping[""]["viseme_sil"] == 1.0


def test_speech_without_phones_has_weights_too() -> None:
    speech = replace(PIECES[0], phones=())
    frames = TrackLipSyncGenerator("both").generate_blendshapes(speech).frames
    assert max(weight(f.weights, "viseme_aa") for f in frames) > 0.5
    assert max(weight(f.weights, "jawOpen") for f in frames) > 0.1
