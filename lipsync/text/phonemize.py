"""Text to phonemes by espeak-ng, without synthesizing sound."""

from __future__ import annotations

import ctypes
import re

from lipsync.text.espeak_library import CHARS_UTF8, open_espeak

_IPA = 0x02
"""phonememode of espeak_TextToPhonemes (speak_lib.h): IPA in UTF-8."""
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")
"""Marks a change of language inside the text, as in “(en)kəmpjˈuːɾɚ(ru)”."""


def phonemize(text: str, voice: str) -> str:
    """The phonemes of ``text`` in IPA, with stress marks; clauses are separated by a space.

    ``voice`` is the name of an espeak-ng voice, e.g. ``en-us``. Example: "computer" gives "kəmpjˈuːɾɚ".

    Raises InstallationError if espeak-ng is missing, ValueError for an unknown voice.
    """
    encoded = ctypes.c_char_p(text.replace("\0", " ").encode())
    position = ctypes.c_void_p(ctypes.cast(encoded, ctypes.c_void_p).value)
    clauses: list[str] = []
    with open_espeak() as library:
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = (ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int)
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        while position.value is not None:  # each call converts one clause and moves the position behind it
            clauses.append((library.espeak_TextToPhonemes(ctypes.byref(position), CHARS_UTF8, _IPA) or b"").decode())
    return _LANGUAGE_SWITCH.sub("", " ".join(clauses)).strip()
