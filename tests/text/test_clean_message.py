"""Messages of people: without HTML and scripts, bounded."""

from __future__ import annotations

import pytest

from lipsync.errors import LipsyncError
from lipsync.text.clean_message import clean_message


@pytest.mark.parametrize(
    ("message", "clean"),
    [
        ("Hello, how are you?", "Hello, how are you?"),
        ("<b>Hi</b> <i>there</i>", "Hi there"),
        ("a<br>b<p>c</p>", "a b c"),
        ("<script>alert(1)</script>Hi", "Hi"),
        ("<SCRIPT SRC=//x>steal()</SCRIPT >Hi", "Hi"),
        ("<scr<script>x</script>ipt>Hi", "xipt>Hi"),
        ("&lt;script&gt;steal()&lt;/script&gt;Hi", "Hi"),
        ("<img src=x onerror=alert(1)>Hi", "Hi"),
        ("Hi <!-- secret --> there", "Hi there"),
        ("Hi <![word1. > there <!doctype x> <?php ?>", "Hi there"),
        ("Hi <!-- never closed", "Hi"),
        ("Hi<script>never closed", "Hi"),
        ("Hi <script", "Hi script"),
        ("<style>p{}</style><svg onload=x><text>no</text></svg>Hi", "Hi"),
        ("I <3 you, and 2 < 3 > 1", "I <3 you, and 2 < 3 > 1"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("  many \n\n spaces\t here ", "many spaces here"),
    ],
)
def test_html_is_removed(message: str, clean: str) -> None:
    assert clean_message(message, 2000) == clean


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "empty_text"),
        (" \n ", "empty_text"),
        ("x" * 2001, "text_too_long"),
        ("<b></b>", "nothing_to_say"),
        ("<script>only()</script>", "nothing_to_say"),
        ("a\0b", "bad_characters"),
        ("\ud800 hello", "bad_characters"),
    ],
)
def test_what_is_refused(message: str, code: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        clean_message(message, 2000)
    assert caught.value.code == code


def test_entities_of_entities_become_no_tags() -> None:
    nested = "&" + "amp;" * 10 + "lt;script&" + "amp;" * 10 + "gt;steal()Hi"
    assert "<script" not in clean_message(nested, 2000)
