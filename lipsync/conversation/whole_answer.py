"""All parts of an answer together."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field

from lipsync.animation.blendshapes import BlendshapeFrame, BlendshapeWeights
from lipsync.animation.body_motion.types import MotionKeyframe, MotionKeyframes
from lipsync.audio.segment import SEGMENT_RATE, AudioSegment
from lipsync.audio.wav import wav_header
from lipsync.conversation.parts import (
    AnswerPart,
    BlendshapePart,
    DonePart,
    MotionPart,
    SentencePart,
    SoundPart,
    VideoHeader,
    VideoPart,
)

_DIGITS = 6


@dataclass
class WholeAnswer:
    """Collects the parts of one answer."""

    done: DonePart | None = None
    """The end; None while the answer is not complete."""
    frames: list[BlendshapeFrame] = field(default_factory=list)
    sentences: list[SentencePart] = field(default_factory=list)
    _sound: list[bytes] = field(default_factory=list)
    _video: list[bytes] = field(default_factory=list)
    _motions: list[MotionPart] = field(default_factory=list)

    def add(self, part: AnswerPart) -> None:
        """The next part."""
        if isinstance(part, SentencePart):
            self.sentences.append(part)
        elif isinstance(part, SoundPart):
            self._sound.append(part.data)
        elif isinstance(part, BlendshapePart):
            self.frames += part.frames
        elif isinstance(part, MotionPart):
            self._motions.append(part)
        elif isinstance(part, VideoHeader | VideoPart):
            self._video.append(part.data)
        elif isinstance(part, DonePart):
            self.done = part

    @property
    def wav(self) -> bytes:
        """The sound as a WAV file."""
        samples = b"".join(self._sound)
        return wav_header(SEGMENT_RATE, len(samples)) + samples

    @property
    def mp4(self) -> bytes | None:
        """The video as a fragmented MP4; None for sound alone."""
        return b"".join(self._video) or None

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return sum(map(len, self._sound)) / 2 / SEGMENT_RATE

    def audio(self) -> AudioSegment:
        """The sound, as WAV."""
        return AudioSegment(data=base64.b64encode(self.wav), duration=round(self.duration, _DIGITS))

    def blendshapes(self) -> BlendshapeWeights:
        """The weights of the whole answer."""
        return BlendshapeWeights(frames=tuple(self.frames), duration=round(self.duration, _DIGITS))

    def motion(self) -> MotionKeyframes:
        """The motions of all sentences on one timeline; named as the first."""
        return MotionKeyframes(
            action=self._motions[0].motion.action if self._motions else "idle",
            keyframes=tuple(_shifted(self._motions)),
            duration=round(self.duration, _DIGITS),
        )


def _shifted(motions: Iterable[MotionPart]) -> Iterable[MotionKeyframe]:
    """The keyframes of consecutive motions, with times from the start of the answer."""
    end = -1.0
    for motion in motions:
        for keyframe in motion.motion.keyframes:
            timestamp = round(motion.start + keyframe.timestamp, _DIGITS)
            if timestamp > end:
                yield keyframe.model_copy(update={"timestamp": timestamp})
                end = timestamp
