"""Memory of the machine, its containers and the GPU: how much there is, and giving back what is cached."""

from __future__ import annotations

import ctypes
import gc
import logging
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Memory:
    """An amount of memory, in bytes."""

    total: int
    free: int
    """Bytes that can be had without swapping; the caches of files count as free."""


def available_memory() -> Memory:
    """Return the memory of this machine, or of the container where its limit is lower."""
    import psutil  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, and a video in a process of its own needs none

    machine = psutil.virtual_memory()
    limits = [Memory(machine.total, machine.available), *cgroup_limits()]
    return Memory(min(limit.total for limit in limits), max(0, min(limit.free for limit in limits)))


def cgroup_limits(own: Path = _OWN_CGROUP, root: Path = _CGROUPS) -> list[Memory]:
    """Return the limits of all control groups (version 2 and 1) around this process, from the innermost outwards.

    Inside a container the path of its group may not exist; then the root is its group.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:  # not Linux
        return []
    limits: list[Memory] = []
    for line in lines:
        hierarchy, controllers, path = line.split(":", 2)
        if hierarchy == "0" and not controllers:
            names = ("memory.max", "memory.current", ("active_file", "inactive_file"))
            limits += _limits_upwards(root, path, *names)
        elif "memory" in controllers.split(","):
            names = (
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                ("total_active_file", "total_inactive_file"),
            )
            limits += _limits_upwards(root / "memory", path, *names)
    return limits


def _limits_upwards(
    root: Path, path: str, limit_file: str, usage_file: str, cache_fields: tuple[str, str]
) -> list[Memory]:
    folder = root / path.lstrip("/")
    limits = []
    for group in (folder, *folder.parents):
        if not group.is_relative_to(root):
            break
        try:
            limit = int((group / limit_file).read_text())  # "max" means no limit
            usage = int((group / usage_file).read_text())
            stat = (group / "memory.stat").read_text()
        except (OSError, ValueError):
            continue
        fields = "|".join(cache_fields)
        cached = sum(int(value) for value in re.findall(rf"^(?:{fields}) (\d+)$", stat, re.MULTILINE))
        limits.append(Memory(limit, limit - usage + cached))
    return limits


def gpu_memory() -> Memory | None:
    """Return the memory of the GPU, or None unless PyTorch already uses one; PyTorch's cache counts as free."""
    torch = _torch_on_gpu()
    if torch is None:
        return None
    free, total = torch.cuda.mem_get_info()
    return Memory(total, free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated())


def _torch_on_gpu() -> Any:
    """PyTorch, if it uses a GPU in this process; None also while it is being imported."""
    torch = sys.modules.get("torch")
    cuda: Any = getattr(torch, "cuda", None)
    if not all(hasattr(cuda, name) for name in ("is_available", "is_initialized")):
        return None
    return torch if cuda.is_available() and cuda.is_initialized() else None


def release_memory() -> None:
    """Give cached memory back: Python's garbage, PyTorch's cache on the GPU, and the free heap of the C library."""
    gc.collect()
    if (torch := _torch_on_gpu()) is not None:
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except AttributeError:  # musl, for one
            log.debug("the C library has no malloc_trim")
