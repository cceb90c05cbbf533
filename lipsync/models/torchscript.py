"""TorchScript archives (torch.jit.save): their weights without running them, or the graph itself.

An archive is a zip: ``data.pkl`` (the modules' values, a pickle), ``data/N`` (the numbers) and ``code/`` (programs).
Needs torch (extra ``wav2lip``).
"""

from __future__ import annotations

import io
import pickle
import tokenize
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lipsync.errors import LipsyncError

if TYPE_CHECKING:
    import torch

_MOST_PICKLE = 32_000_000
"""Bytes of data.pkl; Wav2Lip's has fewer than 100,000."""

_DTYPES = {
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "DoubleStorage": "float64",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "BoolStorage": "bool",
}

_HARMLESS = frozenset(
    """
    _convolution abs add add_ adaptive_avg_pool2d avg_pool2d batch_norm cat clamp concat contiguous conv2d
    conv_transpose2d dim div dropout eq expand flatten format instance_norm leaky_relu leaky_relu_ len linear
    matmul max_pool2d mean mul mul_ ne neg norm numel ones permute pow prelu relu relu_ reshape rsub select
    sigmoid sigmoid_ size slice softmax split sqrt squeeze stack stride sub sub_ tanh tanh_ to transpose unsqueeze
    upsample_bilinear2d upsample_nearest2d view warn zeros zeros_like
    """.split()  # noqa: SIM905 - as a list it would be seventy lines
)
"""The operators of torch that a graph may name: arithmetic of a picture network. ``save`` and ``from_file``, which
write and read files, are among the others."""


def read_archive(path: Path) -> dict[str, torch.Tensor]:
    """Every tensor of an archive by its dotted name, on the CPU. No program of the archive runs.

    The pickle is read with a list of what may stand in it: containers, numbers, tensors and plain holders for the
    archive's own classes. Raises LipsyncError: weights_unsafe (something else is in it), weights_unreadable.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(one for one in archive.namelist() if one.endswith("/data.pkl"))
            if archive.getinfo(name).file_size > _MOST_PICKLE:
                raise LipsyncError("weights_unreadable", file=path)
            top = _Reader(archive, name.removesuffix("data.pkl")).load()
            found: dict[str, torch.Tensor] = {}
            _collect("", top, found)
            return found
    except _NotAllowed as error:
        raise LipsyncError("weights_unsafe", file=path) from error
    except (LipsyncError, MemoryError):
        raise
    except Exception as error:  # whatever a damaged pickle makes of it
        raise LipsyncError("weights_unreadable", file=path) from error


def load_graph(path: Path) -> torch.jit.ScriptModule:
    """The graph itself, on the CPU, ready to be called.

    A graph is a program; TorchScript could read and write files. So its text is looked through first, and one that
    calls anything but the arithmetic of a picture network is refused. Raises LipsyncError: weights_unsafe,
    weights_unreadable.
    """
    import torch  # noqa: PLC0415 - an extra, and heavy

    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if "/code/" in member.filename and member.filename.endswith(".py"):
                if member.file_size > _MOST_PICKLE:
                    raise LipsyncError("weights_unreadable", file=path)
                _check_program(archive.read(member).decode("utf-8", "replace"), path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.jit is deprecated, and there is nothing else that reads these
            graph: torch.jit.ScriptModule = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
            return graph.eval()
    except MemoryError:
        raise
    except Exception as error:
        raise LipsyncError("weights_unreadable", file=path) from error


def _check_program(program: str, path: Path) -> None:
    """Raise weights_unsafe unless every operator that the text names, in whatever way, is on the list.

    ``torch.save(x, …)``, ``x.save(…)``, ``f = torch.save`` and ``getattr(x, "save")`` all name it after a dot or in
    a string.
    """
    import torch  # noqa: PLC0415

    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(program).readline):
            after_dot = before == "." and token.type == tokenize.NAME
            name = token.string if after_dot else token.string.strip("\"'") if token.type == tokenize.STRING else ""
            if name.isidentifier() and name not in _HARMLESS and hasattr(torch.ops.aten, name):
                raise LipsyncError("weights_unsafe", file=path)
            if before == "ops." and token.string not in ("prim", "aten"):  # operators of other libraries
                raise LipsyncError("weights_unsafe", file=path)
            before = "ops." if before == "ops" and token.string == "." else token.string
    except (tokenize.TokenError, SyntaxError) as error:
        raise LipsyncError("weights_unreadable", file=path) from error


class _NotAllowed(Exception):
    """The pickle asks for what is not on the list."""


class _Holder:
    """Stands for a class of the archive: its attributes, no behaviour."""

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.__dict__.update({str(name): value for name, value in state.items()})


class _Reader(pickle.Unpickler):
    """Reads data.pkl; nothing but what ``find_class`` gives can be made or called."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}data.pkl")))
        self._archive = archive
        self._root = root
        self._read: dict[str, torch.Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch.jit._pickle":
            return _build(name)
        if module == "__torch__" or module.startswith("__torch__."):
            return _Holder
        raise _NotAllowed(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """The storage ``("storage", dtype, number, location, length)`` as a flat tensor, whatever its location."""
        import torch  # noqa: PLC0415

        _, dtype, number, _, length = pid
        if number not in self._read:
            data = bytearray(self._archive.read(f"{self._root}data/{number}"))
            flat = torch.frombuffer(data, dtype=getattr(torch, dtype)) if data else torch.empty(0)
            if len(flat) != length:
                raise ValueError(f"storage {number} has {len(flat)} values, not {length}")
            self._read[number] = flat
        return self._read[number]


def _tensor(storage: torch.Tensor, offset: int, shape: Any, strides: Any, *_: object) -> torch.Tensor:
    """A view into a storage; torch refuses one that would reach beyond its end."""
    return storage.as_strided(tuple(shape), tuple(strides), offset)


def _build(name: str) -> Callable[..., object]:
    if name in ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist"):
        return list
    if name == "restore_type_tag":
        return lambda value, _: value
    raise _NotAllowed(f"torch.jit._pickle.{name}")


def _collect(prefix: str, value: object, found: dict[str, torch.Tensor]) -> None:
    from torch import Tensor  # noqa: PLC0415

    if isinstance(value, Tensor):
        found[prefix] = value
    elif isinstance(value, _Holder):
        for name, inner in vars(value).items():
            _collect(f"{prefix}.{name}" if prefix else name, inner, found)
