"""Real-ESRGAN with tiny weights in the layout of the real file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face import real_esrgan
from lipsync.face.real_esrgan import RealEsrgan, build_network, read_layers
from lipsync.runtime.progress import Cancelled, use_heartbeat
from tests.helpers.realesrgan_weights import TINY, random_layer, write_nearest, write_weights

pytestmark = pytest.mark.slow

PICTURE = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)


def repeated(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture.repeat(4, axis=0).repeat(4, axis=1)


def test_the_network_is_that_of_the_paper(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
    functional = torch.nn.functional
    generator = np.random.default_rng(0)
    write_weights(tmp_path / "tiny.bin", random_layer(generator))
    layers = read_layers(tmp_path / "tiny.bin", TINY)
    picture = generator.random((1, 3, 12, 20), np.float32)
    network = build_network(layers, TINY, 12, 20)
    network.setInput(picture)

    remaining = iter(layers)

    def convolve(source, slope=0.2):  # type: ignore[no-untyped-def]
        kernels, biases = next(remaining)
        output = functional.conv2d(
            source, torch.tensor(kernels.astype(np.float32)), torch.tensor(biases.copy()), padding=1
        )
        return functional.leaky_relu(output, slope)

    first = features = convolve(torch.tensor(picture), 1.0)
    for _ in range(3):
        dense = [features]
        for _ in range(4):
            dense.append(convolve(torch.cat(dense, 1)))
        features = features + 0.2 * convolve(torch.cat(dense, 1), 1.0)
    features = first + 0.2 * features
    features = first + convolve(features, 1.0)
    for _ in range(2):
        features = convolve(functional.interpolate(features, scale_factor=2))
    expected = convolve(convolve(features), 1.0)
    assert expected.shape == (1, 3, 48, 80)
    np.testing.assert_allclose(network.forward(), expected.numpy(), atol=1e-4)


@pytest.mark.parametrize("part", [(0, 0, 70, 50), (3, 5, 40, 44), (60, 41, 70, 50)])
@pytest.mark.parametrize("max_tile", [160, 16])
def test_the_tiles_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: tuple[int, int, int, int], max_tile: int
) -> None:
    monkeypatch.setattr(real_esrgan, "MAX_TILE", max_tile)
    x0, y0, x1, y1 = part
    network = RealEsrgan(write_nearest(tmp_path / "nearest.bin"), TINY)
    enlarged = network.enlarge(PICTURE, x0, y0, x1, y1)
    np.testing.assert_array_equal(enlarged, repeated(PICTURE[y0:y1, x0:x1]))


def test_it_can_be_cancelled_between_two_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_esrgan, "MAX_TILE", 16)
    calls = []

    def cancel_the_second() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Cancelled

    network = RealEsrgan(write_nearest(tmp_path / "nearest.bin"), TINY)
    with use_heartbeat(cancel_the_second), pytest.raises(Cancelled):
        network.enlarge(PICTURE, 0, 0, 70, 50)
    with use_heartbeat(None):
        assert network.enlarge(PICTURE, 0, 0, 70, 50).shape == (200, 280, 3)


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-4], lambda content: b"PK\3\4" + content[4:], lambda _: b""]
)
def test_another_file_is_refused(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    path = write_nearest(tmp_path / "other.bin")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(LipsyncError, match="lipsync models fetch realesrgan") as caught:
        RealEsrgan(path, TINY)
    assert caught.value.code == "realesrgan_unusable"


def test_a_file_that_has_gone_is_an_error_of_storage(tmp_path: Path) -> None:
    with pytest.raises(LipsyncError) as caught:
        RealEsrgan(tmp_path / "none.bin")
    assert caught.value.code == "cannot_read"
