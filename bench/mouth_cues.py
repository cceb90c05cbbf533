"""``python -m bench.mouth_cues RHUBARB``: our mouth cues against those of the Rhubarb program.

Five sentences of our own voices, or recordings of people with what they say (``--recording FILE TEXT``, repeated).
espeak-ng states the times of its phones exactly; those of other sounds are aligned as for a video. Rhubarb gets the
sound and the text. For each recording the table has:

- agreement: part of the time, in steps of 0.01 s, with the same shape; then with shapes that look alike as one
  (shut A and X, lip at the teeth G, narrow B, open C D H, round E F); in brackets what chance would give.
- closures: how many p, b and m have a shut mouth (A, X) that begins before their end, and how long after the start of
  the phone it begins, by median, in ms: negative is early, as a mouth is; more than 150 ms early counts as that. The
  next column counts closures that ours finds at most one frame (0.04 s) later than Rhubarb, or that Rhubarb misses.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.decode import read_sound
from lipsync.mouth_cues.from_phones import cues_from_phones
from lipsync.mouth_cues.rhubarb import Rhubarb
from lipsync.mouth_cues.types import MouthCues
from lipsync.settings import Settings
from lipsync.speech.alignment.align import align_phones
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.engines.hibari import hibari_voice
from lipsync.speech.segments import concatenate
from lipsync.speech.types import Phone, Speech

SENTENCES = (
    ("espeak-male", "en", "Bob bought some beautiful apples and a big map of Brazil."),
    ("espeak-female", "en", "My mother put the empty bottle back in the paper bag before the party."),
    ("espeak-male", "en", "Maybe the best option is to simply remove the broken pump."),
    ("hibari", "en", "Peter Piper picked a peck of pickled peppers, and five foxes watched him move."),
    ("espeak-male", "ru", "Мама мыла раму, а папа пел песню про большой арбуз."),
)
"""Voice, language and text of the recordings that are made here."""
RATE = 16_000
_MAX_LEAD, _FRAME = 0.15, 0.0401
"""Seconds: how early a closure counts, and one frame at 25 fps, with what rounding adds."""
_CLASSES = dict.fromkeys("AX", 0) | {"G": 1, "B": 2} | dict.fromkeys("CDH", 3) | dict.fromkeys("EF", 4)
_CLOSURES = frozenset({"p", "b", "m"})


@dataclass(frozen=True)
class Recording:
    """A sound with the phones in it."""

    name: str
    speech: Speech


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="bench.mouth_cues", description=__doc__)
    parser.add_argument("rhubarb", type=Path, help="path of the program")
    parser.add_argument("--recording", nargs=2, action="append", metavar=("FILE", "TEXT"), help="English, a sentence")
    options = parser.parse_args()
    rhubarb = Rhubarb(options.rhubarb, timeout_s=600)
    recordings = recorded(options.recording) if options.recording else spoken()
    print("| recording | s | same shape | alike | closures: ours | Rhubarb | ours as early | ours ms | Rhubarb s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for recording in recordings:
        print(row(recording, rhubarb), flush=True)


def spoken() -> Iterator[Recording]:
    """The sentences of SENTENCES."""
    hibari = hibari_voice(Settings(_env_file=None))
    for voice, language, text in SENTENCES:
        if voice == "hibari":
            speech = align_phones(concatenate(list(hibari.speak(text, language))), language)
        else:
            speech = concatenate(list(EspeakVoice().speak(text, language, voice)))
        yield Recording(f"{voice}, {language}", speech)


def recorded(files: Sequence[tuple[str, str]]) -> Iterator[Recording]:
    """Recordings of people who speak English."""
    for file, text in files:
        samples = read_sound(Path(file).read_bytes(), RATE, max_seconds=600)
        quiet = mute_around_speech(samples)
        aligned = align_phones(Speech(quiet, RATE, text=text, language="en"), "en")
        yield Recording(Path(file).stem, replace(aligned, samples=samples))


def mute_around_speech(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound without the noise of the room before and after what is said, for the alignment.

    Speech is where the sound without its low frequencies is less than 26 dB below its loudest 20 ms.
    """
    step = RATE // 50
    high = np.diff(samples, prepend=samples[:1])
    power = np.mean(high[: len(high) // step * step].reshape(-1, step) ** 2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10**-2.6)
    first, last = max(0, int(loud[0]) - 3) * step, (int(loud[-1]) + 4) * step
    muted = np.zeros_like(samples)
    muted[first:last] = samples[first:last]
    return muted


def row(recording: Recording, rhubarb: Rhubarb) -> str:
    """One line of the table."""
    speech = recording.speech
    begun = time.perf_counter()
    ours = cues_from_phones(speech.phones, speech.duration)
    ours_ms = (time.perf_counter() - begun) * 1000
    begun = time.perf_counter()
    theirs = rhubarb.cues(speech.samples, speech.rate, language=speech.language or "en", dialog=speech.text)
    seconds = time.perf_counter() - begun
    pairs = [(closure_lag(ours, phone), closure_lag(theirs, phone)) for phone in closures(speech.phones)]
    as_early = sum(a is not None and (b is None or a <= b + _FRAME) for a, b in pairs)
    return (
        f"| {recording.name} | {speech.duration:.1f} | {agreement(shapes(ours), shapes(theirs))} "
        f"| {agreement(classes(ours), classes(theirs))} | {found([a for a, _ in pairs])} "
        f"| {found([b for _, b in pairs])} | {as_early} of {len(pairs)} | {ours_ms:.1f} | {seconds:.1f} |"
    )


def shapes(cues: MouthCues) -> list[str]:
    """The shape at each step of 0.01 s."""
    return [cue.shape for cue in cues.cues for _ in range(round((cue.end - cue.start) * 100))]


def classes(cues: MouthCues) -> list[str]:
    """The same with one name for shapes that look alike."""
    return [str(_CLASSES[shape]) for shape in shapes(cues)]


def agreement(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Per cent of the steps with the same name, and what two independent sequences of these names would have."""
    steps = min(len(ours), len(theirs))
    same = sum(a == b for a, b in zip(ours, theirs, strict=False)) / steps
    one, other = Counter(ours), Counter(theirs)
    chance = sum(one[name] * other[name] for name in one) / (len(ours) * len(theirs))
    return f"{same:.0%} ({chance:.0%})"


def closures(phones: Sequence[Phone]) -> list[Phone]:
    """The phones with shut lips; of two in a row, as in “mb”, the first."""
    shut = [phone.symbol.strip("ˈˌːʲ") in _CLOSURES for phone in phones]
    return [phone for place, phone in enumerate(phones) if shut[place] and not (place and shut[place - 1])]


def closure_lag(cues: MouthCues, phone: Phone) -> float | None:
    """Seconds from the start of ``phone`` to that of its shut mouth; None where it is missing.

    A mouth that is shut already in the pause before counts from _MAX_LEAD before the phone.
    """
    runs: list[list[float]] = []
    for cue in cues.cues:
        if cue.shape in "AX":
            if runs and runs[-1][1] == cue.start:
                runs[-1][1] = cue.end
            else:
                runs.append([cue.start, cue.end])
    for start, end in runs:
        if end > phone.start - 0.03 and start < phone.end:
            return max(start - phone.start, -_MAX_LEAD)
    return None


def found(lags: Sequence[float | None]) -> str:
    """How many closures there are, and the median lag."""
    there = [lag for lag in lags if lag is not None]
    median = f", {statistics.median(there) * 1000:+.0f} ms" if there else ""
    return f"{len(there)} of {len(lags)}{median}"


if __name__ == "__main__":
    main()
