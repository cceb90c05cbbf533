"""A portrait comes back from a file exactly as it was."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.face.finder import FaceFinder
from lipsync.face.serialization import portrait_arrays, portrait_from_arrays


def test_there_and_back(finder: FaceFinder, hopper: NDArray[np.uint8]) -> None:
    portrait = finder.find(hopper, "0123abcdÿ")
    file = BytesIO()
    np.savez(file, **portrait_arrays(portrait))
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        back = portrait_from_arrays(dict(stored))
    for name in ("picture", "landmarks"):
        before, after = getattr(portrait, name), getattr(back, name)
        assert before.dtype == after.dtype
        assert (before == after).all()
    for name in ("box", "eye_distance", "key"):
        assert getattr(back, name) == getattr(portrait, name)


def test_an_alpha_comes_back_and_one_of_another_size_is_refused(
    finder: FaceFinder, hopper: NDArray[np.uint8]
) -> None:
    portrait = finder.find(hopper)
    assert portrait_from_arrays(portrait_arrays(portrait)).alpha is None
    alpha = np.arange(portrait.picture[..., 0].size, dtype=np.uint8).reshape(portrait.picture.shape[:2])
    arrays = portrait_arrays(replace(portrait, alpha=alpha))
    back = portrait_from_arrays(arrays).alpha
    assert back is not None
    assert np.array_equal(back, alpha)
    with pytest.raises(ValueError, match="alpha"):
        portrait_from_arrays(arrays | {"alpha": alpha[1:]})


def test_what_is_no_portrait_is_refused(finder: FaceFinder, hopper: NDArray[np.uint8]) -> None:
    arrays = portrait_arrays(finder.find(hopper))
    with pytest.raises(ValueError, match="not a portrait"):
        portrait_from_arrays(arrays | {"landmarks": arrays["landmarks"][:100]})
    with pytest.raises(KeyError):
        portrait_from_arrays({name: array for name, array in arrays.items() if name != "box"})
