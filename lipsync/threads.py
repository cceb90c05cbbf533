"""How many threads do what: decided once, for the whole pipeline.

One video is made by two threads that are always busy: the caller's makes the frames (NumPy and OpenCV, each with one
thread), the writer's codes them (x264 with one thread). OpenCV, NumPy and PyAV all release Python's lock meanwhile.
More threads inside of any stage only wait for each other, because the two cores are taken already.

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

Tried, and not done: to let requests go before the threads that make videos. While two videos were made on two cores
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
    """Threads of each part."""

    opencv: int
    """In one call of OpenCV."""
    blas: int
    """In one matrix product of NumPy."""
    encoder: int
    """Of x264, for one video."""
    renders: int
    """Videos made at the same time."""
    torch: int
    """In Wav2Lip's network, which all videos share."""


def available_cores(limit: Path = _CGROUP_LIMIT) -> int:
    """Cores that this process may use, at least 1: those it may run on, and no more than its container's share."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = limit.read_text().split()
        share = int(quota) / int(period)
    except (OSError, ValueError):  # not in a container, or "max": no limit
        return cores
    return max(1, min(cores, round(share)))


def plan_threads(cores: int, renders: int = 0) -> ThreadPlan:
    """The plan for so many cores; ``renders`` above 0 is the number of videos at once that a person has set."""
    together = renders or max(1, cores // 2)
    # With cores to spare for few videos, x264 gets more: a slow preset makes it the one that is waited for.
    encoder = min(4, max(1, cores // together - 1))
    return ThreadPlan(opencv=1, blas=1, encoder=encoder, renders=together, torch=cores)


def apply_threads(plan: ThreadPlan) -> None:
    """Set what is global in this process: OpenCV's threads and those of NumPy's BLAS."""
    import cv2  # noqa: PLC0415 - nothing heavy loads at import
    import threadpoolctl  # noqa: PLC0415

    cv2.setNumThreads(plan.opencv)
    threadpoolctl.threadpool_limits(plan.blas, user_api="blas")


def torch_threads(count: int) -> AbstractContextManager[object]:
    """PyTorch with ``count`` threads in this thread alone, and afterwards with what it had. Needs torch.

    On two cores that others use too, two threads of OpenMP wait for each other more than they work. Seconds of speech
    a second with two and with one: Silero 3 and 60, XTTS 0.06 and 0.28.
    """
    import torch  # noqa: PLC0415 - heavy
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    torch.get_num_threads()  # a new thread takes its number over here, and would do so later otherwise
    limit: AbstractContextManager[object] = ThreadpoolController().limit(limits=count, user_api="openmp")
    return limit
