"""A rig that was kept in a file draws what the first one drew."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet import Puppet, Rig
from lipsync.animation.puppet.serialization import flatten, unflatten
from tests.animation.puppet.acting import Actor, same, speaking


def kept(arrays: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Written to a file that holds no code, and read back."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as read:
        return {name: read[name] for name in read.files}


def test_a_rig_read_back_draws_the_same(actor: Actor) -> None:
    rig = Rig.from_arrays(kept(actor.rig.arrays()))
    again = Puppet(actor.portrait, rig)

    np.testing.assert_array_equal(again.openings(speaking(8)), actor.puppet.openings(speaking(8)))
    for one, other in zip(again.frames(speaking(8)), actor.puppet.frames(speaking(8)), strict=True):
        assert same(one, other)


def test_a_missing_array_is_told(hopper: Actor) -> None:
    arrays = hopper.rig.arrays()
    assert len(arrays) > 30
    for name in arrays:
        with pytest.raises(KeyError):
            Rig.from_arrays({other: array for other, array in arrays.items() if other != name})


def test_no_array_holds_objects(hopper: Actor) -> None:
    assert all(array.dtype.kind in "fiub" for array in hopper.rig.arrays().values())


@dataclass(frozen=True)
class Leaf:
    size: float
    veins: NDArray[np.float32]


@dataclass(frozen=True)
class Twig:
    leaves: tuple[Leaf, ...]
    first: Leaf
    count: int


@pytest.mark.parametrize("leaves", [0, 1, 3])
def test_values_within_values(leaves: int) -> None:
    twig = Twig(
        tuple(Leaf(i / 2, np.arange(i, dtype=np.float32)) for i in range(leaves)), Leaf(7, np.ones((2, 3))), 5
    )
    again = unflatten(Twig, kept(flatten(twig)))

    assert (again.count, again.first.size, len(again.leaves)) == (5, 7.0, leaves)
    assert isinstance(again.count, int)
    assert isinstance(again.first.size, float)
    np.testing.assert_array_equal(again.first.veins, twig.first.veins)
    for one, other in zip(again.leaves, twig.leaves, strict=True):
        assert one.size == other.size
        np.testing.assert_array_equal(one.veins, other.veins)
