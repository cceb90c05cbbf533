"""The table of all faces, and what of it misses the limits."""

from __future__ import annotations

from collections.abc import Sequence

from bench.living_face.figures import AXES, Figures
from bench.living_face.limits import MAX_BASE_YAW, Face, list_failures

COLUMNS = (
    "face", "size", "turned", "yaw r/ratio", "pitch r/ratio", "roll r/ratio", "gaze r", "lips r still", "moving",
    "lag", "p b m still", "moving", "pause", "jitter still", "moving", ">3 Hz %", "unmoved %", "broken", "draw ms",
    "cpu ms", "limits",
)  # fmt: skip


def table_lines(faces: Sequence[Face]) -> list[str]:
    """The table, aligned: head, one line for each face, then the limits that are missed."""
    lines = _align([COLUMNS, *(row_of(face) for face in faces)])
    lines += ["", *(f"{face.name}: {sentence}." for face in faces for sentence in list_failures(face))]
    turned = [face.name for face in faces if abs(face.base_yaw) > MAX_BASE_YAW]
    if turned:
        lines.append(
            f"Turned by more than {MAX_BASE_YAW:.0f} degrees, so no limits of the angles: {', '.join(turned)}."
        )
    good = sum(not list_failures(face) for face in faces)
    lines.append(f"{good} of {len(faces)} faces are within the limits.")
    return lines


def mood_table_lines(faces: Sequence[Face]) -> list[str]:
    """The table of moods, aligned, and what of it misses the limits.

    ``faces``: each portrait in each mood. A line is a portrait, a cell a mood: the correlation of the lips, that
    of the skin beside them where it was followed, and the largest gap at a p, b or m.
    """

    def cell(figures: Figures) -> str:
        skin = "" if figures.skin_r is None else f" {figures.skin_r:.3f}"
        return f"{figures.lips_r:.3f}{skin} {_worst(figures.closures)}"

    moods = list(dict.fromkeys(str(face.mood) for face in faces))
    names = list(dict.fromkeys(face.name for face in faces))
    cells = {(face.name, str(face.mood)): cell(face.shown) for face in faces}
    rows = [("face", *moods), *((name, *(cells[name, mood] for mood in moods)) for name in names)]
    failures = [f"{face.name}, {face.mood}: {sentence}." for face in faces for sentence in list_failures(face)]
    good = sum(not list_failures(face) for face in faces)
    return [*_align(rows), "", *failures, f"{good} of {len(faces)} videos are within the limits."]


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def row_of(face: Face) -> tuple[str, ...]:
    """The cells of one face; an absent figure is ``-``."""
    still, moving = face.still, face.moving
    axes = [_axis(moving, name) for name in AXES]
    return (
        face.name,
        face.size,
        f"{face.base_yaw:+.0f}",
        *axes,
        _number(face.shown.gaze_r, 3),
        _number(still.lips_r, 3),
        _number(None if moving is None else moving.lips_r, 3),
        str(face.shown.lag),
        _worst(still.closures),
        "-" if moving is None else _worst(moving.closures),
        _worst(face.shown.pauses),
        _jitter(still),
        _jitter(moving),
        _number(None if moving is None else 100 * moving.fast_share, 3),
        f"{100 * face.unmoved_share:.0f}",
        str(face.broken_pixels),
        f"{face.draw_ms:.1f}",
        f"{face.cpu_ms:.1f}",
        "FAIL" if list_failures(face) else "pass",
    )


def _axis(figures: Figures | None, name: str) -> str:
    axis = None if figures is None else figures.axes.get(name)
    return "-" if axis is None else f"{axis.r:.3f} / {axis.ratio:.2f}"


def _jitter(figures: Figures | None) -> str:
    """Second differences of yaw, pitch and roll, degrees."""
    return "-" if figures is None else " ".join(f"{figures.jitter[name]:.2f}" for name in AXES)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _worst(gaps: Sequence[float]) -> str:
    return f"{max(gaps):.4f}" if gaps else "-"
