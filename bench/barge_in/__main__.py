"""``python -m bench.barge_in``: how fast a voice interrupts an answer, and what interrupts it falsely; tables.

The voice activity is Silero's on sound of the project's voices; the clock is that of the sound, so a busy machine
changes nothing. "Latency" is from the first voiced sample to the action Interrupted. "Stopped" means that the answer
fell silent, "lost" that it was not said on: what is recognized of a noise is nothing, of a hum "Mm-hmm.".
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from bench.barge_in.listen import in_room, listen, room_noise
from bench.barge_in.sounds import QUESTIONS, TEXTS, VOICES, Samples, at_level, first_voiced, noises, say
from lipsync.hearing.types import RATE

LAG_S, ECHO_DB = 0.12, -12.0


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of our own voice")
    parser.add_argument("--positions", type=int, default=30, help="at which a person interrupts")
    parser.add_argument("--noises", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print("| a person, 0 dB | positions | not heard | median | 95 % |\n|---|---|---|---|---|")
    for echo in (False, True):
        latencies = interrupt(options.positions, rng, with_echo=echo)
        heard = [latency for latency in latencies if latency is not None]
        middle, high = np.percentile(heard, [50, 95])
        name = f"over our voice at {ECHO_DB:g} dB" if echo else "no echo"
        print(
            f"| {name} | {len(latencies)} | {len(latencies) - len(heard)} | {middle:.3f} s | {high:.3f} s |",
            flush=True,
        )
    print("\n| noise | sounds | ducked | stopped | lost |\n|---|---|---|---|---|")
    for kind in ("cough", "door", "music", "keys", "mm-hm"):
        outcomes = [
            listen(
                _placed(dict(noises(options.seed * 1000 + number))[kind], 6 * RATE, 2 * RATE, rng),
                words=_WORDS.get(kind, ""),
            )
            for number in range(options.noises)
        ]
        counts = [
            sum(bool(found) for found in column)
            for column in zip(*((one.ducked, one.interrupted, one.lost) for one in outcomes), strict=True)
        ]
        print(f"| {kind} | {len(outcomes)} | " + " | ".join(map(str, counts)) + " |", flush=True)
    print(
        f"\n| our voice at {ECHO_DB:g} dB, {LAG_S * 1000:g} ms late | minutes | ducked | stopped |\n|---|---|---|---|"
    )
    for voice in VOICES:
        minutes = options.minutes / len(VOICES)
        own = monologue(minutes * 60, voice, rng)
        outcome = listen(in_room(own, LAG_S, ECHO_DB, rng) + room_noise(len(own), rng), own)
        print(f"| {voice} | {minutes:.1f} | {len(outcome.ducked)} | {len(outcome.interrupted)} |", flush=True)
    return 0


_WORDS = {"mm-hm": "Mm-hmm."}


def interrupt(positions: int, rng: np.random.Generator, *, with_echo: bool) -> Sequence[float | None]:
    """Seconds from the first voiced sample of a person to the interruption, at so many positions; None: not heard."""
    found: list[float | None] = []
    for number in range(positions):
        own = monologue(9.0, VOICES[number % len(VOICES)], rng)
        person = say(QUESTIONS[number % len(QUESTIONS)], VOICES[(number // len(VOICES)) % len(VOICES)])
        person = at_level(person, own, 0.0)
        start = int(rng.uniform(3.0, 6.0) * RATE)
        microphone = _placed(person, len(own), start, rng)
        if with_echo:
            microphone = microphone + in_room(own, LAG_S, ECHO_DB, rng)
        outcome = listen(microphone, own if with_echo else None, QUESTIONS[0])
        voiced = (start + first_voiced(person)) / RATE
        after = [time for time in outcome.interrupted if time > voiced]
        found.append(after[0] - voiced if after else None)
    return found


def monologue(seconds: float, voice: str, rng: np.random.Generator) -> Samples:
    """Texts spoken one after another."""
    pieces: list[Samples] = []
    length = int(seconds * RATE)
    while sum(map(len, pieces)) < length:
        pieces += [say(TEXTS[rng.integers(len(TEXTS))], voice), np.zeros(int(0.3 * RATE), np.float32)]
    return np.concatenate(pieces)[:length]


def _placed(sound: Samples, length: int, start: int, rng: np.random.Generator) -> Samples:
    """``sound`` from the sample ``start`` on in a quiet room."""
    placed = room_noise(length, rng)
    placed[start : start + len(sound)] += sound[: length - start]
    return placed


if __name__ == "__main__":
    raise SystemExit(main())
