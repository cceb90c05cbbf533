"""Number of threads for each part of the pipeline, decided once.

Two threads are busy for each video: one draws the frames (NumPy and OpenCV, each with one thread), one encodes them
(x264 with one thread). OpenCV, NumPy and PyAV all release Python's lock meanwhile. More threads in a stage only wait
for each other, because both cores are busy already.

Measured on two cores, x264 ``veryfast``, milliseconds of wall clock a frame: the whole pipeline on gauss at 1024x1304
(medians of three videos), and made-up frames of the same size that cost 14 ms of one core each, one video and two at
once:

============  =====  =====  ===========
x264 threads  gauss  14 ms  14 ms twice
============  =====  =====  ===========
1             6.4    14.4   29.1
2             7.1    14.5   28.6
============  =====  =====  ===========

With a second thread x264 waits less (0.1 instead of 0.6 ms a frame) and takes more than that away from the frames.
With one, its output does not depend on timing either: the same request gives the same bytes. Videos at the same time:
one for each two cores; more would only hold more memory.

Tried and rejected: giving requests priority over the threads that render. While two videos were made on two cores
that other programs used too, ``GET /api/health`` took 7.6 ms (median) and 63 ms (99th percentile) as it is; 4.6 and
86 ms with render threads five steps nicer; 8.8 and 91 ms with Python's switch interval at 1 ms, 7.8 and 67 at 0.2 ms.
Frames a second differed by up to 16 %, either way.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class ThreadPlan:
    """Number of threads of each part."""

    opencv: int
    """Threads in one call of OpenCV."""
    blas: int
    """Threads in one matrix product of NumPy."""
    encoder: int
    """Number of x264 threads for one video."""
    renders: int
    """Number of videos rendered at the same time."""
    torch: int
    """Threads in Wav2Lip's network, which all videos share."""


def available_cores(limit: Path = _CGROUP_LIMIT) -> int:
    """Return the number of cores that this process may use, at least 1, within its container's CPU quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = limit.read_text().split()
        share = int(quota) / int(period)
    except (OSError, ValueError):  # not in a container, or "max": no limit
        return cores
    return max(1, min(cores, round(share)))


def plan_threads(cores: int, renders: int = 0) -> ThreadPlan:
    """Return the plan for a number of cores; ``renders`` is the number of concurrent videos, 0 for the default."""
    concurrent = renders or max(1, cores // 2)
    # With cores to spare for few videos, x264 gets more: with a slow preset it is the bottleneck.
    encoder = min(4, max(1, cores // concurrent - 1))
    return ThreadPlan(opencv=1, blas=1, encoder=encoder, renders=concurrent, torch=cores)


def apply_threads(plan: ThreadPlan) -> None:
    """Set the number of threads of OpenCV and of NumPy's BLAS, which are global in this process."""
    import cv2  # noqa: PLC0415 - nothing heavy loads at import
    import threadpoolctl  # noqa: PLC0415

    cv2.setNumThreads(plan.opencv)
    threadpoolctl.threadpool_limits(plan.blas, user_api="blas")


def torch_threads(count: int) -> AbstractContextManager[object]:
    """Limit PyTorch to ``count`` threads for calls of this thread inside the block. Needs torch.

    On two cores that other programs use too, two threads of OpenMP wait for each other more than they work. Seconds
    of speech a second with two and with one: Silero 3 and 60, XTTS 0.06 and 0.28.
    """
    import torch  # noqa: PLC0415 - heavy
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    torch.get_num_threads()  # a new thread takes over its limit at its first call, which must not come later
    limit: AbstractContextManager[object] = ThreadpoolController().limit(limits=count, user_api="openmp")
    return limit
