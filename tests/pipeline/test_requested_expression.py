from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lipsync.animation.expression import MAX_MOTION, Expression
from lipsync.errors import LipsyncError
from lipsync.pipeline import performance, service
from lipsync.pipeline.parse_request import ParsedRequest
from lipsync.pipeline.request import MoodChoice, VideoRequestFields
from lipsync.pipeline.requested_expression import expression_of, moods_of
from lipsync.settings import Settings
from lipsync.speech.types import Speech
from lipsync.text.mood import MOODS
from tests.helpers.fake_service import FakeService


def parse(settings: Settings, text: str = "Yes.", **fields: Any) -> ParsedRequest:
    return FakeService(settings).parse(VideoRequestFields(text=text, language="en", **fields))


def test_the_request_decides_before_the_settings(settings: Settings) -> None:
    quiet = settings.model_copy(update={"motion": 0.3, "mood": "sad"})
    assert expression_of(parse(quiet).request) == Expression(0.3, "sad", 1.0)
    fields = {"motion": 0.0, "mood": "happy", "mood_strength": 0.0}
    assert expression_of(parse(quiet, **fields).request) == Expression(0.0, "happy", 0.0)


def test_auto_is_neutral_where_nothing_is_found(settings: Settings) -> None:
    assert settings.mood == "auto"
    parsed = parse(settings, "I am so happy! It is late.")
    assert expression_of(parsed.request) == Expression(1.0, "neutral", 1.0)
    [span] = moods_of(parsed)
    assert span.mood == "happy"
    assert span.strength <= 0.7


def test_nothing_is_found_where_a_mood_is_named(settings: Settings) -> None:
    assert moods_of(parse(settings, "I am so happy!", mood="neutral")) == ()
    [span] = moods_of(parse(settings, "I am so happy! [angry] No!", mood="sad", mood_strength=0.4))
    assert (span.mood, span.strength) == ("angry", 0.4)


def test_settings_and_fields_have_the_same_values() -> None:
    field = Settings.model_fields["motion"]
    assert [limit.le for limit in field.metadata if hasattr(limit, "le")] == [MAX_MOTION]
    assert Settings.model_fields["mood"].annotation == MoodChoice
    for mood in (*MOODS, "auto"):
        assert Settings(_env_file=None, mood=mood).mood == mood


class Rendered(Exception):
    """The last piece has reached the face."""


@pytest.mark.slow
def test_the_moods_and_the_expression_reach_the_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        _env_file=None, avatar="hopper", cache=tmp_path, outputs=tmp_path, max_side=256, voices="espeak"
    )
    made: list[Expression] = []
    speeches: list[Speech] = []

    class Builder:
        def __init__(self, fps: int, seed: int, expression: Expression) -> None:
            assert (fps, seed) == (25, 0)
            made.append(expression)

        def add(self, speech: Speech, *, last: bool) -> None:
            speeches.append(speech)
            if last:
                raise Rendered

    def render(
        pieces: Any, _animator: Any, _path: Path, *, fps: int, seed: int, expression: Expression, **_: Any
    ) -> None:
        for _piece in performance.perform(pieces, fps, seed, expression=expression):
            pass

    monkeypatch.setattr(performance, "TrackBuilder", Builder)
    monkeypatch.setattr(service, "render", render)
    lipsync = service.LipsyncService(settings)
    lipsync.load(ahead=False)
    with pytest.raises(Rendered):
        lipsync.generate(text="I am so happy! One [sad:0.5] two.", language="en", motion=0.5, mood_strength=0.8)
    assert made == [Expression(0.5, "neutral", 0.8)]
    assert [[mood.mood for mood in speech.moods] for speech in speeches] == [["happy"], ["sad"]]
    [mood] = speeches[1].moods
    assert (mood.strength, mood.start) == (0.5, speeches[1].words[1].start)
    with pytest.raises(LipsyncError) as caught:
        lipsync.generate(text="[happy]", language="en")
    assert caught.value.code == "nothing_to_say"
