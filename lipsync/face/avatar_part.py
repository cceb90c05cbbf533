"""Which part of an avatar's video is used, and why the rest is left out: the one place that says so.

A request's result, the job, the JSON of the API, the header ``X-Avatar-Part`` and the command line all carry this
value.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lipsync.messages import translate

REASONS = (
    "no_face",
    "face_too_small",
    "face_turned",
    "mouth_covered",
    "unclear",
    "another_person",
    "shorter_part",
)
"""Why frames are left out: codes, each with the message ``part.<code>``. The codes of errors keep their names."""


@dataclass(frozen=True)
class LeftOut:
    """Consecutive frames of an avatar's video that are not used."""

    start: float
    """Seconds from the first frame."""
    end: float
    reason: str
    """Code: one of :data:`REASONS`."""


@dataclass(frozen=True)
class AvatarPart:
    """The part of an avatar's video that is used."""

    start: float
    """Seconds from the first frame."""
    end: float
    duration: float
    """Seconds of the whole video that were looked at, at most LIPSYNC_MAX_AVATAR_SECONDS."""
    left_out: tuple[LeftOut, ...] = ()
    """The rest, in order; empty when all of the video is used."""

    def sentence(self, language: str) -> str:
        """Which seconds are used and why the others are not, for a person; empty when all of the video is used."""
        if not self.left_out:
            return ""
        left_out = "; ".join(
            f"{part.start:.1f}-{part.end:.1f}: {translate(f'part.{part.reason}', language)}" for part in self.left_out
        )
        start, end, duration = f"{self.start:.1f}", f"{self.end:.1f}", f"{self.duration:.1f}"
        facts = {"start": start, "end": end, "duration": duration, "left_out": left_out}
        return translate("part.used", language, facts)

    def as_json(self, language: str) -> dict[str, Any]:
        """All of it as JSON can hold it, with the sentence."""
        facts = {**asdict(self), "sentence": self.sentence(language)}
        facts["left_out"] = [asdict(span) for span in self.left_out]
        return facts
