"""Face weights and motion of an answer, piece by piece."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from lipsync.animation.blendshapes import BlendshapeFrame
from lipsync.animation.body_motion.types import MotionGenerator
from lipsync.animation.track_blendshapes import BlendshapeStream
from lipsync.conversation.clause_speech import SpokenClause
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.parts import BlendshapePart, MotionPart
from lipsync.speech.types import Speech

log = logging.getLogger(__name__)


class AnswerFace:
    """The weights and motions of one answer. A part that fails is left out from then on. Not thread-safe."""

    def __init__(
        self,
        options: AnswerOptions,
        blendshapes: BlendshapeStream | None,
        motion: MotionGenerator | None,
        degraded: Callable[[str], None],
    ) -> None:
        """``degraded`` is called with the name of a part that fails: ``lipsync`` or ``motion``."""
        self._number = options.number
        self._blendshapes, self._motion, self._degraded = blendshapes, motion, degraded
        self._frames: deque[BlendshapeFrame] = deque()

    def add(self, speech: Speech, *, last: bool) -> None:
        """The next piece of speech; ``last``: none follows. Takes hundredths of a second: for a worker thread."""
        if self._blendshapes is None:
            return
        try:
            self._frames.extend(self._blendshapes.add(speech, last=last).frames)
        except Exception:
            log.warning("the face weights of an answer failed", exc_info=True)
            self._blendshapes = None
            self._degraded("lipsync")

    def frames(self, until: float) -> BlendshapePart | None:
        """The frames before ``until``, in seconds of the sound, that were not given before; None: no frames."""
        given: list[BlendshapeFrame] = []
        while self._frames and self._frames[0].timestamp < until - 1e-6:
            given.append(self._frames.popleft())
        return BlendshapePart(self._number, given[0].timestamp, tuple(given)) if given else None

    def motion(self, start: float, clause: SpokenClause) -> MotionPart | None:
        """The motion of the body during ``clause``, which begins at ``start``; None where nothing is said in it."""
        if self._motion is None or not clause.speech.text:
            return None
        try:
            motion = self._motion.motion(clause.mood, clause.speech.duration, clause.action)
            return MotionPart(self._number, start, motion)
        except Exception:
            log.warning("the motion of an answer failed", exc_info=True)
            self._motion = None
            self._degraded("motion")
            return None
