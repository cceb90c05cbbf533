"""Closures of one lid: from the portrait's own eye to a shut one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lipsync.animation.puppet.eyelids.atlas import LEVELS
from lipsync.animation.puppet.eyelids.draw import LidRenderer
from lipsync.animation.puppet.frame_map import FrameMap
from lipsync.animation.puppet.pixels import PixelSampler
from lipsync.video.frame import frame_of
from tests.animation.puppet.acting import Actor, track


@pytest.mark.slow
def test_an_open_lid_is_the_portrait(actor: Actor) -> None:
    for lid in actor.rig.eyelids:
        y, uv = LidRenderer(lid).draw(0)
        np.testing.assert_array_equal(y, lid.y)
        np.testing.assert_array_equal(uv, lid.uv)


def test_nothing_changes_at_the_border_of_the_rectangle(actor: Actor) -> None:
    """Else the rectangle would be seen."""
    for lid in actor.rig.eyelids:
        for closure in (0.12, 0.5, 1.0):
            y, _ = LidRenderer(lid).draw(closure)
            change = np.abs(y.astype(int) - lid.y)
            assert max(side.max() for side in (change[0], change[-1], change[:, 0], change[:, -1])) <= 3


def test_each_step_changes_little(actor: Actor) -> None:
    """No closure jumps: neither where the painted lid takes over nor at the ends."""
    for lid in actor.rig.eyelids:
        drawing = LidRenderer(lid)
        frames = [drawing.draw(level / 40)[0].astype(np.float32) for level in range(41)]
        steps = [float(np.abs(after - before).mean()) for before, after in pairwise(frames)]
        whole = float(np.abs(frames[-1] - frames[0]).mean())
        assert whole > 2
        assert max(steps) < 0.2 * whole


def test_a_lid_held_a_little_lower_keeps_its_lashes(actor: Actor) -> None:
    """The darkest of the lid is drawn down with it; the skin above is not repainted."""
    for lid in actor.rig.eyelids:
        y, _ = LidRenderer(lid).draw(0.1)
        darkest = np.percentile(lid.y, 1)
        assert abs(float(np.percentile(y, 1)) - float(darkest)) < 12
        assert np.abs(y[:4].astype(int) - lid.y[:4]).max() <= 3


def test_rims_and_glints_are_left(hopper: Actor) -> None:
    for lid in hopper.rig.eyelids:
        left = replace(lid, foreground=np.full_like(lid.foreground, 255))
        y, uv = LidRenderer(left).draw(1.0)
        assert np.abs(y.astype(int) - lid.y).max() <= 60  # the shadow of nothing but the lid's own edge
        bare, _ = LidRenderer(lid).draw(1.0)
        assert np.abs(y.astype(int) - lid.y).mean() < 0.3 * np.abs(bare.astype(int) - lid.y).mean()
        assert uv.shape == lid.uv.shape


def test_an_atlas_mixes_its_neighbours(hopper: Actor) -> None:
    lid = hopper.rig.eyelids[0]
    y, uv = lid.y.copy(), lid.uv.copy()
    lid.atlas.paint(y, uv, 9.5 / LEVELS)
    one, other = (lid.atlas.level(level)[0].astype(int) for level in (9, 10))
    assert np.abs(y - (one + other) / 2).max() <= 1


def test_threads_that_share_an_atlas_draw_the_same(hopper: Actor) -> None:
    lid = replace(hopper.rig.eyelids[0])

    def painted(_: int) -> bytes:
        y, uv = lid.y.copy(), lid.uv.copy()
        for closure in (0.3, 0.62, 1.0):
            lid.atlas.paint(y, uv, closure)
        return y.tobytes() + uv.tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(painted, range(16)))) == 1


@pytest.mark.parametrize("smiles", [False, True])
@pytest.mark.parametrize(
    "pose",
    [[9, 0, 4, 0.05, 0], [-9, 5, -4, -0.05, 0.02], [0, -6, 0, 0, 0.05], [-6, 3, -4, 0, 0], [0.01, 0, 0, 0, 0]],
)
def test_what_is_painted_is_sampled_whole_when_the_head_turns(actor: Actor, pose: list[float], smiles: bool) -> None:
    """Lids and folds are painted into the source of the details; elsewhere the bare portrait is sampled."""
    rig, still = actor.rig, frame_of(actor.portrait.picture)
    resting = track(1, pose=[pose])
    upper, lower = rig.warp.fields(rig.motion.displacements(resting))
    mapped = FrameMap(rig, (still.width, still.height)).compose(
        PixelSampler(still, rig).canvas(),
        (upper[0], lower[0]),
        resting.weights[0],
        1.0,
        resting.pose[0],
        resting.torso[0],
        smiles=smiles,
    )
    lattice = rig.warp.lattice
    corner = np.array([lattice.left, lattice.top])
    details = [(corner + lattice.step * np.array(box[:2]), corner + lattice.step * np.array(box[2:]))
               for box in mapped.details]  # fmt: skip
    for painted in (*rig.eyelids, *(rig.smile_folds if smiles else ())):
        rows, columns = painted.area
        corners = np.array(
            [(x, y) for x in (columns.start, columns.stop) for y in (rows.start, rows.stop)], np.float64
        )
        moved = corners + rig.head.at(mapped.moved, corners)
        assert any((moved >= first).all() and (moved <= last).all() for first, last in details)
    for k, one in enumerate(mapped.details):
        for other in mapped.details[:k]:
            assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
