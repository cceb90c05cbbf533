from __future__ import annotations

import codecs

import pytest

from lipsync.errors import LipsyncError
from lipsync.text.charset import ALLOWED_ENCODINGS, check_argument, decode_text, field_source

SOURCE = field_source("text")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_takes_precedence_and_is_removed(codec: str) -> None:
    assert decode_text("Да".encode(codec), None, source=SOURCE) == "Да"
    assert decode_text("Да".encode(codec), "koi8-r", source=SOURCE) == "Да"


@pytest.mark.parametrize("codec", sorted(ALLOWED_ENCODINGS))
def test_each_encoding_that_may_be_stated_is_one_of_python_s(codec: str) -> None:
    assert codecs.lookup(codec).name == codec
    assert decode_text("Da".encode(codec), codec, source=SOURCE) == "Da"


@pytest.mark.parametrize("stated", [None, "", "ascii", "utf-8", "utf-16", "cp1252", "rot13"])
def test_undecodable_text_is_reported_with_its_source(stated: str | None) -> None:
    with pytest.raises(LipsyncError, match="field “text”") as caught:
        decode_text(b"\x81\x8d\xcf", stated, source=SOURCE)
    assert caught.value.code == "not_utf8"
    assert "поле «text»" in caught.value.message("ru")


def test_an_argument() -> None:
    check_argument("Привет", "text")
    check_argument(None, "text")
    check_argument("\ud83d", "text")  # half of a pair is for the text's own check
    with pytest.raises(LipsyncError, match="argument text"):
        check_argument("\udccf", "text")
