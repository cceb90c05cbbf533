"""The bound of GPU memory, on a GPU that the test makes up."""

from __future__ import annotations

import pytest

from lipsync.conversation.errors import TalkLimitError
from lipsync.conversation.gpu_memory import GpuMemoryBound
from lipsync.runtime.memory import Memory

MB = 1_000_000


class Gpu:
    used = 11_500 * MB

    def measure(self) -> Memory:
        return Memory(12_000 * MB, 12_000 * MB - self.used)

    def free(self, amount: int) -> None:
        self.used -= amount


def test_only_as_much_is_unloaded_as_is_needed() -> None:
    gpu, unloaded = Gpu(), list[str]()

    def unload(name: str, amount: int) -> None:
        unloaded.append(name)
        gpu.free(amount)

    bound = GpuMemoryBound(
        11_000,
        (lambda: unload("mood", 200 * MB), lambda: unload("ears", 600 * MB), lambda: unload("voice", MB)),
        gpu.measure,
        lambda: None,
    )
    bound.check()
    assert unloaded == ["mood", "ears"]
    assert bound.usage_mb() == (10_700, 12_000)
    bound.check()
    assert unloaded == ["mood", "ears"]


def test_a_request_is_refused_where_nothing_more_can_be_unloaded() -> None:
    gpu = Gpu()
    with pytest.raises(TalkLimitError) as caught:
        GpuMemoryBound(11_000, (lambda: gpu.free(MB),), gpu.measure, lambda: None).check()
    assert caught.value.code == "vram_full"
    assert caught.value.facts["used"] == 11_499


def test_without_a_gpu_nothing_is_bounded() -> None:
    bound = GpuMemoryBound(1, measure=lambda: None)
    bound.check()
    assert bound.usage_mb() == (0.0, 0.0)
