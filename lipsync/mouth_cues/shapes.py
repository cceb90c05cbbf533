"""The nine mouth shapes of Rhubarb Lip Sync, their visemes, and the shape that each phone asks for.

A to F are the basic shapes, G, H and X the optional ones (Rhubarb's README, "Mouth shapes"):

===== ============================================= ============= =================================
shape mouth                                         viseme        sounds
===== ============================================= ============= =================================
A     closed, slight pressure between the lips      viseme_PP     p, b, m
B     slightly open, teeth together                 viseme_SS     most consonants, "ee" of "bee"
C     open                                          viseme_E      "e" of "men", "a" of "bat"
D     wide open                                     viseme_aa     "a" of "father"
E     slightly rounded                              viseme_O      "o" of "off", "ir" of "bird"
F     puckered                                      viseme_U      "ou" of "you", w
G     upper teeth on the lower lip                  viseme_FF     f, v
H     open, tongue raised behind the upper teeth    viseme_nn     long l
X     closed, at rest                               viseme_sil    pauses
===== ============================================= ============= =================================

In the other direction each of the 15 visemes of Oculus has one shape: sil X, PP A, FF G, TH B, DD B, kk B, CH B,
SS B, nn B, RR E, aa D, E C, I B, O E, U F.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lipsync.animation.visemes import base_letters
from lipsync.mouth_cues.types import Shape

SHAPE_VISEMES: Mapping[Shape, str] = {
    "A": "viseme_PP", "B": "viseme_SS", "C": "viseme_E", "D": "viseme_aa", "E": "viseme_O", "F": "viseme_U",
    "G": "viseme_FF", "H": "viseme_nn", "X": "viseme_sil",
}  # fmt: skip
"""The viseme of Oculus that looks most like each shape."""
VISEME_SHAPES: Mapping[str, Shape] = {
    "viseme_sil": "X", "viseme_PP": "A", "viseme_FF": "G", "viseme_TH": "B", "viseme_DD": "B", "viseme_kk": "B",
    "viseme_CH": "B", "viseme_SS": "B", "viseme_nn": "B", "viseme_RR": "E", "viseme_aa": "D", "viseme_E": "C",
    "viseme_I": "B", "viseme_O": "E", "viseme_U": "F",
}  # fmt: skip
"""The shape that looks most like each viseme of Oculus."""

OPENING: Mapping[Shape, float] = {
    "X": 0,
    "A": 0,
    "G": 0.1,
    "B": 0.25,
    "F": 0.25,
    "E": 0.5,
    "C": 0.6,
    "H": 0.7,
    "D": 1,
}
"""How far the lips are apart in each shape, relative to D."""
ROUND: frozenset[Shape] = frozenset(("E", "F"))
"""Shapes with rounded lips."""


@dataclass(frozen=True)
class PhoneShape:
    """The shape of one base letter of a phone."""

    shape: Shape
    follows: bool = False
    """Whether neighbouring vowels decide instead: an “h” has the shape of the vowel after it."""
    rounds: bool = False
    """Whether it takes over the rounding of a vowel beside it, as “sh” does."""
    is_lateral: bool = False
    """Whether it is an l, whose tongue shows (H) when it lasts."""


_LETTERS: dict[str, PhoneShape] = {}


def _put(letters: str, shape: PhoneShape) -> None:
    _LETTERS.update(dict.fromkeys(letters.split(), shape))


_put("p b m ɓ", PhoneShape("A"))
_put("f v ɱ ʋ", PhoneShape("G"))
_put("β ɸ θ ð t d ʈ ɖ ɗ n ɲ ɳ s z ts dz c ɟ ç ʝ", PhoneShape("B"))
_put("tʃ dʒ tɕ dʑ ʈʂ ɖʐ ʃ ʒ ɕ ʑ ʂ ʐ r ɾ ɽ", PhoneShape("B", rounds=True))
_put("k ɡ g x ɣ q ɢ χ ʁ ʀ ŋ ɴ ʟ ɰ", PhoneShape("B", rounds=True))
_put("h ħ ɦ ʔ ʕ", PhoneShape("B", follows=True))
_put("l ɫ ɭ ɬ ɮ ʎ", PhoneShape("B", rounds=True, is_lateral=True))
_put("ɹ ɻ", PhoneShape("E"))
_put("j ʲ i ɪ ɨ ɯ ᵻ", PhoneShape("B"))
_put("ə ᵊ ɘ", PhoneShape("B", rounds=True))
_put("e ɛ æ ɐ ʌ", PhoneShape("C"))
_put("a ɑ ɶ", PhoneShape("D"))
_put("ɔ o ɒ ɵ ɤ ø œ ɜ ɝ ɚ ɞ", PhoneShape("E"))
_put("u ʊ ʉ y ʏ w ʍ ɥ", PhoneShape("F"))

VOWELS = frozenset("iɪɨɯᵻəᵊɘeɛæɐʌaɑɶɔoɒɵɤøœɜɝɚɞuʊʉyʏ")
LETTERS: tuple[str, ...] = tuple(_LETTERS)
"""The base letters of IPA, and affricates, that the table knows."""
_UNKNOWN = PhoneShape("B")


def phone_shapes(symbol: str) -> tuple[tuple[str, PhoneShape], ...]:
    """The base letters of a phone (IPA), in order, and the shape of each; empty for silence."""
    return tuple((letter, _LETTERS.get(letter, _UNKNOWN)) for letter in base_letters(symbol))
