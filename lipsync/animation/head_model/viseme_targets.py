"""The 15 visemes of Oculus as mixtures of ARKit's units: what the morph targets ``viseme_…`` of a head show."""

from __future__ import annotations

from functools import cache

import numpy as np

from lipsync.animation.lip_contacts import weights_with_contacts
from lipsync.animation.oculus_visemes import OCULUS_VISEMES
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, resting_track
from lipsync.animation.visemes import TONGUE, VISEMES, viseme_weights


@cache
def viseme_track() -> FaceTrack:
    """One frame for each of the 15 visemes, in the order of OCULUS_NAMES: PP with shut lips, FF with a bitten one."""
    names = [*OCULUS_VISEMES]
    shapes = np.array([viseme_weights()[VISEMES.index(name)] for name in names])
    seal, bite = (np.array([float(name == contact) for name in names], np.float32) for contact in ("PP", "FF"))
    tongue = np.array([TONGUE[VISEMES.index(name)] for name in names], np.float32)
    return resting_track(30, len(names), weights=shapes, seal=seal, bite=bite, tongue=tongue)


def viseme_units() -> dict[str, dict[str, float]]:
    """The ARKit weights that are not zero of each viseme of Oculus."""
    table = weights_with_contacts(viseme_track())
    return {
        viseme: {name: float(weight) for name, weight in zip(ARKIT_NAMES, row, strict=True) if weight}
        for viseme, row in zip(OCULUS_VISEMES.values(), table, strict=True)
    }


def viseme_tongues() -> dict[str, float]:
    """Height of the tongue's tip in each viseme of Oculus, 0-1."""
    return {
        viseme: float(height) for viseme, height in zip(OCULUS_VISEMES.values(), viseme_track().tongue, strict=True)
    }
