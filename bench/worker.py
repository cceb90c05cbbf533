"""One measurement in a process of its own, so that its memory is its own: prints one line of JSON."""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from lipsync.face.avatars import shipped_avatars
from lipsync.pipeline.portraits import Portraits
from lipsync.pipeline.result import RenderedVideo
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from lipsync.storage.cache import ArrayCache

TEXT = (
    "Добрый день! Меня зовут Карл Фридрих Гаусс. Сегодня мы поговорим о том, как портрет начинает говорить. "
    "Математика — царица наук, а арифметика — царица математики."
)
"""Eleven seconds."""

STAGES = ("track", "render", "encode")


def measure(folder: Path, avatar: str, runs: int) -> dict[str, Any]:
    """Prepare ``avatar`` (a name or a path) several times, speak once, then ``runs`` times more when all is warm."""
    import lipsync.server  # noqa: F401, PLC0415 - a server has it in memory

    settings = Settings(
        _env_file=None,
        avatar=avatar,
        outputs=folder / "outputs",
        cache=folder / "cache",
        warm_up=False,
        voices="espeak",
    )
    began = time.perf_counter()
    LipsyncService(settings).load()
    loaded = time.perf_counter() - began
    prepared = [_prepare(settings, _picture(avatar)) for _ in range(3)]
    service = LipsyncService(settings)
    service.load(ahead=False)
    first = service.generate(text=TEXT, language="ru")
    processor, began = time.process_time(), time.perf_counter()
    warm = [service.generate(text=TEXT, language="ru") for _ in range(runs)]
    processor, wall = time.process_time() - processor, time.perf_counter() - began
    return {
        "size": f"{first.width}x{first.height}",
        "seconds_of_speech": first.duration,
        "first_load_s": loaded,
        "prepare_s": statistics.median(prepared),
        "from_disk_s": first.timings["portrait"],
        "speed_first": first.duration / first.timings["total"],
        "speed_warm": statistics.median(result.duration / result.timings["total"] for result in warm),
        "ms_a_frame": {
            **{stage: statistics.median(_per_frame(result, stage) for result in warm) for stage in STAGES},
            "total": statistics.median(_per_frame(result, "total") for result in warm),
            "processor": 1000 * processor / sum(result.frames for result in warm),
        },
        "cores_busy": processor / wall,
        "peak_mb": peak_mb(),
        "bytes_a_second": warm[0].path.stat().st_size / warm[0].duration,
    }


def measure_long(folder: Path, avatar: str) -> dict[str, Any]:
    """Ten seconds, then ten minutes, in one process: the peak of memory after each."""
    settings = Settings(
        _env_file=None,
        avatar=avatar,
        outputs=folder / "outputs",
        cache=folder / "cache",
        max_concurrent_renders=1,
        voices="espeak",
        max_text=20_000,
    )
    service = LipsyncService(settings)
    service.load()
    service.generate(text=TEXT, language="ru")
    short = service.generate(text=TEXT, language="ru")
    before = peak_mb()
    long = service.generate(text=" ".join([TEXT] * round(620 / short.duration)), language="ru")
    return {
        "short_s": short.duration,
        "long_s": long.duration,
        "frames": long.frames,
        "frames_are_duration_rounded_up": long.frames == -(-round(long.duration * 22050) * long.fps // 22050),
        "speed": long.duration / long.timings["total"],
        "peak_short_mb": before,
        "peak_long_mb": peak_mb(),
    }


def peak_mb() -> float:
    """The most memory that this process has had, MB (2^20 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024  # macOS counts bytes, Linux kB


def _prepare(settings: Settings, picture: bytes) -> float:
    """Seconds to prepare the portrait when the networks are loaded and nothing is kept."""
    shutil.rmtree(settings.cache)
    portraits = Portraits(
        ArrayCache(settings.cache, settings.cache_max_mb),
        max_side=settings.max_side,
        max_megapixels=settings.max_megapixels,
    )
    portraits.load()
    began = time.perf_counter()
    portraits.get(picture)
    return time.perf_counter() - began


def _picture(avatar: str) -> bytes:
    shipped = {one.name: one.path for one in shipped_avatars()}
    return shipped.get(avatar, Path(avatar)).read_bytes()


def _per_frame(result: RenderedVideo, stage: str) -> float:
    return 1000 * result.timings[stage] / result.frames


if __name__ == "__main__":
    what, place, name, count = sys.argv[1:]
    facts = measure_long(Path(place), name) if what == "long" else measure(Path(place), name, int(count))
    print(json.dumps(facts))
