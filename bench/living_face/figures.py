"""Figures of one video: what was meant compared with what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.living_face.interpreter import Measured
from bench.living_face.recording import Recording
from lipsync.speech.types import Phone

Floats = NDArray[np.floating]

AXES = ("yaw", "pitch", "roll")
MIN_MOTION_DEG = 0.05
"""Standard deviation below which an axis is not compared: it is meant to be still."""
MAX_LAG = 6
"""Frames by which lips are sought before and after their sound."""
_MIN_FRAMES = 8
"""Frames without which a correlation means nothing."""
_BILABIALS = ("p", "b", "m")
_PAUSE_S = 0.15
"""Seconds of silence after which lips must have met."""
_FAST_HZ = 3.0


@dataclass(frozen=True)
class Axis:
    """One angle of the head."""

    r: float
    ratio: float
    """Measured degrees for each degree that was meant: slope of the regression."""


@dataclass(frozen=True)
class Figures:
    """One video."""

    seen: float
    """Share of the frames in which the mesh sees a face."""
    axes: dict[str, Axis]
    """By name; those that are meant to move."""
    gaze_r: float | None
    """Correlation of the irises' way across; None where the eyes are not meant to move."""
    lips_r: float
    """Correlation of the opening at the best lag."""
    lag: int
    """Frames by which the lips are late at the best correlation."""
    closures: tuple[float, ...]
    """Least gap at each p, b, m, in distances of the outer eye corners."""
    pauses: tuple[float, ...]
    """The same in each pause."""
    jitter: dict[str, float]
    """Standard deviation of the second difference of each measured angle, degrees."""
    fast_share: float
    """Largest share of the power above 3 Hz among the angles that were meant."""
    skin_r: float | None = None
    """Correlation of the opening with the way of the skin above and below the lips, in frames where it is recognized;
    None where it was not followed."""


def compare(recording: Recording, measured: Measured, skin: Floats | None = None) -> Figures:
    """The figures of a video; all have the same frames. ``skin`` (T,): way of the skin beside the lips."""
    count = min(recording.frames, len(measured.opening))
    pose, gaze = recording.series("pose")[:count], recording.series("gaze")[:count]
    angles, opening = measured.angles[:count], measured.opening[:count]
    axes = {
        name: Axis(correlation(pose[:, axis], angles[:, axis]), slope(pose[:, axis], angles[:, axis]))
        for axis, name in enumerate(AXES)
        if pose[:, axis].std() > MIN_MOTION_DEG
    }
    lag, r = best_lag(recording.opening[:count], opening)
    bilabials = [phone for phone in recording.phones if phone.symbol[:1] in _BILABIALS]
    pauses = [phone for phone in recording.phones if not phone.symbol and phone.end - phone.start > _PAUSE_S]
    return Figures(
        seen=float(np.mean(~np.isnan(opening))),
        axes=axes,
        gaze_r=correlation(gaze[:, 0], measured.gaze[:count, 0]) if gaze[:, 0].std() > MIN_MOTION_DEG else None,
        lips_r=r,
        lag=lag,
        closures=least_openings(opening, bilabials, recording.fps),
        pauses=least_openings(opening, pauses, recording.fps),
        jitter={name: jitter(angles[:, axis]) for axis, name in enumerate(AXES)},
        fast_share=max(fast_share(pose[:, axis], recording.fps) for axis in range(len(AXES))),
        skin_r=None if skin is None else correlation(recording.opening[:count], skin[:count]),
    )


def correlation(meant: Floats, measured: Floats) -> float:
    """Pearson's r over the frames in which both are known; NaN where it is undefined."""
    known = ~np.isnan(meant) & ~np.isnan(measured)
    if known.sum() < _MIN_FRAMES or meant[known].std() == 0 or measured[known].std() == 0:
        return float("nan")
    return float(np.corrcoef(meant[known], measured[known])[0, 1])


def slope(meant: Floats, measured: Floats) -> float:
    """Least squares: ``measured`` for one unit of ``meant``; NaN where it is undefined."""
    known = ~np.isnan(meant) & ~np.isnan(measured)
    if known.sum() < _MIN_FRAMES or meant[known].std() == 0:
        return float("nan")
    return float(np.polyfit(meant[known], measured[known], 1)[0])


def best_lag(meant: Floats, measured: Floats, max_lag: int = MAX_LAG) -> tuple[int, float]:
    """The lag of ``measured`` behind ``meant`` in frames at which they correlate best, and r there.

    The lag is 0 and r NaN where no lag gives a correlation.
    """
    count = len(meant)
    found: dict[int, float] = {}
    for lag in sorted(range(-max_lag, max_lag + 1), key=abs):
        late = measured[max(lag, 0) : count + min(lag, 0)]
        r = correlation(meant[max(-lag, 0) : count + min(-lag, 0)], late)
        if not np.isnan(r):
            found[lag] = r
    if not found:
        return 0, float("nan")
    lag = max(found, key=lambda lag: found[lag])
    return lag, found[lag]


def least_openings(opening: Floats, phones: Sequence[Phone], fps: int) -> tuple[float, ...]:
    """The least of ``opening`` (T,) in the frames of each phone and one beside; phones that nobody saw are absent."""
    found = []
    for phone in phones:
        part = opening[max(0, int(phone.start * fps) - 1) : int(phone.end * fps) + 2]
        if np.any(~np.isnan(part)):
            found.append(float(np.nanmin(part)))
    return tuple(found)


def jitter(angle: Floats) -> float:
    """Standard deviation of the second difference, over frames whose neighbours are known too."""
    second = np.diff(angle, 2)
    known = second[~np.isnan(second)]
    return float(known.std()) if len(known) else float("nan")


def fast_share(values: Floats, fps: int) -> float:
    """Share of the power of ``values`` (T,) that lies above 3 Hz, without their mean; 0 where nothing moves.

    A Hann window keeps the step from the last value to the first out of the spectrum.
    """
    power = np.abs(np.fft.rfft((values - values.mean()) * np.hanning(len(values)))) ** 2
    total = float(power.sum())
    fast = np.fft.rfftfreq(len(values), 1 / fps) > _FAST_HZ
    return float(power[fast].sum()) / total if total > 0 and values.std() > MIN_MOTION_DEG else 0.0
