"""Strict decoding of text from bytes: never guesses an encoding, never replaces characters.

All inputs expect UTF-8. A byte order mark takes precedence, and an encoding stated by the sender is used where the
bytes are not UTF-8: RFC 8259, section 8.1, requires UTF-8 between systems, but programs with a cp1251 console
correctly state ``charset=windows-1251``. Replacement characters are never produced: a voice would silently skip them.
"""

from __future__ import annotations

import codecs

from lipsync.errors import LipsyncError
from lipsync.messages import Message
from lipsync.text.errors import TextError

ALLOWED_ENCODINGS = frozenset(
    (
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii"),
        *("cp866", "cp1250", "cp1251", "cp1252", "cp1254", "koi8-r", "koi8-u", "kz1048", "ptcp154", "mac-cyrillic"),
        *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-9", "iso8859-15"),
    )
)
"""Encodings that a sender may state, by their names in :mod:`codecs`: those of the supported languages. Other codecs
of Python (``rot13``, ``zip``, ``idna``) are not text encodings."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the codec that decodes and removes each."""

OVER_HTTP = Message("remedy.utf8_request")
IN_TERMINAL = Message("remedy.utf8_terminal")
IN_ADDRESS = Message("remedy.utf8_address")


def decode_text(data: bytes, stated: str | None, *, source: Message, remedy: Message = OVER_HTTP) -> str:
    """Decode ``data`` by its byte order mark, as UTF-8, or in the encoding ``stated`` by the sender.

    For the error message, ``source`` names the text and ``remedy`` says what to do. Raises TextError.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _decode(data, codec, source, remedy)
    codec = _codec(stated)
    if codec.startswith(("utf-16", "utf-32")):  # such bytes may be valid UTF-8 too, with NUL characters
        return _decode(data, codec, source, remedy)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode(data, codec, source, remedy)


def check_argument(value: str | None, name: str) -> None:
    """Raise TextError for a command-line argument that is not in the encoding of the terminal.

    Python passes its bytes as lone surrogates (PEP 383). ``name`` is the name of the argument in ``--help``.
    """
    if value is not None and any("\udc80" <= character <= "\udcff" for character in value):
        raise not_utf8(Message("source.argument", name=name), IN_TERMINAL)


def not_utf8(source: Message, remedy: Message = OVER_HTTP) -> LipsyncError:
    """The error for undecodable text in ``source``."""
    return TextError("not_utf8", source=source, remedy=remedy)


def field_source(name: str) -> Message:
    """The ``source`` of a form field for :func:`decode_text`."""
    return Message("source.field", field=name[:40])


def _codec(stated: str | None) -> str:
    """Name of the stated codec; ``utf-8`` if none is stated, or one that is not in ALLOWED_ENCODINGS."""
    try:
        name = codecs.lookup((stated or "").strip().strip("\"'")).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return "utf-8"
    return name if name in ALLOWED_ENCODINGS else "utf-8"


def _decode(data: bytes, codec: str, source: Message, remedy: Message) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise not_utf8(source, remedy) from error
