"""Every kind of picture file becomes upright sRGB of even size."""

from __future__ import annotations

import struct
import warnings
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from lipsync.face.picture import read_picture, upright_size

pillow_heif.register_heif_opener()  # the tests write HEIC by it

RED, GREEN, BLUE, GREY = (200, 40, 30), (40, 180, 60), (30, 60, 190), (120, 120, 120)


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """Red and green above, blue and grey below."""
    image = Image.new("RGB", (width, height))
    for color, x, y in ((RED, 0, 0), (GREEN, 1, 0), (BLUE, 0, 1), (GREY, 1, 1)):
        image.paste(color, (x * width // 2, y * height // 2, (x + 1) * width // 2, (y + 1) * height // 2))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(data: bytes, max_megapixels: float = 50, max_side: int = 1920) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what Pillow warns of must not reach the log of a server
        picture = read_picture(data, max_megapixels=max_megapixels, max_side=max_side)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.shape[0] % 2 == picture.shape[1] % 2 == 0
    assert picture.flags.c_contiguous
    return picture


def corners(picture: np.ndarray) -> list[tuple[int, ...]]:
    """Colours in the middles of the four quarters: above left and right, below left and right."""
    height, width = picture.shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    return [tuple(int(value) for value in picture[y, x]) for y in rows for x in columns]


def assert_close(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]], within: int) -> None:
    assert np.abs(np.array(found) - np.array(wanted)).max() <= within, (found, wanted)


@pytest.mark.parametrize(
    ("kind", "options", "within"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, 6),
        ("JPEG", {"quality": 95, "progressive": True}, 6),
        ("PNG", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("AVIF", {"quality": 95, "subsampling": "4:4:4"}, 6),
        ("HEIF", {"quality": 95, "chroma": 444}, 6),
        ("GIF", {}, 2),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
    ],
)
def test_every_format_is_read_with_its_colours(kind: str, options: dict[str, object], within: int) -> None:
    picture = read(saved(quarters(), kind, **options))
    assert picture.shape == (48, 64, 3)
    assert_close(corners(picture), [RED, GREEN, BLUE, GREY], within)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_exif_rotation_is_applied(kind: str, orientation: int) -> None:
    lay = {  # how the camera stored an upright picture that it marks so: the inverse of what undoes it
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = quarters() if orientation == 1 else quarters().transpose(lay[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind in ("JPEG", "AVIF", "HEIF") else {"lossless": True} if kind == "WEBP" else {}
    picture = read(saved(image, kind, exif=exif.tobytes() if kind == "HEIF" else exif, **options))
    assert picture.shape == (48, 64, 3)
    assert_close(corners(picture), [RED, GREEN, BLUE, GREY], 12)


def test_transparency_is_flattened_on_white() -> None:
    image = quarters().convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, 32, 24))
    alpha.paste(128, (32, 0, 64, 24))
    image.putalpha(alpha)
    half = tuple((color * 128 + 255 * 127) // 255 for color in GREEN)
    for kind in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        assert_close(corners(read(saved(image, kind, **options))), [(255, 255, 255), half, BLUE, GREY], 1)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_the_orientation_of_the_container_is_the_only_one(kind: str) -> None:
    """Cameras write it twice: as a property of the picture (irot) and into its EXIF data."""
    turned = Image.Exif()
    turned[0x0112], turned[0x0113] = 6, 6  # the writer turns the first into the property and takes it out
    lying = quarters().transpose(Image.Transpose.ROTATE_90)
    both = with_orientation(saved(lying, kind, exif=turned.tobytes(), quality=95))
    assert b"irot" in both
    assert_close(corners(read(both)), [RED, GREEN, BLUE, GREY], 12)

    turned = Image.Exif()
    turned[0x0113] = 6
    exif_alone = with_orientation(saved(quarters(), kind, exif=turned.tobytes(), quality=95))
    assert b"irot" not in exif_alone
    assert_close(corners(read(exif_alone)), [RED, GREEN, BLUE, GREY], 12)
    assert upright_size(both) == upright_size(exif_alone) == (64, 48)


def with_orientation(data: bytes) -> bytes:
    """The file with its EXIF tag 0x0113 made the orientation, which writers take out."""
    for order in ("big", "little"):
        entries = [
            tag.to_bytes(2, order) + (3).to_bytes(2, order) + (1).to_bytes(4, order) for tag in (0x0113, 0x0112)
        ]
        if entries[0] in data:
            return data.replace(*entries)
    raise AssertionError("no EXIF data")


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_transparency_of_lossy_formats_is_flattened_on_white(kind: str) -> None:
    image = quarters().convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, 32, 24))
    image.putalpha(alpha)
    assert_close(corners(read(saved(image, kind, quality=95))), [(255, 255, 255), GREEN, BLUE, GREY], 12)


def test_a_transparent_gif_is_flattened_on_white() -> None:
    palette = quarters().quantize(4)
    data = saved(palette, "GIF", transparency=palette.getpixel((0, 0)))
    assert_close(corners(read(data)), [(255, 255, 255), GREEN, BLUE, GREY], 2)


def test_tiles_of_a_phones_heic_are_put_together() -> None:
    image = quarters(640, 480)
    data = saved(image, "HEIF", quality=95, tile_size=128)
    assert b"grid" in data
    picture = read(data)
    assert picture.shape == (480, 640, 3)
    assert_close(corners(picture), [RED, GREEN, BLUE, GREY], 8)


def test_ten_bits_become_eight() -> None:
    ramp = np.repeat(np.linspace(0, 65535, 256).astype(np.uint16)[None, :, None], 64, axis=0).repeat(3, axis=2)
    file = BytesIO()
    pillow_heif.encode("RGB;16", (256, 64), ramp.tobytes(), file, quality=95, chroma=444)
    assert np.abs(read(file.getvalue())[32, :, 0].astype(int) - np.arange(256)).max() <= 6


def test_grey_with_transparency() -> None:
    image = Image.new("LA", (8, 8), (100, 255))
    image.paste((100, 0), (0, 0, 4, 8))
    picture = read(saved(image, "PNG"))
    assert picture[4, 1].tolist() == [255, 255, 255]
    assert picture[4, 6].tolist() == [100, 100, 100]


def test_palettes_with_and_without_transparency() -> None:
    palette = quarters().quantize(4)
    assert_close(corners(read(saved(palette, "PNG"))), [RED, GREEN, BLUE, GREY], 2)
    clear = palette.getpixel((0, 0))
    assert_close(corners(read(saved(palette, "PNG", transparency=clear))), [(255, 255, 255), GREEN, BLUE, GREY], 2)
    levels = bytes(0 if index == clear else 255 for index in range(4))
    assert_close(corners(read(saved(palette, "PNG", transparency=levels))), [(255, 255, 255), GREEN, BLUE, GREY], 2)


def test_black_and_white_and_grey() -> None:
    line = Image.new("1", (8, 4), 1)
    assert read(saved(line, "PNG")).min() == 255
    grey = read(saved(quarters().convert("L"), "JPEG", quality=95))
    assert np.ptp(grey, axis=2).max() == 0
    assert_close(corners(grey)[3:], [GREY], 4)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bits_keeps_its_brightness(kind: str) -> None:
    ramp = np.repeat(np.linspace(0, 65535, 256).astype(np.uint16)[None], 8, axis=0)
    picture = read(saved(Image.fromarray(ramp), kind))
    assert np.abs(picture[4, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_colour_of_16_bits_keeps_its_brightness() -> None:
    rows = b"".join(b"\0" + struct.pack(">12H", *[value * 257 for value in RED * 4]) for _ in range(4))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    assert read(data)[2, 2].tolist() == list(RED)


@pytest.mark.parametrize(("white", "dtype"), [(1.0, np.float32), (65535, np.int32)])
def test_grey_of_32_bits(white: float, dtype: type) -> None:
    ramp = (np.repeat(np.linspace(0, 1, 256)[None], 8, axis=0) * white).astype(dtype)
    picture = read(saved(Image.fromarray(ramp), "TIFF"))
    assert np.abs(picture[4, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_cmyk_is_not_read_as_a_negative() -> None:
    cmyk = quarters().convert("CMYK")
    assert_close(corners(read(saved(cmyk, "JPEG", quality=95))), [RED, GREEN, BLUE, GREY], 12)
    assert_close(corners(read(saved(cmyk, "TIFF"))), [RED, GREEN, BLUE, GREY], 2)


def test_a_colour_profile_is_followed() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    xyz = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    plain = read(saved(quarters(), "PNG"))
    assert np.abs(read(saved(quarters(), "PNG", icc_profile=srgb.tobytes())).astype(int) - plain).max() <= 1
    for foreign in (lab, xyz):  # a profile of another colour space than the pixels': left aside, and told in the log
        assert (read(saved(quarters(), "PNG", icc_profile=foreign.tobytes())) == plain).all()
    assert (read(saved(quarters(), "PNG", icc_profile=b"not a profile")) == plain).all()


def test_a_profile_with_swapped_primaries_changes_the_colours() -> None:
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    for entry in range(struct.unpack_from(">I", data, 128)[0]):
        name, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * entry)
        places[name] = (offset, size)
    (red, size), (blue, _) = places[b"rXYZ"], places[b"bXYZ"]
    data[red : red + size], data[blue : blue + size] = data[blue : blue + size], data[red : red + size]
    picture = read(saved(quarters(), "PNG", icc_profile=bytes(data)))
    assert_close(corners(picture)[:1], [RED[::-1]], 3)


def test_the_first_frame_of_several() -> None:
    frames = [Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)]
    for kind in ("TIFF", "WEBP", "PNG", "GIF", "AVIF", "HEIF"):
        options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind in ("AVIF", "HEIF") else {}
        picture = read(saved(frames[0], kind, save_all=True, append_images=frames[1:], **options))
        assert_close([tuple(picture[8, 8].tolist())], [RED], 6)


def test_a_phones_jpeg_with_two_pictures_inside() -> None:
    data = saved(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))], quality=95)
    assert_close(corners(read(data)), [RED, GREEN, BLUE, GREY], 12)


@pytest.mark.parametrize(
    ("size", "shape"), [((1, 1), (2, 2)), ((65, 49), (48, 64)), ((3, 1), (2, 2)), ((2, 5), (4, 2))]
)
def test_odd_sizes_lose_a_row_and_are_not_stretched(size: tuple[int, int], shape: tuple[int, int]) -> None:
    pixels = np.arange(size[0] * size[1] * 3, dtype=np.uint64).reshape(size[1], size[0], 3).astype(np.uint8)
    picture = read(saved(Image.fromarray(pixels), "PNG"))
    assert picture.shape[:2] == shape
    rows, columns = min(shape[0], size[1]), min(shape[1], size[0])
    assert (picture[:rows, :columns] == pixels[:rows, :columns]).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "AVIF", "HEIF", "GIF"])
def test_a_large_picture_is_scaled_down(kind: str) -> None:
    picture = read(saved(quarters(1200, 900), kind), max_side=200)
    assert picture.shape == (150, 200, 3)
    assert_close(corners(picture), [RED, GREEN, BLUE, GREY], 8)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "L", "P", "CMYK", "I;16"])
def test_a_huge_picture_is_shrunk_in_bands_without_a_trace(mode: str) -> None:
    image = quarters(1210, 907)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.quantize(4) if mode == "P" else image.convert(mode)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    picture = read(saved(image, kind), max_side=100)
    assert picture.shape == (74, 100, 3)
    whole = np.asarray(image.convert("RGB").resize((100, 75), Image.Resampling.LANCZOS))[:74].astype(int)
    if mode == "I;16":
        whole = np.asarray(quarters(1210, 907).convert("L").convert("RGB").resize((100, 75)))[:74].astype(int)
    inner = np.ones((74, 100), bool)
    inner[34:41], inner[:, 46:54] = False, False  # where the quarters meet two kernels may differ
    assert np.abs(picture - whole)[inner].max() <= 3


def test_a_long_strip_survives_scaling() -> None:
    assert read(saved(Image.new("RGB", (5000, 1), RED), "PNG"), max_side=100).shape == (2, 100, 3)
