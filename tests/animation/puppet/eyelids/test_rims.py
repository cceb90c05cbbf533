"""Rims of glasses are lines that pass an eye; folds and lashes are none."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.eyelids.rims import find_thin_rims, touching_border, trace_upper_rim

EYE = 100.0
Picture = NDArray[np.float32]


def skin() -> Picture:
    noise = np.random.default_rng(1).normal(0, 2, (160, 200, 3))
    return np.asarray(np.array([205, 160, 135]) + noise, np.float32)


def line(points: list[tuple[int, int]], thickness: int = 4) -> Picture:
    picture = skin()
    cv2.polylines(picture, [np.array(points)], False, (40, 30, 30), thickness, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def place() -> NDArray[np.bool_]:
    """Rows above 80, between columns 28 and 172, 22 of which lie beyond each corner."""
    allowed = np.zeros((160, 200), bool)
    allowed[20:80, 28:172] = True
    return allowed


def test_a_rim_from_side_to_side_is_traced() -> None:
    rim = trace_upper_rim(line([(0, 60), (60, 45), (140, 47), (199, 65)]), EYE, place())
    assert rim[:, 40:160].any(0).mean() > 0.98
    assert 0.02 < rim[20:80].mean() < 0.2
    assert abs(float(np.flatnonzero(rim[:, 100]).mean()) - 46) < 3


def test_a_fold_that_ends_at_the_corners_is_no_rim() -> None:
    picture = line([(52, 70), (75, 55), (125, 55), (148, 70)])
    beyond = np.maximum(np.maximum(50 - np.arange(200), np.arange(200) - 150), 0).astype(np.float32) / 100
    assert not trace_upper_rim(picture, EYE, place()).any()
    assert not find_thin_rims(picture, EYE, place(), beyond).any()


def test_bare_skin_has_no_rims() -> None:
    beyond = np.zeros(200, np.float32)
    assert not trace_upper_rim(skin(), EYE, place()).any()
    assert not trace_upper_rim(skin(), EYE, np.zeros((160, 200), bool)).any()
    assert not find_thin_rims(skin(), EYE, place(), beyond).any()


def test_dark_and_bright_rims_beside_the_eye_are_found() -> None:
    beyond = np.maximum(np.maximum(50 - np.arange(200), np.arange(200) - 150), 0).astype(np.float32) / 100
    everywhere = np.ones((160, 200), bool)
    for colour in ((30, 25, 25), (255, 250, 245)):
        picture = skin()
        cv2.line(picture, (20, 10), (30, 150), colour, 4, cv2.LINE_AA)
        found = find_thin_rims(cv2.GaussianBlur(picture, (0, 0), 0.8), EYE, everywhere, beyond)
        assert found[20:140, 15:36].any(1).mean() > 0.9
        assert not found[:, 60:].any()


def test_only_what_reaches_the_border_comes_from_outside() -> None:
    mask = np.zeros((20, 30), bool)
    mask[0:6, 4:6] = mask[10:14, 10:20] = True
    np.testing.assert_array_equal(np.argwhere(touching_border(mask).any(0))[:, 0], [4, 5])
