"""bench.talk: how the times of a spoken question are read from the messages of the server."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import numpy as np
import pytest

from bench.talk.ask import STAGES, NotHeardError, evaluate
from bench.talk.client import Received
from bench.talk.fake_ollama import fake_ollama
from bench.talk.interrupt import Silenced
from bench.talk.questions import REPLY, RUSSIAN
from bench.talk.report import judge, silence_table, stage_table
from bench.talk.speak import last_voiced
from lipsync.hearing.types import RATE


def said(at: float, type: str, answer: int | None = None, **message: Any) -> Received:
    return Received(at, type, answer, message)


PICTURE = Received(13.0, "video", 2, {}, b"\x00\x00\x00\x10moof")
MESSAGES = [
    said(10.1, "transcript", text="What is", final=False),
    said(10.1, "answer", 1),
    said(10.4, "transcript", text="What is it?", final=False),
    said(10.5, "answer", 2),
    said(10.8, "transcript", text="What is it?", final=True),
    Received(11.0, "sound", 1, {}, b"\x00\x00"),
    Received(12.0, "sound", 2, {}, b"\x00\x00"),
    Received(12.5, "video", 2, {}, b"\x00\x00\x00\x10ftyp"),
    PICTURE,
    said(14.0, "done", 2, full_text="It is.", timings={"llm_first": 0.3, "tts_first": 0.6}, degraded=["fps"]),
]


def test_the_stages_are_those_of_the_answer_that_is_seen() -> None:
    asked = evaluate(MESSAGES, "What is it?", PICTURE, end=10.0, load=1.0)
    expected = [0.4, 0.5, 0.8, 0.8, 1.1, 2.0, 3.0]
    assert list(asked.times) == list(STAGES)
    assert list(asked.times.values()) == pytest.approx(expected)
    assert (asked.heard, asked.reply, asked.degraded, asked.answers) == ("What is it?", "It is.", ("fps",), 2)


def test_an_apology_is_no_answer() -> None:
    apology = [one for one in MESSAGES if one.type != "transcript"]
    with pytest.raises(NotHeardError, match=r"It is\."):
        evaluate(apology, "What is it?", PICTURE, end=10.0, load=1.0)


def test_the_header_of_a_video_is_no_picture() -> None:
    assert [one.at for one in MESSAGES if one.is_picture] == [13.0]


def test_a_question_ends_with_its_last_voiced_sample() -> None:
    sound = np.zeros(RATE, np.float32)
    sound[: RATE // 2] = 0.5
    sound[RATE // 2 :] = 0.001
    assert last_voiced(sound) == RATE // 2


@pytest.mark.parametrize(
    ("reply", "expected", "mark"), [("Paris.", "paris", "+"), ("Rome.", "paris", "-"), ("", "?", "?")]
)
def test_replies_are_judged(reply: str, expected: str, mark: str) -> None:
    assert judge(reply, expected) == mark


def test_the_tables_have_medians() -> None:
    asked = [evaluate(MESSAGES, "What is it?", PICTURE, end=end, load=1.0) for end in (9.0, 10.0, 10.0)]
    assert "| **first sound on the wire** | 2.00 | 2.90 |" in list(stage_table("Open", asked, missing=1))
    silenced = [Silenced(0.0, 0.0, 0.002), Silenced(1.0, 0.01, 0.004)]
    assert "| last sound, frame or video | 5 | 10 | 10 |" in list(silence_table(silenced))


def test_there_are_thirty_questions_in_russian() -> None:
    assert len(set(RUSSIAN)) == 30


def test_the_fake_ollama_streams_its_reply() -> None:
    with fake_ollama(1000.0, first_token_s=0.0) as address:
        body = json.dumps({"model": "fake:latest", "stream": True, "messages": []}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{address}/api/chat", body), timeout=10) as answer:
            lines = [json.loads(line) for line in answer]
    assert "".join(line["message"]["content"] for line in lines) == REPLY
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
