"""Files of answers: for one caller, for an hour."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lipsync.conversation.answer_store import LIFETIME_S, AnswerStore
from lipsync.conversation.errors import AnswerError


def test_an_answer_is_found_by_its_caller_alone(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers")
    id = store.save("key 1", {"wav": b"sound", "mp4": b"film"})
    assert store.find(id, "key 1", "wav").read_bytes() == b"sound"
    assert store.find(id, "key 1", "mp4").read_bytes() == b"film"
    for wrong, owner in ((id, "key 2"), ("0" * 32, "key 1"), ("../secret", "key 1"), (id[:-1] + "g", "key 1")):
        with pytest.raises(AnswerError, match="deleted"):
            store.find(wrong, owner, "wav")


def test_an_answer_expires_and_is_deleted(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    id = store.save("me", {"wav": b"sound"})
    path = store.find(id, "me", "wav")
    old = time.time() - LIFETIME_S - 1
    os.utime(path, (old, old))
    with pytest.raises(AnswerError):
        store.find(id, "me", "wav")
    other = tmp_path / "notes.txt"
    other.write_text("kept")
    os.utime(other, (old, old))
    store.remove_old()
    assert not path.exists()
    assert other.exists()
