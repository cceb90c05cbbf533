"""``python -m bench.generator``: Wav2Lip's network alone, the published way against this one, in the same run.

The published way: the whole network in float32, a copy of the face for each frame, numpy in and out, batches of 128,
all threads that torch takes. On random weights: what a network draws does not change how fast it draws. The two take
turns, so that whoever else uses the machine slows both; the ratio is the median of the turns' ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lipsync.animation.wav2lip.batching import Drawer
from lipsync.animation.wav2lip.generator import Compile, Generator, Precision
from lipsync.animation.wav2lip.layout import SIZES, Size, layout
from lipsync.animation.wav2lip.network import Network, random_weights
from lipsync.animation.wav2lip.start_batcher import lend
from lipsync.runtime.threads import available_cores

RESULTS = Path(__file__).parent / "generator.json"
PUBLISHED_BATCH = 128
TOGETHER = 8

Floats = NDArray[np.float32]


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.generator", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="turns of which the median is taken")
    parser.add_argument("--frames", type=int, help="frames of a turn; by default 128 on a CPU, 2560 on a GPU")
    parser.add_argument("--size", type=int, choices=SIZES, default=96)
    parser.add_argument("--device", help="cpu or cuda; by default both where both are")
    parser.add_argument("--compile", choices=["none", "graph", "full"], default="none", help="of a GPU")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    devices = [options.device] if options.device else ["cpu", *["cuda"] * torch.cuda.is_available()]
    weights = random_weights(options.size)
    results: dict[str, Any] = {
        "size": options.size,
        "cores": available_cores(),
        "torch": torch.__version__,
        "load_before": os.getloadavg()[0],
        "devices": {},
    }
    if os.getloadavg()[0] > 0.5:
        print(f"Others are using this machine (load {os.getloadavg()[0]:.1f}): believe the ratios alone.")
    for device in devices:
        frames = options.frames or (128 if device == "cpu" else 2560)
        facts = measure(weights, options.size, device, options.compile, frames, options.runs)
        results["devices"][device] = facts
        show(device, facts)
    options.output.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    return 0


def measure(
    weights: dict[str, torch.Tensor], size: Size, device: str, compile: Compile, frames: int, runs: int
) -> dict[str, Any]:
    """Frames a second of all ways on one device, and of eight requests at once."""
    chance = np.random.default_rng(0)
    mels = chance.uniform(-4, 4, (frames, 80, 16)).astype(np.float32)
    face = chance.integers(0, 256, (size, size, 3), np.uint8)
    published = Network(layout(size))
    published.load_state_dict(weights)
    published.to(device)
    lower: Precision = "bfloat16" if device == "cpu" else "float16"
    choices: dict[str, Precision] = {"float32": "float32", lower: lower, "chosen": "auto"}
    loaded: dict[str, float] = {}
    generators: dict[str, Generator] = {}
    for name, precision in choices.items():
        began = time.perf_counter()
        generators[name] = Generator(weights, size=size, device=device, precision=precision, compile=compile)
        loaded[name] = time.perf_counter() - began
    drawers = {name: lend(generator, available_cores(), waiting=frames) for name, generator in generators.items()}
    still = {name: drawer.prepare(face) for name, drawer in drawers.items()}

    def ours(name: str) -> Floats:
        return drawers[name].submit(still[name], mels).result()

    ways: dict[str, Callable[[], object]] = {
        "published": lambda: the_published_way(published, face, mels, device),
        **{name: partial(ours, name) for name in choices},
    }
    seconds = in_turns(ways, runs)
    exact = ours("float32")
    facts: dict[str, Any] = {
        "frames": frames,
        "batch": generators["chosen"].batch,
        "chosen": generators["chosen"].precision,
        "ways": {
            name: {
                "frames_a_second": frames / statistics.median(times),
                "times_published": statistics.median(
                    there / here for there, here in zip(seconds["published"], times, strict=True)
                ),
                **(
                    {"load_s": loaded[name], "most_different_of_255": float(np.abs(ours(name) - exact).max())}
                    if name in loaded
                    else {}
                ),
            }
            for name, times in seconds.items()
        },
        "together": together(drawers["chosen"], face, mels[: max(8, frames // TOGETHER)]),
    }
    for drawer in drawers.values():
        drawer.close()
    return facts


def in_turns(ways: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Seconds of each way in each turn; a first turn of each warms up and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(runs + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def together(drawer: Drawer[Any], face: NDArray[np.uint8], mels: Floats) -> dict[str, Any]:
    """Eight requests, each with a face of its own: one after another, then at once."""
    faces = [drawer.prepare(np.roll(face, number, axis=0)) for number in range(TOGETHER)]

    def request(one: Any) -> Floats:
        return drawer.submit(one, mels).result()

    began = time.perf_counter()
    alone = [request(one) for one in faces]
    after_another = time.perf_counter() - began
    with ThreadPoolExecutor(TOGETHER) as pool:
        began = time.perf_counter()
        at_once = list(pool.map(request, faces))
        share = (time.perf_counter() - began) / after_another
    same = all(np.array_equal(one, other) for one, other in zip(alone, at_once, strict=True))
    return {"requests": TOGETHER, "share_of_the_sum_alone": share, "outputs_equal": same}


@torch.inference_mode()
def the_published_way(network: torch.nn.Module, face: NDArray[np.uint8], mels: Floats, device: str) -> None:
    """What its inference script does around the network."""
    torch.set_num_threads(available_cores())  # in this thread; those that draw for us have their own number
    size = face.shape[0]
    for start in range(0, len(mels), PUBLISHED_BATCH):
        heard = np.asarray(list(mels[start : start + PUBLISHED_BATCH]))
        seen = np.asarray([face[..., ::-1].copy() for _ in heard])
        masked = seen.copy()
        masked[:, size // 2 :] = 0
        both = np.concatenate((masked, seen), axis=3) / 255.0
        heard = np.reshape(heard, [len(heard), 80, 16, 1])
        drawn = network(
            torch.FloatTensor(np.transpose(heard, (0, 3, 1, 2))).to(device),
            torch.FloatTensor(np.transpose(both, (0, 3, 1, 2))).to(device),
        )
        _ = drawn.cpu().numpy().transpose(0, 2, 3, 1) * 255.0


def show(device: str, facts: dict[str, Any]) -> None:
    """The table of one device."""
    print(f"\n{device}: {facts['frames']} frames, batches of {facts['batch']}, auto chose {facts['chosen']}")
    print(f"  {'':10} {'frames/s':>9} {'times':>6} {'load s':>7} {'off /255':>9}")
    for name, way in facts["ways"].items():
        rest = f" {way['load_s']:7.2f} {way['most_different_of_255']:9.3f}" if "load_s" in way else ""
        print(f"  {name:10} {way['frames_a_second']:9.1f} {way['times_published']:6.2f}{rest}")
    at_once = facts["together"]
    share, equal = at_once["share_of_the_sum_alone"], "is" if at_once["outputs_equal"] else "IS NOT"
    print(
        f"  {at_once['requests']} requests at once: {share:.2f} of the sum of their times alone; "
        f"each output {equal} what it is alone"
    )


if __name__ == "__main__":
    raise SystemExit(main())
