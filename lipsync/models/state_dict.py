"""The tensors in a file of weights, by name; a stranger's file runs none of its own code here.

Needs torch (extra ``wav2lip``).
"""

from __future__ import annotations

import pickle
import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lipsync.errors import LipsyncError
from lipsync.installation import needs_torch
from lipsync.models.looks import cut_short, format_of

if TYPE_CHECKING:
    from torch import Tensor

_CUT = ("header too small", "invalid header length", "file not fully covered")
"""What safetensors says of a file that ends too early."""

_NEST = 3
"""A state dict is looked for this deep: ``{"state_dict": …}``, ``{"model": {"state_dict": …}}``."""


def import_torch(what: str) -> Any:
    """The module torch. Raises LipsyncError needs_torch, which names ``what`` needs it."""
    try:
        import torch  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        raise needs_torch(what) from error
    return torch


def read_state_dicts(
    path: Path, *, what: str = "Wav2Lip", stand_ins: Sequence[str] = ()
) -> Iterator[dict[str, Tensor]]:
    """Every state dict in the file, outermost first; on the CPU, of the file's own dtypes.

    A checkpoint of a training holds the network's among counters and the optimizer's state. Tensors keep the
    device out of it: what was stored as cuda:0 is read to the CPU. ``what`` needs torch, for the sentence that says
    so; classes whose full names are ``stand_ins`` are read as objects without any code.

    Raises LipsyncError: needs_torch, weights_unsafe, and what :func:`lipsync.models.looks.format_of` raises.
    """
    kind = format_of(path)
    import_torch(what)
    if kind == "safetensors":
        stored: object = _safetensors(path)
    elif kind == "torchscript":
        from lipsync.models.torchscript import read_archive  # noqa: PLC0415 - needs torch

        stored = read_archive(path)
    else:
        stored = _torch_file(path, stand_ins)
    return _state_dicts(stored, _NEST)


def read_torch_file(path: Path, *, what: str) -> object:
    """What torch.save wrote, when it is tensors, numbers, strings and their containers; else an error.

    Raises what :func:`read_state_dicts` raises.
    """
    if format_of(path) not in ("zip", "legacy"):
        raise LipsyncError("weights_unreadable", file=path)
    import_torch(what)
    return _torch_file(path)


class _Nothing:
    """Stands in for a class of a stranger's file: it takes what was stored of an object, and does nothing."""


def _torch_file(path: Path, stand_ins: Sequence[str] = ()) -> object:
    """What torch.save wrote, with ``weights_only``: tensors, numbers, strings and their containers, or an error."""
    import torch  # noqa: PLC0415

    allowed = torch.serialization.safe_globals([(_Nothing, name) for name in stand_ins])
    try:
        with warnings.catch_warnings(), allowed:
            warnings.simplefilter("ignore")  # of pickle protocols and storages that are not of today
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # It tells a class or function that is not on its list only by its message.
        code = "weights_unsafe" if "global" in str(error).lower() else "weights_unreadable"
        raise LipsyncError(code, file=path) from error
    except (EOFError, struct.error) as error:
        raise cut_short(path) from error
    except MemoryError:
        raise
    except Exception as error:  # on damaged data its readers raise nearly every kind
        if "unexpected EOF" in str(error):
            raise cut_short(path) from error
        raise LipsyncError("weights_unreadable", file=path) from error


def _safetensors(path: Path) -> object:
    try:
        from safetensors import SafetensorError  # noqa: PLC0415
        from safetensors.torch import load_file  # noqa: PLC0415
    except ImportError as error:
        raise needs_torch(path.name) from error
    try:
        return load_file(path, device="cpu")
    except SafetensorError as error:
        if any(
            said in str(error) for said in ("header too small", "invalid header length", "file not fully covered")
        ):
            raise cut_short(path) from error
        raise LipsyncError("weights_unreadable", file=path) from error


def _state_dicts(stored: object, depth: int) -> Iterator[dict[str, Tensor]]:
    from torch import Tensor  # noqa: PLC0415

    if not isinstance(stored, Mapping):
        return
    tensors = {key: value for key, value in stored.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if tensors:
        yield tensors
    if depth:
        for value in stored.values():
            yield from _state_dicts(value, depth - 1)
