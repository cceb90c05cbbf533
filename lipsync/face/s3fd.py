"""S3FD, the face detector of the published Wav2Lip, for those who have its weights: finds small faces, costs more.

Zhang et al. 2017, "S3FD: Single Shot Scale-invariant Face Detector": VGG16 with six detecting layers, L2 norms
before the first three, and a max-out over the first layer's background. Weights: face-alignment's
``s3fd-619a316812.pth`` or another file with its keys. Needs torch (extra ``wav2lip``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.detector import Detection, non_max_suppression
from lipsync.messages import Message
from lipsync.weights.errors import WeightsError
from lipsync.weights.state_dict import import_torch, read_state_dicts

if TYPE_CHECKING:
    from torch import Tensor

EXPECTED = Message("network.s3fd")

SIDES = (640, 1024)
"""The longer side at which a picture is looked at, pixels: first for faces down to a fortieth of it, then smaller."""

MIN_SCORE = 0.5
"""A detection below this score is dropped, as in face-alignment."""

MEAN_BGR = (104.0, 117.0, 123.0)
"""Mean colour of the training pictures; the network sees BGR, 0-255, less this."""

ANCHOR = 4
"""Side of an anchor in strides of its layer."""

VARIANCES = (0.1, 0.2)
"""What the network gives is in these parts of an anchor: its middle, the logarithm of its size."""

_BODY: tuple[tuple[str, int, int, int, int, int], ...] = (
    # name, channels in, channels out, kernel, stride, padding
    ("conv1_1", 3, 64, 3, 1, 1),
    ("conv1_2", 64, 64, 3, 1, 1),
    ("conv2_1", 64, 128, 3, 1, 1),
    ("conv2_2", 128, 128, 3, 1, 1),
    ("conv3_1", 128, 256, 3, 1, 1),
    ("conv3_2", 256, 256, 3, 1, 1),
    ("conv3_3", 256, 256, 3, 1, 1),
    ("conv4_1", 256, 512, 3, 1, 1),
    ("conv4_2", 512, 512, 3, 1, 1),
    ("conv4_3", 512, 512, 3, 1, 1),
    ("conv5_1", 512, 512, 3, 1, 1),
    ("conv5_2", 512, 512, 3, 1, 1),
    ("conv5_3", 512, 512, 3, 1, 1),
    ("fc6", 512, 1024, 3, 1, 3),
    ("fc7", 1024, 1024, 1, 1, 0),
    ("conv6_1", 1024, 256, 1, 1, 0),
    ("conv6_2", 256, 512, 3, 2, 1),
    ("conv7_1", 512, 128, 1, 1, 0),
    ("conv7_2", 128, 256, 3, 2, 1),
)
"""In order; each is followed by a ReLU."""

_POOLED = ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")
"""After these the map is halved (the greatest of 2x2)."""

_DETECTING: tuple[tuple[str, int, bool], ...] = (
    ("conv3_3", 256, True),
    ("conv4_3", 512, True),
    ("conv5_3", 512, True),
    ("fc7", 1024, False),
    ("conv6_2", 512, False),
    ("conv7_2", 256, False),
)
"""Layers that detect, their channels, whether they are L2-normed first. Strides 4, 8, 16, 32, 64, 128."""

_BACKGROUNDS = 3
"""The first detecting layer has so many background scores, of which the greatest counts."""


def expected_shapes() -> dict[str, tuple[int, ...]]:
    """Every key of the weights and its shape."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, inputs, outputs, kernel, _, _ in _BODY:
        shapes |= {f"{name}.weight": (outputs, inputs, kernel, kernel), f"{name}.bias": (outputs,)}
    for number, (name, channels, normed) in enumerate(_DETECTING):
        if normed:
            shapes[f"{name}_norm.weight"] = (channels,)
        scores = _BACKGROUNDS + 1 if number == 0 else 2
        for part, outputs in (("conf", scores), ("loc", 4)):
            head = _head(name, normed, part)
            shapes |= {f"{head}.weight": (outputs, channels, 3, 3), f"{head}.bias": (outputs,)}
    return shapes


def load_weights(path: Path) -> dict[str, Tensor]:
    """The detector's weights, float32 on the CPU.

    Raises LipsyncError: needs_torch, weights_other_network, weights_keys, weights_shape, weights_nan,
    and what :func:`lipsync.weights.state_dict.read_state_dicts` raises.
    """
    torch = import_torch("S3FD")
    found = next((weights for weights in read_state_dicts(path) if "conv3_3_norm.weight" in weights), None)
    if found is None:
        some = Message("network.other")
        raise WeightsError("weights_other_network", file=path, found=some, network=EXPECTED)
    shapes = expected_shapes()
    missing, extra = [key for key in shapes if key not in found], [key for key in found if key not in shapes]
    if missing or extra:
        keys = ", ".join((missing + extra)[:3])
        facts = {"missing": len(missing), "extra": len(extra), "keys": keys}
        raise WeightsError("weights_keys", file=path, network=EXPECTED, **facts)
    for key, shape in shapes.items():
        if tuple(found[key].shape) != shape or not found[key].is_floating_point():
            facts = {"key": key, "found": tuple(found[key].shape), "expected": shape}
            raise WeightsError("weights_shape", file=path, network=EXPECTED, **facts)
        if not torch.isfinite(torch.stack(torch.aminmax(found[key].float()))).all():
            raise WeightsError("weights_nan", file=path, key=key)
    return {key: found[key].detach().float().contiguous() for key in shapes}


class S3fd:
    """The network, loaded. It is asked as :class:`lipsync.face.detector.Detector` is."""

    def __init__(self, path: Path) -> None:
        """``path``: the file of its weights. Raises what :func:`load_weights` raises."""
        self._weights = load_weights(path)

    def search(self, picture: NDArray[np.uint8]) -> Iterator[list[Detection]]:
        """The faces of a picture (H, W, 3) RGB, at one size after another; small faces with the last.

        The eyes of a detection are a guess: where they are in an upright face of its box. The mesh finds them.
        """
        longest, before = max(picture.shape[:2]), 0
        for side in SIDES:
            scale = min(1.0, side / longest)
            size = [max(1, round(length * scale)) for length in picture.shape[1::-1]]
            if max(size) == before:
                return
            before = max(size)
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
            yield [detection.moved(0, 0, 1 / scale) for detection in self._look(np.asarray(small, np.uint8))]

    def _look(self, picture: NDArray[np.uint8]) -> list[Detection]:
        import torch  # noqa: PLC0415 - an extra, and heavy

        pixels = picture[:, :, ::-1].astype(np.float32) - np.array(MEAN_BGR, np.float32)
        batch = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
        with torch.inference_mode():
            answers = [(scores[0].numpy(), boxes[0].numpy()) for scores, boxes in answer(self._weights, batch)]
        found = []
        for number, (scores, boxes) in enumerate(answers):
            found += detections(scores, boxes, stride=4 << number)
        return non_max_suppression(found)


def answer(weights: Mapping[str, Tensor], pictures: Tensor) -> list[tuple[Tensor, Tensor]]:
    """What the six layers say of pictures (B, 3, H, W), BGR less the mean: scores (B, 2, h, w), background and face,
    before the softmax; and boxes (B, 4, h, w), relative to the anchors."""
    from torch.nn import functional  # noqa: PLC0415

    maps: dict[str, Tensor] = {}
    here = pictures
    for name, _, _, _, stride, padding in _BODY:
        here = functional.conv2d(here, weights[f"{name}.weight"], weights[f"{name}.bias"], stride, padding).relu_()
        maps[name] = here
        if name in _POOLED:
            here = functional.max_pool2d(here, 2)
    answers = []
    for number, (name, _, normed) in enumerate(_DETECTING):
        seen = maps[name]
        if normed:
            length = seen.square().sum(dim=1, keepdim=True).sqrt() + 1e-10
            seen = seen / length * weights[f"{name}_norm.weight"].view(1, -1, 1, 1)
        scores, boxes = (
            functional.conv2d(seen, weights[f"{head}.weight"], weights[f"{head}.bias"], padding=1)
            for head in (_head(name, normed, "conf"), _head(name, normed, "loc"))
        )
        answers.append((max_out(scores) if number == 0 else scores, boxes))
    return answers


def max_out(scores: Tensor) -> Tensor:
    """(B, 4, h, w) three backgrounds and the face -> (B, 2, h, w), the greatest background and the face."""
    from torch import cat  # noqa: PLC0415

    return cat([scores[:, :_BACKGROUNDS].amax(dim=1, keepdim=True), scores[:, _BACKGROUNDS:]], dim=1)


def detections(scores: NDArray[np.float32], boxes: NDArray[np.float32], stride: int) -> list[Detection]:
    """The finds of one layer, from scores (2, h, w) and boxes (4, h, w): middle x, y, then width, height.

    An anchor is a square of 4 strides in the middle of its cell; its middle is moved by 0.1 of its side times what
    the network gives, and its sides are multiplied by e to the power of 0.2 times that (SSD, Liu et al. 2016).
    """
    likely = 1 / (1 + np.exp(np.clip(scores[0] - scores[1], -80, 80)))  # the softmax of two
    side = float(ANCHOR * stride)
    found = []
    for row, column in np.argwhere(likely > MIN_SCORE):
        dx, dy, dw, dh = (float(value) for value in boxes[:, row, column])
        x = (column + 0.5) * stride + dx * VARIANCES[0] * side
        y = (row + 0.5) * stride + dy * VARIANCES[0] * side
        width, height = (side * float(np.exp(min(10.0, size * VARIANCES[1]))) for size in (dw, dh))
        left, top = x - width / 2, y - height / 2
        eyes = tuple((left + width * across, top + height * 0.4) for across in (0.3, 0.7))
        found.append(
            Detection(float(likely[row, column]), (left, top, left + width, top + height), (eyes[0], eyes[1]))
        )
    return found


def _head(name: str, normed: bool, part: str) -> str:
    return f"{name}{'_norm' if normed else ''}_mbox_{part}"
