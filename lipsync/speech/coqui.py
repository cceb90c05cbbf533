"""coqui-tts, the maintained continuation of Coqui's TTS, imported so that it runs with the torch that is here.

coqui-tts 0.28 imports torchaudio, of which it uses, for XTTS, two things: MelSpectrogram and resample. Both are plain
Python over torch. torchaudio's releases from 2.11 on ask for no particular torch, but the only wheel on the package
index is linked against CUDA 13: with a torch that has no CUDA, or another one, ``import torchaudio`` dies on its
compiled part, which nothing here uses. torchaudio itself does without that part where the library is not on the disk
(``torchaudio._extension._load_lib``), and that is what it is told here: when its import fails on the library, it is
imported again with ``torchaudio._extension`` saying that there is none. The formulas are then torchaudio's own, to
the bit, and the buffers that a checkpoint stores for them have the names that they should have; a reimplementation
would have to prove both. Where the library does load (CUDA 13, or PyTorch's own index), nothing is done.

Three more facts of that release: from torch 2.9 on it wants to see torchcodec installed (extra ``codec``; it is for
reading sound files, which lipsync/media/sound.py does, and is never imported); it imports ``six`` without asking for
it; its trainer's requirements (tensorboard, matplotlib, scikit-learn) are installed and not imported.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
import threading
import types
import warnings
from typing import Any

from lipsync.installation import needs_extra

_PACKAGES = {
    "torch": "torch",
    "TTS": "coqui-tts",
    "torchaudio": "torchaudio",
    "torchcodec": "torchcodec",
    "six": "six",
}

_importing = threading.Lock()


def missing_package() -> str | None:
    """The first package that XTTS needs and that is not installed; nothing is imported to tell."""
    found = (package for module, package in _PACKAGES.items() if importlib.util.find_spec(module) is None)
    return next(found, None)


def import_xtts() -> tuple[Any, Any]:
    """The classes Xtts and XttsConfig. Takes 4 s and 380 MB the first time.

    Raises LipsyncError missing_part.
    """
    absent = missing_package()
    if absent is not None:
        raise needs_extra(absent, "xtts")
    # What transformers says of the tiny GPT-2 inside of XTTS (odd token numbers) is true and of no use to anyone.
    logging.getLogger("transformers.configuration_utils").setLevel(logging.ERROR)
    with _importing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _import_torchaudio()
        try:
            from TTS.tts.configs.xtts_config import XttsConfig  # noqa: PLC0415 - an extra, and heavy
            from TTS.tts.models.xtts import Xtts  # noqa: PLC0415
        except (ImportError, OSError, RuntimeError) as error:  # RuntimeError: transformers wraps its own so
            raise needs_extra(f"coqui-tts ({error})", "xtts") from error
    return Xtts, XttsConfig


def _import_torchaudio() -> None:
    """``import torchaudio``, without its compiled part where that cannot be loaded."""
    try:
        import torchaudio  # noqa: PLC0415
    except (OSError, RuntimeError, ImportError):
        for name in [one for one in sys.modules if one.split(".")[0] == "torchaudio"]:
            del sys.modules[name]  # what the failed import left
        sys.modules["torchaudio._extension"] = _no_extension()
        import torchaudio  # noqa: F401, PLC0415


def _no_extension() -> types.ModuleType:
    """``torchaudio._extension`` as it is where its library is not on the disk."""

    def fail_if_no_align(function: Any) -> Any:  # its decorator of functions that XTTS does not call
        return function

    module = types.ModuleType("torchaudio._extension")
    module.__dict__.update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=fail_if_no_align
    )
    return module
