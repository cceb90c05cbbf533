"""Detection of picture formats, and of common other formats, from the first bytes of a file."""

from __future__ import annotations

_ANY_CODEC = (b"mif1", b"mif2", b"msf1")
"""Brands of HEIF and AVIF files that do not determine the codec."""
HEIF_BRANDS = (
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *_ANY_CODEC,
)
"""Major brands of HEIF files (ISO/IEC 23008-12, annex B)."""
_MP4_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
"""Major brands of MP4 files that hold sound alone (registered by Apple at mp4ra.org)."""
AVIF_BRANDS = (b"avif", b"avis")
"""Brands of AVIF files (AV1 Image File Format, section 6)."""

_HEAD_BYTES = 4096
"""Number of bytes in which text formats are searched."""
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "PDF"),
    (0, b"8BPS\0\1", "PSD"),
    (0, b"8BPS\0\2", "PSB"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"II\xbc\x01", "JPEG XR"),
    (0, b"II*\0\x10\0\0\0CR", "RAW (CR2)"),
    (4, b"ftypcrx ", "RAW (CR3)"),
    (0, b"FUJIFILMCCD-RAW", "RAW (RAF)"),
    (0, b"IIRO", "RAW (ORF)"),
    (0, b"IIRS", "RAW (ORF)"),
    (0, b"MMOR", "RAW (ORF)"),
    (0, b"IIU\0", "RAW (RW2)"),
    (0, b"\0MRM", "RAW (MRW)"),
    (0, b"FOVb", "RAW (X3F)"),
    (0, b"%!PS", "EPS"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS"),
    (0, b"gimp xcf", "XCF"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"icns", "ICNS"),
    (0, b"DDS ", "DDS"),
    (0, b"qoif", "QOI"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "HDR"),
    (0, b"\xd7\xcd\xc6\x9a", "WMF"),
    (40, b" EMF", "EMF"),
    (0, b"AT&TFORM", "DjVu"),
    (0, b"PK\3\4", "ZIP"),
    (0, b"Rar!\x1a\x07", "RAR"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"fLaC", "FLAC"),
    (0, b"OggS", "Ogg"),
    (0, b"ID3", "MP3"),
    (8, b"WAVEfmt", "WAV"),
    *((0, b"P%d%s" % (number, space), "PNM") for number in range(1, 8) for space in (b"\n", b" ", b"\r\n")),
)
"""Offset, bytes and name of formats that are not accepted. No accepted format matches any of them."""


def is_avif(data: bytes) -> bool:
    """Whether a file is AVIF by its major brand or, where that names no codec, by a compatible one."""
    major, *compatible = _brands(data) or (b"",)
    return major in AVIF_BRANDS or (major in _ANY_CODEC and any(brand in AVIF_BRANDS for brand in compatible))


def is_heif(data: bytes) -> bool:
    """Whether a file is HEIF by its brands, and not AVIF."""
    brands = _brands(data)
    return bool(brands) and brands[0] in HEIF_BRANDS and not is_avif(data)


def is_mp4_audio(data: bytes) -> bool:
    """Whether a file says that it is MP4 with sound and no pictures, such as ``.m4a``."""
    return data[4:8] == b"ftyp" and data[8:12] in _MP4_AUDIO_BRANDS


def is_accepted_picture(data: bytes) -> bool:
    """Whether the first bytes are those of an accepted picture format; the file may be truncated."""
    return (
        data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))
        or data.startswith((b"GIF87a", b"GIF89a"))
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[:2] == b"BM" and data[6:10] == bytes(4))
        or is_avif(data)
        or is_heif(data)
    )


def unsupported_format_name(data: bytes) -> str | None:
    """Return the name of a known format that is not accepted, such as ``SVG`` or ``PDF``; None for any other."""
    for offset, signature, name in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return name
    text = data[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<"):
        if b"<svg" in text:
            return "SVG"
        if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
            return "HTML"
    return None


def _brands(data: bytes) -> tuple[bytes, ...]:
    """Return the major brand and the compatible ones of the ``ftyp`` box (ISO/IEC 14496-12, 4.3) at the start."""
    if data[4:8] != b"ftyp":
        return ()
    size = min(int.from_bytes(data[:4], "big"), _HEAD_BYTES, len(data))
    return (data[8:12], *(data[offset : offset + 4] for offset in range(16, size - 3, 4)))
