"""S3FD without its weights: its layout, its arithmetic on numbers made by hand, and its place in the finder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.finder import FaceFinder
from lipsync.face.s3fd import MEAN_BGR, S3fd, answer, detections, expected_shapes, load_weights, max_out

pytestmark = pytest.mark.slow


def layout(value: float = 0.0) -> dict[str, Any]:
    """Weights of the real layout, all the same number: a small file."""
    return {key: torch.tensor(value).expand(shape) for key, shape in expected_shapes().items()}


def test_the_layout_is_the_published_one() -> None:
    shapes = expected_shapes()
    assert shapes["conv1_1.weight"] == (64, 3, 3, 3)
    assert shapes["fc6.weight"] == (1024, 512, 3, 3)
    assert shapes["conv3_3_norm_mbox_conf.weight"] == (4, 256, 3, 3)  # three backgrounds
    assert shapes["conv4_3_norm_mbox_conf.weight"] == (2, 512, 3, 3)
    assert shapes["conv7_2_mbox_loc.weight"] == (4, 256, 3, 3)
    # The published file has 89,843,225 bytes: four for each number, and a little around them.
    assert 0 < 89_843_225 - 4 * sum(math.prod(shape) for shape in shapes.values()) < 100_000


@pytest.mark.slow
def test_the_maps_have_the_published_strides() -> None:
    generator = torch.Generator().manual_seed(1)
    weights = {key: torch.randn(shape, generator=generator) * 0.02 for key, shape in expected_shapes().items()}
    pictures = torch.randn(1, 3, 128, 192, generator=generator)
    with torch.inference_mode():
        answers = answer(weights, pictures)
    sizes = [tuple(scores.shape[2:]) for scores, _ in answers]
    # fc6's padding of 3 makes its map 4 larger on the way.
    assert sizes == [(32, 48), (16, 24), (8, 12), (8, 10), (4, 5), (2, 3)]
    assert all(scores.shape[:2] == (1, 2) and boxes.shape[:2] == (1, 4) for scores, boxes in answers)
    assert all(bool(torch.isfinite(scores).all()) for scores, _ in answers)


def test_the_greatest_background_counts() -> None:
    scores = torch.tensor([1.0, 5.0, 2.0, 3.0]).view(1, 4, 1, 1)
    assert max_out(scores).flatten().tolist() == [5.0, 3.0]


def test_a_normed_layer_sees_directions_only() -> None:
    """Whatever the picture's contrast: an L2 norm of scale 1 leaves the same numbers."""
    weights = {key: value.clone() for key, value in layout().items()}
    for name in ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3"):
        weights[f"{name}.weight"][:, :, 1, 1] = 1 / weights[f"{name}.weight"].shape[1]
    weights["conv3_3_norm.weight"] += 10.0
    weights["conv3_3_norm_mbox_loc.weight"][0, :, 1, 1] = 1.0
    faint = torch.full((1, 3, 64, 64), 0.5)
    seen = [answer(weights, picture)[0][1][0, 0] for picture in (faint, faint * 200)]
    assert torch.allclose(seen[0], seen[1], rtol=1e-4)
    assert seen[0][3, 3].item() == pytest.approx(10 * math.sqrt(256), rel=1e-4)  # 256 equal numbers of length 10


def test_decoding_by_hand() -> None:
    scores = np.zeros((2, 3, 4), np.float32)
    boxes = np.zeros((4, 3, 4), np.float32)
    scores[1, 2, 1] = math.log(9)  # 9 to 1
    boxes[:, 2, 1] = (1.0, -2.0, 5 * math.log(2), 0.0)
    (found,) = detections(scores, boxes, stride=8)
    assert found.score == pytest.approx(0.9)
    # The anchor: a square of 32 in the middle of its cell, (12, 20). Moved by 3.2 and -6.4, twice as wide.
    assert found.box == pytest.approx((12 + 3.2 - 32, 20 - 6.4 - 16, 12 + 3.2 + 32, 20 - 6.4 + 16))
    (ax, ay), (bx, by) = found.eyes
    assert (ay, bx - ax) == (by, pytest.approx(0.4 * 64))


def test_even_odds_are_no_face() -> None:
    assert detections(np.zeros((2, 2, 2), np.float32), np.zeros((4, 2, 2), np.float32), 4) == []


def test_search_returns_pixels_of_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one layer that finds a face in every cell: the anchors themselves, scaled back."""
    monkeypatch.setattr("lipsync.face.s3fd.SIDES", (160,))
    weights = layout()
    weights["conv7_2_mbox_conf.bias"] = torch.tensor([0.0, 3.0])
    path = tmp_path / "s3fd.pth"
    torch.save(weights, path, _use_new_zipfile_serialization=False)
    picture = np.full((320, 320, 3), 90, np.uint8)
    (first, *_) = S3fd(path).search(picture)
    assert first
    for face in first:  # anchors of 512 at half the size
        x0, y0, x1, y1 = face.box
        assert (x1 - x0, y1 - y0) == (pytest.approx(1024), pytest.approx(1024))
        assert (x0 + x1) / 4 % 128 == pytest.approx(64)


def test_colours_reach_the_network_as_bgr_less_the_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s3fd.pth"
    torch.save(layout(), path)
    seen: list[Any] = []

    def look(_: object, pictures: Any) -> list[Any]:
        seen.append(pictures)
        return []

    monkeypatch.setattr("lipsync.face.s3fd.answer", look)
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:] = (200, 100, 50)
    assert list(S3fd(path).search(picture)) == [[]]  # it is small: one size is enough
    assert seen[0].shape == (1, 3, 20, 30)
    assert seen[0][0, :, 5, 5].tolist() == pytest.approx([50 - MEAN_BGR[0], 100 - MEAN_BGR[1], 200 - MEAN_BGR[2]])


def test_the_finder_takes_its_word_and_the_mesh_confirms(hopper: NDArray[np.uint8], finder: FaceFinder) -> None:
    """As far as it can be told without the weights: a box around the face leads to the same mesh."""
    known = finder.find(hopper)
    x0, y0, x1, y1 = known.box
    (width, height), stride = (x1 - x0, y1 - y0), 16
    row, column = int((y0 + y1) / 2 // stride), int((x0 + x1) / 2 // stride)
    scores = np.zeros((2, 60, 60), np.float32)
    boxes = np.zeros((4, 60, 60), np.float32)
    scores[1, row, column] = 5.0
    boxes[2:, row, column] = [5 * math.log(width / 64), 5 * math.log(height / 64)]

    class Seen:
        def search(self, picture: NDArray[np.uint8]) -> Any:
            assert picture.shape == hopper.shape
            yield detections(scores, boxes, stride)

    found = FaceFinder(detector=Seen()).find(hopper)
    away = np.abs(found.landmarks[:, :2] - known.landmarks[:, :2]).max()
    assert away < 0.03 * known.eye_distance


def change(**changes: Any) -> dict[str, Any]:
    weights = layout()
    for key, value in changes.items():
        name = key.replace("__", ".")
        if value is None:
            del weights[name]
        else:
            weights[name] = value
    return weights


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ({"face_encoder_blocks.0.0.conv_block.0.weight": torch.zeros(1)}, "weights_other_network"),
        (change(fc6__bias=None), "weights_keys"),
        (change(fc8__bias=torch.zeros(1)), "weights_keys"),
        (change(fc6__bias=torch.zeros(5)), "weights_shape"),
        (change(fc6__bias=torch.full((1024,), math.nan)), "weights_nan"),
    ],
)
def test_other_files(tmp_path: Path, weights: dict[str, Any], code: str) -> None:
    path = tmp_path / "s3fd.pth"
    torch.save(weights, path)
    with pytest.raises(LipsyncError) as caught:
        load_weights(path)
    assert caught.value.code == code
    assert "s3fd.pth" in caught.value.message("ru")
