"""The one curve by which things here come and go."""

from __future__ import annotations

from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.floating)


@overload
def ease(ramp: float) -> float: ...
@overload
def ease(ramp: NDArray[Number]) -> NDArray[Number]: ...
def ease(ramp: Any) -> Any:
    """A number or (...) in [0, 1] to the same with level ends, 3t^2 - 2t^3: no corner where a movement begins and
    ends."""
    return ramp * ramp * (3 - 2 * ramp)
