"""The Python interpreter that has MediaPipe, and runs :mod:`bench.living_face.mesh`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync.face.pose import BASIS_FILE

Floats = NDArray[np.float64]

MODULES = ("mediapipe", "av", "cv2", "numpy")
HOW_TO = """Make an environment for the measurement, with Python 3.9 to 3.12, and name its interpreter:
    python3.11 -m venv ~/mesh
    ~/mesh/bin/pip install "mediapipe==0.10.21" "numpy<2" av
    python -m bench.living_face FOLDER --measure-with ~/mesh/bin/python"""


class NoMeasurementError(Exception):
    """The videos cannot be measured."""


@dataclass(frozen=True)
class Measured:
    """What an independent mesh sees in a video of T frames; NaN where it sees no face."""

    angles: Floats
    """(T, 3) yaw right, pitch up, counterclockwise roll in degrees, relative to the first frame."""
    opening: Floats
    """(T,) opening of the inner lips in distances of the outer eye corners."""
    gaze: Floats
    """(T, 2) way of the irises, right and up, in distances of the outer eye corners."""


def check_interpreter(python: Path) -> None:
    """Raise NoMeasurementError, which names what is missing, unless ``python`` can measure videos."""
    for module in MODULES:
        try:
            done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, text=True, check=False)
        except OSError as error:
            raise NoMeasurementError(f"{python} cannot be run: {error.strerror}.") from error
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [""])[-1]
            raise NoMeasurementError(f"{python} lacks {module} ({reason}).\n{HOW_TO}")


def measure_videos(python: Path, videos: Sequence[Path]) -> list[Measured]:
    """Measure ``videos``; the figures stand beside each as ``.npz``. Raises NoMeasurementError."""
    outputs = [video.with_suffix(".npz") for video in videos]
    files = [file for pair in zip(videos, outputs, strict=True) for file in pair]
    command = [python, Path(__file__).with_name("mesh.py"), BASIS_FILE, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoMeasurementError(done.stderr[-2000:])
    measured = []
    for output in outputs:
        with np.load(output, allow_pickle=False) as figures:
            measured.append(Measured(figures["angles"], figures["opening"], figures["gaze"]))
    return measured
