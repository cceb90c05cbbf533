"""Headers of picture files."""

from __future__ import annotations

import io

import pillow_heif
import pytest
from PIL import Image

from lipsync.face.picture import FORMATS
from lipsync.face.picture_header import PictureHeader, read_header

pillow_heif.register_heif_opener()  # the tests write HEIC with it


def picture(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB", **more: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **more)
    return buffer.getvalue()


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
    assert read_header(picture((30, 20), kind, mode)) == PictureHeader(30, 20, kind, expected)


def test_transparency_in_a_palette_is_seen() -> None:
    found = read_header(picture((30, 20), "PNG", "P", transparency=0))
    assert found == PictureHeader(30, 20, "PNG", "PA")


@pytest.mark.parametrize("kind", FORMATS)
def test_the_header_of_every_accepted_format_is_read(kind: str) -> None:
    assert read_header(picture((30, 20), kind)) == PictureHeader(30, 20, kind, "P" if kind == "GIF" else "RGB")
