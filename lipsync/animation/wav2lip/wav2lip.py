"""Wav2Lip as an Animator: the network draws the mouth for the sound, the rest stays the portrait's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lipsync.animation.easing import ease
from lipsync.animation.puppet import Puppet
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, Performance, resting_track
from lipsync.animation.wav2lip.composite import Patch, prepare_patch
from lipsync.animation.wav2lip.crop import Crop
from lipsync.audio.mel import RATE, MelWindows
from lipsync.audio.resample import Resampler
from lipsync.face.types import Portrait
from lipsync.runtime.progress import wait_for_future
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame, frame_of

Floats = NDArray[np.float32]

BATCH = 16
"""Frames that are drawn at once."""
_AHEAD = 2
"""Batches that are drawn while the frames of an earlier one are put together."""
_SPEAKING = 0.12
"""A mouth unit of the track this strong, or stronger, shows the network's mouth in full."""

_CLOSURE_S = 0.24
"""Seconds that a rest of the mouth within speech lasts at most: the closure of a p, b or m, also a long one between
two words. A pause lasts longer."""

_MOUTH_UNITS = [k for k, name in enumerate(ARKIT_NAMES) if name.startswith(("jaw", "mouth"))]


class Face(Protocol):
    """What a Drawer keeps of one face: the maps that do not change."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes."""
        ...


class Drawer(Protocol):
    """Who draws: the network, shared by all that speak at the same time."""

    size: int
    """Pixels of its square picture."""
    first_row: int
    """The first row of it that is drawn: what is above is not put back."""

    def prepare(self, face: NDArray[np.uint8]) -> Face:
        """The constant maps of a face (size, size, 3) RGB."""
        ...

    def prepare_many(self, faces: Sequence[NDArray[np.uint8]]) -> list[Any]:
        """Prepare the faces of a video's frames, as :meth:`prepare` does one; a Face each."""
        ...

    def submit(self, faces: Face | list[Face], mels: Floats) -> Future[Floats]:
        """Draw (B, 80, 16) windows: (B, size - first_row, size, 3) RGB, 0-255."""
        ...


class Wav2Lip:
    """An Animator of one portrait. Many threads may use it at once."""

    name = "wav2lip"

    def __init__(
        self, portrait: Portrait, puppet: Puppet, drawer: Drawer, crop: Crop, *, sharpen: float = 0.0
    ) -> None:
        """``puppet`` is the same portrait's: it knows what opening is meant, and how the mouth looks when shut."""
        self._puppet, self._drawer, self._sharpen = puppet, drawer, sharpen
        self._still = frame_of(portrait.picture, portrait.alpha)
        self._patch = prepare_patch(portrait.picture, portrait.landmarks, crop, drawer.size, drawer.first_row)
        self._face = drawer.prepare(crop.cut(portrait.picture, drawer.size))
        if puppet.rig.motion.mouth.is_open:
            # In silence the mouth is shut, whatever the portrait does.
            shut = next(puppet.frames(_silence()))
            self._patch.blend(self._still, shut, 1.0)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes, the puppet aside."""
        return self._face.nbytes + self._still.y.nbytes + self._still.uv.nbytes + self._patch.nbytes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels."""
        return self._still.width, self._still.height

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T,) opening that the track means for this portrait; the network hears the sound and not the track."""
        return self._puppet.openings(track)

    def perform(self, fps: int) -> Performance:
        """Begin a video."""
        return Wav2LipPerformance(self._drawer, fps, self._faces, self._paint)

    def _faces(self, frames: list[int]) -> Face:  # noqa: ARG002 - a portrait has one for all frames
        return self._face

    def _paint(self, index: int, rows: Floats | None, strength: float) -> Frame:  # noqa: ARG002
        frame = self._still.copy()
        if rows is not None:
            self._patch.paste(frame, rows, strength, self._sharpen)
        return frame


@dataclass(frozen=True)
class _Batch:
    """Frames that are being drawn."""

    first: int
    strengths: Floats
    drawn: NDArray[np.intp]
    """Which of them are drawn: the others are silent."""
    rows: Future[Floats] | None


class Wav2LipPerformance:
    """One video: keeps the sound's windows, draws in batches, a little ahead of what is put together."""

    def __init__(
        self,
        drawer: Drawer,
        fps: int,
        faces: Callable[[list[int]], Face | list[Face]],
        paint: Callable[[int, Floats | None, float], Frame],
        strength: Callable[[int, float], float] = lambda _, meant: meant,
    ) -> None:
        """``faces(frames)`` gives the face of each of these frames, or one for all; ``paint(frame, rows, strength)``
        the finished frame; ``strength(frame, meant)`` how much of the drawn mouth a frame shows, where the sound
        alone means ``meant``."""
        self._drawer, self._faces, self._paint, self._strength = drawer, faces, paint, strength
        self._windows = MelWindows(fps)
        self._resampler: Resampler | None = None
        self._next = 0
        self._mels: deque[Floats] = deque()
        self._strengths: deque[float] = deque()
        self._meant, self._frame = _MouthStrength(), 0

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:
        """The frames that can be made now; with ``last`` all of them."""
        if self._resampler is None:
            self._resampler = Resampler(speech.rate, RATE)
        for meant in self._meant.add(track, last=last):
            self._strengths.append(self._strength(self._frame, meant))
            self._frame += 1
        self._mels.extend(self._windows.add(self._resampler.add(speech.samples)))
        if last:
            self._mels.extend(self._windows.add(self._resampler.finish()))
            self._mels.extend(self._windows.finish(track.start + len(track)))
        return self._draw(last)

    def _draw(self, last: bool) -> Iterator[Frame]:
        under_way: deque[_Batch] = deque()
        try:
            while True:
                ready = min(len(self._mels), len(self._strengths))
                # A part of a batch waits for more, but for the last.
                if ready >= BATCH or (last and ready):
                    under_way.append(self._submit(min(ready, BATCH)))
                    if len(under_way) <= _AHEAD:
                        continue
                if not under_way:
                    return
                rows = under_way[0].rows
                if rows is not None:
                    wait_for_future(rows)
                yield from self._finish(under_way.popleft())
        finally:
            for batch in under_way:  # a video that was given up: others need the network
                if batch.rows is not None:
                    batch.rows.cancel()

    def _submit(self, count: int) -> _Batch:
        mels = np.stack([self._mels.popleft() for _ in range(count)])
        strengths = np.array([self._strengths.popleft() for _ in range(count)], np.float32)
        drawn = np.flatnonzero(strengths > 0)
        rows: Future[Floats] | None = None
        if len(drawn):
            faces = self._faces([self._next + int(k) for k in drawn])
            rows = self._drawer.submit(faces, np.ascontiguousarray(mels[drawn]))
        batch = _Batch(self._next, strengths, drawn, rows)
        self._next += count
        return batch

    def _finish(self, batch: _Batch) -> Iterator[Frame]:
        rows = batch.rows.result() if batch.rows is not None else None
        place = {int(index): position for position, index in enumerate(batch.drawn)}
        for index, strength in enumerate(batch.strengths):
            own = rows[place[index]] if rows is not None and index in place else None
            yield self._paint(batch.first + index, own, float(strength))


class _MouthStrength:
    """How much of the network's mouth each frame shows: none in silence, where the track's own mouth is at rest.

    Left alone the network's mouth drifts open in pauses. In the closure of a p, b or m the track's mouth is at rest
    too, but the network goes on: its mouth would vanish for a few frames and come back. So rests of at most
    ``_CLOSURE_S`` are filled, by a grey-scale closing (dilation, then erosion) of how far the mouth moves.
    """

    def __init__(self) -> None:
        self._moved = np.zeros(0, np.float32)
        """(n,) what may still count: frames whose strength is known, then those whose strength is not."""
        self._known = 0

    def add(self, track: FaceTrack, *, last: bool) -> list[float]:
        """The strengths that are known with the next part of the track: all that were added, with ``last``."""
        moved = np.clip(track.weights[:, _MOUTH_UNITS].max(1, initial=0) / _SPEAKING, 0, 1)
        self._moved = np.concatenate([self._moved, moved.astype(np.float32)])
        longest = round(_CLOSURE_S * track.fps)
        padded = np.pad(self._moved, longest + 1)
        dilated = sliding_window_view(padded, longest + 1).max(1)
        closed = sliding_window_view(dilated, longest + 1).min(1)[1:-1]
        known = len(closed) if last else max(self._known, len(closed) - longest)
        strengths = ease(closed[self._known : known])
        spent = max(0, known - longest)
        self._moved, self._known = self._moved[spent:], known - spent
        return [float(value) for value in strengths]


def _silence() -> FaceTrack:
    """One frame of a face at rest."""
    return resting_track(25, 1, seal=np.ones(1, np.float32))


__all__ = ["BATCH", "Drawer", "Face", "Patch", "Wav2Lip", "Wav2LipPerformance"]
