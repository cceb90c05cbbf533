"""A smile is shaded: a fold from nose to mouth, fuller cheeks; without one nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lipsync.animation.puppet import Puppet
from lipsync.animation.puppet.rest_smile import MAX_REST_SMILE
from lipsync.animation.puppet.smile_folds import plan_smile_folds, shade_smile
from lipsync.video.frame import frame_of
from tests.animation.puppet.acting import Actor, same, track, units

HAPPY = units(mouthSmileLeft=0.6, mouthSmileRight=0.6, cheekSquintLeft=0.5, cheekSquintRight=0.5)
BOTH = np.ones(2, np.float32)


def test_both_cheeks_are_shaded(actor: Actor) -> None:
    folds = actor.rig.smile_folds
    assert len(folds) == 2
    for fold in folds:
        height, width = fold.shade.shape
        assert 0 <= fold.left <= fold.left + width <= actor.portrait.picture.shape[1]
        assert 0 <= fold.top <= fold.top + height <= actor.portrait.picture.shape[0]
        assert fold.shade.min() < -50  # an eighth darker in the fold
        assert fold.shade.max() > 10
        border = np.concatenate([fold.shade[0], fold.shade[-1], fold.shade[:, 0], fold.shade[:, -1]])
        assert np.abs(border).max() <= 6  # about three levels of the brightest skin


def test_the_fold_is_dark_and_the_cheek_bright(actor: Actor) -> None:
    points = actor.rig.motion.mouth.points
    for fold, (fold_point, cheek) in zip(actor.rig.smile_folds, (((206, 165), 205), ((426, 391), 425)), strict=True):
        in_fold = points[fold_point[0]] * 0.65 + points[fold_point[1]] * 0.35
        values = [int(fold.shade[int(y - fold.top), int(x - fold.left)]) for x, y in (in_fold, points[cheek])]
        assert values[0] < -30
        assert values[1] > 0


def test_the_luma_changes_by_the_strength_and_keeps_black(actor: Actor) -> None:
    still = frame_of(actor.portrait.picture)
    changes = []
    for strength in (0.5, 1.0):
        source = still.copy()
        areas = shade_smile(source, actor.rig.smile_folds, BOTH * np.float32(strength))
        assert len(areas) == 2
        outside = np.ones(still.y.shape, bool)
        for area in areas:
            outside[area] = False
        np.testing.assert_array_equal(source.y[outside], still.y[outside])
        np.testing.assert_array_equal(source.uv, still.uv)
        assert 16 <= source.y.min() <= source.y.max() <= 235
        changes.append(np.abs(source.y.astype(int) - still.y).sum())
    assert 1.6 < changes[1] / changes[0] < 2.4


def test_a_smile_is_shaded_and_leaves_nothing_behind(hopper: Actor) -> None:
    flat = Puppet(hopper.portrait, replace(hopper.rig, smile_folds=()))
    moves = track(3, weights=np.stack([HAPPY * 0, HAPPY, HAPPY * 0]))
    rest, smile, after = hopper.puppet.frames(moves)
    _, flat_smile, _ = flat.frames(moves)
    assert not same(smile, flat_smile)
    assert same(rest, after)
    assert same(rest, frame_of(hopper.portrait.picture))


def test_a_portrait_that_smiles_by_itself_is_shaded_less(hopper: Actor) -> None:
    moves = track(weights=HAPPY, smile_removal=0.5)
    smiling = replace(hopper.rig.motion, rest_smile=MAX_REST_SMILE)
    assert (smiling.smiles(moves) < hopper.rig.motion.smiles(moves)).all()
    assert (smiling.smiles(track(smile_removal=0.6)) == 0).all()


def test_a_face_outside_of_the_picture_has_no_folds(hopper: Actor) -> None:
    points = hopper.rig.motion.mouth.points - 10_000
    assert plan_smile_folds(points, (512, 600), 120, 1.0) == ()
