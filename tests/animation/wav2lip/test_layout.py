"""The plan of the generator against the keys and shapes of the published checkpoints."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

import pytest

from lipsync.animation.wav2lip.layout import SIZES, Layer, Size, expected_shapes, layout

PUBLISHED = Path(__file__).parents[2] / "data" / "wav2lip_shapes.json"


def test_the_plan_has_the_published_keys_and_shapes_in_the_published_order() -> None:
    published = [(key, tuple(shape)) for key, shape in json.loads(PUBLISHED.read_text()).items()]
    assert list(expected_shapes(96).items()) == published


def test_as_many_parameters_as_published() -> None:
    counted = ("weight", "bias")
    assert sum(math.prod(shape) for key, shape in expected_shapes(96).items() if key.endswith(counted)) == 36_298_035


@pytest.mark.parametrize("size", SIZES)
def test_strides_lead_to_one_pixel_and_back(size: Size) -> None:
    plan = layout(size)
    encoded: list[tuple[int, int]] = [(size, size)]
    for block in plan.face_encoder:
        encoded.append(_through(block, encoded[-1]))
    assert encoded[-1] == (1, 1)
    assert _through(plan.audio_encoder, (80, 16)) == (1, 1)
    decoded = [(1, 1)]
    for block in plan.face_decoder:
        decoded.append(_through(block, decoded[-1]))
    assert decoded[1:] == encoded[:0:-1]  # each block's output has a map of the face of the same size to go with it
    assert _through(plan.output, decoded[-1]) == (size, size)


@pytest.mark.parametrize("size", SIZES)
def test_channels_fit(size: Size) -> None:
    plan = layout(size)
    maps = [block[-1].outputs for block in plan.face_encoder]
    inputs = plan.audio_encoder[-1].outputs
    for block in plan.face_decoder:
        for layer in block:
            assert layer.inputs == inputs
            inputs = layer.outputs
        inputs += maps.pop()
    assert not maps
    assert inputs == plan.output[0].inputs
    assert plan.output[-1].outputs == 3
    assert all(layer.inputs == layer.outputs for layer in plan.layers if layer.residual)


def test_the_larger_plan_is_one_level_deeper() -> None:
    small, large = expected_shapes(96), expected_shapes(256)
    assert large["face_encoder_blocks.7.0.conv_block.0.weight"] == (512, 512, 4, 4)
    assert large["face_decoder_blocks.1.0.conv_block.0.weight"] == (1024, 512, 4, 4)
    assert len(large) == len(small) + 4 * 7  # two layers more on each side


def _through(layers: tuple[Layer, ...], size: tuple[int, int]) -> tuple[int, int]:
    """Height and width after the layers (the arithmetic of convolutions, Dumoulin and Visin 2016)."""
    for layer in layers:
        if layer.transposed:
            size = _pair(
                (side - 1) * stride - 2 * layer.padding + layer.kernel + layer.output_padding
                for side, stride in zip(size, layer.stride, strict=True)
            )
        else:
            size = _pair(
                (side + 2 * layer.padding - layer.kernel) // stride + 1
                for side, stride in zip(size, layer.stride, strict=True)
            )
    return size


def _pair(sides: Iterable[int]) -> tuple[int, int]:
    high, wide = sides
    return high, wide
