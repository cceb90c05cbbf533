"""The upper teeth of an open mouth are cut out at their edges, whatever is below them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet.curves import resample
from lipsync.animation.puppet.mouth import Mouth
from lipsync.animation.puppet.own_teeth import cut_upper_teeth, light_beside_own_teeth
from lipsync.animation.puppet.palette import Palette
from tests.animation.puppet.acting import Actor
from tests.animation.puppet.drawn_mouth import DARK, EYES, LIP, TOOTH, Picture, draw_gap, draw_lips, photograph

LEFT, TOP, SIZE = 50, 80, (140, 90)
GAP = 30


def laughing(*, edge: int, lower_teeth: bool = False, highlight: bool = False) -> Picture:
    """A mouth ``GAP`` high with upper teeth down to row ``edge``."""
    picture = draw_gap(draw_lips(), DARK, GAP)
    inside = cv2.inRange(picture, np.array(DARK) - 20, np.array(DARK) + 20) > 0
    rows = np.arange(240)[:, None]
    picture[inside & (rows < edge)] = TOOTH
    if lower_teeth:
        picture[inside & (rows >= edge + 3) & (rows < edge + 9)] = TOOTH
    if highlight:
        picture[105:110, 119:122] = 255
    return photograph(picture)


def open_mouth(actor: Actor) -> Mouth:
    t = np.linspace(-1, 1, 81)
    arc = np.sqrt(1 - t**2) * GAP / 2
    upper, lower = (np.column_stack([120 + 46 * t, 120 + sign * arc]) for sign in (-1, 1))
    return replace(
        actor.rig.motion.mouth,
        visible_upper=resample(upper, 81),
        visible_lower=resample(lower, 81),
        gap=GAP / EYES,
    )


@pytest.fixture
def palette(hopper: Actor) -> Palette:
    lip, tooth = (np.array(colour, np.float32) for colour in (LIP, TOOTH))
    return replace(hopper.rig.interior.palette, lip=lip, tooth=tooth)


@pytest.mark.parametrize("edge", [117, 123])
@pytest.mark.parametrize("lower_teeth", [False, True], ids=["dark below", "lower teeth below"])
def test_teeth_end_at_their_edge(hopper: Actor, palette: Palette, edge: int, *, lower_teeth: bool) -> None:
    picture = laughing(edge=edge, lower_teeth=lower_teeth)
    layer, found = cut_upper_teeth(picture, open_mouth(hopper), EYES, (LEFT, TOP), SIZE, palette)

    assert found + TOP == pytest.approx(edge, abs=2)
    column = layer[:, 120 - LEFT, 3].astype(int)
    assert column[edge - 5 - TOP] > 230
    assert column[edge + 5 - TOP] < 25
    np.testing.assert_allclose(layer[edge - 6 - TOP, 120 - LEFT, :3], TOOTH, atol=15)


def test_teeth_go_on_under_the_lip_without_a_line(hopper: Actor, palette: Palette) -> None:
    picture = laughing(edge=121, highlight=True)
    layer, _ = cut_upper_teeth(picture, open_mouth(hopper), EYES, (LEFT, TOP), SIZE, palette)
    row = layer[95 - TOP, 100 - LEFT : 140 - LEFT].astype(int)
    assert (row[:, 3] > 200).all()
    assert row[:, 1].max() < 1.2 * np.median(row[:, 1])


def test_a_mouth_without_teeth_has_none_to_cut(hopper: Actor, palette: Palette) -> None:
    dark = photograph(draw_gap(draw_lips(), DARK, GAP))
    layer, _ = cut_upper_teeth(dark, open_mouth(hopper), EYES, (LEFT, TOP), SIZE, palette)
    assert layer.shape == (0, 0, 4)


def test_shut_lips_show_no_teeth(hopper: Actor, palette: Palette) -> None:
    layer, _ = cut_upper_teeth(laughing(edge=121), hopper.rig.motion.mouth, EYES, (LEFT, TOP), SIZE, palette)
    assert layer.shape == (0, 0, 4)


def test_drawn_teeth_are_lit_as_the_own_ones_beside_them() -> None:
    """A little less, for they stand behind; beyond the last of its own the light goes on, without the lips' red."""
    own, drawn = np.zeros((20, 100, 4), np.uint8), np.zeros((20, 100, 4), np.float32)
    drawn[:, 5:95] = (100, 100, 100, 1)
    own[:, 20:50] = (160, 160, 160, 255)
    own[:, 50:80] = (80, 80, 80, 255)
    own[:, 78:80] = (140, 50, 50, 255)

    light = light_beside_own_teeth(own, drawn)

    assert light.shape == (1, 100, 3)
    np.testing.assert_allclose(light[0, :40], 0.85 * 1.6, atol=0.02)
    np.testing.assert_allclose(light[0, 60:74], 0.85 * 0.8, atol=0.02)
    np.testing.assert_allclose(light[0, 85:], 0.85 * 0.8, atol=0.13)
    assert light[0, 90, 0] / light[0, 90, 1] < 1.3
    assert (light_beside_own_teeth(np.zeros_like(own), drawn) == 1).all()
