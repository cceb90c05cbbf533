"""``python -m bench.voices``: what the installed voice engines need, and how well their lips are timed; a table.

Each engine and language is measured in a process of its own. "First sound" is from the start of that process (cold)
and from the call in a process that has spoken before (warm) to the end of the first sentence, "speed" is seconds of
speech for a second of work over a paragraph, without the alignment; "p b m" is how far the middle of each closure,
as the chain finds it, is from the true one: the engine's own times where it tells them to 12.5 ms (Silero, Russian),
and for p and b of the others the quietest moment within 80 ms, which is a closure's as a rule.
"""

from __future__ import annotations

import time

START = time.perf_counter()  # before anything is imported

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from datetime import date  # noqa: E402
from typing import Any  # noqa: E402

TEXTS = {
    "ru": (
        "Бабушка купила на рынке большой арбуз и спелые помидоры. Любимый пёс бежал впереди, а за ним прыгал "
        "маленький мальчик. Петя подарил Маше букет полевых цветов. Паром подплыл к пристани, и бабушка попросила "
        "помочь ей поднять большой мешок с яблоками."
    ),
    "en": (
        "My mother bought a big map of Brazil at the market. Bob and Pam built a small boat, and painted it blue. "
        "Maybe the best option is to simply remove the broken pump. Stop the camera before the bumblebee jumps upon "
        "the table, and help my mom to bring the apples."
    ),
}
LICENCES = {
    "xtts": "CPML, non-commercial",
    "remote": "the server's",
    "silero": "CC BY-NC-SA 4.0",
    "hibari": "Apache-2.0",
    "espeak": "GPL-3.0-or-later",
}
_LIPS = ("p", "b", "m")


def main() -> int:
    """The table; or, with --one, the facts of one engine as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "LANGUAGE"), help="only this one, as JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return 0
    print(
        f"{date.today():%d %B %Y}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start"
    )
    print("| engine | language | licence | first sound cold, warm | speed | memory | p b m: median, 90 % |")
    print("|---|---|---|---|---|---|---|")
    for engine in LICENCES:
        for language in TEXTS:
            done = subprocess.run(
                [sys.executable, "-m", "bench.voices", "--one", engine, language],
                stdout=subprocess.PIPE,
                check=True,
            )
            print(row(engine, language, json.loads(done.stdout)), flush=True)
    return 0


def row(engine: str, language: str, facts: dict[str, Any]) -> str:
    """One line of the table."""
    head = f"| {engine} | {language} | {LICENCES[engine]} |"
    if "absent" in facts:
        return f"{head} not measured: {facts['absent']} | | | |"
    lips = ", ".join(f"{1000 * value:.0f} ms" for value in facts["lips"]) if facts["lips"] else "its own times"
    mark = "" if facts["true"] or not facts["lips"] else " (p, b; by level)"
    return (
        f"{head} {facts['cold']:.2f} s, {facts['warm']:.2f} s | {facts['speed']:.0f} | {facts['peak_mb']:.0f} MB "
        f"| {lips}{mark} |"
    )


def measure(engine: str, language: str) -> dict[str, Any]:
    """The facts of one engine in this process, which should have done nothing before."""
    from lipsync.runtime.threads import apply_threads, available_cores, plan_threads  # noqa: PLC0415
    from lipsync.settings import Settings  # noqa: PLC0415 - counted as part of the start
    from lipsync.speech.engines.registry import EngineRegistry  # noqa: PLC0415

    settings = Settings()
    apply_threads(plan_threads(available_cores(), settings.max_concurrent_renders))
    known = EngineRegistry(settings).get(engine)
    voice = known.voice
    if voice is None:
        return {"absent": str(known.problem)}
    if not voice.speaks(language):
        return {"absent": "it does not speak it"}
    text = TEXTS[language]
    next(voice.speak(text, language))
    cold = time.perf_counter() - START
    begun = time.perf_counter()
    next(voice.speak(text, language))
    warm = time.perf_counter() - begun
    begun = time.perf_counter()
    pieces = list(voice.speak(text, language))
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    facts = {"cold": cold, "warm": warm, "speed": sum(one.duration for one in pieces) / took, "peak_mb": peak}
    if pieces[0].phones:
        return {**facts, "lips": [], "true": True}
    off, true = lips(pieces, language, engine)
    import numpy as np  # noqa: PLC0415

    return {**facts, "lips": [float(np.median(off)), float(np.percentile(off, 90))], "true": true}


def lips(pieces: list[Any], language: str, engine: str) -> tuple[list[float], bool]:
    """Seconds that each closure is off, and whether that is by the engine's own times."""
    from bench.silero_times import silero_lips  # noqa: PLC0415
    from lipsync.speech.alignment.align import align_phones  # noqa: PLC0415

    off: list[float] = []
    for piece in pieces:
        found = [
            (one.symbol[0], (one.start + one.end) / 2)
            for one in align_phones(piece, language).phones
            if one.symbol.startswith(_LIPS)
        ]
        if engine == "silero" and language == "ru":
            true = silero_lips(piece.text)
            if [sound for sound, _ in found] == [sound for sound, _ in true]:
                off += [abs(a - b) for (_, a), (_, b) in zip(found, true, strict=True)]
        else:
            off += by_level(piece, found)
    return off, engine == "silero" and language == "ru"


def by_level(piece: Any, found: list[tuple[str, float]]) -> Iterator[float]:
    """How far each p and b is from the quietest moment near it."""
    import numpy as np  # noqa: PLC0415

    width, reach = round(0.015 * piece.rate), 0.08
    level = np.convolve(np.square(piece.samples.astype(float)), np.ones(width), "same")
    for sound, middle in found:
        first = max(0, round((middle - reach) * piece.rate))
        near = level[first : round((middle + reach) * piece.rate)]
        if sound in "pb" and len(near):
            yield abs(middle - (first + int(near.argmin())) / piece.rate)


if __name__ == "__main__":
    sys.exit(main())
