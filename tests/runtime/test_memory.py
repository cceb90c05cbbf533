"""The memory of the machine, of containers and of the GPU."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import psutil
import pytest

from lipsync.runtime.memory import Memory, available_memory, cgroup_limits, gpu_memory, release_memory

MB = 1_000_000


def test_the_machines_own_memory() -> None:
    memory = available_memory()
    assert 0 < memory.free <= memory.total <= psutil.virtual_memory().total


def group(folder: Path, files: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n")


def test_a_container_of_version_2_and_the_one_around_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/outer/inner\n")
    stat = f"anon 5\nactive_file {10 * MB}\ninactive_file {20 * MB}\nslab 3"
    group(tmp_path / "outer", {"memory.max": 900 * MB, "memory.current": 300 * MB, "memory.stat": "anon 1"})
    group(tmp_path / "outer/inner", {"memory.max": 500 * MB, "memory.current": 400 * MB, "memory.stat": stat})
    assert cgroup_limits(own, tmp_path) == [Memory(500 * MB, 130 * MB), Memory(900 * MB, 600 * MB)]


def test_a_container_of_version_1_whose_path_is_not_there_inside_of_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n")
    stat = f"active_file 1\ntotal_active_file {MB}\ntotal_inactive_file {2 * MB}"
    files = {"memory.limit_in_bytes": 100 * MB, "memory.usage_in_bytes": 60 * MB, "memory.stat": stat}
    group(tmp_path / "memory", files)
    assert cgroup_limits(own, tmp_path) == [Memory(100 * MB, 43 * MB)]


@pytest.mark.parametrize("line", ["0::/", "0::/../..", "4:memory:/../../etc"])
def test_no_container_or_none_with_a_limit(tmp_path: Path, line: str) -> None:
    (tmp_path / "own").write_text(line + "\n")
    group(tmp_path, {"memory.max": "max", "memory.current": 1, "memory.stat": ""})
    assert cgroup_limits(tmp_path / "own", tmp_path) == []
    assert cgroup_limits(tmp_path / "absent", tmp_path) == []


@pytest.mark.slow
def test_torch_is_not_loaded_to_ask_for_its_memory() -> None:
    code = "import sys; from lipsync.runtime.memory import gpu_memory; "
    code += "assert gpu_memory() is None; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_gpu_that_nobody_uses_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(is_available=lambda: True, is_initialized=lambda: False)  # it has no mem_get_info
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert gpu_memory() is None


def test_the_cache_of_torch_counts_as_free(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(
        is_available=lambda: True,
        is_initialized=lambda: True,
        mem_get_info=lambda: (1000, 8000),
        memory_reserved=lambda: 500,
        memory_allocated=lambda: 200,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert gpu_memory() == Memory(8000, 1300)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is glibc's")
def test_memory_really_is_given_back() -> None:
    code = """
import psutil
from lipsync.runtime.memory import release_memory
import gc
def resident(): return psutil.Process().memory_info().rss
gc.disable()
small = [bytes(1000) for _ in range(200_000)]
keep = [bytes(1000) for _ in range(100)]
full = resident()
del small
release_memory()
assert resident() < full - 100_000_000, (full, resident())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pytorch_that_is_being_imported_uses_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is stopped while it loads: ``torch`` is there, and its parts are not."""
    for half in (ModuleType("torch"), SimpleNamespace(cuda=ModuleType("torch.cuda"))):
        monkeypatch.setitem(sys.modules, "torch", half)
        assert gpu_memory() is None
        release_memory()
