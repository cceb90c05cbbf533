"""Where cloned voices are kept."""

from __future__ import annotations

import json
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.errors import LipsyncError
from lipsync.speech.cloning.store import CONFIRMATION, ClonedVoice, ClonedVoiceStore, clean_name

STYLE, SPEAKER = np.ones((1, 32, 64), np.float32), np.full((1, 512, 1), 0.5, np.float32)


def add(voices: ClonedVoiceStore, name: str) -> ClonedVoice:
    return voices.add(name, STYLE, SPEAKER, model="m", seconds=7.25, sex="male")


def test_add_list_get_delete(tmp_path: Path) -> None:
    voices = ClonedVoiceStore(tmp_path / "voices")
    assert voices.list() == []
    added = add(voices, "  Анна   Каренина ")
    assert (added.name, added.seconds, added.sex, added.model) == ("Анна Каренина", 7.25, "male", "m")
    assert added.confirmed == CONFIRMATION
    assert added.created.endswith("+00:00")
    add(voices, "bob")
    again = ClonedVoiceStore(tmp_path / "voices")
    assert [one.name for one in again.list()] == ["bob", "Анна Каренина"]
    stored = again.get("АННА КАРЕНИНА")
    assert np.array_equal(stored.style, STYLE)
    assert np.array_equal(stored.speaker, SPEAKER)
    assert again.has("анна каренина")
    with pytest.raises(LipsyncError) as raised:
        add(again, "анна каренина")
    assert raised.value.code == "voice_exists"
    again.delete("Bob")
    assert [one.name for one in voices.list()] == ["Анна Каренина"]
    for gone in (voices.get, voices.delete):
        with pytest.raises(LipsyncError) as raised:
            gone("bob")
        assert raised.value.code == "unknown_voice"
    assert [path.suffix for path in (tmp_path / "voices").iterdir()] == [".safetensors"]


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../x", "a/b", "a\\b", "a\0b", "C:", "xtts:a", "-rf", "_", "a" * 41, "espeak-male", "XTTS",
     "silero-x", "a\nb\x1b", "😀", "a:b", "~"],
)  # fmt: skip
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(LipsyncError) as raised:
        add(ClonedVoiceStore(tmp_path), name)
    assert raised.value.code == "voice_name"
    assert not ClonedVoiceStore(tmp_path).has(name)


@given(st.text(max_size=60))
def test_names_never_become_paths(name: str) -> None:
    try:
        clean = clean_name(name)
    except LipsyncError:
        return
    assert clean == clean_name(clean)
    assert not set(clean) & set("/\\.:\0~\n")
    assert ClonedVoiceStore(Path("/nowhere"))._path(clean).parent == Path("/nowhere")


def test_of_many_that_add_the_same_name_one_does(tmp_path: Path) -> None:
    voices = ClonedVoiceStore(tmp_path)

    def one(_: int) -> str:
        try:
            return add(voices, "Eve").name
        except LipsyncError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(one, range(8)))
    assert sorted(said) == ["Eve", *["voice_exists"] * 7]
    assert len(list(tmp_path.iterdir())) == 1


def header(facts: object) -> bytes:
    text = json.dumps({"__metadata__": {"voice": json.dumps(facts)}}).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "data",
    [b"", b"\x80\x02.", struct.pack("<Q", 2**62) + b"{}", header([]), header({"name": "../x", "seconds": 1}),
     header({"name": "x", "seconds": "1"}), b"\xff" * 9_000_000],
    ids=["empty", "pickle", "endless", "list", "path", "string", "large"],
)  # fmt: skip
def test_a_damaged_file_is_rejected(data: bytes, tmp_path: Path) -> None:
    voices = ClonedVoiceStore(tmp_path)
    add(voices, "good")
    path = voices._path("bad")
    path.write_bytes(data)
    assert [one.name for one in voices.list()] == ["good"]
    with pytest.raises(LipsyncError) as raised:
        voices.get("bad")
    assert raised.value.code == "voice_damaged"
    voices.delete("bad")
    assert not path.exists()


def test_tensors_that_are_not_there(tmp_path: Path) -> None:
    voices = ClonedVoiceStore(tmp_path)
    add(voices, "good")
    path = voices._path("good")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(LipsyncError) as raised:
        voices.get("good")
    assert raised.value.code == "voice_damaged"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LipsyncError) as raised:
        add(ClonedVoiceStore(tmp_path / "file"), "x")
    assert raised.value.code == "cannot_write"


def test_the_number_of_voices_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lipsync.speech.cloning.store.MAX_VOICES", 2)
    voices = ClonedVoiceStore(tmp_path)
    add(voices, "a")
    add(voices, "b")
    with pytest.raises(LipsyncError) as raised:
        add(voices, "c")
    assert raised.value.code == "too_many_voices"
