"""Import of torchaudio with whatever torch is installed.

torchaudio's releases from 2.11 on ask for no particular torch, but the only wheel on the package index is linked
against CUDA 13: with a torch without CUDA, or with another version, ``import torchaudio`` fails on its compiled
extension, and with it the imports of coqui-tts and of transformers, which do not use it. torchaudio works without it
where the library is not on the disk (``torchaudio._extension._load_lib``). So when its import fails on the
library, it is imported again with a ``torchaudio._extension`` that reports no library. Where the library loads (CUDA
13, or PyTorch's own index), nothing is replaced.
"""

from __future__ import annotations

import sys
import threading
import types
from typing import Any

_importing = threading.Lock()


def import_torchaudio() -> None:
    """``import torchaudio``, without its compiled extension where that cannot be loaded."""
    with _importing:
        try:
            import torchaudio  # noqa: PLC0415
        except (OSError, RuntimeError, ImportError):
            for name in [module for module in sys.modules if module.split(".")[0] == "torchaudio"]:
                del sys.modules[name]  # left by the failed import
            sys.modules["torchaudio._extension"] = _no_extension()
            import torchaudio  # noqa: F401, PLC0415


def _no_extension() -> types.ModuleType:
    """``torchaudio._extension`` as it behaves where its library is not on the disk."""

    def fail_if_no_align(function: Any) -> Any:  # decorator of functions that are not called here
        return function

    module = types.ModuleType("torchaudio._extension")
    module.__dict__.update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=fail_if_no_align
    )
    return module
