from __future__ import annotations

from dataclasses import fields

from lipsync.animation.behavior.motion_style import MotionStyle, style_for_voice


def test_a_voice_always_moves_the_same_and_voices_differ() -> None:
    assert style_for_voice("espeak-male") == style_for_voice("espeak-male")
    assert style_for_voice("espeak-male") != style_for_voice("espeak-female")
    assert style_for_voice("") == MotionStyle()
    # the hash must not change from process to process or release to release
    assert round(style_for_voice("espeak-male").tempo, 3) == 0.973


def test_styles_stay_natural() -> None:
    styles = [style_for_voice(f"voice-{number}") for number in range(300)]
    assert all(2.6 <= style.blink_interval <= 3.5 for style in styles)
    for field in fields(MotionStyle):
        values = [getattr(style, field.name) for style in styles]
        assert max(values) > min(values)
        if field.name not in {"blink_interval", "tilt_side"}:
            assert 0.7 <= min(values) < 1 < max(values) <= 1.3
