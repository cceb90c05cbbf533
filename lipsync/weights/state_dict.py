"""Reads the tensors in a file of weights by name, without running any code of the file.

Needs torch (extra ``wav2lip``).
"""

from __future__ import annotations

import pickle
import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lipsync.runtime.installation import needs_torch
from lipsync.weights.errors import WeightsError
from lipsync.weights.sniff import detect_format, truncated_error

if TYPE_CHECKING:
    from torch import Tensor

_TRUNCATED = ("header too small", "invalid header length", "file not fully covered")
"""Parts of safetensors' messages for a file that ends too early."""

_MAX_DEPTH = 3
"""Number of levels at which a state dict is searched: ``{"model": {"state_dict": …}}`` has two."""


def import_torch(what: str) -> Any:
    """Import torch. Raises InstallationError, which names ``what`` needs it."""
    try:
        import torch  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        raise needs_torch(what) from error
    return torch


def read_state_dicts(
    path: Path, *, what: str = "Wav2Lip", stand_ins: Sequence[str] = ()
) -> Iterator[dict[str, Tensor]]:
    """Yield every state dict in the file, outermost first, on the CPU and with the dtypes of the file.

    A training checkpoint holds that of the network among counters and the state of the optimizer. Tensors that were
    stored as cuda:0 are read to the CPU. ``what`` names the feature that needs torch, for the error; classes with the
    full names ``stand_ins`` are replaced by objects without code.

    Raises InstallationError, WeightsError (weights_unsafe, and those of :func:`lipsync.weights.sniff.detect_format`).
    """
    kind = detect_format(path)
    import_torch(what)
    if kind == "safetensors":
        content: object = _load_safetensors(path)
    elif kind == "torchscript":
        from lipsync.weights.torchscript import read_archive  # noqa: PLC0415 - needs torch

        content = read_archive(path)
    else:
        content = _load_torch_file(path, stand_ins)
    return _find_state_dicts(content, _MAX_DEPTH)


def read_torch_file(path: Path, *, what: str) -> object:
    """Read a file of torch.save that holds only tensors, numbers, strings and containers of them.

    Raises what :func:`read_state_dicts` raises.
    """
    if detect_format(path) not in ("zip", "legacy"):
        raise WeightsError("weights_unreadable", file=path)
    import_torch(what)
    return _load_torch_file(path)


class _StandIn:
    """Replaces a class of the file: it accepts the stored state of an object, and does nothing with it."""


def _load_torch_file(path: Path, stand_ins: Sequence[str] = ()) -> object:
    """Load with ``weights_only``: tensors, numbers, strings and containers of them, or an error."""
    import torch  # noqa: PLC0415

    allowed = torch.serialization.safe_globals([(_StandIn, name) for name in stand_ins])
    try:
        with warnings.catch_warnings(), allowed:
            warnings.simplefilter("ignore")  # about old pickle protocols and storages
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # Only the message tells a class or function that is not allowed.
        code = "weights_unsafe" if "global" in str(error).lower() else "weights_unreadable"
        raise WeightsError(code, file=path) from error
    except (EOFError, struct.error) as error:
        raise truncated_error(path) from error
    except MemoryError:
        raise
    except Exception as error:  # damaged data makes its readers raise nearly everything
        if "unexpected EOF" in str(error):
            raise truncated_error(path) from error
        raise WeightsError("weights_unreadable", file=path) from error


def _load_safetensors(path: Path) -> object:
    try:
        from safetensors import SafetensorError  # noqa: PLC0415
        from safetensors.torch import load_file  # noqa: PLC0415
    except ImportError as error:
        raise needs_torch(path.name) from error
    try:
        return load_file(path, device="cpu")
    except SafetensorError as error:
        if any(message in str(error) for message in _TRUNCATED):
            raise truncated_error(path) from error
        raise WeightsError("weights_unreadable", file=path) from error


def _find_state_dicts(content: object, depth: int) -> Iterator[dict[str, Tensor]]:
    from torch import Tensor  # noqa: PLC0415

    if not isinstance(content, Mapping):
        return
    tensors = {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if tensors:
        yield tensors
    if depth:
        for value in content.values():
            yield from _find_state_dicts(value, depth - 1)
