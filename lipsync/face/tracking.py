"""Follows one person through the frames of a video, and chooses the longest part in which the face can be used.

The rules:

- A shot of one person is a *run*. The mesh follows the face from frame to frame. Where it is lost, or the face under
  it is suddenly another (a cut, people who cross), the same person is looked for in the whole frame. A run goes on
  across a cut to another shot of the same person; it ends when the person is not found again within BRIDGE_S.
- A frame without a usable face is never used, wherever it stands: the video is cut there. Up to BRIDGE_S of frames in
  which only the mesh was unsure are bridged, if what lies between the face before and after still looks like the
  person.
- A run is cut where the face is less than half as clear as usual in it, and begins and ends where it is nearly as
  clear and sharp as usual: fades and blurs are left out.
- Of all parts the longest is used; it must last MIN_PART_S, or half of the video.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.avatar_part import LeftOut
from lipsync.face.errors import PortraitError
from lipsync.face.finder import FaceFinder
from lipsync.face.likeness import FaceLook, Person, describe_face
from lipsync.face.pose import seen_eye_distance

MIN_PART_S = 1.0
"""Seconds; a shorter part, played forward and back, twitches."""

BRIDGE_S = 0.2
"""Seconds for which the face may be lost without an end of the run."""

MIN_CONTRAST = 4.0
"""Standard deviation of L* over the face; the clips and avatars have 9 and more."""

CLEAR, HALF_CLEAR = 0.85, 0.5
"""Shares of the run's median contrast: at the ends of a part, and in it."""

SHARP = 0.4
"""Share of the run's median sharpness at the ends of a part."""

JUMP = 0.3
"""A face that moves further than this from one frame to the next, in eye distances, is in another shot."""

MIN_SPAN_S = 0.5
"""Seconds; shorter spans of what is left out are counted to the reason beside them."""

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass
class _Seen:
    """Observation of one frame: face, look, and the run to which it belongs."""

    time: float
    reason: str = ""
    """Code of why the frame cannot be used; empty when it can."""
    points: Points | None = None
    """(468, 3) pixels."""
    look: FaceLook | None = None
    run: int = -1
    """Number of the run that the frame belongs to; -1 when it shows no usable face."""


@dataclass(frozen=True)
class UsedFrames:
    """The frames that are used."""

    first: int
    last: int
    """Index of the last frame."""
    landmarks: Points
    """(n, 468, 3) pixels, one for each frame."""
    left_out: tuple[LeftOut, ...]


@dataclass
class PersonTracker:
    """Takes the frames of a video one by one, then chooses the part to use."""

    finder: FaceFinder
    frame_s: float
    """Seconds of one frame, about."""
    _seen: list[_Seen] = field(default_factory=list)
    _people: list[Person] = field(default_factory=list)
    """One for each run."""
    _errors: dict[str, LipsyncError] = field(default_factory=dict)
    _before: Points | None = None
    """Points of the frame before, where the face was seen in it."""
    _lost_since: float | None = None

    def add(self, time: float, picture: Picture) -> None:
        """Look at the next frame: ``time`` in seconds, (H, W, 3) RGB."""
        seen = _Seen(time)
        self._seen.append(seen)
        try:
            seen.points, seen.look, same = self._locate(picture)
        except LipsyncError as error:
            self._errors.setdefault(error.code, error)
            seen.reason = error.code
        if seen.look is not None and seen.look.contrast < MIN_CONTRAST:
            seen.reason = "unclear"
        elif seen.look is not None:
            if same or not self._people or self._is_lost(time):
                if not same:
                    self._begin_run(seen.look)
                self._people[-1].add(seen.look)
                seen.run, self._before, self._lost_since = len(self._people) - 1, seen.points, None
                return
            seen.reason = "another_person"
        self._before = None
        if self._lost_since is None:
            self._lost_since = time

    def _begin_run(self, look: FaceLook) -> None:
        """Begin a run of the person with this look, with the frames just before in which the person was seen too."""
        person = Person(look)
        self._people.append(person)
        for seen in reversed(self._seen[:-1]):
            if seen.reason != "another_person" or seen.look is None or person.resemblance(seen.look) < 0:
                return
            seen.run, seen.reason = len(self._people) - 1, ""

    def _is_lost(self, time: float) -> bool:
        """Whether the person of the run has been missing for too long to go on with it."""
        return self._lost_since is not None and time - self._lost_since > BRIDGE_S

    def _locate(self, picture: Picture) -> tuple[Points, FaceLook, bool]:
        """The person of the run, or else the face that counts most; and whether it is the person of the run."""
        person = self._people[-1] if self._people else None
        if person is not None and self._before is not None:
            try:
                points = self.finder.track(picture, self._before)
            except LipsyncError:
                pass
            else:
                look = describe_face(picture, points)
                if person.continues_with(look):
                    return points, look, True
        faces = [(points, describe_face(picture, points)) for points in self.finder.find_all(picture)]
        if person is not None:
            alike = [person.resemblance(look) for _, look in faces]
            best = int(np.argmax(alike))
            if alike[best] > 0:
                # After a long absence the same person begins a new run: frames between them are left out.
                return *faces[best], not self._is_lost(self._seen[-1].time)
        return *faces[0], False

    def choose(self, read: Callable[[int], Picture]) -> UsedFrames:
        """The part to use. ``read`` gives the picture of a frame again.

        Raises LipsyncError when no part is long enough: what was wrong with most frames (no_face, face_too_small,
        face_turned, mouth_covered), or no_steady_face when each was usable, but not for long.
        """
        self._bridge(read)
        whole = self._end(len(self._seen) - 1)
        parts = list(self._parts())
        first, last = max(parts, key=lambda part: self._end(part[1]) - self._seen[part[0]].time, default=(0, -1))
        length = self._end(last) - self._seen[first].time if last >= first else 0.0
        if length < min(MIN_PART_S, whole / 2) - self.frame_s / 2:
            raise self._refusal()
        run = self._seen[first].run
        one_person = [self._is_one_person(other, run) for other in range(len(self._people))]
        contrast, sharpness = self._usual(run)
        faint = [self._usual(other)[0] < HALF_CLEAR * contrast for other in range(len(self._people))]
        for index, seen in enumerate(self._seen):
            if seen.look is None or seen.run < 0 or seen.reason or first <= index <= last:
                continue
            if faint[seen.run]:  # in the dark half of a fade nobody is recognised
                seen.reason = "unclear"
            elif not one_person[seen.run]:
                seen.reason = "another_person"
            elif seen.look.contrast < CLEAR * contrast or seen.look.sharpness < SHARP * sharpness:
                seen.reason = "unclear"
            else:
                seen.reason = "shorter_part"
        self._mark_fade(range(first - 1, -1, -1), first, contrast)
        self._mark_fade(range(last + 1, len(self._seen)), last, contrast)
        used = self._seen[first : last + 1]
        landmarks = np.stack([seen.points for seen in used if seen.points is not None])
        return UsedFrames(first, last, landmarks, (*self._spans(0, first), *self._spans(last + 1, len(self._seen))))

    def _mark_fade(self, indices: Iterable[int], end: int, contrast: float) -> None:
        """Mark as unclear the frames next to one ``end`` of the used part in which the face stays where it is and
        fades: nobody is recognised there, and another person would be somewhere else."""
        before = self._seen[end].points
        for index in indices:
            seen = self._seen[index]
            if before is None or seen.points is None or seen.look is None or seen.look.contrast >= CLEAR * contrast:
                return
            if float(np.abs(seen.points - before)[:, :2].mean()) > JUMP * float(seen_eye_distance(before)):
                return
            seen.reason, before = "unclear", seen.points

    def _refusal(self) -> LipsyncError:
        reasons = Counter(seen.reason or "short" for seen in self._seen)
        (commonest, _), *_ = reasons.most_common(1)
        error = self._errors.get(commonest) or PortraitError("no_steady_face", seconds=f"{MIN_PART_S:g}")
        return error.of_a_video()

    def _end(self, index: int) -> float:
        """Seconds at which a frame ends."""
        if index + 1 < len(self._seen):
            return self._seen[index + 1].time
        return self._seen[index].time + self.frame_s

    def _is_one_person(self, first: int, other: int) -> bool:
        """Whether the people of two runs are one person."""
        if first == other:
            return True
        looks = [seen.look for seen in self._seen if seen.run == first and seen.look is not None]
        return any(self._people[other].resemblance(look) > 0 for look in looks[:: max(1, len(looks) // 8)])

    def _bridge(self, read: Callable[[int], Picture]) -> None:
        """Give the frames within a run that have no face the points between their neighbours', where they show it."""
        usable = [index for index, seen in enumerate(self._seen) if seen.run >= 0]
        for before, after in pairwise(usable):
            a, b = self._seen[before], self._seen[after]
            if after == before + 1 or a.run != b.run or a.points is None or b.points is None or a.look is None:
                continue
            moved = float(np.linalg.norm((b.points - a.points)[:, :2].mean(0)))
            if moved > JUMP * (after - before) * float(seen_eye_distance(a.points)):
                continue
            found: list[tuple[Points, FaceLook]] = []
            for index in range(before + 1, after):
                share = np.float32((index - before) / (after - before))
                points = a.points + (b.points - a.points) * share
                look = describe_face(read(index), points)
                if self._people[a.run].resemblance(look) < 0 or look.contrast < HALF_CLEAR * a.look.contrast:
                    break
                found.append((points, look))
            else:
                for seen, (points, look) in zip(self._seen[before + 1 : after], found, strict=True):
                    seen.points, seen.look, seen.run, seen.reason = points, look, a.run, ""

    def _parts(self) -> Iterator[tuple[int, int]]:
        """First and last index of the parts of one run without a gap, from where the face is clear to where it is."""
        for run in range(len(self._people)):
            contrast, sharpness = self._usual(run)
            for indices in self._stretches(run, HALF_CLEAR * contrast):
                good = [
                    index
                    for index in indices
                    if (look := self._seen[index].look) is not None
                    and look.contrast >= CLEAR * contrast
                    and look.sharpness >= SHARP * sharpness
                ]
                for index in indices:
                    if not good or not good[0] <= index <= good[-1]:
                        self._seen[index].reason = "unclear"
                if good:
                    yield good[0], good[-1]

    def _usual(self, run: int) -> tuple[float, float]:
        """The contrast and the sharpness of the face in the middle one of a run's frames."""
        looks = [seen.look for seen in self._seen if seen.run == run and seen.look is not None]
        contrast, sharpness = np.median([(look.contrast, look.sharpness) for look in looks], axis=0)
        return float(contrast), float(sharpness)

    def _stretches(self, run: int, contrast: float) -> Iterator[list[int]]:
        """The indices of a run's frames, a list for each stretch without a gap, where a gap is also a face of less
        than ``contrast``."""
        stretch: list[int] = []
        for index, seen in enumerate(self._seen):
            if seen.run == run and seen.look is not None and seen.look.contrast >= contrast:
                stretch.append(index)
                continue
            if seen.run == run:
                seen.reason = "unclear"
            if stretch:
                yield stretch
            stretch = []
        if stretch:
            yield stretch

    def _spans(self, first: int, stop: int) -> tuple[LeftOut, ...]:
        """What is left out of the frames from ``first`` to before ``stop``: few spans, none very short."""
        spans: list[tuple[int, int, str]] = []
        for index in range(first, stop):
            if spans and spans[-1][2] == self._seen[index].reason:
                spans[-1] = spans[-1][0], index, spans[-1][2]
            else:
                spans.append((index, index, self._seen[index].reason))
        while len(spans) > 1:
            place = min(range(len(spans)), key=lambda k: self._length(spans[k]))
            if self._length(spans[place]) >= MIN_SPAN_S:
                break
            beside = [k for k in (place - 1, place + 1) if 0 <= k < len(spans)]
            other = max(beside, key=lambda k: self._length(spans[k]))
            low, high = sorted((place, other))
            spans[low : high + 1] = [(spans[low][0], spans[high][1], spans[other][2])]
        return tuple(LeftOut(round(self._seen[a].time, 3), round(self._end(b), 3), reason) for a, b, reason in spans)

    def _length(self, span: Sequence[int | str]) -> float:
        return self._end(int(span[1])) - self._seen[int(span[0])].time
