"""What memory there is, when work waits for it, and what a video is said to take."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pillow_heif
import psutil
import pytest
from PIL import Image

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.face.picture import FORMATS
from lipsync.jobs import memory as module
from lipsync.jobs.memory import Floor, Header, Memory, cgroup_limits, check_memory, memory, needed, read_header, vram
from lipsync.settings import Settings

MB = 1_000_000


pillow_heif.register_heif_opener()  # the tests write HEIC by it


def picture(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB", **more: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **more)
    return buffer.getvalue()


# ---- what there is


def test_the_machines_own_memory() -> None:
    there = memory()
    assert 0 < there.free <= there.total <= psutil.virtual_memory().total


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


def test_torch_is_not_loaded_to_ask_for_its_memory() -> None:
    code = (
        "import sys; from lipsync.jobs.memory import vram; assert vram() is None; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_gpu_that_nobody_uses_is_not_asked() -> None:
    pytest.importorskip("torch")
    import torch  # noqa: PLC0415

    if not torch.cuda.is_initialized():
        assert vram() is None
        assert not torch.cuda.is_initialized()


# ---- the floor


def floor(settings: Settings, there: list[int], gpu: list[int] | None = None) -> Floor:
    """Over so many free MB, the last of which stays; its clock stands still."""

    def next_of(values: list[int]) -> Memory:
        return Memory(8000 * MB, (values.pop(0) if len(values) > 1 else values[0]) * MB)

    return Floor(
        settings,
        memory=lambda: next_of(there),
        vram=lambda: None if gpu is None else next_of(gpu),
        clock=lambda: 0.0,
    )


def test_work_waits_below_the_floor(settings: Settings) -> None:
    own = floor(settings, [4000, 100, 100, 90, 300])
    assert (own.holds(), own.reason, own.waits) == (None, None, 0)
    assert own.holds() == "100 MB of memory are free, 256 must be"
    assert own.holds() == "90 MB of memory are free, 256 must be"
    assert (own.reason, own.waits) == ("90 MB of memory are free, 256 must be", 1)
    assert own.holds() is None


def test_what_the_process_keeps_is_given_back_before_anybody_waits(settings: Settings) -> None:
    own = floor(settings, [100, 300])
    assert (own.holds(), own.waits) == (None, 0)


def test_it_is_given_back_only_now_and_then(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = [0.0, 1.0, 4.9, 5.0]
    returned: list[None] = []
    monkeypatch.setattr(module, "_return_memory", lambda: returned.append(None))
    own = Floor(settings, memory=lambda: Memory(8000 * MB, 0), vram=lambda: None, clock=lambda: times.pop(0))
    for expected in (1, 1, 1, 2):
        assert own.holds() == "0 MB of memory are free, 256 must be"
        assert len(returned) == expected


def test_the_gpu_has_a_floor_of_its_own(settings: Settings) -> None:
    assert floor(settings, [4000], [511]).holds() == "511 MB of memory of the GPU are free, 512 must be"
    assert floor(settings, [4000], [512]).holds() is None


def test_memory_really_is_given_back() -> None:
    code = """
import psutil
from lipsync.jobs.memory import _return_memory
import gc
def resident(): return psutil.Process().memory_info().rss
gc.disable()
small = [bytes(1000) for _ in range(200_000)]
keep = [bytes(1000) for _ in range(100)]
full = resident()
del small
_return_memory()
assert resident() < full - 100_000_000, (full, resident())
"""
    if sys.platform == "linux":
        subprocess.run([sys.executable, "-c", code], check=True)


# ---- what a video takes

MEASURED = re.findall(r"^(\S.*?) {3,}(\d+) +(?:(\d+) +)?(\d+)$", module.__doc__ or "", re.MULTILINE)


def header_of(row: str) -> Header:
    """What a row of the table is about."""
    if found := re.match(r"(\d+)x(\d+)", row):
        return Header(int(found[1]), int(found[2]), "JPEG", "RGB")
    width = {"12": 3068, "24": 4340, "50": 6264}[row[:2]]
    kind = re.findall(r"JPEG|PNG|WebP|AVIF|HEIC|GIF", row)[0].upper().replace("HEIC", "HEIF")
    mode = "RGBA" if "RGBA" in row else "I;16" if "16 bits" in row else "RGB"
    return Header(width, {3068: 3910, 4340: 5530, 6264: 7982}[width], kind, mode)


@pytest.mark.parametrize(("row", "puppet", "wav2lip", "estimated"), MEASURED)
def test_the_estimate_is_above_what_was_measured(row: str, puppet: str, wav2lip: str, estimated: str) -> None:
    settings = Settings(_env_file=None)
    found = needed(header_of(row), settings)
    assert round(found) == int(estimated)
    assert found >= max(int(puppet), int(wav2lip or 0))


def test_all_rows_of_the_table_were_tried() -> None:
    assert len(MEASURED) == 17


@pytest.mark.parametrize(
    ("kind", "mode", "more"),
    [
        ("JPEG", "RGB", {"progressive": True}),
        ("PNG", "RGBA", {}),
        ("PNG", "I;16", {}),
        ("WEBP", "RGB", {}),
        ("GIF", "P", {}),
        ("AVIF", "RGBA", {"subsampling": "4:4:4", "speed": 10}),
        ("HEIF", "RGBA", {"chroma": 444}),
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
from lipsync.jobs.memory import needed, read_header
from lipsync.settings import Settings
import PIL.Image
PIL.Image.init()
data = open({str(path)!r}, "rb").read()
def peak(): return int(re.findall(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[0]) / 1024
before = peak()
read_picture(data, max_megapixels=50, max_side=1920)
print(json.dumps([peak() - before, needed(read_header(data), Settings(_env_file=None))]))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    took, estimated = json.loads(run.stdout)
    assert 10 < took < estimated


@pytest.mark.parametrize(
    ("kind", "mode", "expected"),
    [
        ("JPEG", "RGB", "RGB"),
        ("JPEG", "CMYK", "CMYK"),
        ("PNG", "RGBA", "RGBA"),
        ("PNG", "I;16", "I;16"),
        ("WEBP", "RGB", "RGB"),
        ("BMP", "RGB", "RGB"),
        ("AVIF", "RGB", "RGB"),
        ("HEIF", "RGB", "RGB"),
        ("GIF", "P", "P"),
        ("TIFF", "F", "F"),
    ],
)
def test_a_header_is_read(kind: str, mode: str, expected: str) -> None:
    assert read_header(picture((30, 20), kind, mode)) == Header(30, 20, kind, expected)


def test_transparency_in_a_palette_is_seen() -> None:
    found = read_header(picture((30, 20), "PNG", "P", transparency=0))
    assert found == Header(30, 20, "PNG", "PA")


def test_a_bomb_is_only_looked_at() -> None:
    """A header of 400 million pixels: no limit of Pillow's own is asked, nothing is decoded, and it is refused."""
    whole = picture((10, 10))
    bomb = whole[:16] + (20_000).to_bytes(4, "big") * 2 + whole[24:29]
    bomb += zlib.crc32(bomb[12:29]).to_bytes(4, "big") + whole[33:]
    assert read_header(bomb) == Header(20_000, 20_000, "PNG", "RGB")
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
        check_memory(data, Settings(_env_file=None, render_max_mb=230))
    assert (refused.value.code, refused.value.facts) == ("render_too_large", {"needed": "245", "limit": "230"})


def test_more_than_the_machine_has_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "memory", lambda: Memory(200 * MB, 200 * MB))
    with pytest.raises(LipsyncError) as refused:
        check_memory(picture((4000, 3000), "WEBP"), Settings(_env_file=None))
    assert refused.value.facts["limit"] == "200"


def test_all_that_is_allowed_by_default_fits() -> None:
    settings = Settings(_env_file=None)
    assert all(
        needed(Header(7071, 7071, kind, mode), settings) < settings.render_max_mb
        for kind in FORMATS
        for mode in ("RGB", "RGBA", "I;16", "F", "P")
    )
    for one in shipped_avatars():
        check_memory(avatar(one.name).path.read_bytes(), settings)
