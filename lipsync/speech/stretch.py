"""Faster, slower, higher, lower: the sound of a voice that cannot do so itself, changed with FFmpeg's filters."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from lipsync.speech.types import Phone, Speech, SpeechWord

_SLOWEST = 0.5
"""What one ``atempo`` can do; a slower tempo is several of them."""
_LATEST = 0.06
"""Seconds by which ``atempo``, which cuts and joins pieces of 40 ms, is early or late at most."""
_HOP = 0.002
"""Seconds from one value of an envelope to the next."""


def stretched(speech: Speech, speed: float, pitch: float) -> Speech:
    """``speech`` at ``speed`` times its tempo, ``pitch`` semitones higher; phones and words move along.

    Higher is as on a faster tape, slowed down to its old length: the formants move too, so a few semitones sound
    natural and an octave does not.
    """
    if speed == 1.0 and pitch == 0.0:
        return speech
    wanted = round(len(speech.samples) / speed)
    samples = _filtered(speech.samples, speech.rate, speed, 2.0 ** (pitch / 12.0))
    late = _lateness(speech.samples, samples, speech.rate, speed)
    samples = np.pad(samples, (max(0, -late), 0))[max(0, late) :][:wanted]
    return replace(
        speech,
        samples=np.pad(samples, (0, wanted - len(samples))),
        phones=tuple(Phone(one.symbol, one.start / speed, one.end / speed) for one in speech.phones),
        words=tuple(SpeechWord(one.text, one.start / speed, one.end / speed) for one in speech.words),
    )


def _filtered(samples: NDArray[np.float32], rate: int, speed: float, higher: float) -> NDArray[np.float32]:
    """(n,) to (about n / speed,): ``asetrate`` plays it ``higher`` times as fast, ``atempo`` sets the tempo right."""
    graph = Graph()
    tape = round(rate * higher)
    links = [graph.add_abuffer(sample_rate=rate, format="flt", layout="mono", time_base=Fraction(1, rate))]
    if tape != rate:
        links += [graph.add("asetrate", str(tape)), graph.add("aresample", str(rate))]
    tempo = speed * rate / tape
    while tempo < _SLOWEST:
        links.append(graph.add("atempo", str(_SLOWEST)))
        tempo /= _SLOWEST
    links += [graph.add("atempo", f"{tempo:.6f}"), graph.add("aformat", "sample_fmts=flt"), graph.add("abuffersink")]
    graph.link_nodes(*links).configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None], np.float32), "flt", "mono")
    frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
    links[0].push(frame)
    links[0].push(None)
    parts = [np.zeros(0, np.float32)]
    while True:
        try:
            made = links[-1].pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts)
        assert isinstance(made, av.AudioFrame)  # sound goes in, sound comes out
        parts.append(np.array(made.to_ndarray()[0]))


def _lateness(before: NDArray[np.float32], after: NDArray[np.float32], rate: int, speed: float) -> int:
    """By how many samples ``after`` (m,) is later, as a whole, than ``before`` (n,) at ``speed``.

    With it, lips that move by the phones' times are off by what single pieces are, 10 ms or so, and not by 30.
    """
    count = int(len(after) / rate / _HOP)
    places = (np.arange(count) * _HOP * rate).astype(int)
    level = _envelope(after, rate)[places]
    wanted = np.interp(places * speed, np.arange(len(before)), _envelope(before, rate))
    reach = round(_LATEST / _HOP)
    padded = np.pad(level, reach)
    likeness = [float(padded[reach + lag : reach + lag + count] @ wanted) for lag in range(-reach, reach + 1)]
    return round((int(np.argmax(likeness)) - reach) * _HOP * rate) if any(likeness) else 0


def _envelope(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """(n,) mean level over the 10 ms around each sample."""
    width = max(1, round(0.005 * rate))
    sums = np.concatenate([[0.0], np.cumsum(np.pad(np.abs(samples), (width, width)), dtype=np.float64)])
    envelope: NDArray[np.float64] = (sums[2 * width :] - sums[: -2 * width])[: len(samples)] / (2 * width)
    return envelope
