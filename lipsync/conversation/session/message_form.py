"""The parts of an answer as the messages that a client has asked for."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator

from pydantic import BaseModel

from lipsync.animation.blendshapes import BlendshapeFrame
from lipsync.animation.body_motion.types import MotionKeyframe
from lipsync.audio.segment import SEGMENT_RATE
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
from lipsync.conversation.protocol.binary import SOUND, VIDEO, pack
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.protocol.server_messages import (
    DoneMessage,
    FrameMessage,
    SentenceMessage,
    TimedWeights,
    VideoMessage,
)

Outgoing = BaseModel | bytes

_SAME_TIME_S = 1e-3
"""Seconds within which a frame of weights begins with the sound."""


class MessageForm:
    """Turns the parts of one answer into messages, in order. Each part of the answer is in exactly one message."""

    def __init__(self, answer: int, start: Start) -> None:
        """``start``: what the client has asked for."""
        self._answer, self._start, self._want = answer, start, start.want
        self._texts: deque[tuple[float, str]] = deque()
        self._motion: deque[MotionKeyframe] = deque()
        self._sound: SoundPart | None = None

    def add(self, part: AnswerPart) -> Iterator[Outgoing]:
        """The messages that ``part`` completes."""
        match part:
            case SentencePart():
                self._texts.append((part.start, part.text))
                yield self._sentence(part)
            case MotionPart():
                if self._want.motion:
                    self._motion.extend(
                        frame.model_copy(update={"timestamp": round(part.start + frame.timestamp, 4)})
                        for frame in part.motion.keyframes
                    )
            case SoundPart():
                yield from self._flush()
                self._sound = part
                if self._want.blendshapes == "none":
                    yield from self._flush()
            case BlendshapePart():
                yield from self._frames(part.start, part.frames)
            case VideoHeader():
                yield from self._flush()
                yield VideoMessage(answer=self._answer, mime=part.mime)
                yield pack(VIDEO, self._answer, 0.0, part.data)
            case VideoPart():
                yield pack(VIDEO, self._answer, part.start, part.data)
            case DonePart():
                yield from self._flush()
                while self._texts or self._motion:
                    time = max([part.total_duration, *(frame.timestamp for frame in self._motion)])
                    yield self._frame(time, None, None)
                yield DoneMessage(
                    answer=self._answer,
                    full_text=part.full_text,
                    total_duration=round(part.total_duration, 4),
                    timings={name: round(seconds, 4) for name, seconds in part.timings.items()},
                    degraded=tuple(part.degraded),
                )

    def _sentence(self, part: SentencePart) -> SentenceMessage:
        words = tuple((word.text, round(word.start, 3), round(word.end, 3)) for word in part.words)
        return SentenceMessage(
            answer=self._answer,
            index=part.index,
            text=part.text,
            start=round(part.start, 4),
            end=round(part.end, 4),
            emotion=part.mood,
            action=part.action,
            filler=part.is_filler,
            words=words if self._want.words else None,
        )

    def _flush(self) -> Iterator[Outgoing]:
        """Sound that no weights have followed."""
        if self._sound is not None:
            yield from self._frames(self._sound.start, ())

    def _frames(self, start: float, frames: tuple[BlendshapeFrame, ...]) -> Iterator[Outgoing]:
        sound, self._sound = self._sound, None
        begin = start if sound is None else sound.start
        until = max([begin + (sound.duration if sound else 0.0), *(frame.timestamp for frame in frames)])
        chunk = None
        if sound is not None and self._want.audio != "none":
            if self._start.binary:
                yield pack(SOUND, self._answer, begin, self._encoded(sound))
            else:
                chunk = base64.b64encode(self._encoded(sound)).decode()
        if self._start.batch:
            yield self._batch(begin, until, chunk, frames)
            return
        # The sound begins where it begins, the weights are on their own grid.
        early = [frame for frame in frames if frame.timestamp < begin - _SAME_TIME_S]
        later = list(frames[len(early) :])
        for frame in early:
            yield self._frame(frame.timestamp, None, frame)
        if chunk is not None or not frames:
            first = later.pop(0) if later and later[0].timestamp <= begin + _SAME_TIME_S else None
            yield self._frame(begin, chunk, first)
        for frame in later:
            yield self._frame(frame.timestamp, None, frame)

    def _frame(self, time: float, chunk: str | None, weights: BlendshapeFrame | None) -> FrameMessage:
        return FrameMessage(
            answer=self._answer,
            timestamp=round(time, 4),
            text_chunk=self._text_until(time),
            audio_chunk=chunk,
            blendshapes=weights,
            motion=self._motion_until(time),
        )

    def _batch(
        self, begin: float, until: float, chunk: str | None, frames: tuple[BlendshapeFrame, ...]
    ) -> FrameMessage:
        timed = [
            TimedWeights(
                timestamp=frame.timestamp, blendshapes=frame.weights, motion=self._motion_until(frame.timestamp)
            )
            for frame in frames
        ]
        return FrameMessage(
            answer=self._answer,
            timestamp=round(begin, 4),
            text_chunk=self._text_until(until),
            audio_chunk=chunk,
            frames=tuple(timed),
            motion=None if frames else self._motion_until(until),
        )

    def _text_until(self, time: float) -> str | None:
        texts = []
        while self._texts and self._texts[0][0] <= time + 1e-6:
            texts.append(self._texts.popleft()[1])
        return " ".join(texts) or None

    def _motion_until(self, time: float) -> MotionKeyframe | None:
        """The next keyframe, when its time has come: one a message, so that none is lost."""
        if self._motion and self._motion[0].timestamp <= time + 1e-6:
            return self._motion.popleft()
        return None

    def _encoded(self, sound: SoundPart) -> bytes:
        header = wav_header(SEGMENT_RATE, len(sound.data)) if self._want.audio == "wav" else b""
        return header + sound.data
