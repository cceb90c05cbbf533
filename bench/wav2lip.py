"""``python -m bench.wav2lip``: a clip end to end, the published way against this one, in the same run.

The published way is what its inference script does once everything is loaded and the face box is known: the whole
network in float32, a copy of the picture and of the face for each frame, numpy in and out, batches of 128, each
drawn face resized and pasted as a rectangle, an MPEG-4 file written first and then coded anew with the sound. Both
start from the same picture, the same sound and the same random weights, loaded; both end with an MP4.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lipsync.animation.puppet import Puppet
from lipsync.animation.puppet.prepare import prepare_rig
from lipsync.animation.wav2lip.crop import Crop, crop_face
from lipsync.animation.wav2lip.generator import Generator
from lipsync.animation.wav2lip.layout import layout
from lipsync.animation.wav2lip.network import Network, random_weights
from lipsync.animation.wav2lip.start_batcher import lend
from lipsync.animation.wav2lip.wav2lip import Wav2Lip
from lipsync.audio.mel import RATE, log_mel
from lipsync.audio.resample import Resampler
from lipsync.face.avatars import avatar
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.pipeline.render import Encoding, render
from lipsync.pipeline.stopwatch import Stopwatch
from lipsync.runtime.threads import apply_threads, available_cores, plan_threads
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Speech

RESULTS = Path(__file__).parent / "wav2lip.json"
TEXT = (
    "Mathematics is the queen of the sciences, and number theory is the queen of mathematics. She often condescends "
    "to render service to astronomy and other natural sciences, but in all relations she is first."
)
BATCH = 128
FPS = 25


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.wav2lip", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the clip")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way, of which the median is taken")
    parser.add_argument("--avatar", default="gauss")
    parser.add_argument("--long", action="store_true", help="instead: the memory of ten minutes against ten seconds")
    parser.add_argument("--memory", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.memory is not None:
        print(peak_memory(options.memory, options.avatar))
        return 0
    if options.long:
        peaks = {seconds: in_a_process(seconds, options.avatar) for seconds in (10, 600)}
        for seconds, peak in peaks.items():
            print(f"{seconds:4} s of sound: {peak} MB at most")
        return 0
    plan = plan_threads(available_cores())
    picture = read_picture(avatar(options.avatar).path.read_bytes(), max_megapixels=50, max_side=1920)
    portrait = FaceFinder().find(picture)
    height, width = portrait.picture.shape[:2]
    crop = crop_face(portrait.landmarks, (width, height))
    speech = spoken(options.seconds)
    weights = random_weights(96)
    published = Network(layout(96)).eval()
    published.load_state_dict(weights)
    generator = Generator(weights, size=96)
    drawer = lend(generator, plan.torch)
    puppet = Puppet(portrait, prepare_rig(portrait))
    stages: dict[str, float] = {}

    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as name:
        folder = Path(name)

        def ours() -> None:
            apply_threads(plan)
            watch = Stopwatch()
            # The portrait's maps and mask are made anew each time: a first request's price.
            one = Wav2Lip(portrait, puppet, drawer, crop)
            watch.mark("prepare")
            render(
                [(speech, True)],
                one,
                folder / "ours.mp4",
                fps=FPS,
                seed=0,
                encoding=Encoding(20, "veryfast", plan.encoder),
                characters=len(speech.text),
                watch=watch,
            )
            stages.update(watch.seconds)

        def theirs() -> None:
            cv2.setNumThreads(available_cores())
            torch.set_num_threads(available_cores())
            the_published_way(published, portrait.picture, crop, speech, folder)

        seconds = alternately({"published": theirs, "lipsync": ours}, options.runs)
    drawer.close()
    facts = {
        "avatar": options.avatar,
        "clip_s": round(speech.duration, 2),
        "cores": available_cores(),
        "device": str(generator.device),
        "load": os.getloadavg()[0],
        "seconds": {way: round(statistics.median(times), 2) for way, times in seconds.items()},
        "stages": {stage: round(value, 3) for stage, value in stages.items()},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    facts["times_faster"] = round(
        statistics.median(a / b for a, b in zip(seconds["published"], seconds["lipsync"], strict=True)), 2
    )
    print(f"{facts['clip_s']} s of speech on {options.avatar} {width}x{height}, {facts['device']}, end to end:")
    for way, value in facts["seconds"].items():
        print(f"  {way:10} {value:6.2f} s")
    print(f"  {facts['times_faster']} times faster; of it {facts['stages']}")
    options.output.write_text(json.dumps(facts, indent=2) + "\n")
    return 0


def in_a_process(seconds: float, name: str) -> int:
    """Peak memory in MB of a process that makes one clip."""
    command = [sys.executable, "-m", "bench.wav2lip", "--memory", str(seconds), "--avatar", name]
    return int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def peak_memory(seconds: float, name: str) -> int:
    """Make one clip of so many seconds, in pieces as a voice gives them; the process' peak memory in MB."""
    plan = plan_threads(available_cores())
    apply_threads(plan)
    portrait = FaceFinder().find(read_picture(avatar(name).path.read_bytes(), max_megapixels=50, max_side=1920))
    height, width = portrait.picture.shape[:2]
    drawer = lend(Generator(random_weights(96), size=96), plan.torch)
    crop = crop_face(portrait.landmarks, (width, height))
    one = Wav2Lip(portrait, Puppet(portrait, prepare_rig(portrait)), drawer, crop)
    piece = spoken(5.0)
    count = round(seconds / piece.duration)
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as folder:
        render(
            ((piece, number == count) for number in range(1, count + 1)),
            one,
            Path(folder) / "long.mp4",
            fps=FPS,
            seed=0,
            encoding=Encoding(20, "veryfast", plan.encoder),
            characters=count * len(piece.text),
            watch=Stopwatch(),
        )
    drawer.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def alternately(ways: dict[str, Callable[[], None]], runs: int) -> dict[str, list[float]]:
    """Seconds of each way in each run; one run of each beforehand is not counted."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for run in range(runs + 1):
        for way, work in ways.items():
            began = time.perf_counter()
            work()
            if run:
                seconds[way].append(time.perf_counter() - began)
    return seconds


def spoken(seconds: float) -> Speech:
    """So many seconds of espeak's speech, as one piece."""
    pieces = list(EspeakVoice().speak(TEXT * 3, "en"))
    samples = np.concatenate([piece.samples for piece in pieces])[: round(seconds * pieces[0].rate)]
    return Speech(samples, pieces[0].rate, text=TEXT)


@torch.inference_mode()
def the_published_way(
    network: torch.nn.Module, picture: NDArray[np.uint8], crop: Crop, speech: Speech, folder: Path
) -> None:
    """Sound and picture to ``folder``/published.mp4, as the published inference does it."""
    resampler = Resampler(speech.rate, RATE)
    sound = np.concatenate([resampler.add(speech.samples), resampler.finish()])
    mel = log_mel(sound)
    starts = [int(80 * frame / FPS) for frame in range(int(len(sound) / RATE * FPS))]
    chunks = [mel[:, start : start + 16] if start + 16 <= mel.shape[1] else mel[:, -16:] for start in starts]
    bgr = np.ascontiguousarray(picture[..., ::-1])
    height, width = bgr.shape[:2]
    video = cv2.VideoWriter(str(folder / "result.avi"), cv2.VideoWriter_fourcc(*"DIVX"), FPS, (width, height))
    for begin in range(0, len(chunks), BATCH):
        mels, faces, frames = [], [], []
        for chunk in chunks[begin : begin + BATCH]:
            frame = bgr.copy()
            faces.append(cv2.resize(frame[crop.y0 : crop.y1, crop.x0 : crop.x1], (96, 96)))
            mels.append(chunk)
            frames.append(frame)
        whole = np.asarray(faces)
        masked = whole.copy()
        masked[:, 48:] = 0
        both = np.concatenate((masked, whole), axis=3) / 255.0
        windows = np.reshape(np.asarray(mels), [len(mels), 80, 16, 1])
        drawn = network(
            torch.FloatTensor(np.transpose(windows, (0, 3, 1, 2))),
            torch.FloatTensor(np.transpose(both, (0, 3, 1, 2))),
        )
        for face, frame in zip(drawn.numpy().transpose(0, 2, 3, 1) * 255.0, frames, strict=True):
            frame[crop.y0 : crop.y1, crop.x0 : crop.x1] = cv2.resize(face.astype(np.uint8), (crop.width, crop.height))
            video.write(frame)
    video.release()
    code_anew(folder / "result.avi", speech, folder / "published.mp4")


def code_anew(video: Path, speech: Speech, target: Path) -> None:
    """What ``ffmpeg -i sound -i video out.mp4`` does: x264's medium preset, all threads, and AAC."""
    with av.open(video) as source, av.open(target, "w") as out:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        coded = out.add_stream("libx264", rate=FPS)
        coded.width, coded.height, coded.pix_fmt = stream.width // 2 * 2, stream.height // 2 * 2, "yuv420p"
        sound = out.add_stream("aac", rate=speech.rate, layout="mono")
        wave = av.AudioFrame.from_ndarray(speech.samples[None], "fltp", "mono")
        wave.sample_rate, wave.time_base, wave.pts = speech.rate, Fraction(1, speech.rate), 0
        out.mux(sound.encode(wave))
        for frame in source.decode(stream):
            frame.pict_type = 0
            out.mux(coded.encode(frame))
        out.mux(coded.encode(None))
        out.mux(sound.encode(None))


if __name__ == "__main__":
    raise SystemExit(main())
