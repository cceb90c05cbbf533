"""Videos of answers: each moves in its own way, unless it is a phrase's or follows one."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.answer_videos import AnswerVideos
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.talk_limits import LEVELS
from lipsync.pipeline.live_parts import LiveAvatar, LiveParts
from lipsync.settings import Settings
from tests.helpers.conversation import FakeVoice, StillAnimator
from tests.helpers.virtual_time import InlineExecutor


class OneAvatar:
    """LiveParts with one avatar."""

    def __init__(self) -> None:
        self.animator = StillAnimator()

    def avatar(self, name: str | None = None, *, scale: float = 1.0) -> LiveAvatar:  # noqa: ARG002
        return LiveAvatar(self.animator, "key")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("phrase", "has_filler", "is_own"), [(None, False, True), (None, True, False), ("Hello!", False, False)]
)
def test_the_motion_of_an_answer_is_its_own(
    settings: Settings, phrase: str | None, has_filler: bool, is_own: bool
) -> None:
    def pose(seed: int) -> NDArray[np.float32]:
        avatars = OneAvatar()
        videos = AnswerVideos(settings, lambda: cast(LiveParts, avatars), InlineExecutor())
        options = AnswerOptions(video=True, seed=seed)
        source = videos.source(options, LEVELS[0], options.fps, lambda _film_s, _spent_s: None)
        video = source.open(AnswerThreads(InlineExecutor()), phrase, has_filler)
        video.start(SEGMENT_RATE)
        (speech,) = FakeVoice().add("One two three four five six seven eight nine ten.")
        video.add(speech, last=True)
        video.draw(speech.duration)
        video.close()
        return np.concatenate([track.pose for track in avatars.animator.tracks])

    assert np.array_equal(pose(1), pose(2)) is not is_own
