"""What is no picture, a broken one or too large a one gets its one sentence, and costs nothing."""

from __future__ import annotations

import struct
import warnings
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.face.picture import read_picture


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
    assert "20000" in error.sentence("ru")


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
        b"GIF89a" + bytes(200),
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVEfmt ",
        bytes(1000),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["empty", "html", "lfs", "bm-text", "gif", "pdf", "wave", "zeros", "svg"],
)
def test_what_is_no_picture(data: bytes) -> None:
    assert refusal(data).code == "not_a_picture"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
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
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF"):
        whole = saved(Image.radial_gradient("L").convert("RGB"), kind)
        for _ in range(40):
            data = bytearray(whole)
            for place in random.integers(0, len(data), 8):
                data[place] = random.integers(0, 256)
            with suppress(LipsyncError):
                read(bytes(data))
