from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipsync.mouth_cues.errors import PhoneFileError
from lipsync.mouth_cues.phone_file import PhoneFile, read_phone_file
from lipsync.speech.types import Phone, Speech

SPEECH = Speech(np.zeros(1000, np.float32), 1000, (Phone("m", 0.0, 0.4), Phone("ɑː", 0.4, 1.0)), language="en")


def test_phones_are_on_the_timeline_of_the_video(tmp_path: Path) -> None:
    path = tmp_path / "a.phones.json"
    with PhoneFile(path) as file:
        file.write(SPEECH, 0.0)
        file.write(SPEECH, 1.0)
        assert not path.exists()
    spoken = read_phone_file(path)
    assert (spoken.duration, spoken.language, len(spoken.phones)) == (2.0, "en", 4)
    assert spoken.phones[2] == Phone("m", 1.0, 1.4)


def test_after_an_error_there_is_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with PhoneFile(tmp_path / "a.phones.json") as file:
            file.write(SPEECH, 0.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [None, "", "{}", '{"language": "en", "duration": -1, "phones": []}', "[" * 10_000]
)
def test_files_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "a.phones.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PhoneFileError, match="mouth cues"):
        read_phone_file(path)
