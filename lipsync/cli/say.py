"""``lipsync say``: a video from a text."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click

from lipsync.cli.commands import Command, json_option
from lipsync.cli.session import Session, pass_session
from lipsync.cli.terminal import ProgressBar, likely_languages, print_json
from lipsync.messages import Message
from lipsync.runtime.garbage_collection import collect_as_usual
from lipsync.text.charset import IN_TERMINAL, check_argument, decode_text
from lipsync.text.mood_markup import MAX_MARKUP_FACTOR

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from lipsync.pipeline.result import RenderedVideo

STAGES = ("wait", "portrait", "speech", "track", "render", "encode", "total")
"""Stages of a video whose seconds are reported, in order."""
_METAVARS = {"box": "X0,Y0,X1,Y1", "pads": "T,B,L,R", "size": "WIDTHxHEIGHT"}


class SayCommand(Command):
    """``lipsync say``, with an argument or an option for each field of a request.

    They are made when the command is used, because other commands need not import the fields.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Arguments and options; those of the request come first."""
        return [*self._request_parameters, *super().get_params(ctx)]

    @cached_property
    def _request_parameters(self) -> list[click.Parameter]:
        from lipsync.pipeline.request import VideoRequestFields  # noqa: PLC0415 - other commands need none of it

        return [
            click.Argument([name], help=f"help.{name}")
            if field.is_required()
            else click.Option([f"--{name.replace('_', '-')}"], metavar=_metavar(name, field), help=f"help.{name}")
            for name, field in VideoRequestFields.model_fields.items()
        ]


def _metavar(name: str, field: FieldInfo) -> str | None:
    """Placeholder for the value of a field: its own, its choices, or its type; None for text."""
    kinds = get_args(field.annotation)  # of a type or None
    for kind in kinds:
        if get_origin(kind) is Literal:
            return f"[{'|'.join(get_args(kind))}]"
    numbers = "INTEGER" if int in kinds else "NUMBER" if float in kinds else None
    return _METAVARS.get(name, numbers)


@click.command("say", cls=SayCommand, help="help.say")
@click.option("-o", "--output", type=Path, metavar="FILE", help="help.output")
@click.option("--track", type=Path, metavar="FILE", help="help.track")
@click.option("--cues", type=Path, metavar="FILE", help="help.cues")
@json_option
@pass_session
def say_command(
    session: Session,
    /,
    *,
    output: Path | None,
    track: Path | None,
    cues: Path | None,
    as_json: bool,
    **options: str | None,
) -> int:
    """Make a video and print where it is and how long each stage took. ``options`` are the fields of the request."""
    from lipsync.cli.cues_file import check_cues, phone_file_for, write_cues  # noqa: PLC0415 - --help needs none of it
    from lipsync.face.background import PICTURE, TRANSPARENT, is_background  # noqa: PLC0415 - --help needs none of it
    from lipsync.pipeline.avatar_file import name_or_path, read_avatar, read_background  # noqa: PLC0415 - --help needs none of it
    from lipsync.pipeline.field_errors import read_fields  # noqa: PLC0415
    from lipsync.pipeline.request import VideoRequestFields  # noqa: PLC0415
    from lipsync.pipeline.service import LipsyncService  # noqa: PLC0415
    from lipsync.storage.outputs import check_output  # noqa: PLC0415

    settings = session.checked_settings()
    if cues is not None:
        check_cues(cues)
    if output is not None:
        check_output(output, transparent=options["background"] == TRANSPARENT)
    behind = options["background"]
    if behind is not None and not is_background(behind) and isinstance(name_or_path(behind), Path):
        options["background"] = PICTURE
    else:
        behind = None
    check_argument(options["text"], "text")
    check_argument(options["language"], "--language")
    check_argument(options["voice"], "--voice")
    avatar = name_or_path(options["avatar"]) if options["avatar"] is not None else None
    if isinstance(avatar, Path):
        options["avatar"] = None
    if options["text"] == "-":
        options["text"] = _read_standard_input(settings.max_text)
    fields = read_fields(VideoRequestFields, options, strict=False)
    service = LipsyncService(settings)
    service.load(ahead=False)
    session.interruption.check()
    with ProgressBar(sys.stderr, session.interruption.check) as bar, phone_file_for(cues) as phones:
        picture = read_avatar(avatar, settings.max_upload_mb) if isinstance(avatar, Path) else None
        background = None if behind is None else read_background(Path(behind), settings.max_upload_mb)
        likely = likely_languages(os.environ)
        parsed = service.parse(fields, picture, likely=likely, background_image=background)
        collect_as_usual()
        result = service.generate(parsed, output=output, track=track, phones=phones, progress=bar)
        problem = write_cues(cues, phones, result.path, settings) if cues and phones else None
    if as_json:
        print_json(_result_as_json(result, bar.first_frame, session))
        return 0
    if problem is not None:
        print(problem.message(session.language), file=sys.stderr)
    for fallback in result.fallbacks:
        reason = fallback.sentence[session.language]
        message = session.message(
            "cli.voice_fallback", voice=fallback.voice, number=fallback.piece + 1, reason=reason
        )
        print(message, file=sys.stderr)
    if result.avatar_part and result.avatar_part.left_out:
        print(result.avatar_part.sentence(session.language), file=sys.stderr)
    print(_summary(result, session))
    return 0


def _read_standard_input(max_characters: int) -> str:
    """The text from standard input, in UTF-8; at most what may be spoken, with its markup, is read.

    Raises TextError not_utf8.
    """
    max_bytes = 4 * MAX_MARKUP_FACTOR * max_characters + 4  # a character has at most four
    data = sys.stdin.buffer.read(max_bytes)
    if len(data) == max_bytes:  # it may be cut within a character, and is too long in any case
        return data.decode("utf-8", "replace")  # never spoken
    return decode_text(data, None, source=Message("source.standard_input"), remedy=IN_TERMINAL)


def _result_as_json(result: RenderedVideo, first_frame: float | None, session: Session) -> dict[str, Any]:
    """The facts about a video for ``--json``."""
    facts = result.model_dump(mode="json")
    facts["avatar_part"] = result.avatar_part.as_json(session.language) if result.avatar_part else None
    timings = facts.pop("timings")
    facts["seconds"] = {stage: round(timings[stage], 4) for stage in STAGES}
    facts["first_frame"] = round(first_frame or 0.0, 3)
    return facts


def _summary(result: RenderedVideo, session: Session) -> str:
    """Where the video is, its duration and size, and the seconds of each stage."""
    stages = "; ".join(
        f"{session.message(f'cli.stage_{stage}')} {session.message('cli.seconds', seconds=f'{seconds:.2f}')}"
        for stage, seconds in ((stage, result.timings.get(stage, 0.0)) for stage in STAGES)
        if seconds >= 0.005 or stage == "total"
    )
    duration = session.message("cli.seconds", seconds=f"{result.duration:.2f}")
    frames = session.message("cli.frames", count=result.frames)
    subtitles = f"{result.subtitles}\n" if result.subtitles else ""
    size, picture = f"{result.width}x{result.height}", f"{result.picture_width}x{result.picture_height}"
    if result.picture_width is not None and picture != size:
        size = session.message("cli.picture_size", size=size, picture=picture)
    return (
        f"{result.path}\n{subtitles}"
        f"{duration}, {frames}, {size}, {result.fps} fps, "
        f"{result.language}, {result.voice}, {result.avatar}\n{stages}"
    )
