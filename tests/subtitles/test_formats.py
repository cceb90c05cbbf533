from __future__ import annotations

from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.subtitles.cues import Cue
from lipsync.subtitles.formats import SubtitleFile, format_cue

CUE = Cue(3723.4567, 3725.0, ("<b> & --> «да»", "вторая"))


def test_webvtt_and_subrip() -> None:
    assert format_cue(CUE, 1, "vtt") == "1\n01:02:03.457 --> 01:02:05.000\n&lt;b&gt; &amp; --&gt; «да»\nвторая\n\n"
    assert format_cue(CUE, 2, "srt") == "2\n01:02:03,457 --> 01:02:05,000\n‹b› & → «да»\nвторая\n\n"


@pytest.mark.parametrize(("format", "begins"), [("vtt", "WEBVTT\n\n1\n00:"), ("srt", "1\n00:")])
def test_the_file_appears_when_complete(tmp_path: Path, format: str, begins: str) -> None:
    path = tmp_path / f"a.{format}"
    with SubtitleFile(path, format) as file:
        file.write([Cue(0.0, 1.0, ("Раз",))])
        file.write([Cue(1.5, 2.0, ("Два",))])
        assert not path.exists()
    assert path.read_text("utf-8").startswith(begins)
    assert path.read_text("utf-8").count("-->") == 2
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), SubtitleFile(tmp_path / "a.vtt", "vtt"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LipsyncError) as caught:
        SubtitleFile(tmp_path / "no" / "a.vtt", "vtt")
    assert caught.value.code == "cannot_write"
