"""Bytes that should be text: decoded without a guess, or refused with a sentence that names the encoding.

UTF-8 is what every way in expects. A byte order mark decides by itself, and an encoding that the sender states is
believed where the bytes are not UTF-8: RFC 8259, section 8.1, wants UTF-8 between systems, but programs with a cp1251
console state ``charset=windows-1251`` truly. Nothing is decoded with replacement characters: a voice would leave
them out without a word.
"""

from __future__ import annotations

import codecs

from lipsync.errors import LipsyncError

Words = dict[str, str]
"""The same words by language, as :class:`lipsync.errors.LipsyncError` takes them."""

STATED = frozenset(
    (
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii"),
        *("cp866", "cp1250", "cp1251", "cp1252", "cp1254", "koi8-r", "koi8-u", "kz1048", "ptcp154", "mac-cyrillic"),
        *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-9", "iso8859-15"),
    )
)
"""Encodings, in the names of Python's :mod:`codecs`, that a sender may state: those of the languages spoken here.
Other codecs of Python (``rot13``, ``zip``, ``idna``) are not text encodings."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the codec that reads and removes each."""

OVER_HTTP: Words = {
    "en": "send UTF-8, or state the encoding (charset=windows-1251)",
    "ru": "пришлите UTF-8 или укажите кодировку (charset=windows-1251)",
}
IN_TERMINAL: Words = {
    "en": "convert it to UTF-8 (iconv -f windows-1251 -t utf-8)",
    "ru": "перекодируйте его в UTF-8 (iconv -f windows-1251 -t utf-8)",
}
IN_ADDRESS: Words = {"en": "send UTF-8, percent-encoded", "ru": "пришлите UTF-8 с процентным кодированием"}


def decode_text(data: bytes, stated: str | None, *, source: Words, remedy: Words = OVER_HTTP) -> str:
    """``data`` as text: by its byte order mark, as UTF-8, or in the encoding that its sender has ``stated``.

    ``source`` says where the text stands, ``remedy`` what to do about it. Raises LipsyncError not_utf8.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _decode(data, codec, source, remedy)
    codec = _codec(stated)
    if codec.startswith(("utf-16", "utf-32")):  # such bytes may be UTF-8 as well, full of NUL
        return _decode(data, codec, source, remedy)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode(data, codec, source, remedy)


def check_argument(value: str | None, name: str) -> None:
    """Refuse an argument of the command line that was not in the terminal's encoding: Python hands its bytes over as
    lone surrogates (PEP 383). ``name`` is what ``--help`` calls it. Raises LipsyncError not_utf8."""
    if value is not None and any("\udc80" <= character <= "\udcff" for character in value):
        raise not_utf8({"en": f"the argument {name}", "ru": f"аргумент {name}"}, IN_TERMINAL)


def not_utf8(source: Words, remedy: Words = OVER_HTTP) -> LipsyncError:
    """The error for text in ``source`` that cannot be decoded."""
    return LipsyncError("not_utf8", source=source, remedy=remedy)


def field_source(name: str) -> Words:
    """Where a form field's text stands, for :func:`decode_text`."""
    shown = name[:40]
    return {"en": f"the field “{shown}”", "ru": f"поле «{shown}»"}


def _codec(stated: str | None) -> str:
    """Name of the codec that is stated; ``utf-8`` where none is, or one that is not in STATED."""
    try:
        name = codecs.lookup((stated or "").strip().strip("\"'")).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return "utf-8"
    return name if name in STATED else "utf-8"


def _decode(data: bytes, codec: str, source: Words, remedy: Words) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise not_utf8(source, remedy) from error
