"""Every fast way to run the network draws what the plain network draws, on weights that nobody trained."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lipsync.animation.wav2lip import convolution as convolutions
from lipsync.animation.wav2lip import onednn
from lipsync.animation.wav2lip.cached_face_network import rows_from
from lipsync.animation.wav2lip.convolution import convolution, fold, plain_convolution
from lipsync.animation.wav2lip.generator import Generator, reference
from lipsync.animation.wav2lip.layout import Layer, Size, layout
from lipsync.animation.wav2lip.network import Network, random_weights
from lipsync.animation.wav2lip.precision import MAX_DIFFERENCE, Trial, fastest, lower_precisions
from lipsync.animation.wav2lip.winograd import Winograd, best_tile

pytestmark = pytest.mark.slow

SIZES: tuple[Size, ...] = (96, 256)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights() -> dict[Size, dict[str, torch.Tensor]]:
    return {size: random_weights(size) for size in SIZES}


@pytest.fixture(scope="module")
def exact(weights: dict[Size, dict[str, torch.Tensor]]) -> Generator:
    """The lower half of 96 pixels in float32: to build one takes seconds."""
    return Generator(weights[96], size=96, precision="float32", batch=4)


def face(size: int, seed: int = 0) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 256, (size // 16, size // 16, 3), np.uint8)
    return coarse.repeat(16, 0).repeat(16, 1)


def mels(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-4, 4, (count, 80, 16)).astype(np.float32)


def test_random_weights_are_alive(weights: dict[Size, dict[str, torch.Tensor]]) -> None:
    """What is drawn spreads over the values and depends on the face and on the mel."""
    drawn = reference(weights[96], 96, face(96), mels(2))
    assert 20 < drawn.std() < 80
    assert 60 < drawn.mean() < 200
    assert np.abs(drawn[0] - drawn[1]).mean() > 3
    assert np.abs(drawn[0] - reference(weights[96], 96, face(96, 1), mels(1))[0]).mean() > 3


@pytest.mark.parametrize(("size", "first_row"), [(96, 0), (96, 55), (96, 95), (256, 128), (256, 150)])
def test_the_rows_that_are_drawn_are_the_plain_networks(
    weights: dict[Size, dict[str, torch.Tensor]], size: Size, first_row: int
) -> None:
    heard, seen = mels(3), face(size)
    generator = Generator(weights[size], size=size, first_row=first_row, precision="float32", batch=3)
    drawn = generator.draw(generator.prepare(seen), heard)
    assert drawn.shape == (3, size - first_row, size, 3)
    plain = reference(weights[size], size, seen, heard)[:, first_row:]
    np.testing.assert_allclose(drawn / 255, plain / 255, rtol=0, atol=1e-5)


def test_without_onednn_it_is_the_same(
    weights: dict[Size, dict[str, torch.Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, seen = mels(2), face(96)
    monkeypatch.setattr(onednn, "usable", lambda: False)
    generator = Generator(weights[96], size=96, precision="float32", batch=2)
    plain = reference(weights[96], 96, seen, heard)[:, 48:]
    np.testing.assert_allclose(generator.draw(generator.prepare(seen), heard) / 255, plain / 255, rtol=0, atol=1e-5)


def test_a_videos_faces_are_drawn_as_a_portrait_is(
    exact: Generator, weights: dict[Size, dict[str, torch.Tensor]]
) -> None:
    heard, seen = mels(6), [face(96, seed) for seed in (1, 2, 2, 3, 1, 1)]
    many = exact.prepare_many(seen)
    drawn = exact.draw(many, heard)
    for index in range(6):
        plain = reference(weights[96], 96, seen[index], heard[index : index + 1])[0, 48:]
        np.testing.assert_allclose(drawn[index] / 255, plain / 255, rtol=0, atol=1e-5)
    assert many[0].nbytes < 1e6 < exact.prepare(seen[0]).nbytes < 8e6


def test_a_frame_is_the_same_in_whatever_company(exact: Generator) -> None:
    """To the bit: alone, among others, and beside another face."""
    heard = mels(9)
    one, other = exact.prepare(face(96, 1)), exact.prepare(face(96, 2))
    together = exact.draw(one, heard)
    for index in (0, 3, 8):
        np.testing.assert_array_equal(exact.draw(one, heard[index : index + 1])[0], together[index])
    mixed = exact.draw([other, one, other, one, one, one, other, other, one], heard)
    for index in (1, 3, 4, 5, 8):
        np.testing.assert_array_equal(mixed[index], together[index])


def test_what_auto_chooses_draws_as_float32_does(weights: dict[Size, dict[str, torch.Tensor]]) -> None:
    generator = Generator(weights[96], size=96, batch=4)
    assert generator.precision in {"float32", "bfloat16", "float16"}
    heard, seen = mels(4), face(96)
    plain = reference(weights[96], 96, seen, heard)[:, 48:]
    assert np.abs(generator.draw(generator.prepare(seen), heard) - plain).max() <= 255 * MAX_DIFFERENCE


def test_bfloat16_differs_by_its_rounding_alone(weights: dict[Size, dict[str, torch.Tensor]]) -> None:
    """Where the processor has no instructions for bfloat16 it is refused, and ``auto`` does without it."""
    if torch.bfloat16 not in lower_precisions(torch.device("cpu")):
        with pytest.raises(ValueError, match="bfloat16"):
            Generator(weights[96], size=96, precision="bfloat16", batch=4)
        assert Generator(weights[96], size=96, batch=4).precision == "float32"
        return
    generator = Generator(weights[96], size=96, precision="bfloat16", batch=4)
    assert generator.precision == "bfloat16"
    heard, seen = mels(4), face(96)
    difference = np.abs(
        generator.draw(generator.prepare(seen), heard) - reference(weights[96], 96, seen, heard)[:, 48:]
    )
    assert 0.01 < difference.mean() < 1  # it is not float32; and far below what another mel changes


def test_a_lower_precision_is_taken_where_it_gains_and_draws_the_same() -> None:
    exact = Trial(torch.float32, 1.0, 0.0)

    def chosen(seconds: float, difference: float) -> torch.dtype:
        return fastest([exact, Trial(torch.bfloat16, seconds, difference / 255)]).dtype

    assert chosen(0.6, 1.0) == torch.bfloat16
    assert chosen(0.6, 1.9) == torch.float32  # a longer video would differ by more than 2
    assert chosen(0.95, 0.1) == torch.float32
    assert chosen(2.0, 0.1) == torch.float32
    assert chosen(0.5, float("nan")) == torch.float32


def test_a_graph_runs_as_it_is(weights: dict[Size, dict[str, torch.Tensor]]) -> None:
    plain = Network(layout(96))
    plain.load_state_dict(weights[96])
    heard, seen = mels(3), face(96)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit is deprecated; its files are still about
        script = torch.jit.trace(plain, (torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, 96, 96)))
    generator = Generator(script, size=96, batch=2)
    drawn = generator.draw(generator.prepare_many([seen] * 3), heard)
    np.testing.assert_allclose(drawn / 255, reference(weights[96], 96, seen, heard)[:, 48:] / 255, rtol=0, atol=1e-5)


def test_a_wrong_face_or_number_is_refused(exact: Generator) -> None:
    with pytest.raises(ValueError, match="a face is"):
        exact.prepare(np.zeros((64, 96, 3), np.uint8))
    with pytest.raises(ValueError, match="2 faces for 3 mels"):
        exact.draw([exact.prepare(face(96))] * 2, mels(3))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("first", [0, 1, 40, 48, 90])
def test_rows_reach_far_enough_and_no_further(size: Size, first: int) -> None:
    rows = rows_from(first, layout(size))
    assert rows.needed[-1] == first
    for block, computed, wanted in zip(layout(size).face_decoder, rows.computed, rows.needed, strict=False):
        residuals = len(block) - 1
        assert computed == 0 or residuals <= wanted - computed <= residuals + 1


@pytest.mark.parametrize(("height", "width"), [(6, 6), (8, 8), (10, 12), (7, 5), (1, 9)])
@pytest.mark.parametrize("residual", [False, True])
def test_winograd_is_the_convolution(height: int, width: int, residual: bool) -> None:
    torch.manual_seed(0)
    weight, bias = torch.randn(24, 24, 3, 3), torch.randn(24)
    x = torch.randn(2, 24, height, width).contiguous(memory_format=torch.channels_last)
    plain = torch.nn.functional.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    plain += x.double() if residual else 0
    for relu in (False, True):
        y = Winograd(weight, bias, residual=residual, shape=(2, 24, height, width))(x, relu=relu)
        expected = plain.relu() if relu else plain
        torch.testing.assert_close(y.double(), expected, rtol=0, atol=1e-4)


def test_winograd_takes_the_tile_with_fewer_products() -> None:
    assert best_tile(6, 6) == 2
    assert best_tile(16, 24) == 4
    with pytest.raises(ValueError, match="this convolution is for"):
        Winograd(torch.zeros(8, 8, 3, 3), torch.zeros(8), residual=False, shape=(1, 8, 6, 6))(
            torch.zeros(2, 8, 6, 6), relu=False
        )


@pytest.mark.parametrize(
    "layer",
    [
        Layer("face_encoder_blocks.0.0", 16, 32, 3, (2, 1), padding=1),
        Layer("face_encoder_blocks.1.1", 32, 32, 3, padding=1, residual=True),
        Layer("face_decoder_blocks.2.0", 48, 16, 3, (2, 2), padding=1, output_padding=1, transposed=True),
        Layer("output_block.1", 32, 3, 1, normed=False),
    ],
    ids=["strided", "residual", "transposed", "last"],
)
@pytest.mark.parametrize("winograd", [False, True])
def test_a_folded_layer_is_the_layer(layer: Layer, winograd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if winograd:
        monkeypatch.setattr(convolutions, "_WINOGRAD_PRODUCTS", 0)
        monkeypatch.setattr(convolutions, "_WINOGRAD_CHANNELS", 1)
    torch.manual_seed(0)
    values = {key: torch.rand(shape) + 0.5 for key, shape in layer.shapes()}
    folded = fold(layer, values)
    x = torch.randn(2, layer.inputs, 7, 6).contiguous(memory_format=torch.channels_last)
    weight, bias = values[layer.key("conv.weight")], values[layer.key("conv.bias")]
    if layer.transposed:
        y = torch.nn.functional.conv_transpose2d(x, weight, bias, layer.stride, layer.padding, layer.output_padding)
    else:
        y = torch.nn.functional.conv2d(x, weight, bias, layer.stride, layer.padding)
    if layer.normed:
        norm = [values[layer.key(f"norm.{part}")] for part in ("running_mean", "running_var", "weight", "bias")]
        y = torch.nn.functional.batch_norm(y, *norm)
    y = y + x if layer.residual else y
    for runs in (
        convolution(folded, shape=(2, layer.inputs, 7, 6), device=CPU, dtype=torch.float32),
        plain_convolution(folded, CPU),
    ):
        torch.testing.assert_close(runs(x, relu=False), y, rtol=1e-5, atol=1e-3)
        torch.testing.assert_close(runs(x, relu=True), y.relu(), rtol=1e-5, atol=1e-3)
