"""Lines drawn into synthetic mouths are found where they were drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet.contour import CONTOUR_POINTS, find_lip_edge, find_seam

EYES = 150.0
SKIN, LIP, TOOTH, DARK = (205, 160, 140), (170, 85, 85), (225, 220, 205), (40, 15, 15)
DOWN = np.array([0.0, 1.0])
X = np.linspace(70, 170, 11)


def height(x: NDArray[np.floating], at: float = 120, bow: float = 3.0) -> NDArray[np.floating]:
    """A cupid's bow."""
    t = (x - 120) / 50
    return at + bow * np.cos(3 * t) * (1 - t**2)


def lips() -> NDArray[np.uint8]:
    """(240, 240, 3) lips on skin, without a line."""
    picture = np.full((240, 240, 3), SKIN, np.uint8)
    cv2.ellipse(picture, (120, 120), (56, 22), 0, 0, 360, LIP, -1, cv2.LINE_AA)
    return picture


def noisy(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grain = np.random.default_rng(0).normal(0, 4, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) + grain, 0, 255).astype(np.uint8)


def between(
    upper: NDArray[np.floating], lower: NDArray[np.floating], colour: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """An open mouth between two lines of heights at 160 columns from 70 to 170."""
    picture = lips()
    x = np.linspace(70, 170, 160)
    outline = np.concatenate([np.column_stack([x, upper]), np.column_stack([x, lower])[::-1]])
    cv2.fillPoly(picture, [np.round(outline * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)
    return picture


@pytest.mark.parametrize("wrong", [-3.0, 0.0, 2.0, 3.5])
def test_the_dark_line_between_lips_is_found(wrong: float) -> None:
    """Within 0.03 eye distances, 4.5 pixels, of where the mesh has it."""
    picture = lips()
    x = np.linspace(70, 170, 160)
    line = np.round(np.column_stack([x, height(x)]) * 16).astype(np.int32)
    cv2.polylines(picture, [line], False, DARK, 2, cv2.LINE_AA, 4)
    guess = np.column_stack([X, height(X) + wrong])
    found = find_seam(noisy(picture), guess, DOWN, EYES)

    assert found.shape == (CONTOUR_POINTS, 2)
    off = found[:, 1] - height(found[:, 0])
    assert np.abs(off[10:-10]).max() < 1
    assert np.abs(off).max() <= 1 + abs(wrong)


def test_a_turned_line_is_found() -> None:
    angle = np.deg2rad(20)
    along, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    ends = np.array([120, 120]) + np.array([[-50], [50]]) * along
    picture = lips()
    cv2.line(picture, *[tuple(int(v) for v in end) for end in np.round(ends)], DARK, 2, cv2.LINE_AA)
    found = find_seam(noisy(picture), np.linspace(*ends, 11) + 2.5 * down, down, EYES)
    assert np.abs((found - [120, 120]) @ down)[10:-10].max() < 1


def test_without_a_line_the_mesh_is_believed() -> None:
    guess = np.column_stack([X, height(X)])
    found = find_seam(lips(), guess, DOWN, EYES)
    assert np.abs(found[:, 1] - height(found[:, 0])).max() < 1


@pytest.mark.parametrize("wrong", [-5.0, 0.0, 5.0])
@pytest.mark.parametrize("inside", [TOOTH, DARK], ids=["teeth", "dark"])
@pytest.mark.parametrize("inward", [1, -1], ids=["upper", "lower"])
def test_the_edge_between_lip_and_inside_is_found(wrong: float, inside: tuple[int, int, int], inward: int) -> None:
    """Within 0.06 eye distances, 9 pixels, of where the mesh has it."""
    x = np.linspace(70, 170, 160)
    t = (x - 120) / 50
    upper, lower = 120 - 9 * (1 - t**2), 120 + 9 * (1 - t**2)
    edge = upper if inward > 0 else lower
    picture = noisy(between(upper, lower, inside))
    apex = np.interp(X, x, edge)
    guess = np.column_stack([X, apex + wrong * np.sin(np.linspace(0, np.pi, 11))])
    found = find_lip_edge(picture, guess, DOWN, EYES, inward)

    assert found.shape == guess.shape
    np.testing.assert_allclose(found[:, 0], guess[:, 0], atol=1e-6)
    assert np.abs(found[2:-2, 1] - apex[2:-2]).max() < 1.5
    assert np.abs(found[:, 1] - apex).max() < 3


@pytest.mark.parametrize("corner", [(0, 0), (239, 239), (-20, 100), (300, 300)])
def test_lines_at_the_picture_s_border_are_searched_without_an_error(corner: tuple[int, int]) -> None:
    guess = np.column_stack([X, height(X)]) - 120 + corner
    for found in (find_seam(lips(), guess, DOWN, EYES), find_lip_edge(lips(), guess, DOWN, EYES, 1)):
        assert np.isfinite(found).all()
