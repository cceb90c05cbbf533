"""From a checkpoint file of any kind to the generator's weights, or to one sentence that says what the file is.

Needs torch (extra ``wav2lip``).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lipsync.animation.wav2lip.layout import Size, expected_shapes
from lipsync.messages import Message
from lipsync.weights.errors import WeightsError
from lipsync.weights.sniff import detect_format
from lipsync.weights.state_dict import import_torch, read_state_dicts

if TYPE_CHECKING:
    import torch

NETWORK = Message("network.wav2lip")

_FIRST = "face_encoder_blocks.0.0.conv_block.0.weight"
_DEEP = "face_encoder_blocks.7.0.conv_block.0.weight"
_COUNTER = "num_batches_tracked"
"""How many batches a BatchNorm was trained with: not used to draw, and missing in some files."""

_NAMED = 3
"""So many of the keys that do not fit are named."""

_OTHERS: tuple[tuple[str, Message | str], ...] = (
    ("binary_pred.0.weight", Message("network.discriminator")),
    ("face_encoder.0.conv_block.0.weight", Message("network.syncnet")),
    ("conv3_3_norm.weight", Message("network.s3fd")),
    ("stylegan_decoder.style_mlp.1.weight", "GFPGAN"),
)
"""Networks that lie beside Wav2Lip's generator in people's folders, by a key that ends so."""


@dataclass(frozen=True)
class Checkpoint:
    """A generator, read: its weights, or where those have other names than ours, a graph to run as it is."""

    path: Path
    size: Size
    """Side of the face that it draws, in pixels."""
    weights: Mapping[str, torch.Tensor] | None
    """By the keys of ``expected_shapes(size)``, all of them: float32 (counters int64), contiguous, finite, on the
    CPU; None where there is a graph."""
    script: torch.jit.ScriptModule | None = None
    """Called with mel (B, 1, 80, 16) and faces (B, 6, size, size), it gives (B, 3, size, size); on the CPU."""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal; computed at the first access."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a generator's checkpoint: what torch.save wrote (old or new), TorchScript or safetensors.

    The state dict may be the file's all or one of its parts, and its keys may have a prefix (``module.``). 96 and
    256 pixels are told from the shapes. None of the file's own code runs, but for a TorchScript archive whose keys
    are not ours: see :func:`lipsync.weights.torchscript.load_graph`.

    Raises LipsyncError: needs_torch, weights_other_network, weights_keys, weights_shape, weights_nan, and what
    :func:`lipsync.weights.state_dict.read_state_dicts` raises.
    """
    kind = detect_format(path)
    import_torch("Wav2Lip")
    found = list(read_state_dicts(path))
    for tensors in found:
        weights = _without_prefix(tensors)
        if weights is not None and not _other_network([weights]):
            size: Size = 256 if _DEEP in weights else 96
            return Checkpoint(path, size, _checked(weights, size, path))
    other = _other_network(found)
    if other is None and kind == "torchscript":
        return _graph(path)
    some = Message("network.other")
    raise WeightsError("weights_other_network", file=path, found=other or some, network=NETWORK)


def _without_prefix(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
    """The tensors under the generator's own keys; None when its first key is not among them."""
    prefix = next((key.removesuffix(_FIRST) for key in tensors if key.endswith(_FIRST)), None)
    if prefix is None or (prefix and not prefix.endswith(".")):
        return None
    return {key.removeprefix(prefix): value for key, value in tensors.items()}


def _other_network(found: list[dict[str, torch.Tensor]]) -> Message | str | None:
    """What else the tensors are, as far as we know it."""
    for key, network in _OTHERS:
        if any(name.endswith(key) for tensors in found for name in tensors):
            return network
    return None


def _checked(weights: dict[str, torch.Tensor], size: Size, path: Path) -> dict[str, torch.Tensor]:
    """The weights in our order and dtype. Raises weights_keys, weights_shape or weights_nan."""
    import torch  # noqa: PLC0415

    shapes = expected_shapes(size)
    missing = [key for key in shapes if key not in weights and not key.endswith(_COUNTER)]
    extra = [key for key in weights if key not in shapes]
    if missing or extra:
        keys = ", ".join((missing + extra)[:_NAMED])
        raise WeightsError(
            "weights_keys", file=path, network=NETWORK, missing=len(missing), extra=len(extra), keys=keys
        )
    checked: dict[str, torch.Tensor] = {}
    for key, shape in shapes.items():
        if key.endswith(_COUNTER):
            checked[key] = weights.get(key, torch.tensor(0)).reshape(()).to(torch.int64)
            continue
        value = weights[key]
        if tuple(value.shape) != shape or not value.is_floating_point():
            found = f"{tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
            raise WeightsError("weights_shape", file=path, network=NETWORK, key=key, found=found, expected=shape)
        least, most = (float(end) for end in torch.aminmax(value))  # both are NaN where one value is
        if not math.isfinite(least + most) or (key.endswith("running_var") and least < 0):
            raise WeightsError("weights_nan", file=path, key=key)
        checked[key] = value.detach().to(torch.float32).contiguous()
    return checked


def _graph(path: Path) -> Checkpoint:
    """A TorchScript generator with keys of its own; its size is the one at which it runs."""
    import torch  # noqa: PLC0415

    from lipsync.weights.torchscript import load_graph  # noqa: PLC0415

    script = load_graph(path)
    for size in _sizes():
        try:
            with torch.inference_mode():
                drawn = script(torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, size, size))
        except RuntimeError:  # a graph made for another size
            continue
        if isinstance(drawn, torch.Tensor) and tuple(drawn.shape) == (1, 3, size, size):
            return Checkpoint(path, size, None, script)
    some = Message("network.other")
    raise WeightsError("weights_other_network", file=path, found=some, network=NETWORK)


def _sizes() -> Iterator[Size]:
    yield 96
    yield 256
