"""Parts of an answer as the frames of the specification: :class:`lipsync.conversation.types.AvatarFrame`."""

from __future__ import annotations

import base64

from lipsync.audio.segment import SEGMENT_RATE, AudioSegment
from lipsync.conversation.parts import AnswerPart, BlendshapePart, DonePart, MotionPart, SentencePart, SoundPart
from lipsync.conversation.types import AvatarFrame

_DIGITS = 4


class FrameMaker:
    """Makes the frames of one answer, in the order of their times in the sound."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._motions: list[AvatarFrame] = []

    def add(self, part: AnswerPart) -> list[AvatarFrame]:
        """The frames that are known with ``part``; video has none."""
        if isinstance(part, SentencePart):
            self._text = f"{self._text} {part.text}" if self._text else part.text
        elif isinstance(part, MotionPart):
            self._motions += [
                AvatarFrame(timestamp=round(part.start + keyframe.timestamp, _DIGITS), motion=keyframe)
                for keyframe in part.motion.keyframes
            ]
        elif isinstance(part, SoundPart):
            text, self._text = self._text, None
            start = round(part.start, _DIGITS)
            sound = AvatarFrame(timestamp=start, text_chunk=text, audio_chunk=segment_of(part.data))
            return [*self._motions_until(start), sound]
        elif isinstance(part, BlendshapePart):
            frames = [AvatarFrame(timestamp=frame.timestamp, blendshapes=frame) for frame in part.frames]
            motions = self._motions_until(frames[-1].timestamp) if frames else []
            return sorted([*motions, *frames], key=lambda frame: frame.timestamp)
        elif isinstance(part, DonePart):
            return self._motions_until(float("inf"))
        return []

    def _motions_until(self, seconds: float) -> list[AvatarFrame]:
        due = [motion for motion in self._motions if motion.timestamp <= seconds]
        self._motions = [motion for motion in self._motions if motion.timestamp > seconds]
        return due


def segment_of(pcm16: bytes) -> AudioSegment:
    """Samples of an answer as a piece of sound."""
    duration = len(pcm16) / 2 / SEGMENT_RATE
    return AudioSegment(data=base64.b64encode(pcm16), format="pcm16", duration=round(duration, 6))
