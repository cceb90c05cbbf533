"""A picture file of any common kind as RGB, bounded before it is decoded."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import TiffImageFile

from lipsync.errors import LipsyncError
from lipsync.face.avif import coded_sizes
from lipsync.face.errors import PortraitError, not_a_picture
from lipsync.storage.file_formats import PICTURES
from lipsync.storage.file_signature import is_accepted_picture, is_avif, is_heif, unsupported_format_name

FORMATS = tuple(picture.reader for picture in PICTURES)
"""Accepted formats by the names of Pillow's plugins. The file's content decides, never its name."""

BACKGROUND = 255
"""What shows through transparent parts: white, as a page or a viewer would show it."""

_log = logging.getLogger(__name__)
_one_at_a_time = Lock()
_ORIENTATION = 0x0112  # the EXIF tag
_SUBFILE_TYPE, _SUB_IFDS, _DNG_VERSION = 0x00FE, 0x014A, 0xC612  # TIFF tags
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_picture(data: bytes, *, max_megapixels: float, max_side: int) -> NDArray[np.uint8]:
    """Decode a picture of one of the accepted formats: (H, W, 3) RGB uint8, sRGB, upright, H and W even, at least 2.

    EXIF rotation (of AVIF and HEIC the container's own) is applied, transparency flattened on white, a colour profile
    followed; grey, palette, CMYK and 16 bit are converted; of several frames the first is taken. A picture longer
    than ``max_side`` is scaled down; an odd last row or column is left out, nothing is stretched.

    Raises LipsyncError: not_a_picture, broken_picture (damaged or cut short), picture_too_large (more pixels in
    the header than ``max_megapixels`` million: nothing has been decoded then).
    """
    with _one_at_a_time, _pillow_quiet():
        try:
            with _open(data) as image:
                _check_size(image.size, max_megapixels)
                if image.format == "AVIF":
                    for size in coded_sizes(data):
                        _check_size(size, max_megapixels)
                return _even(np.asarray(_rgb(image, max_side)))
        except (LipsyncError, MemoryError):
            raise
        except Exception as error:  # on damaged data Pillow's readers raise nearly every kind
            other = unsupported_format_name(data)
            if other is None and is_accepted_picture(data):
                raise PortraitError("broken_picture") from error
            raise not_a_picture(other) from error


def upright_size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture file that :func:`read_picture` has read, upright, before anything was shrunk."""
    with _one_at_a_time, _pillow_quiet(), _open(data) as image:
        lying = image.getexif().get(_ORIENTATION, 1) >= 5  # the orientations that turn by a quarter
        return (image.height, image.width) if lying else (image.width, image.height)


def read_size(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Width and height of what :func:`read_picture` makes of an upright picture of ``size``, in pixels."""
    if max(size) > max_side:
        size = _fitted(size, max_side)
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)


def _fitted(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """``size`` with ``max_side`` as its longer side, in whole pixels."""
    longest = max(size)
    return max(1, round(size[0] * max_side / longest)), max(1, round(size[1] * max_side / longest))


def readers_for(data: bytes) -> tuple[str, ...]:
    """Names of Pillow's plugins that may read ``data``, all loaded; the one for HEIC only where it is needed."""
    if not is_heif(data):
        return tuple(name for name in FORMATS if name != "HEIF")
    import pillow_heif  # noqa: PLC0415 - 26 MB of libraries

    # A thumbnail is never decoded in place of the picture: it need not show the same.
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    return ("HEIF",)


def _open(data: bytes) -> Image.Image:
    """The picture, its header read. Raises LipsyncError not_a_picture for a camera's raw file."""
    image = Image.open(BytesIO(data), formats=readers_for(data))
    if isinstance(image, TiffImageFile):
        # TIFF/EP (ISO 12234-2) and DNG put a small preview first and the raw picture into a sub-IFD.
        tags = image.tag_v2
        if _DNG_VERSION in tags or (tags.get(_SUBFILE_TYPE) == 1 and _SUB_IFDS in tags):
            raise not_a_picture("RAW")
    if is_avif(data):
        image.info.pop("xmp", None)  # Pillow would turn it once more by an orientation that stands there
    return image


def _check_size(size: tuple[int, int], max_megapixels: float) -> None:
    width, height = size
    if width * height > max_megapixels * 1e6:
        raise PortraitError("picture_too_large", width=width, height=height, limit=f"{max_megapixels:g}")


@contextmanager
def _pillow_quiet() -> Iterator[None]:
    """Without Pillow's warnings and its own limit of pixels: ours is checked instead.

    Both belong to the whole process, hence the lock around it.
    """
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _rgb(image: Image.Image, max_side: int) -> Image.Image:
    """Decode, turn upright, shrink to ``max_side`` and convert to sRGB, in the order that needs least memory."""
    longest = max(image.size)
    if longest > max_side:  # a JPEG can be decoded at 1/2, 1/4 or 1/8 of its size; other formats ignore this
        image.draft(None, (image.width * max_side // longest, image.height * max_side // longest))
    image.load()
    profile = image.info.get("icc_profile")
    orientation = image.getexif().get(_ORIENTATION, 1)
    longest = max(image.size)
    size = _fitted(image.size, max_side)
    image = _plain(image, longest // max_side // 2)
    if longest > max_side:
        image = image.resize(size, Image.Resampling.LANCZOS)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if alpha is not None:
        image = image.convert("L" if image.mode == "LA" else "RGB")
    image = _to_srgb(image, profile) if profile else image.convert("RGB")
    if alpha is not None:
        image = Image.composite(image, Image.new("RGB", image.size, (BACKGROUND,) * 3), alpha)
    return image


def _plain(image: Image.Image, shrink: int) -> Image.Image:
    """The image in one of the modes L, LA, RGB, RGBA, CMYK, 8 bits a channel, and ``shrink`` times smaller if > 1.

    Band by band, so that no second copy of a huge picture is made on the way.
    """
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if shrink <= 1:
        return _plain_mode(image)
    small = Image.new(
        _plain_mode(image.crop((0, 0, 1, 1))).mode, (-(-image.width // shrink), -(-image.height // shrink))
    )
    rows = 32 * shrink
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        small.paste(_plain_mode(band).reduce(shrink), (0, top // shrink))
    return small


def _plain_mode(image: Image.Image) -> Image.Image:
    if image.mode == "RGBa":  # premultiplied alpha
        return image.convert("RGBA")
    if image.mode in ("P", "PA") or (image.has_transparency_data and image.mode not in ("LA", "RGBA")):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, or of floats (white is 1, or 255, or 65535, whichever holds all values), as L."""
    values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
    brightest = float(values.max(initial=0))
    whites = (1.0, 255.0, 65535.0) if image.mode.startswith("F") else (65535.0,)
    white = next((white for white in whites if brightest <= white), brightest)
    return Image.fromarray(np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """RGB in sRGB by the picture's own colour profile; as if it had none when the profile does not fit."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        _log.warning("colour profile left aside: %s", error)
        converted = None
    return image.convert("RGB") if converted is None else converted


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without an odd last row and column; a single row or column is doubled."""
    height, width = pixels.shape[:2]
    pixels = np.pad(pixels, ((0, int(height == 1)), (0, int(width == 1)), (0, 0)), mode="edge")
    return np.ascontiguousarray(pixels[: max(2, height // 2 * 2), : max(2, width // 2 * 2)])
