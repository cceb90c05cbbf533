"""The one curve by which things here come and go."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.floating)


def ease(ramp: NDArray[Number]) -> NDArray[Number]:
    """(...) in [0, 1] to the same with level ends, 3t^2 - 2t^3: no corner where a movement begins and ends."""
    eased: NDArray[Number] = ramp * ramp * (3 - 2 * ramp)
    return eased
