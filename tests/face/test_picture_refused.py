"""What is no picture, a broken one or too large a one gets its one sentence, and costs nothing."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import warnings
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, TiffImagePlugin

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.face.picture import read_picture

pillow_heif.register_heif_opener()  # the tests write HEIC by it


def saved(image: Image.Image, kind: str) -> bytes:
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()


def read(data: bytes, max_megapixels: float = 50) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what Pillow warns of must not reach the log of a server
        return read_picture(data, max_megapixels=max_megapixels, max_side=1920)


def refusal(data: bytes, **limits: float) -> LipsyncError:
    with pytest.raises(LipsyncError) as caught:
        read(data, **limits)
    return caught.value


def test_the_header_is_believed_before_anything_is_decoded() -> None:
    body = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    header = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + body + struct.pack(">I", zlib.crc32(b"IHDR" + body))
    )
    data = struct.pack(">I", 9) + b"IDAT" + bytes(9)
    error = refusal(header + data)  # decoding it would fail: there is nothing in it
    assert error.code == "picture_too_large"
    assert error.facts == {"width": 20_000, "height": 20_000, "limit": "50"}
    assert "20000" in error.message("ru")


def test_the_limit_of_pixels_is_ours() -> None:
    data = saved(Image.new("L", (1000, 1000)), "PNG")
    assert read(data, max_megapixels=1).shape == (1000, 1000, 3)
    assert refusal(data, max_megapixels=0.999).code == "picture_too_large"
    assert Image.MAX_IMAGE_PIXELS == 89_478_485  # Pillow's own, as we found it


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!DOCTYPE html><html><body>Not found</body></html>",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        b"BMW is a car, not a bitmap",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVEfmt ",
        bytes(1000),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["empty", "html", "lfs", "bm-text", "pdf", "wave", "zeros", "svg"],
)
def test_what_is_no_picture(data: bytes) -> None:
    assert refusal(data).code == "not_a_picture"


OTHERS = {
    "SVG": b"<?xml version='1.0'?>\n<!-- made by hand -->\n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "HTML": b"\n<!DOCTYPE html><html><body>Not found</body></html>",
    "PDF": b"%PDF-1.7",
    "PSD": b"8BPS\0\1" + bytes(20),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20),
    "JPEG XL": b"\xff\x0a" + bytes(20),
    "RAW (CR2)": b"II*\0\x10\0\0\0CR\2\0" + bytes(20),
    "RAW (CR3)": b"\0\0\0\x18ftypcrx " + bytes(20),
    "EPS": b"%!PS-Adobe-3.0",
    "ICO": b"\0\0\1\0\1\0" + bytes(20),
    "ZIP": b"PK\3\4" + bytes(20),
    "PNM": b"P6 2 2 255\n" + bytes(12),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_format_is_named(name: str) -> None:
    error = refusal(OTHERS[name])
    accepted = "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF"
    assert error.code == "not_a_picture"
    assert error.message("en") == f"This file is {name}, which cannot be read as a picture. Send {accepted}."
    assert name in error.message("ru")


@pytest.mark.parametrize("marks", [{0xC612: b"\1\4\0\0"}, {0x00FE: 1, 0x014A: 8}], ids=["DNG", "TIFF/EP"])
def test_the_preview_in_a_raw_file_is_not_taken_for_the_picture(marks: dict[int, object]) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in marks.items():
        tags[tag] = value
    file = BytesIO()
    Image.new("RGB", (16, 16)).save(file, "TIFF", tiffinfo=tags)
    assert "RAW" in refusal(file.getvalue()).message("en")


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif", b"avis"])
def test_a_header_alone_is_a_broken_picture(brand: bytes) -> None:
    assert refusal(b"\0\0\0\x18ftyp" + brand + bytes(100)).code == "broken_picture"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_a_frame_larger_than_its_header_says_is_refused_before_it_is_decoded(kind: str, tmp_path: Path) -> None:
    """A file of a few KB: 64x64 pixels by its header, 36 million in its frame."""
    if sys.platform != "linux":
        pytest.skip("the peak of a process is read from /proc")
    file = BytesIO()
    options = {"AVIF": {"speed": 10}, "HEIF": {"quality": 10, "enc_params": {"preset": "ultrafast"}}}
    Image.new("RGB", (6000, 6000)).save(file, kind, **options[kind])
    stated = b"ispe" + struct.pack(">III", 0, 6000, 6000)
    assert file.getvalue().count(stated) == 1
    bomb = tmp_path / "bomb"
    bomb.write_bytes(file.getvalue().replace(stated, b"ispe" + struct.pack(">III", 0, 64, 64)))
    code = rf"""
import json, re
from lipsync.errors import LipsyncError
from lipsync.face.picture import read_picture, readers_for
data = open({str(bomb)!r}, "rb").read()
readers_for(data)
def peak(): return int(re.findall(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[0]) / 1024
before = peak()
try:
    read_picture(data, max_megapixels=20, max_side=1920)
except LipsyncError as error:
    print(json.dumps([error.code, peak() - before]))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    code, megabytes = json.loads(run.stdout)
    assert code == {"AVIF": "picture_too_large", "HEIF": "broken_picture"}[kind]
    assert megabytes < 40  # decoded it is 54 and more


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_picture_that_is_cut_short(kind: str, kept: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    assert refusal(data[: int(len(data) * kept)]).code == "broken_picture"


def test_a_shipped_portrait_cut_short() -> None:
    data = avatar("hopper").path.read_bytes()
    assert refusal(data[: len(data) // 2]).code == "broken_picture"
    assert refusal(data[:10]).code == "broken_picture"


def test_noise_in_a_picture_is_read_or_refused_but_never_escapes() -> None:
    random = np.random.default_rng(7)
    outcomes: Counter[tuple[str, str]] = Counter()
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF"):
        whole = saved(Image.radial_gradient("L").convert("RGB"), kind)
        for _ in range(40):
            data = bytearray(whole)
            for place in random.integers(0, len(data), 8):
                data[place] = random.integers(0, 256)
            try:
                read(bytes(data))
                outcomes[kind, "read"] += 1
            except LipsyncError:
                outcomes[kind, "refused"] += 1
    assert sum(outcomes.values()) == 8 * 40
    assert len({outcome for _, outcome in outcomes}) == 2, "some are still pictures, some are not"
