"""Import of coqui-tts, the maintained fork of Coqui's TTS, with whatever torch is installed.

coqui-tts 0.28 imports torchaudio, of which it uses, for XTTS, two things: MelSpectrogram and resample. Both are plain
Python over torch; :mod:`lipsync.runtime.torchaudio` imports it where its compiled extension cannot be loaded. The
formulas are then torchaudio's own, bit for bit, and the buffers in checkpoints have the expected names; a
reimplementation would have to prove both.

Three more facts of coqui-tts 0.28: from torch 2.9 on it checks that torchcodec is installed (extra ``codec``; for
reading sound files, which lipsync/audio/decode.py does; it is never imported); it imports ``six`` without requiring
it; the requirements of its trainer (tensorboard, matplotlib, scikit-learn) are installed and not imported.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
import warnings
from typing import Any

from lipsync.runtime.installation import needs_extra
from lipsync.runtime.torchaudio import import_torchaudio

_PACKAGES = {
    "torch": "torch",
    "TTS": "coqui-tts",
    "torchaudio": "torchaudio",
    "torchcodec": "torchcodec",
    "six": "six",
}

_importing = threading.Lock()


def missing_package() -> str | None:
    """Name of the first package that XTTS needs and that is not installed. Imports nothing."""
    missing = (package for module, package in _PACKAGES.items() if importlib.util.find_spec(module) is None)
    return next(missing, None)


def import_xtts() -> tuple[Any, Any]:
    """Import the classes Xtts and XttsConfig. Takes 4 s and 380 MB the first time.

    Raises InstallationError if a package is missing or cannot be imported.
    """
    missing = missing_package()
    if missing is not None:
        raise needs_extra(missing, "xtts")
    # transformers warns about the unusual token numbers of the small GPT-2 inside XTTS, which is of no use here.
    logging.getLogger("transformers.configuration_utils").setLevel(logging.ERROR)
    with _importing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_torchaudio()
        try:
            from TTS.tts.configs.xtts_config import XttsConfig  # noqa: PLC0415 - an extra, and heavy
            from TTS.tts.models.xtts import Xtts  # noqa: PLC0415
        except (ImportError, OSError, RuntimeError) as error:  # RuntimeError: transformers wraps its own so
            raise needs_extra(f"coqui-tts ({error})", "xtts") from error
    return Xtts, XttsConfig
