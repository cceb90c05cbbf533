"""What a living face must reach, and which figures of a face fail."""

from __future__ import annotations

from dataclasses import dataclass

from bench.living_face.figures import Figures

MIN_R = {"yaw": 0.97, "pitch": 0.75, "roll": 0.90}
"""Least correlation of each angle. The mesh sees a half to three quarters of a nod, hence the lower
limit of pitch."""
RATIO = 0.75, 1.25
"""Limits of yaw's amplitude: measured degrees for each that was meant."""
MAX_BASE_YAW = 25.0
"""Degrees by which a portrait may be turned by itself for the limits of its angles to apply."""
MAX_LIPS_LOSS, MAX_LIPS_LOSS_OF = 0.015, {"gauss": 0.05}
"""How far the correlation of the lips may fall below that of the still head, in general and by portrait."""
MIN_LIPS_R_IN_MOOD = 0.95
"""Least correlation of the lips in a mood."""
MIN_SKIN_R = 0.97
"""Least correlation of the opening with the way of the skin beside the lips; NaN misses it."""
MAX_GAP = 0.006
"""Largest opening at p, b and m, in distances of the outer eye corners: the mesh reads up to this with shut lips."""
MAX_JITTER_RATIO = 1.6
"""Second difference of an angle relative to that of the still head: the mesh's own noise gives 1.0 to 1.6."""
MAX_FAST_SHARE = 0.001
"""Share of the power of the meant angles above 3 Hz."""
MIN_SEEN = 0.98
"""Share of frames in which the mesh must see the face."""


@dataclass(frozen=True)
class Face:
    """All that is known of one portrait."""

    name: str
    size: str
    """``1024x1304``."""
    base_yaw: float
    """Degrees to the picture's right by which the portrait itself is turned."""
    still: Figures
    """Figures of the first video: the still head, or the only video."""
    moving: Figures | None
    """None where only one video was asked for."""
    mood: str | None
    broken_pixels: int
    """Pixels without weight that differ from the portrait's."""
    unmoved_share: float
    """Share of the pixels without weight."""
    draw_ms: float
    """CPU time to draw a frame."""
    cpu_ms: float
    """CPU time of the process for a frame, encoder included."""

    @property
    def shown(self) -> Figures:
        """The figures of the moving head, or of the still one where there is no other."""
        return self.moving or self.still

    @property
    def jitter_ratio(self) -> float | None:
        """Largest ratio of an angle's second difference to that of the still head."""
        if self.moving is None or not self.moving.axes:
            return None
        return max(self.moving.jitter[name] / max(self.still.jitter[name], 1e-9) for name in self.moving.axes)


def list_failures(face: Face) -> list[str]:
    """The limits that ``face`` misses, one sentence each."""
    figures, failures = face.shown, []

    def check(holds: bool, sentence: str) -> None:
        if not holds:
            failures.append(sentence)

    check(figures.seen >= MIN_SEEN, f"the mesh sees a face in {figures.seen:.0%} of the frames only")
    if face.moving is not None and abs(face.base_yaw) <= MAX_BASE_YAW:
        for name, axis in face.moving.axes.items():
            check(axis.r > MIN_R[name], f"{name} r {axis.r:.3f}, not above {MIN_R[name]}")
        if "yaw" in face.moving.axes:
            ratio = face.moving.axes["yaw"].ratio
            check(RATIO[0] <= ratio <= RATIO[1], f"yaw ratio {ratio:.2f}, not {RATIO[0]} to {RATIO[1]}")
    if face.mood is not None:
        check(figures.lips_r > MIN_LIPS_R_IN_MOOD, f"lips r {figures.lips_r:.3f}, not above {MIN_LIPS_R_IN_MOOD}")
    if figures.skin_r is not None:
        check(figures.skin_r > MIN_SKIN_R, f"skin beside the lips r {figures.skin_r:.3f}, not above {MIN_SKIN_R}")
    if face.moving is not None:
        loss, most = face.still.lips_r - face.moving.lips_r, MAX_LIPS_LOSS_OF.get(face.name, MAX_LIPS_LOSS)
        check(loss <= most, f"lips r falls by {loss:.3f} when the head moves, more than {most}")
        ratio_of_jitter = face.jitter_ratio
        if ratio_of_jitter is not None:
            check(ratio_of_jitter <= MAX_JITTER_RATIO, f"jitter {ratio_of_jitter:.2f} of the still head's")
        share = face.moving.fast_share
        check(share < MAX_FAST_SHARE, f"{share:.2%} of the power above 3 Hz")
    check(figures.lag == 0, f"lips are {figures.lag} frames late")
    gap = max(figures.closures, default=0.0)
    check(gap < MAX_GAP, f"gap {gap:.4f} at a p, b or m, not below {MAX_GAP}")
    check(face.broken_pixels == 0, f"{face.broken_pixels} pixels without weight differ from the portrait")
    return failures
