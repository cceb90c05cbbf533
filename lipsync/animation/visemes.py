"""Mouth shapes, and which phone asks for which of them how strongly.

A phone of any language is taken apart into base letters of IPA, so that a new language needs no new table: "tʃʲ" is
one affricate, "aɪ" two vowels, and length, stress and palatalisation marks change nothing.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.types import ARKIT_NAMES

_BOTH_SIDES = ("UpperUp", "LowerDown", "Stretch", "Smile", "Press")
"""Units of ARKit with a left and a right half, named here without side."""

_SHAPES: Mapping[str, Mapping[str, float]] = {
    "rest": {},
    "PP": {"mouthRollUpper": 0.22, "mouthRollLower": 0.25, "Press": 0.12, "jawOpen": 0.03},
    "FF": {"jawOpen": 0.06, "mouthRollLower": 0.45, "UpperUp": 0.35, "mouthShrugUpper": 0.12, "Stretch": 0.10},
    "TH": {"jawOpen": 0.12, "UpperUp": 0.22, "LowerDown": 0.40, "Stretch": 0.10},
    "DD": {"jawOpen": 0.11, "UpperUp": 0.20, "LowerDown": 0.45, "Stretch": 0.12},
    "KK": {"jawOpen": 0.15, "UpperUp": 0.15, "LowerDown": 0.35, "Stretch": 0.10},
    "CH": {"jawOpen": 0.09, "mouthFunnel": 0.50, "mouthPucker": 0.35, "LowerDown": 0.25, "UpperUp": 0.12},
    "SS": {"jawOpen": 0.05, "UpperUp": 0.30, "LowerDown": 0.60, "Stretch": 0.30},
    "NN": {"jawOpen": 0.10, "UpperUp": 0.15, "LowerDown": 0.40, "Stretch": 0.10},
    "RR": {"jawOpen": 0.11, "mouthFunnel": 0.35, "mouthPucker": 0.35, "LowerDown": 0.20},
    "AA": {"jawOpen": 0.30, "UpperUp": 0.20, "LowerDown": 0.30, "Stretch": 0.10},
    "EE": {"jawOpen": 0.22, "UpperUp": 0.25, "LowerDown": 0.40, "Stretch": 0.35},
    "II": {"jawOpen": 0.13, "UpperUp": 0.25, "LowerDown": 0.45, "Stretch": 0.50, "Smile": 0.12},
    "OO": {"jawOpen": 0.21, "mouthFunnel": 0.50, "mouthPucker": 0.40},
    "UU": {"jawOpen": 0.12, "mouthFunnel": 0.35, "mouthPucker": 0.85},
}  # jawOpen = 1 is 37 mm

VISEMES: tuple[str, ...] = tuple(_SHAPES)
"""Names of the mouth shapes; ``rest`` is the portrait's own mouth."""

_MILLIMETRES = {
    "jawOpen": 37.0, "mouthFunnel": 8.3, "mouthShrugUpper": 4.6, "mouthRollLower": -4.4, "mouthRollUpper": -3.5,
    "UpperUp": 5.2, "LowerDown": 4.0, "Press": -3.2, "Smile": -3.4, "mouthPucker": -0.6,
}  # fmt: skip
"""How far each unit, both sides together, parts the inner lips (points 13 and 14) of the basis in assets/face, with
as much of mouthFunnel as lipsync.animation.puppet.motion leaves: 0.4 of it above the lips, 0.6 below."""

TONGUE: NDArray[np.float32] = np.array(
    [
        {"TH": 0.9, "DD": 0.6, "NN": 0.6, "KK": 0.1, "EE": 0.35, "II": 0.6, "SS": 0.4, "RR": 0.4}.get(name, 0.0)
        for name in VISEMES
    ],
    np.float32,
)
"""(V,) height of the tongue's tip in each shape, in [0, 1]."""


@functools.cache
def viseme_weights() -> NDArray[np.float32]:
    """(V, 52) the ARKit weights of each shape of VISEMES, in the order of ARKIT_NAMES."""
    table = np.zeros((len(VISEMES), len(ARKIT_NAMES)), np.float32)
    for row, shape in zip(table, _SHAPES.values(), strict=True):
        for unit, weight in shape.items():
            for name in _names(unit):
                row[ARKIT_NAMES.index(name)] = weight
    table.setflags(write=False)
    return table


@functools.cache
def units_opening() -> NDArray[np.float64]:
    """(52,) millimetres by which each ARKit unit at 1 parts the inner lips of a mean face."""
    opening = np.zeros(len(ARKIT_NAMES))
    for unit, length in _MILLIMETRES.items():
        for name in _names(unit):
            opening[ARKIT_NAMES.index(name)] = length / len(_names(unit))
    opening.setflags(write=False)
    return opening


def _names(unit: str) -> list[str]:
    return [f"mouth{unit}{side}" for side in ("Left", "Right")] if unit in _BOTH_SIDES else [unit]


@dataclass(frozen=True)
class Articulation:
    """Target that one phone, or one half of a diphthong, sets for the mouth."""

    viseme: str
    """One of VISEMES."""
    dominance: float
    """Weight against neighbouring phones in coarticulation."""
    share: float = 1.0
    """The part of the phone's time that it takes."""
    seal: float = 0.0
    """1 = the lips must touch."""
    released: float = 1.0
    """The part of its time for which they do: a stop's lips part at its burst."""
    bite: float = 0.0
    """1 = the lower lip must be at the upper teeth."""


_LETTERS: dict[str, Articulation] = {}


def _put(
    letters: str, viseme: str, dominance: float, seal: float = 0.0, bite: float = 0.0, released: float = 1.0
) -> None:
    for letter in letters.split():
        _LETTERS[letter] = Articulation(viseme, dominance, seal=seal, released=released, bite=bite)


# consonants: affricates first, they are looked up first
_put("tʃ dʒ tɕ dʑ ʈʂ ɖʐ", "CH", 1.0)
_put("ts dz", "SS", 0.75)
_put("m", "PP", 1.0, seal=1.0)
_put("p b ɓ", "PP", 1.0, seal=1.0, released=0.7)
_put("β ɸ", "PP", 0.7, seal=0.5)
_put("f v ɱ", "FF", 1.1, bite=1.0)
_put("ʋ", "FF", 0.8, bite=0.6)
_put("θ ð", "TH", 0.8)
_put("t d ʈ ɖ ɗ", "DD", 0.45)
_put("n ɲ ɳ l ɫ ɭ ɬ ɮ ʎ", "NN", 0.45)
_put("ŋ ɴ", "KK", 0.25)
_put("s z", "SS", 0.75)
_put("ʃ ʒ ɕ ʑ ʂ ʐ", "CH", 1.0)
_put("r ɹ ɾ ɻ ɽ", "RR", 0.45)
_put("k ɡ g x ɣ q ɢ χ ʁ ʀ h ħ ɦ ʔ ʕ ʟ ɰ", "KK", 0.22)
_put("c ɟ ç ʝ j", "II", 0.5)
_put("ʲ", "II", 0.3)
_put("w ʍ ɥ", "UU", 1.0)
# vowels
_put("a ɑ ɐ ʌ æ ɶ", "AA", 0.95)
_put("e ɛ ɜ ɘ ɝ ɞ", "EE", 0.85)
_put("ə ɚ ᵻ ᵊ", "EE", 0.35)
_put("i ɪ ɨ", "II", 0.8)
_put("ɔ o ɒ ɵ ɤ", "OO", 0.95)
_put("ø œ", "OO", 0.85)
_put("u ʊ ʉ y ʏ", "UU", 1.0)
_put("ɯ", "II", 0.6)

PHONES: tuple[str, ...] = tuple(_LETTERS)
"""Base letters of IPA, and affricates, that the table knows."""

_MARKS = frozenset(
    "ˈˌːˑʰʷˠˤʼ-"
    "\N{COMBINING DOUBLE INVERTED BREVE}"  # the tie of an affricate
    "\N{COMBINING TILDE}\N{COMBINING VERTICAL LINE BELOW}\N{COMBINING BRIDGE BELOW}\N{COMBINING UP TACK BELOW}"
    "\N{COMBINING RING ABOVE}\N{COMBINING RING BELOW}\N{COMBINING INVERTED BREVE BELOW}\N{COMBINING DOWN TACK BELOW}"
)
"""What changes a sound but not the mouth: stress, length, aspiration, tie, nasal, syllabic, dental, raised, voice."""
_CEDILLA = "\N{COMBINING CEDILLA}"
_GLIDES = frozenset("jwɥʲ")
UNKNOWN = Articulation("KK", 0.2)
"""For a letter that is in no table: a barely opened mouth."""


@functools.cache
def articulations(symbol: str) -> tuple[Articulation, ...]:
    """Targets of the phone ``symbol`` (IPA) for the mouth, in order; shares sum to 1. Empty for silence."""
    letters = base_letters(symbol)
    # a glide is short, and the first half of a diphthong is the longer one
    lengths = [0.5 if letter in _GLIDES else 1.0 if place == 0 else 0.8 for place, letter in enumerate(letters)]
    return tuple(
        replace(_LETTERS.get(letter, UNKNOWN), share=length / sum(lengths))
        for letter, length in zip(letters, lengths, strict=True)
    )


def base_letters(symbol: str) -> list[str]:
    """The base letters of IPA, and affricates, of which ``symbol`` consists."""
    rest = "".join(letter for letter in unicodedata.normalize("NFD", symbol) if letter not in _MARKS)
    if rest != "ʲ":
        # alone it is a glide after a consonant, else a mark of one
        rest = rest.replace("ʲ", "")
    letters: list[str] = []
    while rest:
        size = 2 if rest[:2] in _LETTERS else 1
        # NFD takes ç apart; its base letter and the cedilla are one
        size = 2 if rest[1:2] == _CEDILLA else size
        letters.append(unicodedata.normalize("NFC", rest[:size]))
        rest = rest[size:]
    return letters
