"""The file formats of Rhubarb Lip Sync 1.13 for mouth cues: JSON, TSV and XML, byte for byte as it writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal, get_args
from xml.sax.saxutils import escape

from lipsync.mouth_cues.types import MouthCues

CuesFormat = Literal["rhubarb-json", "tsv", "xml"]
FORMATS: tuple[CuesFormat, ...] = get_args(CuesFormat)
MEDIA_TYPES: Mapping[CuesFormat, str] = {
    "rhubarb-json": "application/json",
    "tsv": "text/tab-separated-values",
    "xml": "application/xml",
}
ENDINGS: Mapping[str, CuesFormat] = {".json": "rhubarb-json", ".tsv": "tsv", ".xml": "xml"}
"""The format of a file by its ending."""


def format_cues(cues: MouthCues, format: CuesFormat, sound_file: str) -> str:
    """``cues`` as a file. ``sound_file`` is the name of the sound that JSON and XML state."""
    return _WRITERS[format](cues, sound_file)


def _json(cues: MouthCues, sound_file: str) -> str:
    lines = ",\n".join(
        f'    {{ "start": {cue.start:.2f}, "end": {cue.end:.2f}, "value": "{cue.shape}" }}' for cue in cues.cues
    )
    return (
        f'{{\n  "metadata": {{\n    "soundFile": {json.dumps(sound_file, ensure_ascii=False)},\n'
        f'    "duration": {cues.duration:.2f}\n  }},\n  "mouthCues": [\n{lines}\n  ]\n}}\n'
    )


def _tsv(cues: MouthCues, sound_file: str) -> str:  # noqa: ARG001 - this format names no sound
    """A line for the start of each cue, and a closed mouth at the end of the sound."""
    return "".join(f"{cue.start:.2f}\t{cue.shape}\n" for cue in cues.cues) + f"{cues.duration:.2f}\tX\n"


def _xml(cues: MouthCues, sound_file: str) -> str:
    lines = "".join(
        f'    <mouthCue start="{cue.start:.2f}" end="{cue.end:.2f}">{cue.shape}</mouthCue>\n' for cue in cues.cues
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rhubarbResult>\n  <metadata>\n'
        f"    <soundFile>{escape(sound_file)}</soundFile>\n    <duration>{cues.duration:.2f}</duration>\n"
        f"  </metadata>\n  <mouthCues>\n{lines}  </mouthCues>\n</rhubarbResult>\n"
    )


_WRITERS: Mapping[CuesFormat, Callable[[MouthCues, str], str]] = {"rhubarb-json": _json, "tsv": _tsv, "xml": _xml}
