"""Convolutions and matrix products of oneDNN with weights packed once and ReLU fused in: float32 and bfloat16, CPU.

With them and :mod:`.winograd` the generator draws 1.33 times as many frames a second as ONNX Runtime 1.32, which
reaches 75 % (on a Zen 4 with AVX-512; docs/decisions/005-wav2lip-kernels.md).

These are the operators that torch's own compiler lowers a frozen network to on a CPU; they need no compiler. They are
not a promise of torch, so :func:`usable` tries them before they are relied on. Two things make them worth it: weights
in blocks of oneDNN's own order, and float32 products on AMD, where MKL uses half of the registers' width.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

log = logging.getLogger(__name__)

_ONE = (1, 1)


class Packed:
    """A convolution or a transposed one, its weights packed."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        *,
        stride: Sequence[int] = _ONE,
        padding: int = 0,
        output_padding: int | None = None,
        residual: bool = False,
        shape: Sequence[int],
    ) -> None:
        """``shape`` of the input is what the packing is best for; ``output_padding`` None: it is not transposed.

        ``residual``: the input is added to the output.
        """
        self._bias, self._stride, self._padding, self._residual = bias, list(stride), [padding, padding], residual
        self._output_padding = None if output_padding is None else [output_padding, output_padding]
        if self._output_padding is None:
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(
                weight, self._padding, self._stride, _ONE, 1, list(shape)
            )
        else:
            self._weight = torch.ops.mkldnn._reorder_convolution_transpose_weight(
                weight, self._padding, self._output_padding, self._stride, _ONE, 1, list(shape)
            )

    def __call__(self, x: Tensor, *, relu: bool) -> Tensor:
        """(B, C, H, W) channels last, to the same."""
        after = "relu" if relu else "none"
        if self._residual:
            y: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
                x,
                x,
                self._weight,
                self._bias,
                self._padding,
                self._stride,
                _ONE,
                1,
                "add",
                1.0,
                "relu" if relu else None,
                [],
                None,
            )
        elif self._output_padding is None:
            y = torch.ops.mkldnn._convolution_pointwise(
                x, self._weight, self._bias, self._padding, self._stride, _ONE, 1, after, [], ""
            )
        else:
            y = torch.ops.mkldnn._convolution_transpose_pointwise(
                x, self._weight, self._bias, self._padding, self._output_padding, self._stride, _ONE, 1, after, [], ""
            )
        return y


class PackedProduct:
    """``x @ weight.T + bias``, its weights packed."""

    def __init__(self, weight: Tensor, bias: Tensor | None, *, rows: int) -> None:
        """``weight`` (outputs, inputs); ``rows`` of x is what the packing is best for."""
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
        self._bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        """(rows, inputs) to (rows, outputs)."""
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
        return y


def product(left: Tensor, right: Tensor) -> Tensor:
    """``left @ right`` of two matrices, float32."""
    y: Tensor = torch.ops.mkldnn._linear_pointwise(left, right.t(), None, "none", [], "")
    return y


@cache
def usable() -> bool:
    """Whether this torch has these operators and they compute what they should."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        with torch.inference_mode():
            return _is_right()
    except Exception as error:  # whatever another torch makes of them: there is another way
        log.info("torch %s does not have oneDNN's packed operators (%s): it will be slower", torch.__version__, error)
        return False


def _is_right() -> bool:
    x = torch.linspace(-1, 1, 2 * 16 * 25).reshape(2, 16, 5, 5).contiguous(memory_format=torch.channels_last)
    weight, bias = torch.linspace(-1, 1, 16 * 16 * 9).sin().reshape(16, 16, 3, 3), torch.linspace(-1, 1, 16)
    plain = functional.conv2d(x, weight, bias, padding=1)
    turned = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)
    rows = x.permute(0, 2, 3, 1).reshape(-1, 16)
    pairs = [
        (Packed(weight, bias, padding=1, shape=x.shape)(x, relu=True), plain.relu()),
        (Packed(weight, bias, padding=1, residual=True, shape=x.shape)(x, relu=True), (plain + x).relu()),
        (Packed(weight, bias, padding=1, residual=True, shape=x.shape)(x, relu=False), plain + x),
        (
            Packed(weight, bias, stride=(2, 2), padding=1, output_padding=1, shape=x.shape)(x, relu=False),
            turned,
        ),
        (PackedProduct(weight[..., 0, 0], bias, rows=50)(rows), functional.linear(rows, weight[..., 0, 0], bias)),
        (product(weight[..., 0, 0], rows.t().contiguous()), weight[..., 0, 0] @ rows.t()),
    ]
    return all(torch.allclose(ours, theirs, rtol=0, atol=1e-4) for ours, theirs in pairs)
