"""TorchScript archives (torch.jit.save): reads their weights without running them, or loads the checked graph.

An archive is a zip: ``data.pkl`` (a pickle of the modules), ``data/N`` (raw tensors) and ``code/`` (programs).
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
from lipsync.weights.errors import WeightsError

if TYPE_CHECKING:
    import torch

_MAX_MEMBER_BYTES = 32_000_000
"""Maximum size of data.pkl and of a program. Those of Wav2Lip have fewer than 100,000 bytes."""

_DTYPES = {
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "DoubleStorage": "float64",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "BoolStorage": "bool",
}

_ALLOWED_OPERATORS = frozenset(
    """
    _convolution abs add add_ adaptive_avg_pool2d avg_pool2d batch_norm cat clamp concat contiguous conv2d
    conv_transpose2d dim div dropout eq expand flatten format instance_norm leaky_relu leaky_relu_ len linear
    matmul max_pool2d mean mul mul_ ne neg norm numel ones permute pow prelu relu relu_ reshape rsub select
    sigmoid sigmoid_ size slice softmax split sqrt squeeze stack stride sub sub_ tanh tanh_ to transpose unsqueeze
    upsample_bilinear2d upsample_nearest2d view warn zeros zeros_like
    """.split()  # noqa: SIM905 - as a list it would be seventy lines
)
"""Operators of torch that a program may name: the arithmetic of image networks. Others, such as ``save`` and
``from_file``, write and read files."""


def read_archive(path: Path) -> dict[str, torch.Tensor]:
    """Return every tensor of an archive by its dotted name, on the CPU. No program of the archive runs.

    The pickle may hold containers, numbers, tensors and objects of the archive's own classes, which become plain
    attribute holders. Raises WeightsError: weights_unsafe for anything else, weights_unreadable.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(member for member in archive.namelist() if member.endswith("/data.pkl"))
            if archive.getinfo(name).file_size > _MAX_MEMBER_BYTES:
                raise WeightsError("weights_unreadable", file=path)
            module = _Unpickler(archive, name.removesuffix("data.pkl")).load()
            tensors: dict[str, torch.Tensor] = {}
            _collect("", module, tensors)
            return tensors
    except _NotAllowed as error:
        raise WeightsError("weights_unsafe", file=path) from error
    except (LipsyncError, MemoryError):
        raise
    except Exception as error:  # a damaged pickle can make it raise anything
        raise WeightsError("weights_unreadable", file=path) from error


def load_graph(path: Path) -> torch.jit.ScriptModule:
    """Load the graph to the CPU, ready to be called, after checking its programs.

    A graph is a program, and TorchScript can read and write files. So a program that names any operator besides the
    arithmetic of image networks is refused. Raises WeightsError: weights_unsafe, weights_unreadable.
    """
    import torch  # noqa: PLC0415 - an extra, and heavy

    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if "/code/" in member.filename and member.filename.endswith(".py"):
                if member.file_size > _MAX_MEMBER_BYTES:
                    raise WeightsError("weights_unreadable", file=path)
                _check_program(archive.read(member).decode("utf-8", "replace"), path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.jit is deprecated, but nothing else reads these files
            graph: torch.jit.ScriptModule = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
            return graph.eval()
    except MemoryError:
        raise
    except Exception as error:
        raise WeightsError("weights_unreadable", file=path) from error


def _check_program(program: str, path: Path) -> None:
    """Raise WeightsError weights_unsafe unless every operator that the program names is allowed.

    ``torch.save(x, …)``, ``x.save(…)``, ``f = torch.save`` and ``getattr(x, "save")`` all name an operator after a
    dot or in a string.
    """
    import torch  # noqa: PLC0415

    previous = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(program).readline):
            after_dot = previous == "." and token.type == tokenize.NAME
            name = token.string if after_dot else token.string.strip("\"'") if token.type == tokenize.STRING else ""
            if name.isidentifier() and name not in _ALLOWED_OPERATORS and hasattr(torch.ops.aten, name):
                raise WeightsError("weights_unsafe", file=path)
            if previous == "ops." and token.string not in ("prim", "aten"):  # operators of other libraries
                raise WeightsError("weights_unsafe", file=path)
            previous = "ops." if previous == "ops" and token.string == "." else token.string
    except (tokenize.TokenError, SyntaxError) as error:
        raise WeightsError("weights_unreadable", file=path) from error


class _NotAllowed(Exception):
    """The pickle refers to a class or function that is not allowed."""


class _Holder:
    """Replaces a class of the archive: it has the attributes of an object and no behaviour."""

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.__dict__.update({str(name): value for name, value in state.items()})


class _Unpickler(pickle.Unpickler):
    """Reads data.pkl; it can create and call only what ``find_class`` returns."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}data.pkl")))
        self._archive = archive
        self._root = root
        self._storages: dict[str, torch.Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch.jit._pickle":
            return _restore_function(name)
        if module == "__torch__" or module.startswith("__torch__."):
            return _Holder
        raise _NotAllowed(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """Return the storage ``("storage", dtype, number, location, length)`` as a flat tensor on the CPU."""
        import torch  # noqa: PLC0415

        _, dtype, number, _, length = pid
        if number not in self._storages:
            data = bytearray(self._archive.read(f"{self._root}data/{number}"))
            flat = torch.frombuffer(data, dtype=getattr(torch, dtype)) if data else torch.empty(0)
            if len(flat) != length:
                raise ValueError(f"storage {number} has {len(flat)} values, not {length}")
            self._storages[number] = flat
        return self._storages[number]


def _rebuild_tensor(storage: torch.Tensor, offset: int, shape: Any, strides: Any, *_: object) -> torch.Tensor:
    """Return a view into a storage; torch refuses one that would reach beyond its end."""
    return storage.as_strided(tuple(shape), tuple(strides), offset)


def _restore_function(name: str) -> Callable[..., object]:
    if name in ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist"):
        return list
    if name == "restore_type_tag":
        return lambda value, _: value
    raise _NotAllowed(f"torch.jit._pickle.{name}")


def _collect(prefix: str, value: object, tensors: dict[str, torch.Tensor]) -> None:
    from torch import Tensor  # noqa: PLC0415

    if isinstance(value, Tensor):
        tensors[prefix] = value
    elif isinstance(value, _Holder):
        for name, inner in vars(value).items():
            _collect(f"{prefix}.{name}" if prefix else name, inner, tensors)
