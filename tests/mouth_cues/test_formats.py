from __future__ import annotations

import json
from xml.etree import ElementTree

from lipsync.mouth_cues.formats import format_cues
from lipsync.mouth_cues.types import MouthCue, MouthCues

CUES = MouthCues(
    (
        MouthCue(0.0, 0.05, "X"), MouthCue(0.05, 0.27, "D"), MouthCue(0.27, 0.31, "C"), MouthCue(0.31, 0.43, "B"),
        MouthCue(0.43, 0.47, "X"),
    ),
    0.47,
    "phones",
)  # fmt: skip
"""The sentence “Hi.” of Rhubarb's documentation."""


def test_tsv_as_rhubarb_writes_it() -> None:
    assert format_cues(CUES, "tsv", "hi.wav") == "0.00\tX\n0.05\tD\n0.27\tC\n0.31\tB\n0.43\tX\n0.47\tX\n"


def test_json_as_rhubarb_writes_it() -> None:
    text = format_cues(CUES, "rhubarb-json", "hi.wav")
    assert text.startswith(
        '{\n  "metadata": {\n    "soundFile": "hi.wav",\n    "duration": 0.47\n  },\n  "mouthCues": [\n'
        '    { "start": 0.00, "end": 0.05, "value": "X" },\n'
    )
    assert text.endswith('    { "start": 0.43, "end": 0.47, "value": "X" }\n  ]\n}\n')
    assert len(json.loads(text)["mouthCues"]) == 5


def test_xml_as_rhubarb_writes_it() -> None:
    text = format_cues(CUES, "xml", "a<b>&c.wav")
    assert text.startswith(
        '<?xml version="1.0" encoding="utf-8"?>\n<rhubarbResult>\n  <metadata>\n    <soundFile>a&lt;b&gt;&amp;c.wav'
        "</soundFile>\n    <duration>0.47</duration>\n  </metadata>\n  <mouthCues>\n"
        '    <mouthCue start="0.00" end="0.05">X</mouthCue>\n'
    )
    root = ElementTree.fromstring(text)
    assert [cue.text for cue in root.iter("mouthCue")] == list("XDCBX")


def test_no_cues() -> None:
    empty = MouthCues((), 0.0, "silence")
    assert json.loads(format_cues(empty, "rhubarb-json", 'a"b'))["metadata"]["soundFile"] == 'a"b'
    assert format_cues(empty, "tsv", "") == "0.00\tX\n"
