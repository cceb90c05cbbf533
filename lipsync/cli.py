"""The command line: ``lipsync say``, ``serve``, ``keys``, ``doctor``, ``voices``, ``avatars``, ``models``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from lipsync import __version__
from lipsync.charset import IN_TERMINAL, check_argument, decode_text
from lipsync.ending import end_process
from lipsync.errors import LipsyncError
from lipsync.interruption import Interruption, interruptible
from lipsync.keys_commands import add_arguments as add_keys_arguments
from lipsync.models.commands import add_arguments as add_models_arguments
from lipsync.setting_names import unknown_settings
from lipsync.terminal import ProgressBar, language_of, likely_languages, print_any_text, print_json
from lipsync.voices_commands import add_arguments as add_voices_arguments

if TYPE_CHECKING:
    from lipsync.result import Result
    from lipsync.settings import Settings

log = logging.getLogger(__name__)

CALLERS_FAULT, OUR_FAULT, INTERRUPTED = 2, 1, 130
"""Exit codes; 130 as shells have it for Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 for what the caller got wrong, 1 for what went wrong here.

    Without ``arguments`` those of the process are taken, and the process ends here.
    """
    with interruptible() as interruption:
        status = _run(arguments, interruption)
        if arguments is None:
            end_process(status)
    return status


def _run(arguments: Sequence[str] | None, interruption: Interruption) -> int:
    words = _Words(language_of(os.environ), interruption)
    print_any_text()
    try:
        options = _parser(words).parse_args(arguments)
        settings = _settings()
        if options.command not in (_serve, _doctor):  # they say it themselves
            for problem in unknown_settings(os.environ):
                print(problem.sentence(words.language), file=sys.stderr)
        debugging = settings.log_level.upper() == "DEBUG"
        logging.basicConfig(
            level=logging.DEBUG if debugging else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
        )
        command: Callable[[argparse.Namespace, Settings, _Words], int] = options.command
        status = command(options, settings, words)
        sys.stdout.flush()
        return status
    except LipsyncError as error:
        print(error.sentence(words.language), file=sys.stderr)
        return CALLERS_FAULT if error.status < 500 else OUR_FAULT
    except KeyboardInterrupt:
        return _interrupted(words)
    except BrokenPipeError:  # the one who read our output has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # a mistake of ours: a person is told, and told how to see more
        if interruption.happened:  # an import that is interrupted may well raise something else
            return _interrupted(words)
        log.debug("unexpected", exc_info=True)
        what = f"{type(error).__name__}: {error}"
        more = words("LIPSYNC_LOG_LEVEL=DEBUG shows where", "подробности покажет LIPSYNC_LOG_LEVEL=DEBUG")
        start = words("Something went wrong in lipsync", "В lipsync произошла ошибка")
        print(f"{start}: {what} ({more}).", file=sys.stderr)
        return OUR_FAULT


def _interrupted(words: _Words) -> int:
    print(words("Interrupted: nothing was written.", "Прервано: ничего не записано."), file=sys.stderr)
    return INTERRUPTED


class _Words:
    """Picks the sentence in the person's language."""

    def __init__(self, language: str, interruption: Interruption | None = None) -> None:
        self.language = language
        self.interruption = interruption or Interruption()

    def __call__(self, english: str, russian: str) -> str:
        return russian if self.language == "ru" else english


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        words = _Words(language_of(os.environ))
        start = words("The command is not understood", "Команда не понята")
        print(f"{start}: {message} ({self.prog} --help).", file=sys.stderr)
        sys.exit(CALLERS_FAULT)


def _parser(words: _Words) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="lipsync",
        description=words("A text becomes a talking portrait.", "Текст становится говорящим портретом."),
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar=words("command", "команда"), parser_class=_Parser)

    say = commands.add_parser("say", help=words("make a video of a text", "сделать видео из текста"))
    say.set_defaults(command=_say)
    say.add_argument("text", help=words("what is said; - reads it from standard input", "что сказать; - из ввода"))
    say.add_argument("--language", help=words("code or name: ru, English; auto", "код или имя: ru, English; auto"))
    say.add_argument("--avatar", help=words("name, or a picture or video file", "имя или файл с картинкой или видео"))
    say.add_argument("--voice", help=words("name of a voice (lipsync voices)", "имя голоса (lipsync voices)"))
    say.add_argument("--speed", help=words("times as fast, 0.25 to 4", "во сколько раз быстрее, от 0.25 до 4"))
    say.add_argument("--pitch", help=words("semitones higher, -12 to 12", "на сколько полутонов выше, от -12 до 12"))
    say.add_argument("--pause", help=words("times as long pauses, 0 to 5", "во сколько раз длиннее паузы, от 0 до 5"))
    say.add_argument("--fps", help=words("frames a second, 10 to 60", "кадров в секунду, от 10 до 60"))
    say.add_argument("--seed", help=words("another number, other blinks", "другое число — другие моргания"))
    say.add_argument("--engine", help=words("auto, wav2lip or puppet", "auto, wav2lip или puppet"))
    say.add_argument("--box", metavar="X0,Y0,X1,Y1", help=words("the face, in pixels", "лицо, в пикселях"))
    say.add_argument("--pads", metavar="T,B,L,R", help=words("what Wav2Lip's box grows by", "поля рамки Wav2Lip"))
    say.add_argument("-o", "--output", type=Path, help=words("file of the video (.mp4)", "файл видео (.mp4)"))
    say.add_argument("--subtitles", help=words("vtt or srt: beside the video", "vtt или srt: рядом с видео"))
    say.add_argument("--track", type=Path, help=words("also write the face track (.json)", "записать и трек (.json)"))
    say.add_argument("--json", action="store_true", help=words("print the facts as JSON", "вывести итог как JSON"))

    models = commands.add_parser("models", help=words("weights: list, fetch, verify", "веса: list, fetch, verify"))
    add_models_arguments(models, words)

    serve = commands.add_parser("serve", help=words("serve the web page", "запустить веб-страницу"))
    serve.set_defaults(command=_serve)

    keys = commands.add_parser("keys", help=words("API keys: add, list, revoke", "ключи API: add, list, revoke"))
    add_keys_arguments(keys, words)

    for name, command, english, russian in (
        ("doctor", _doctor, "what is there and what is missing", "что есть и чего не хватает"),
        ("voices", _voices, "languages and voices; add, list, delete", "языки и голоса; add, list, delete"),
        ("avatars", _avatars, "the portraits that come along", "портреты из поставки"),
    ):
        one = commands.add_parser(name, help=words(english, russian))
        one.set_defaults(command=command)
        one.add_argument("--json", action="store_true", help=words("as JSON", "как JSON"))
        if name == "voices":
            add_voices_arguments(one, words)
    return parser


def _settings() -> Settings:
    from pydantic import ValidationError  # noqa: PLC0415 - --help needs none of it

    from lipsync.settings import Settings  # noqa: PLC0415

    try:
        return Settings()
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        name = f"LIPSYNC_{problem['loc'][0]}".upper()
        raise LipsyncError("bad_field", field=name, expected=problem["msg"]) from error


# ---- say


def _say(options: argparse.Namespace, settings: Settings, words: _Words) -> int:
    from lipsync.avatar_file import name_or_path  # noqa: PLC0415 - --help needs none of it
    from lipsync.outputs import check_output  # noqa: PLC0415
    from lipsync.service import LipsyncService  # noqa: PLC0415

    if options.output is not None:
        check_output(options.output)
    check_argument(options.text, "text")
    check_argument(options.language, "--language")
    check_argument(options.voice, "--voice")
    text = _standard_input(settings.max_text) if options.text == "-" else options.text
    fps, seed = _number("fps", options.fps), _number("seed", options.seed)
    service = LipsyncService(settings)
    service.load(ahead=False)
    words.interruption.check()
    bar = ProgressBar(sys.stderr, words.interruption.check)
    try:
        result = service.generate(
            text=text,
            language=options.language,
            likely=likely_languages(os.environ),
            avatar=name_or_path(options.avatar) if options.avatar is not None else None,
            voice=options.voice,
            speed=_fraction("speed", options.speed),
            pitch=_fraction("pitch", options.pitch),
            pause=_fraction("pause", options.pause),
            fps=fps,
            seed=seed,
            engine=options.engine,
            box=options.box,
            pads=options.pads,
            subtitles=options.subtitles,
            output=options.output,
            track=options.track,
            progress=bar,
        )
    finally:
        bar.clear()
    if options.json:
        facts = {**asdict(result), "path": str(result.path)}
        facts["subtitles"] = str(result.subtitles) if result.subtitles else None
        facts["avatar_part"] = result.avatar_part.as_json(words.language) if result.avatar_part else None
        timings = facts.pop("timings")
        facts["seconds"] = {stage: round(timings[stage], 4) for stage in _STAGES}
        facts["first_frame"] = round(bar.first_frame or 0.0, 3)
        print_json(facts)
    else:
        for one in result.fallbacks:
            start = words(
                f"{one.voice} speaks from sentence {one.piece + 1} on",
                f"С предложения {one.piece + 1} говорит {one.voice}",
            )
            print(f"{start}: {one.sentence[words.language]}", file=sys.stderr)
        if result.avatar_part and result.avatar_part.left_out:
            print(result.avatar_part.sentence(words.language), file=sys.stderr)
        print(_told(result, words))
    return 0


_STAGES = {
    "wait": ("waiting", "ожидание"),
    "portrait": ("portrait", "портрет"),
    "speech": ("speech", "речь"),
    "track": ("track", "движение"),
    "render": ("frames", "кадры"),
    "encode": ("waiting for the encoder", "ожидание кодека"),
    "total": ("in all", "всего"),
}


def _told(result: Result, words: _Words) -> str:
    """Where the video is, how long it lasts, what each stage took."""
    second = words("s", "с")
    stages = "; ".join(
        f"{words(*names)} {result.timings[stage]:.2f} {second}"
        for stage, names in _STAGES.items()
        if result.timings.get(stage, 0.0) >= 0.005 or stage == "total"
    )
    frames = words(f"{result.frames} frames", f"кадров: {result.frames}")
    titles = f"{result.subtitles}\n" if result.subtitles else ""
    size, given = f"{result.width}x{result.height}", f"{result.picture_width}x{result.picture_height}"
    if result.picture_width is not None and given != size:
        size += words(f" (picture {given})", f" (картинка {given})")
    return (
        f"{result.path}\n{titles}"
        f"{result.duration:.2f} {second}, {frames}, {size}, {result.fps} fps, "
        f"{result.language}, {result.voice}, {result.avatar}\n{stages}"
    )


def _standard_input(limit: int) -> str:
    """The text from standard input, in UTF-8; no more is read than may be said. Raises LipsyncError not_utf8."""
    longest = 4 * limit + 4  # bytes: a character has at most four
    data = sys.stdin.buffer.read(longest)
    if len(data) == longest:  # it may be cut inside of a character, and is too long in any case
        return data.decode("utf-8", "replace")  # never spoken
    source = {"en": "standard input", "ru": "стандартный ввод"}
    return decode_text(data, None, source=source, remedy=IN_TERMINAL)


def _number(field: str, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return int(value)
    except ValueError as error:
        expected = {"en": "a whole number is expected", "ru": "нужно целое число"}
        raise LipsyncError("bad_field", field=field, expected=expected) from error


def _fraction(field: str, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except ValueError as error:
        expected = {"en": "a number is expected", "ru": "нужно число"}
        raise LipsyncError("bad_field", field=field, expected=expected) from error


# ---- the others


def _serve(options: argparse.Namespace, settings: Settings, words: _Words) -> int:  # noqa: ARG001 - as every command
    root = Path(__file__).resolve().parent.parent
    config = root / "gunicorn.conf.py"
    if not config.is_file():
        raise LipsyncError("missing_part", part=config.name, remedy="git clone")
    server = [sys.executable, "-m", "gunicorn", "--config", str(config), "--pythonpath", str(root), "app:app"]
    sys.stdout.flush()
    os.execv(sys.executable, server)


def _doctor(options: argparse.Namespace, settings: Settings, words: _Words) -> int:
    from lipsync.doctor import examine  # noqa: PLC0415

    findings = examine(settings)
    if options.json:
        print_json({"version": __version__, "findings": [asdict(one) for one in findings]})
    else:
        width = max(len(one.name) for one in findings)
        for one in findings:
            mark = "✓" if one.found else "✗" if one.needed else "–"
            adds = one.adds[words.language]
            missing = words("needed", "нужно") if one.needed else words("would add", "дало бы")
            purpose = adds if one.found else f"{missing}: {adds}"
            print(f"{mark} {one.name:<{width}}  {one.detail}  ({purpose})")
    return OUR_FAULT if any(one.needed and not one.found for one in findings) else 0


def _voices(options: argparse.Namespace, settings: Settings, words: _Words) -> int:
    from lipsync.service import LipsyncService  # noqa: PLC0415
    from lipsync.speech.languages import LANGUAGES  # noqa: PLC0415

    service = LipsyncService(settings)
    voices, absent = service.voices(), service.absent_voices()
    why = {name: error.sentence(words.language) for name, error in absent.items()}
    if options.json:
        languages = {one.code: one.label for one in LANGUAGES}
        print_json({"languages": languages, "voices": [asdict(one) for one in voices], "absent": why})
    else:
        for voice in voices:
            codes = "" if len(voice.languages) == len(LANGUAGES) else f" ({', '.join(voice.languages)})"
            print(f"{voice.name:<16} {voice.labels.get(words.language, '')}{codes}")
        for name, reason in why.items():
            print(f"– {name:<14} {reason}")
        print("\n" + "\n".join(f"{one.code:<4} {one.label}" for one in LANGUAGES))
    return 0


def _avatars(options: argparse.Namespace, settings: Settings, words: _Words) -> int:
    from lipsync.face.avatars import shipped_avatars  # noqa: PLC0415

    avatars = shipped_avatars()
    if options.json:
        print_json([{**one.facts(settings.max_side), "path": str(one.path)} for one in avatars])
    else:
        for one in avatars:
            width, height = one.video_size(settings.max_side)
            sizes = words(
                f"picture {one.width}x{one.height}, video {width}x{height}",
                f"картинка {one.width}x{one.height}, видео {width}x{height}",
            )
            print(f"{one.name:<8} {sizes:<34} {one.titles[words.language]}. {one.credit}")
    return 0
