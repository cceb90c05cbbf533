"""``python -m bench``: a table for a person, and bench/results.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.worker import TEXT
from lipsync import __version__
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.runtime.threads import available_cores

RESULTS = Path(__file__).parent / "results.json"
FILLED = "face 1024x1024"


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="videos of which the median is taken")
    parser.add_argument("--avatars", nargs="*", help="only these")
    parser.add_argument("--long", action="store_true", help="also speak for ten minutes and watch the memory")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as name:
        folder = Path(name)
        portraits = {one.name: one.name for one in shipped_avatars()} | {FILLED: str(filled_face(folder))}
        chosen = options.avatars or list(portraits)
        results: dict[str, Any] = {
            "version": __version__,
            "machine": {
                "cores": available_cores(),
                "processor": processor(),
                "python": platform.python_version(),
                "load_before": os.getloadavg()[0],
            },
            "avatars": {},
        }
        if os.getloadavg()[0] > 0.5:
            print(f"Others are using this machine (load {os.getloadavg()[0]:.1f}): all but cpu and MB will be worse.")
        for one in chosen:
            place = folder / one.replace(" ", "_")
            facts = work("speed", place, portraits[one], options.runs)
            facts["say_first_frame_s"] = statistics.median(
                say(place, portraits[one])["first_frame"] for _ in range(options.runs)
            )
            results["avatars"][one] = facts
            print_row(one, facts, header=one == chosen[0])
        if options.long:
            results["long"] = work("long", folder / "long", portraits[chosen[0]], 0)
            print_long(results["long"])
    options.output.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"\n{options.output}")
    return 0


def filled_face(folder: Path) -> Path:
    """A portrait of 1024x1024 that Gauss' face fills, as a file."""
    picture = read_picture(avatar("gauss").path.read_bytes(), max_megapixels=50, max_side=4096)
    x0, y0, x1, y1 = FaceFinder().find(picture).box
    side = 1.12 * max(x1 - x0, y1 - y0)
    left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
    scale = 1024 / side
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    face = cv2.warpAffine(picture, matrix, (1024, 1024), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    path = folder / "face.png"
    path.write_bytes(cv2.imencode(".png", face[..., ::-1])[1].tobytes())
    return path


def work(what: str, place: Path, portrait: str, runs: int) -> dict[str, Any]:
    """What bench.worker finds in a process of its own."""
    command = [sys.executable, "-m", "bench.worker", what, str(place), portrait, str(runs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parent.parent)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def say(place: Path, portrait: str) -> dict[str, Any]:
    """What ``lipsync say --json`` says with a prepared portrait."""
    command = [sys.executable, "-m", "lipsync", "say", TEXT, "--avatar", portrait, "--json"]
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {
        **inherited,  # an installation has the bytecode of its modules; only the first run here compiles them
        "LIPSYNC_CACHE": str(place / "cache"),
        "LIPSYNC_OUTPUTS": str(place / "outputs"),
        "LIPSYNC_VOICES": "espeak",  # the voice that is always there
        "LIPSYNC_ENGINE": "puppet",
    }
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def processor() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def print_row(name: str, facts: dict[str, Any], *, header: bool) -> None:
    """One line of the table, and the table's head before the first."""
    frame = facts["ms_a_frame"]
    columns = {
        "portrait": f"{name:<14}",
        "size": f"{facts['size']:>9}",
        "speech s/s": f"{facts['speed_warm']:.2f}",
        "first use": f"{facts['speed_first']:.2f}",
        "ms/frame": f"{frame['total']:.1f}",
        "track": f"{frame['track']:.1f}",
        "frames": f"{frame['render']:.1f}",
        "codec wait": f"{frame['encode']:.1f}",
        "cpu": f"{frame['processor']:.1f}",
        "prepare s": f"{facts['prepare_s']:.2f}",
        "1st frame s": f"{facts['say_first_frame_s']:.2f}",
        "peak MB": f"{facts['peak_mb']:.0f}",
    }
    widths = {title: max(len(title), len(value)) for title, value in columns.items()}
    if header:
        print("  ".join(f"{title:>{width}}" for title, width in widths.items()))
    print("  ".join(f"{value:>{widths[title]}}" for title, value in columns.items()), flush=True)


def print_long(facts: dict[str, Any]) -> None:
    """The ten minutes in one line."""
    before, after = facts["peak_short_mb"], facts["peak_long_mb"]
    count = "as many as" if facts["frames_are_duration_rounded_up"] else "NOT"
    print(
        f"\n{facts['long_s']:.0f} s of speech after {facts['short_s']:.0f} s: "
        f"peak {after:.0f} MB after {before:.0f} MB ({after - before:+.0f} MB), "
        f"{facts['frames']} frames ({count} ceil(duration * fps)), {facts['speed']:.2f} s/s"
    )


if __name__ == "__main__":
    sys.exit(main())
