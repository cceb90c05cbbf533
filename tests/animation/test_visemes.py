from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.types import ARKIT_NAMES
from lipsync.animation.visemes import UNKNOWN, VISEMES, articulations, units_opening, viseme_weights
from lipsync.face.pose import BASIS_FILE
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.text.languages import LANGUAGES
from tests.speech.samples import SAMPLES


def is_known(symbol: str) -> bool:
    return all(one != replace(UNKNOWN, share=one.share) for one in articulations(symbol))


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_every_phone_of_every_language_is_in_the_table(language) -> None:
    spoken = EspeakVoice().speak(SAMPLES[language.code], language.code)
    symbols = {phone.symbol for speech in spoken for phone in speech.phones if phone.symbol}
    assert len(symbols) > 15
    assert not {symbol for symbol in symbols if not is_known(symbol)}


def test_a_letter_that_is_in_no_table_is_not_called_known() -> None:
    assert not is_known("ǂ")
    assert articulations("ǂ")[0].dominance < 0.3


@pytest.mark.parametrize(
    ("symbol", "visemes"),
    [
        ("", []),
        ("p", ["PP"]),
        ("mʲ", ["PP"]),
        ("ʲ", ["II"]),
        ("ˈɑː", ["AA"]),
        ("tʃʲ", ["CH"]),
        ("t͡sʲ", ["SS"]),
        ("ɖ͡ʐ", ["CH"]),
        ("aɪ", ["AA", "II"]),
        ("ju", ["II", "UU"]),
        ("pf", ["PP", "FF"]),
        ("ɔːɹ", ["OO", "RR"]),
        ("r̝̊", ["RR"]),
        ("ɐ̃ʊ", ["AA", "UU"]),
        ("ç", ["II"]),
        ("c\u0327", ["II"]),
        ("q", ["KK"]),
        ("ʉ", ["UU"]),
    ],
)
def test_a_phone_is_taken_apart(symbol: str, visemes: list[str]) -> None:
    asked = articulations(symbol)
    assert [one.viseme for one in asked] == visemes
    if asked:
        assert sum(one.share for one in asked) == pytest.approx(1)


def test_only_what_must_touch_touches() -> None:
    assert {s: articulations(s)[0].seal for s in "pbm"} == {"p": 1, "b": 1, "m": 1}
    assert {s: articulations(s)[0].bite for s in "fv"} == {"f": 1, "v": 1}
    for symbol in "tdnszklraeiou":
        assert articulations(symbol)[0].seal == articulations(symbol)[0].bite == 0


def test_weights_are_weights_and_rest_is_nothing() -> None:
    weights = viseme_weights()
    assert weights.shape == (len(VISEMES), 52)
    assert weights.min() == 0
    assert weights.max() <= 1
    assert not weights[VISEMES.index("rest")].any()
    for name in ("mouthUpperUp", "mouthLowerDown", "mouthStretch", "mouthSmile", "mouthPress"):
        left, right = (ARKIT_NAMES.index(name + side) for side in ("Left", "Right"))
        assert np.array_equal(weights[:, left], weights[:, right])


def test_the_millimetres_are_those_of_the_basis() -> None:
    with np.load(BASIS_FILE) as basis:
        upper, lower = (basis["D"][:, point, 1].astype(np.float64) for point in (13, 14))
    funnel = ARKIT_NAMES.index("mouthFunnel")
    upper[funnel] *= 0.4
    lower[funnel] *= 0.6
    apart = (upper - lower) * 37 / (upper - lower)[ARKIT_NAMES.index("jawOpen")]
    used = viseme_weights().any(axis=0)
    sides = [i for i in np.flatnonzero(used) if "Stretch" not in ARKIT_NAMES[i]]
    np.testing.assert_allclose(units_opening()[sides], apart[sides], atol=0.15)
