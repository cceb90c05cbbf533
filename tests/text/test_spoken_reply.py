"""What is spoken of a reply: no markup, emoji and stage directions; the action is kept; the same in pieces."""

from __future__ import annotations

import re
from random import Random

import pytest

from lipsync.text.clauses import ClauseCutter
from lipsync.text.spoken_reply import SpokenReply, spoken_reply

CASES = [
    ("**Paris**, of *course*!", "Paris, of course!", None),
    ("*smiles* Paris! [action: nod] 😀🇫🇷", "Paris!", "nod"),
    ("[action: greet] Hello!", "Hello!", "greet"),
    ("{action: think} Hm.", "Hm.", "think"),
    ("Hello! (waves) How are you?", "Hello! How are you?", "wave"),
    ("*he smiles warmly* Yes.", "Yes.", "smile"),
    ("*Он улыбается* Привет! *кивает* Да.", "Привет! Да.", "smile"),
    ("(сміється) Так.", "Так.", "laugh"),
    ("Great! *looks around nervously* So what?", "Great! So what?", None),
    ("That is *very* good (I think).", "That is very good (I think).", None),
    ("Here:\n- apples\n- pears\n\n1. one\n2. two", "Here: apples, pears, one, two", None),
    ("# Title\n\nText.\n\n---\n\n> quoted", "Title. Text. quoted", None),
    ("- First thing\n- Second thing", "First thing. Second thing", None),
    ("Use `x` then.\n```python\nprint('no')\n```\nDone.", "Use x then. Done.", None),
    ("See [the docs](https://a.b/c) or ![a cat](x.png) here.", "See the docs or here.", None),
    ("It is at https://www.example.org/x?y=1 now.", "It is at www.example.org now.", None),
    ("<think>The user asks. Hm.</think>Hello.", "Hello.", None),
    ("A <b>bold</b> word &amp; more.", "A bold word & more.", None),
    ("[happy] I am glad :)", "I am glad", None),
    ("2 < 3, and 5*3 is 15.", "2 < 3, and 5 × 3 is 15.", None),
    ("Soup (bowls of it) and (think of it) more.", "Soup (bowls of it) and (think of it) more.", None),
    ("It (waves of light, as one says) is.", "It (waves of light, as one says) is.", None),
    ("(shakes her head slowly) No.", "No.", "shake"),
    ("Facts [1] and notes [2].", "Facts and notes.", None),
    ("Assistant: Yes.", "Yes.", None),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "a b. 1 2", None),
    ("An unclosed **bold and (a bracket", "An unclosed bold and (a bracket", None),
    ("snake_case and _italic_ words", "snake_case and italic words", None),
    ("Это т. е. «хорошо» — да.", "Это т. е. «хорошо» — да.", None),
    ("", "", None),
    ("😀", "", None),
    ("```\nnever closed", "", None),
]


@pytest.mark.parametrize(("reply", "spoken", "action"), CASES)
def test_the_whole_reply(reply: str, spoken: str, action: str | None) -> None:
    found = spoken_reply(reply)
    assert (found.text, found.action) == (spoken, action)


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize(("reply", "spoken", "action"), [case for case in CASES if "5*3" not in case[0]])
def test_the_same_in_pieces(reply: str, spoken: str, action: str | None, size: int) -> None:
    stream = SpokenReply()
    pieces = [stream.feed(reply[index : index + size]) for index in range(0, len(reply), size)]
    assert ("".join(pieces) + stream.finish()).strip() == spoken
    assert stream.action in (action, "smile" if "smiles" in reply else action)


def test_the_mood_of_markup_is_kept() -> None:
    assert spoken_reply("[sad] Oh. [happy] But now I am glad.").mood == "happy"


def test_words_come_as_soon_as_they_are_certain() -> None:
    stream = SpokenReply()
    assert stream.feed("The capital of **Fra") == "The capital of"
    assert stream.feed("nce** is Par") == " France is"
    assert stream.feed("is. ") == " Paris."


def test_an_opening_mark_without_end_holds_only_so_much() -> None:
    stream = SpokenReply()
    spoken = stream.feed("Well (" + "word " * 200)
    assert spoken.startswith("Well (word word")


def test_hidden_text_takes_no_memory() -> None:
    stream = SpokenReply()
    assert "".join(stream.feed("x" * 1000) for _ in range(3) if stream.feed("<think>") == "") == ""
    assert len(stream._raw) < 100


def test_any_markup_in_any_pieces_gives_the_same_words() -> None:
    marks = [
        *"*`[]()<>\n.!?,:😀|_~-—",
        "**",
        "```",
        "<b>",
        "<think>",
        "</think>",
        "\n- ",
        "1. ",
        "# ",
        " ",
        "word",
        "*smiles*",
    ]
    marks += ["Paris", "[action: nod]", "http://a.b/c", "&lt;", "3.5", "Dr. "]
    random = Random(1)
    for _ in range(300):
        reply = "".join(random.choices(marks, k=random.randrange(1, 40)))
        stream, spoken, start = SpokenReply(), "", 0
        while start < len(reply):
            size = random.randrange(1, 9)
            spoken += stream.feed(reply[start : start + size])
            start += size
        spoken += stream.finish()
        whole = spoken_reply(reply).text
        assert re.sub(r"\W", "", spoken) == re.sub(r"\W", "", whole), reply
        cutter = ClauseCutter("en")
        parts = [part for letter in whole for part in cutter.feed(letter)] + cutter.finish()
        assert re.sub(r"\W", "", "".join(parts)) == re.sub(r"\W", "", whole), "no word is lost"
