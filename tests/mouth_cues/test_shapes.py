from __future__ import annotations

import pytest

from lipsync.animation.oculus_visemes import OCULUS_NAMES
from lipsync.animation.visemes import PHONES
from lipsync.mouth_cues.shapes import LETTERS, OPENING, SHAPE_VISEMES, VISEME_SHAPES, VOWELS, phone_shapes
from lipsync.mouth_cues.types import SHAPES


def test_each_shape_has_a_viseme_and_each_viseme_a_shape() -> None:
    assert set(SHAPE_VISEMES) == set(OPENING) == set(SHAPES)
    assert set(VISEME_SHAPES) == set(OCULUS_NAMES)
    assert set(SHAPE_VISEMES.values()) <= set(OCULUS_NAMES)
    back = {shape: VISEME_SHAPES[viseme] for shape, viseme in SHAPE_VISEMES.items() if shape != "H"}
    assert all(shape == found for shape, found in back.items())  # H and B are both n-like


def test_every_letter_of_the_visemes_has_a_shape() -> None:
    assert set(PHONES) == set(LETTERS)
    assert set(LETTERS) >= VOWELS


@pytest.mark.parametrize(
    ("symbol", "shapes"),
    [
        ("", ""),
        ("pʲ", "A"),
        ("v", "G"),
        ("ˈɑː", "D"),
        ("ˈæ", "C"),
        ("ˌoʊ", "EF"),
        ("aɪ", "DB"),
        ("ɜː", "E"),
        ("w", "F"),
    ],
)
def test_the_shapes_of_phones(symbol: str, shapes: str) -> None:
    assert "".join(shape.shape for _, shape in phone_shapes(symbol)) == shapes
