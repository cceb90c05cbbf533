"""Videos made by the product, with what was meant: pose, gaze and opening of each frame, and the phones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench.living_face.unmoved import limit_track, unmoved_pixels
from lipsync.animation.puppet import Puppet
from lipsync.animation.types import Animator, FaceTrack, Performance
from lipsync.face.types import Portrait
from lipsync.pipeline.parse_request import ParsedRequest
from lipsync.pipeline.portraits import PreparedPortrait
from lipsync.pipeline.request import VideoRequestFields
from lipsync.pipeline.service import AvatarSource, LipsyncService
from lipsync.speech.types import Phone, Speech
from lipsync.video.frame import Frame, frame_of

Motion = Literal["still", "moving", "sweep"]
"""What head, shoulders and eyes do: nothing, what the track says, or slow waves in the place of it."""
_WAVES = ((6.0, 3.1), (4.0, 2.3), (2.5, 4.7))
"""Degrees and seconds of the waves of yaw, pitch and roll: no two have a common period within a video."""


@dataclass
class Recording:
    """What the product meant by one video of T frames, and what drawing it took."""

    fps: int = 0
    tracks: list[FaceTrack] = field(default_factory=list)
    openings: list[NDArray[np.float32]] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)
    """Their times are seconds from the start of the video."""
    seconds: float = 0.0
    """Duration of the sound so far."""
    draw_s: float = 0.0
    """CPU time of the thread that draws the frames."""
    total_s: float = 0.0
    """CPU time of the process for the whole video, encoder included, portrait and speech prepared before."""
    check_s: float = 0.0
    """CPU time that recording itself has added."""
    broken_pixels: int = 0
    """Largest number of pixels of a frame that differ from the portrait although the puppet gives them no weight."""
    unmoved_share: float = 0.0
    """Share of the picture's pixels to which the puppet gives no weight."""

    @property
    def frames(self) -> int:
        return sum(map(len, self.tracks))

    def series(self, name: str) -> NDArray[np.float32]:
        """(T, ...) an array of :class:`FaceTrack`, over all pieces."""
        return np.concatenate([getattr(track, name) for track in self.tracks])

    @property
    def opening(self) -> NDArray[np.float32]:
        """(T,) opening of the inner lips, in distances of the outer eye corners."""
        return np.concatenate(self.openings)

    def save(self, path: Path) -> None:
        """Write pose, torso, gaze and opening of all frames as ``.npz``, for another analysis."""
        np.savez(
            path,
            opening=self.opening,
            pose=self.series("pose"),
            torso=self.series("torso"),
            gaze=self.series("gaze"),
        )


class RecordingService(LipsyncService):
    """The service, whose animators record what they are given, and hold or turn the head.

    Mouth and blinks are the same with each motion.
    """

    motion: Motion = "moving"
    recording = Recording()

    def prepare(self, picture: bytes, text: str, language: str) -> Portrait:
        """Prepare the portrait and the speech, so that a video that follows takes only its own time."""
        for _ in self.speak(text=text, language=language):
            pass
        return self._prepared(self.parse(VideoRequestFields(text=text, language=language), picture)).portrait

    def puppet(self, picture: bytes) -> Puppet:
        """The portrait's puppet."""
        parsed = self.parse(VideoRequestFields(text="a", language="en"), picture)
        return self._prepared(parsed).animator

    def record(self, picture: bytes, path: Path, motion: Motion, /, **fields: Any) -> Recording:
        """Make the video ``path``. ``fields`` are those of a request. Raises what ``generate`` raises."""
        self.motion, self.recording = motion, Recording()
        began = time.process_time()
        self.generate(picture=picture, output=path, **fields)
        self.recording.total_s = time.process_time() - began - self.recording.check_s
        return self.recording

    def _prepared(self, parsed: ParsedRequest) -> PreparedPortrait:
        return self._portraits.get(parsed.avatar, parsed.request.box)[0]

    def _animator(self, parsed: ParsedRequest) -> tuple[Animator, AvatarSource]:
        animator, source = super()._animator(parsed)
        return _RecordingAnimator(animator, self._prepared(parsed), self.recording, self.motion), source


class _RecordingAnimator:
    def __init__(self, animator: Animator, prepared: PreparedPortrait, recording: Recording, motion: Motion) -> None:
        self.name = animator.name
        self._animator, self._prepared, self._recording, self._motion = animator, prepared, recording, motion

    @property
    def size(self) -> tuple[int, int]:
        return self._animator.size

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        return self._animator.openings(track)

    def perform(self, fps: int) -> Performance:
        self._recording.fps = fps
        return _RecordingPerformance(
            self._animator, self._animator.perform(fps), self._prepared, self._recording, self._motion
        )


class _RecordingPerformance:
    def __init__(
        self,
        animator: Animator,
        performance: Performance,
        prepared: PreparedPortrait,
        recording: Recording,
        motion: Motion,
    ) -> None:
        self._animator, self._performance, self._recording, self._motion = animator, performance, recording, motion
        self._portrait = frame_of(prepared.portrait.picture)
        self._puppet = prepared.animator
        self._unmoved = unmoved_pixels(self._puppet)
        recording.unmoved_share = float(self._unmoved.mean())

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:
        recording = self._recording
        if self._motion == "still":
            track = hold_still(track)
        elif self._motion == "sweep":
            track = sweep_head(track)
        recording.tracks.append(limit_track(self._puppet, track))
        recording.openings.append(self._animator.openings(track))
        begin = recording.seconds
        recording.phones += [
            replace(phone, start=begin + phone.start, end=begin + phone.end) for phone in speech.phones
        ]
        recording.seconds += len(speech.samples) / speech.rate
        frames = self._performance.add(speech, track, last=last)
        while True:
            began = time.thread_time()
            frame = next(frames, None)
            drawn = time.thread_time()
            recording.draw_s += drawn - began
            if frame is None:
                return
            broken = int(np.count_nonzero((frame.y != self._portrait.y) & self._unmoved))
            recording.broken_pixels = max(recording.broken_pixels, broken)
            recording.check_s += time.thread_time() - drawn
            yield frame


def hold_still(track: FaceTrack) -> FaceTrack:
    """The track with a head, shoulders and eyes that do not move."""
    return replace(track, **{name: np.zeros_like(getattr(track, name)) for name in ("pose", "torso", "gaze")})


def sweep_head(track: FaceTrack) -> FaceTrack:
    """The track with a head that turns in slow waves about all three axes while the eyes stay on the viewer."""
    times = (track.start + np.arange(len(track))) / track.fps
    pose = np.zeros_like(track.pose)
    for axis, (degrees, period) in enumerate(_WAVES):
        pose[:, axis] = degrees * np.sin(2 * np.pi * times / period)
    return replace(track, pose=pose, torso=np.zeros_like(track.torso), gaze=-pose[:, :2])
