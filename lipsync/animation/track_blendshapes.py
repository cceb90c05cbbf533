"""Blendshape weights from the face track, ARKit's or Oculus's visemes, for one sentence or a stream of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.blendshapes import FPS, BlendshapeFrame, BlendshapeWeights
from lipsync.animation.expression import Expression
from lipsync.animation.lip_contacts import weights_with_contacts
from lipsync.animation.oculus_visemes import OCULUS_NAMES, OCULUS_VISEMES, OculusVisemeBuilder
from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import ARKIT_NAMES
from lipsync.animation.visemes import PHONES, VISEMES, articulations, viseme_weights
from lipsync.speech.types import Speech

BlendshapeSet = Literal["arkit", "oculus", "both"]
"""The blendshapes that a caller wants."""

_DIGITS = 4
_STILL = Expression()


class TrackLipSyncGenerator:
    """A :class:`lipsync.animation.blendshapes.LipSyncGenerator` on the track that the portraits are drawn from.

    Mouth, brows, lids, smile and gaze come from one track; the mood is the speech's (``Speech.moods``), or that of
    ``expression``. The same speech and seed give the same weights.
    """

    name = "track"

    def __init__(
        self, blendshapes: BlendshapeSet = "arkit", *, expression: Expression = _STILL, seed: int = 0, fps: int = FPS
    ) -> None:
        self._blendshapes, self._expression, self._seed, self._fps = blendshapes, expression, seed, fps

    def generate_blendshapes(self, speech: Speech) -> BlendshapeWeights:
        """The weights of one piece of speech on its own."""
        return self.stream().add(speech, last=True)

    def stream(self) -> BlendshapeStream:
        """The weights of one answer, sentence by sentence."""
        return BlendshapeStream(self._blendshapes, self._expression, self._seed, self._fps)

    def phoneme_mapping(self) -> Mapping[str, Mapping[str, float]]:
        """The weights of each phone (IPA) at its middle, without neighbours; silence is the empty string."""
        mapping: dict[str, Mapping[str, float]] = {"": self._shape("rest")}
        mapping.update((phone, self._shape(articulations(phone)[0].viseme)) for phone in PHONES)
        return mapping

    def _shape(self, viseme: str) -> dict[str, float]:
        weights: dict[str, float] = {}
        if self._blendshapes != "oculus":
            weights |= _named(ARKIT_NAMES, viseme_weights()[VISEMES.index(viseme)])
        if self._blendshapes != "arkit":
            weights[OCULUS_VISEMES[viseme]] = 1.0
        return weights


class BlendshapeStream:
    """The weights of consecutive pieces of speech, without a gap or a jump between them. For one thread.

    Frame f covers f / fps to (f + 1) / fps seconds of the joined sound, and is the face at the middle of that time.
    The frames of all pieces together are ceil(duration * fps); those at a join belong to the piece that holds their
    middle.
    """

    def __init__(self, blendshapes: BlendshapeSet, expression: Expression, seed: int, fps: int) -> None:
        self._blendshapes, self._fps = blendshapes, fps
        self._builder, self._visemes = TrackBuilder(fps, seed, expression), OculusVisemeBuilder()
        self._samples, self._rate, self._frames = 0, 1, 0
        self._final: dict[str, float] = {}

    @property
    def duration(self) -> float:
        """Seconds of sound so far."""
        return self._samples / self._rate

    def add(self, speech: Speech, *, last: bool = False) -> BlendshapeWeights:
        """The frames of ``speech``, which follows the pieces before; ``duration`` is that of the piece.

        Raises ValueError when the sample rate is not that of the pieces before.
        """
        track = self._builder.add(speech, last=last)
        self._samples, self._rate = self._samples + len(speech.samples), speech.rate
        tables: list[tuple[Sequence[str], NDArray[np.float64]]] = []
        if self._blendshapes != "oculus":
            tables.append((ARKIT_NAMES, weights_with_contacts(track)))
        if self._blendshapes != "arkit":
            visemes = self._visemes.add(speech, track, last=last)
            tables.append((OCULUS_NAMES, visemes.astype(np.float64)))
        frames = [
            {name: weight for names, table in tables for name, weight in _named(names, table[place]).items()}
            for place in range(len(track))
        ]
        return self._give(frames, speech.duration)

    def finish(self) -> BlendshapeWeights:
        """The frame that is left, if any, when the last piece was added without ``last``: a repetition."""
        missing = -(-self._samples * self._fps // self._rate) - self._frames
        return self._give([self._final] * missing, 0.0)

    def _give(self, weights: Iterable[dict[str, float]], duration: float) -> BlendshapeWeights:
        frames = tuple(
            BlendshapeFrame(timestamp=round((self._frames + place) / self._fps, 6), weights=one)
            for place, one in enumerate(weights)
        )
        if frames:
            self._frames, self._final = self._frames + len(frames), frames[-1].weights
        return BlendshapeWeights(frames=frames, fps=self._fps, duration=duration)


def _named(names: Sequence[str], weights: NDArray[np.floating]) -> dict[str, float]:
    """The weights that are not zero, by name."""
    rounded = np.round(weights.astype(np.float64), _DIGITS)
    return {name: weight for name, weight in zip(names, rounded.tolist(), strict=True) if weight}
