"""The espeak-ng library of the wheel espeakng-loader, opened with ctypes.

espeak-ng has one global state in a process, and keeps part of it from one utterance to the next (the phase of its
pitch flutter, the gain control), which no function of its interface resets: the second time, the same text sounds a
little different. So the library is loaded afresh for every use and unloaded after it, 3 ms; the result then depends
on nothing but the input. Nothing else may hold the library open: a second handle would keep its state alive.
"""

from __future__ import annotations

import ctypes
import threading
from _ctypes import dlclose
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lipsync.runtime.errors import InstallationError

SAMPLE_RATE = 22050
"""Sample rate in Hz of all voices of espeak-ng."""

# speak_lib.h of espeak-ng 1.52
CHARS_UTF8 = 1
INITIALIZE_PHONEME_EVENTS, INITIALIZE_PHONEME_IPA = 1 << 0, 1 << 1
_INITIALIZE_DONT_EXIT = 1 << 15
_AUDIO_OUTPUT_SYNCHRONOUS = 2

_exclusive = threading.Lock()
"""Held while the library is loaded: one use at a time in a process."""


@contextmanager
def open_espeak(options: int = 0) -> Iterator[ctypes.CDLL]:
    """Load and initialize espeak-ng, and unload it at the end of the context. Other threads wait meanwhile.

    ``options`` are INITIALIZE flags. Raises InstallationError if the library or its data are missing.
    """
    with _exclusive:
        library_path, data_path = _find_files()
        library = ctypes.CDLL(str(library_path))
        try:
            sample_rate = library.espeak_Initialize(
                _AUDIO_OUTPUT_SYNCHRONOUS, 200, str(data_path).encode(), options | _INITIALIZE_DONT_EXIT
            )
            if sample_rate != SAMPLE_RATE:
                raise InstallationError("missing_part", part="espeak-ng data", remedy="pip install espeakng-loader")
            yield library
            library.espeak_Terminate()
        finally:
            dlclose(library._handle)


def _find_files() -> tuple[Path, Path]:
    """Paths of the library and of its data in the wheel."""
    try:
        import espeakng_loader  # noqa: PLC0415 - only needed for speaking
    except ImportError as error:
        raise InstallationError("missing_part", part="espeak-ng", remedy="pip install espeakng-loader") from error
    library, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    if not library.is_file() or not data.is_dir():
        raise InstallationError(
            "missing_part", part="espeak-ng", remedy="pip install --force-reinstall espeakng-loader"
        )
    return library, data
