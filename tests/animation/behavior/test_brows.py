from __future__ import annotations

import numpy as np

from lipsync.animation.behavior.brows import draw_brows
from lipsync.animation.behavior.nods import Nod
from lipsync.animation.behavior.timeline import Span


def test_strong_accents_lift_the_brows() -> None:
    span = Span(0, 600)
    lift = draw_brows(span, [Nod(1.5, 2.0, 4.0, 0, 0, 0), Nod(3.0, 0.2, 4.0, 0, 0, 0), Nod(4.5, 1.0, 4.0, 0, 0, 0)])
    assert abs(span.times[lift.argmax()] - 1.5) < 0.1
    assert 0.5 < lift[430:470].max() < lift.max() <= 1
    assert lift[280:330].max() < 0.01
    assert np.abs(np.diff(lift)).max() < 0.06


def test_accents_close_together_do_not_add_up() -> None:
    lift = draw_brows(Span(0, 300), [Nod(1.4, 2.4, 4.0, 0, 0, 0), Nod(1.5, 2.4, 4.0, 0, 0, 0)])
    assert 0.9 < lift.max() <= 1
