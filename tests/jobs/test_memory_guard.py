"""When jobs wait for memory, and the estimate of the memory of a video."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.face.framing import MAX_SIZE
from lipsync.face.picture import FORMATS
from lipsync.face.picture_header import PictureHeader, read_header
from lipsync.jobs import memory_guard
from lipsync.jobs.memory_guard import MemoryGuard, check_memory, estimate_render_bytes
from lipsync.runtime.memory import Memory
from lipsync.settings import Settings

pytestmark = pytest.mark.slow

MB = 1_000_000


pillow_heif.register_heif_opener()  # the tests write HEIC by it


def picture(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB", **more: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **more)
    return buffer.getvalue()


# ---- the guard


def guard(settings: Settings, free_mb: list[int], gpu_mb: list[int] | None = None) -> MemoryGuard:
    """A guard that finds these amounts of free memory one after the other, then always the last."""

    def next_of(values: list[int]) -> Memory:
        return Memory(8000 * MB, (values.pop(0) if len(values) > 1 else values[0]) * MB)

    return MemoryGuard(
        settings,
        memory=lambda: next_of(free_mb),
        gpu=lambda: None if gpu_mb is None else next_of(gpu_mb),
        clock=lambda: 0.0,
    )


def test_work_waits_below_the_floor(settings: Settings) -> None:
    own_guard = guard(settings, [4000, 100, 100, 90, 300])
    assert (own_guard.shortage(), own_guard.reason, own_guard.waits) == (None, None, 0)
    assert own_guard.shortage() == "only 100 MB of memory are free, the minimum is 256 MB"
    assert own_guard.shortage() == "only 90 MB of memory are free, the minimum is 256 MB"
    assert (own_guard.reason, own_guard.waits) == ("only 90 MB of memory are free, the minimum is 256 MB", 1)
    assert own_guard.shortage() is None


def test_what_the_process_keeps_is_given_back_before_anybody_waits(settings: Settings) -> None:
    own_guard = guard(settings, [100, 300])
    assert (own_guard.shortage(), own_guard.waits) == (None, 0)


def test_it_is_given_back_only_now_and_then(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = [0.0, 1.0, 4.9, 5.0]
    returned: list[None] = []
    monkeypatch.setattr(memory_guard, "release_memory", lambda: returned.append(None))
    own_guard = MemoryGuard(
        settings, memory=lambda: Memory(8000 * MB, 0), gpu=lambda: None, clock=lambda: times.pop(0)
    )
    for expected in (1, 1, 1, 2):
        assert own_guard.shortage() == "only 0 MB of memory are free, the minimum is 256 MB"
        assert len(returned) == expected


def test_the_gpu_has_a_floor_of_its_own(settings: Settings) -> None:
    assert guard(settings, [4000], [511]).shortage() == "only 511 MB of GPU memory are free, the minimum is 512 MB"
    assert guard(settings, [4000], [512]).shortage() is None


# ---- what a video takes

MEASURED = re.findall(r"^(\S.*?) {3,}(\d+) +(?:(\d+) +)?(\d+)$", memory_guard.__doc__ or "", re.MULTILINE)


def header_of(row: str) -> PictureHeader:
    """What a row of the table is about."""
    if found := re.match(r"(\d+)x(\d+)", row):
        return PictureHeader(int(found[1]), int(found[2]), "JPEG", "RGB")
    width = {"12": 3068, "24": 4340, "50": 6264}[row[:2]]
    kind = re.findall(r"JPEG|PNG|WebP|AVIF|HEIC|GIF", row)[0].upper().replace("HEIC", "HEIF")
    mode = "RGBA" if "RGBA" in row else "I;16" if "16 bits" in row else "RGB"
    return PictureHeader(width, {3068: 3910, 4340: 5530, 6264: 7982}[width], kind, mode)


@pytest.mark.parametrize(("row", "puppet", "wav2lip", "estimated"), MEASURED)
def test_the_estimate_is_above_what_was_measured(row: str, puppet: str, wav2lip: str, estimated: str) -> None:
    settings = Settings(_env_file=None)
    found = estimate_render_bytes(header_of(row), settings) / 1e6
    assert round(found) == int(estimated)
    assert found >= max(int(puppet), int(wav2lip or 0))


def test_all_rows_of_the_table_were_tried() -> None:
    assert len(MEASURED) == 17


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "mode", "more"),
    [
        ("JPEG", "RGB", {"progressive": True}),
        ("PNG", "RGBA", {}),
        ("PNG", "I;16", {}),
        ("WEBP", "RGB", {}),
        ("GIF", "P", {}),
        ("AVIF", "RGBA", {"subsampling": "4:4:4", "speed": 10}),
        ("HEIF", "RGBA", {"chroma": 444, "enc_params": {"preset": "ultrafast"}}),
    ],
)
def test_decoding_takes_no_more_than_is_estimated(
    kind: str, mode: str, more: dict[str, object], tmp_path: Path
) -> None:
    """In a fresh process: the peak of reading a picture of 12 MP."""
    if sys.platform != "linux":
        pytest.skip("the peak of a process is read from /proc")
    path = tmp_path / "picture"
    path.write_bytes(picture((4000, 3000), kind, mode, **more))
    code = rf"""
import json, re
from lipsync.face.picture import read_picture
from lipsync.face.framing import MAX_SIZE
from lipsync.face.picture_header import read_header
from lipsync.jobs.memory_guard import estimate_render_bytes
from lipsync.settings import Settings
import PIL.Image
PIL.Image.init()
data = open({str(path)!r}, "rb").read()
def peak(): return int(re.findall(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[0]) / 1024
before = peak()
read_picture(data, max_megapixels=50, max_side=1920)
print(json.dumps([peak() - before, estimate_render_bytes(read_header(data), Settings(_env_file=None)) / 1e6]))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    took, estimated = json.loads(run.stdout)
    assert 10 < took < estimated


def test_a_bomb_is_only_looked_at() -> None:
    """A header of 400 million pixels: no limit of Pillow's own is asked, nothing is decoded, and it is refused."""
    whole = picture((10, 10))
    bomb = whole[:16] + (20_000).to_bytes(4, "big") * 2 + whole[24:29]
    bomb += zlib.crc32(bomb[12:29]).to_bytes(4, "big") + whole[33:]
    assert read_header(bomb) == PictureHeader(20_000, 20_000, "PNG", "RGB")
    with pytest.raises(LipsyncError) as refused:
        check_memory(bomb, Settings(_env_file=None))
    assert refused.value.code == "picture_too_large"


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0" + b"\xff" * 40])
def test_what_is_no_picture_passes_here(data: bytes) -> None:
    assert read_header(data) is None
    check_memory(data, Settings(_env_file=None))


def test_a_video_that_would_take_too_much_is_refused() -> None:
    data = picture((4000, 3000), "WEBP")
    check_memory(data, Settings(_env_file=None))
    with pytest.raises(LipsyncError) as refused:
        check_memory(data, Settings(_env_file=None, max_render_mb=230))
    assert (refused.value.code, refused.value.facts) == ("render_too_large", {"needed": "245", "limit": "230"})


def test_more_than_the_machine_has_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_guard, "available_memory", lambda: Memory(200 * MB, 200 * MB))
    with pytest.raises(LipsyncError) as refused:
        check_memory(picture((4000, 3000), "WEBP"), Settings(_env_file=None))
    assert refused.value.facts["limit"] == "200"


def test_a_size_that_is_asked_for_counts_where_it_is_larger_than_the_picture() -> None:
    settings, header = Settings(_env_file=None), PictureHeader(512, 512, "PNG", "RGB")
    alone, small, large = (estimate_render_bytes(header, settings, size) for size in (None, (256, 256), (1920, 1920)))
    assert alone == small < large
    with pytest.raises(LipsyncError, match="memory"):
        check_memory(picture((512, 512), "PNG"), settings.model_copy(update={"max_render_mb": 350}), (1920, 1920))


def test_a_transparent_video_takes_more_for_each_of_its_pixels() -> None:
    settings, header = Settings(_env_file=None), PictureHeader(1024, 1305, "JPEG", "RGB")
    for size in ((256, 256), (1440, 1440)):
        opaque, transparent = (
            estimate_render_bytes(header, settings, size, transparent=alpha) for alpha in (False, True)
        )
        assert transparent - opaque > 121 * size[0] * size[1], "measured"
    limited = settings.model_copy(update={"max_render_mb": 600})
    check_memory(picture((512, 512), "PNG"), limited, (1920, 1920))
    with pytest.raises(LipsyncError, match="600"):
        check_memory(picture((512, 512), "PNG"), limited, (1920, 1920), transparent=True)


def test_all_that_is_allowed_by_default_fits() -> None:
    settings = Settings(_env_file=None)
    assert all(
        estimate_render_bytes(PictureHeader(7071, 7071, kind, mode), settings) < settings.max_render_mb * 1e6
        for kind in FORMATS
        for mode in ("RGB", "RGBA", "I;16", "F", "P")
    )
    header = PictureHeader(1920, 1920, "PNG", "RGB")
    for alpha in (False, True):
        largest = estimate_render_bytes(header, settings, (MAX_SIZE, MAX_SIZE), transparent=alpha)
        assert largest < settings.max_render_mb * 1e6
    for one in shipped_avatars():
        check_memory(avatar(one.name).path.read_bytes(), settings)
