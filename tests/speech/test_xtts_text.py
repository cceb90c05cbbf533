"""Portions of text for XTTS."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lipsync.speech.text import can_be_said
from lipsync.speech.xtts_text import portions


def cut(text: str, most: int) -> list[str]:
    return list(portions(text, lambda part: len(part) <= most))


def test_it_is_cut_where_a_speaker_would_breathe() -> None:
    text = "One, two; three. Four five six seven!"
    assert cut(text, 100) == [text]
    assert cut(text, 21) == ["One, two; three.", "Four five six seven!"]
    assert cut(text, 12) == ["One, two;", "three.", "Four five", "six seven!"]
    assert cut("abcdefgh", 3) == ["ab", "cd", "ef", "gh"]
    assert cut("да — нет — может быть", 12) == ["да — нет —", "может быть"]


@given(st.text("абв .,!?;—", max_size=120), st.integers(1, 40))
def test_nothing_that_is_said_is_lost(text: str, most: int) -> None:
    parts = cut(text, most)
    assert all(len(part) <= most and can_be_said(part) for part in parts)
    assert [c for part in parts for c in part if c.isalnum()] == [c for c in text if c.isalnum()]
