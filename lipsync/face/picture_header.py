"""Size, format and mode of a picture file, from its header: nothing is decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile


@dataclass(frozen=True)
class PictureHeader:
    """What the header of a picture file states."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    format: str
    """Pillow's name of the format."""
    mode: str
    """Pillow's name of the mode, with an A appended where single colours are transparent: ``PA``."""


def read_header(data: bytes) -> PictureHeader | None:
    """Read the header of a picture file; None for a format that is not accepted, or a damaged header.

    Pillow's readers are called directly and not by ``Image.open``, whose limit of pixels is global:
    :func:`lipsync.face.picture.read_picture` lifts it under a lock, for as long as it decodes.
    """
    from lipsync.face.picture import readers_for  # noqa: PLC0415 - nothing heavy loads at import

    for name in readers_for(data):
        try:
            with _readers(with_heif=name == "HEIF")[name](BytesIO(data)) as image:
                transparent = "A" if "transparency" in image.info and not image.mode.endswith("A") else ""
                return PictureHeader(image.width, image.height, name, image.mode + transparent)
        except Exception:
            continue
    return None


@cache
def _readers(*, with_heif: bool) -> Mapping[str, Callable[[IO[bytes]], ImageFile]]:
    """Return Pillow's readers by their names; each raises SyntaxError for a file of another format."""
    if with_heif:
        from pillow_heif import HeifImageFile  # noqa: PLC0415 - 26 MB of libraries

        return {"HEIF": HeifImageFile}
    from PIL.AvifImagePlugin import AvifImageFile  # noqa: PLC0415
    from PIL.BmpImagePlugin import BmpImageFile  # noqa: PLC0415
    from PIL.GifImagePlugin import GifImageFile  # noqa: PLC0415
    from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415
    from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415
    from PIL.TiffImagePlugin import TiffImageFile  # noqa: PLC0415
    from PIL.WebPImagePlugin import WebPImageFile  # noqa: PLC0415

    return {
        "AVIF": AvifImageFile,
        "BMP": BmpImageFile,
        "GIF": GifImageFile,
        "JPEG": JpegImageFile,
        "PNG": PngImageFile,
        "TIFF": TiffImageFile,
        "WEBP": WebPImageFile,
    }
