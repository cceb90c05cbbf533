"""Which part of an avatar's video is used, and why the rest is left out: the one place that says so.

A request's result, the job, the JSON of the API, the header ``X-Avatar-Part`` and the command line all carry this
value.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

REASONS: dict[str, dict[str, str]] = {
    "no_face": {
        "en": "no face is visible (a title, a dark picture, a head turned away)",
        "ru": "лица не видно (титры, тёмный кадр, голова отвёрнута)",
    },
    "face_too_small": {"en": "the face is too small", "ru": "лицо слишком мелкое"},
    "face_turned": {"en": "the face is turned too far away", "ru": "лицо слишком отвёрнуто"},
    "mouth_covered": {
        "en": "the mouth is covered or outside of the picture",
        "ru": "рот закрыт или вне кадра",
    },
    "unclear": {"en": "the face is dark, faded or blurred", "ru": "лицо тёмное, блёклое или размытое"},
    "another_person": {
        "en": "another person is visible, or another shot in which the face is not recognised",
        "ru": "виден другой человек или другой план, где лицо не удаётся узнать",
    },
    "shorter_part": {
        "en": "the same person, but apart from the longest usable part",
        "ru": "тот же человек, но отдельно от самого длинного пригодного фрагмента",
    },
}
"""Why frames are left out: a code, and what it means in each language. The codes of errors keep their names."""


@dataclass(frozen=True)
class LeftOut:
    """Consecutive frames of an avatar's video that are not used."""

    start: float
    """Seconds from the first frame."""
    end: float
    reason: str
    """Code: a key of :data:`REASONS`."""


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
        rest = "; ".join(f"{one.start:.1f}-{one.end:.1f}: {REASONS[one.reason][language]}" for one in self.left_out)
        start, end, whole = f"{self.start:.1f}", f"{self.end:.1f}", f"{self.duration:.1f}"
        if language == "ru":
            return f"Из видео ({whole} с) используются секунды {start}-{end}. Не используются: {rest}."
        return f"Seconds {start}-{end} of the video's {whole} are used. Left out: {rest}."

    def as_json(self, language: str) -> dict[str, Any]:
        """All of it as JSON can hold it, with the sentence."""
        facts = {**asdict(self), "sentence": self.sentence(language)}
        facts["left_out"] = [asdict(one) for one in self.left_out]
        return facts
