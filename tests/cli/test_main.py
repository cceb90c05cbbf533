"""The command line, as a person types it."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import pytest

from lipsync.cli.main import main
from lipsync.cli.terminal import ProgressBar, since_process_start
from lipsync.face.avatar_part import AvatarPart, LeftOut
from lipsync.face.avatars import avatar
from lipsync.messages import LANGUAGES, translate
from lipsync.pipeline.result import RenderedVideo
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder and an environment of the test's own, with a small portrait and an English-speaking person."""
    for name in list(os.environ):
        if name.startswith(("LIPSYNC_", "LC_", "LANG")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIPSYNC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LIPSYNC_VOICES", "espeak")
    monkeypatch.setenv("LIPSYNC_AVATAR", "hopper")
    monkeypatch.setenv("LIPSYNC_MAX_SIDE", "256")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "lipsync", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def test_say_writes_a_video_and_tells_what_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "Привет! Как дела?", "--language", "ru", "-o", "hi.mp4"]) == 0

    out, err = capsys.readouterr()
    assert out.startswith("hi.mp4\n")
    size = r"218x256 \(picture 512x600\)"
    assert re.search(rf"^\d\.\d\d s, \d+ frames, {size}, 25 fps, ru, espeak-female, hopper$", out, re.MULTILINE)
    assert re.search(r"portrait \d\.\d\d s; .*total \d\.\d\d s$", out.strip())
    assert err == ""
    with av.open("hi.mp4") as container:
        assert container.streams.video[0].frames > 40


def test_say_in_russian(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")

    assert main(["say", "Да"]) == 0
    out = capsys.readouterr().out
    assert ", ru, " in out
    assert re.search(r"\d+ кадр(а|ов)?, ", out)
    assert "всего" in out
    assert re.match(r".*/outputs/avatar_\d{8}-\d{6}_[0-9a-f]{16}\.mp4\n", out)


@pytest.mark.parametrize(
    ("text", "locale", "code"),
    [("Hello", "ru_RU.UTF-8", "en"), ("Привет", "en_US.UTF-8", "ru"), ("Salut", "fr_FR.UTF-8", "fr")],
)
def test_the_language_is_found_from_the_text_and_the_locale(
    text: str, locale: str, code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", locale)
    assert main(["say", text, "-o", "a.mp4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["language"] == code


def test_say_as_json_with_everything_set(tmp_path: Path) -> None:
    options = ["--language", "English", "--avatar", "hopper", "--voice", "espeak-male", "--fps", "30", "--seed", "7"]
    options += ["--speed", "1.5", "--pitch=-2", "--pause", "0.5"]
    options += ["--motion", "0.5", "--mood", "happy", "--mood-strength", "0.4"]
    done = run("say", "Hello [sad:0.5] there.", *options, "-o", "a.mp4", "--track", "a.json", "--json")

    assert (done.returncode, done.stderr) == (0, b"")
    facts = json.loads(done.stdout)
    assert facts["path"] == "a.mp4"
    assert (facts["language"], facts["voice"], facts["avatar"], facts["fps"]) == ("en", "espeak-male", "hopper", 30)
    assert facts["fallbacks"] == []
    assert facts["frames"] == math.ceil(facts["duration"] * 30)
    assert set(facts["seconds"]) == {"wait", "portrait", "speech", "track", "render", "encode", "total"}
    assert facts["seconds"]["portrait"] < facts["first_frame"]
    track = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert (track["fps"], len(track["names"]), len(track["weights"])) == (30, 52, facts["frames"])


def test_say_writes_mouth_cues(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["say", "My mum.", "--language", "en", "-o", "hi.mp4", "--cues"]
    assert main([*words, "hi.dat"]) == 2
    assert ".tsv" in capsys.readouterr().err
    assert not Path("hi.mp4").exists()
    assert main([*words, "hi.tsv"]) == 0
    shapes = "".join(line.split("\t")[1] for line in Path("hi.tsv").read_text("utf-8").splitlines())
    assert re.fullmatch(r"X[A-H]+XX", shapes)
    assert shapes.count("A") >= 3
    assert {path.name for path in Path().iterdir() if path.name.startswith("hi")} == {"hi.mp4", "hi.tsv"}
    capsys.readouterr()
    monkeypatch.setenv("LIPSYNC_RHUBARB", "absent")
    assert main([*words, "hi.tsv"]) == 0
    assert "LIPSYNC_RHUBARB" in capsys.readouterr().err


def test_markup_is_neither_spoken_nor_shown(tmp_path: Path) -> None:
    for name, text in (("plain", "Hello there. Bye."), ("marked", "[happy] Hello [sad:0.5] there. Bye. [angry]")):
        done = run("say", text, "--language", "en", "--subtitles", "vtt", "-o", f"{name}.mp4", "--json")
        assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "marked.vtt").read_text("utf-8") == (tmp_path / "plain.vtt").read_text("utf-8")
    assert "Hello there." in (tmp_path / "plain.vtt").read_text("utf-8")


def test_a_wrong_mood_names_the_moods(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "Hi", "--mood", "bored"]) != 0
    assert "neutral, happy, sad, thinking, surprised, angry, auto" in capsys.readouterr().err


def test_the_text_comes_from_standard_input(tmp_path: Path) -> None:
    done = run("say", "-", "--language", "ru", "-o", "a.mp4", stdin="Добрый день.\nКак дела?\n".encode())

    assert done.returncode == 0
    assert (tmp_path / "a.mp4").is_file()


def test_a_picture_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "my.own.JPG").write_bytes(avatar("hopper").path.read_bytes())
    done = run("say", "Да", "--avatar", "./my.own.JPG", "-o", "a.mp4", "--json")

    assert json.loads(done.stdout)["avatar"] == "picture"


def test_a_picture_behind_the_person(tmp_path: Path) -> None:
    (tmp_path / "sea.jpg").write_bytes(avatar("newton").path.read_bytes())
    done = run("say", "Да", "--avatar", "hopper", "--background", "sea.jpg", "-o", "a.mp4", "--json")
    assert done.returncode == 0
    assert (tmp_path / "a.mp4").is_file()
    missing = run("say", "Да", "--background", "no/sea.jpg", "-o", "b.mp4")
    assert missing.returncode == 2
    assert missing.stderr.decode().startswith("Cannot read no/sea.jpg")
    assert b"gauss" not in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "english", "russian"),
    [
        (["say", ""], "The text is empty.", "Текст пуст."),
        (["say", "?!"], "nothing to say", "нечего произнести"),
        (["say", "а\udcff"], "is not valid UTF-8", "не в кодировке UTF-8"),
        (["say", "Да", "--language", "tlh"], "Unknown language “tlh”", "Неизвестный язык «tlh»"),
        (["say", "Да", "--voice", "x"], "Unknown voice “x”", "Неизвестный голос «x»"),
        (["say", "Да", "--avatar", "nobody"], "Unknown avatar “nobody”", "Неизвестный аватар «nobody»"),
        (["say", "Да", "--avatar", "/no/me.jpg"], "File not found: /no/me.jpg.", "Файл не найден: /no/me.jpg."),
        (["say", "Да", "--avatar", "me.png"], "File not found: me.png.", "Файл не найден: me.png."),
        (["say", "Да", "--avatar", "~/no.mp4"], "File not found: ~/no.mp4.", "Файл не найден: ~/no.mp4."),
        (["say", "Да", "--avatar", "~nobody-here"], "File not found: ~nobody-here.", "Файл не найден: ~nobody-here."),
        (["say", "Да", "--avatar", f"{__file__}/x"], "File not found", "Файл не найден"),
        (["say", "Да", "--avatar", "."], ". is a folder", ". — это папка"),
        (["say", "Да", "--avatar", "x" * 300], "at most 200 characters", "200 символов"),
        (["say", "Да", "--avatar", __file__], "cannot be read as a picture", "не удаётся прочитать"),
        (["say", "Да", "--fps", "fast"], "a whole number", "нужно целое число"),
        (["say", "Да", "--speed", "fast"], "a number", "нужно число"),
        (["say", "Да", "--speed", "nan"], "from 0.25 to 4", "от 0.25 до 4"),
        (["say", "Да", "--voice", "xtts"], "Unknown voice “xtts”", "Неизвестный голос «xtts»"),
        (["say", "Да", "--fps", "99"], "from 10 to 60", "от 10 до 60"),
        (["say", "Да", "--seed", "-1"], "from 0 to", "от 0 до"),
    ],
)
def test_what_the_caller_got_wrong_is_one_sentence(
    arguments: list[str],
    english: str,
    russian: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for language, sentence in (("en", english), ("ru_RU.UTF-8", russian)):
        monkeypatch.setenv("LANG", language)
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert sentence in err
        assert err.count("\n") == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".npz"] == []


def test_a_place_that_cannot_be_written_is_our_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "Да", "-o", "missing/a.mp4"]) == 1
    assert "Cannot write to missing/a.mp4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "command", "problem", "values"),
    [
        ([], "lipsync", "cli.missing_command", {}),
        (["sing"], "lipsync", "cli.unknown_command", {"command": "sing"}),
        (["say"], "lipsync say", "cli.missing_argument", {"name": "TEXT"}),
        (["say", "Да", "--loud"], "lipsync say", "cli.unknown_option", {"option": "--loud"}),
        (["say", "Да", "-o"], "lipsync say", "cli.missing_value", {"option": "-o"}),
        (["keys", "revoke"], "lipsync keys revoke", "cli.missing_argument", {"name": "ID"}),
    ],
)
def test_a_usage_error_is_one_sentence_in_the_person_s_language(
    arguments: list[str],
    command: str,
    problem: str,
    values: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for language in LANGUAGES:
        monkeypatch.setenv("LANG", f"{language}.UTF-8")
        assert main(arguments) == 2
        facts = {"problem": translate(problem, language, values), "program": command}
        assert capsys.readouterr() == ("", translate("cli.usage_error", language, facts) + "\n")


def test_a_rare_usage_error_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["say", "a", "b"], ["keys", "add", "Ann", "--scope", "root"]):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)


def test_a_wrong_setting_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_FPS", "many")

    assert main(["say", "Да"]) == 2
    assert "“LIPSYNC_FPS” is invalid" in capsys.readouterr().err


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    for data in (b"\xff\xfe\x00", "Привет, мир!".encode("cp1251")):
        done = run("say", "-", stdin=data)
        assert done.returncode == 2
        assert done.stderr.startswith(b"The text is not valid UTF-8 (standard input): convert it")

    done = run("say", "-", stdin="я".encode() * 60_000)
    assert done.returncode == 2
    assert b"the maximum is 5000" in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_a_text_longer_than_allowed_and_not_utf8_is_too_long() -> None:
    done = run("say", "-", stdin="я".encode("cp1251") * 60_000)
    assert done.returncode == 2
    assert b"the maximum is 5000" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["say", "\udccf\udcf0"], "text"),
        (["say", "Да", "--voice", "\udccf"], "--voice"),
        (["voices", "add", "\udccf", "a.wav", "--i-may-use-this-voice"], "name"),
        (["voices", "delete", "\udccf"], "name"),
        (["keys", "add", "\udccf"], "name"),
    ],
)
def test_an_argument_in_another_encoding_than_the_terminal_s(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"The text is not valid UTF-8 (the argument {name}): convert it")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_file(tmp_path: Path, kind: signal.Signals) -> None:
    (tmp_path / "out").mkdir()
    text = "Это очень длинный рассказ о том, как мы говорили. " * 98
    command = [sys.executable, "-m", "lipsync", "say", text, "-o", "out/a.mp4", "--track", "out/a.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while len(_open_in(process.pid, tmp_path / "out")) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None
        process.send_signal(kind)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert (out, err) == (b"", b"Interrupted: nothing was written.\n")
    assert list((tmp_path / "out").iterdir()) == []


def _open_in(pid: int, folder: Path) -> set[str]:
    """The files below ``folder`` that a process has open, also those without a name."""
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # it was closed meanwhile
            place = str(one.readlink())
            found |= {place} if place.startswith(f"{folder}/") else set()
    return found


@pytest.mark.parametrize("nameless", [True, False])
def test_a_killed_one_leaves_no_file_for_ever(tmp_path: Path, nameless: bool) -> None:
    (tmp_path / "out").mkdir()
    text = "Это очень длинный рассказ о том, как мы говорили. " * 98
    words = ["say", text, "--language", "ru", "-o", "out/a.mp4", "--subtitles", "vtt", "--track", "out/a.json"]
    code = "from lipsync.cli.main import main; from lipsync.storage import atomic; "
    code += "" if nameless else "atomic._open_nameless = lambda folder, mode: None; "
    with subprocess.Popen([sys.executable, "-c", f"{code}main({words!r})"]) as process:
        deadline = time.monotonic() + 30
        while len(_open_in(process.pid, tmp_path / "out")) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    left = list((tmp_path / "out").iterdir())
    assert len(left) == (0 if nameless else 3)
    assert main(["say", "Да", "-o", "out/b.mp4"]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.mp4"]


def test_help_imports_no_heavy_module() -> None:
    code = """
import sys
from lipsync.cli.main import main
assert main(["--help"]) == 0
heavy = ("av", "cv2", "flask", "httpcore2", "numpy", "psutil", "pydantic", "sqlalchemy", "torch", "tqdm")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_say_needs_neither_the_web_nor_the_tests() -> None:
    code = """
import sys
from lipsync.cli.main import main
assert main(["say", "Да", "-o", "a.mp4"]) == 0
print([name for name in ("flask", "gunicorn", "pytest", "torch") if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_neither_preparation_nor_a_server_is_imported_before_the_first_frame() -> None:
    """Of a portrait that is prepared: what is only needed to prepare one would delay the frame."""
    first = run("say", "Да", "-o", "a.mp4")
    assert first.returncode == 0, first.stderr
    code = """
import gc, json, sys
from lipsync.cli import terminal
from lipsync.cli.main import main
from lipsync.runtime.garbage_collection import USUAL_THRESHOLD
modules = []
def at_first_frame():
    modules.extend(sys.modules)
    assert gc.get_threshold() == USUAL_THRESHOLD  # a long video collects its garbage
    return 0.0
terminal.since_process_start = at_first_frame
assert main(["say", "Да", "-o", "b.mp4", "--json"]) == 0
print(json.dumps(modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = json.loads(done.stderr)
    assert json.loads(done.stdout)["portrait"] == "disk"
    assert "lipsync.animation.puppet.puppet" in modules
    libraries = ["PIL", "flask", "gunicorn", "httpcore2", "numpy.ma", "psutil", "sqlalchemy", "torch", "tqdm"]
    packages = ["conversation", "hearing", "jobs", "language_models", "server"]
    face = ["finder", "matte", "picture", "replace_background", "segmentation", "tflite"]
    puppet = ["eyelids.build", "head.plan", "interior_layers", "prepare"]
    ours = [*packages, *(f"face.{name}" for name in face), *(f"animation.puppet.{name}" for name in puppet)]
    needless = [*libraries, *(f"lipsync.{name}" for name in ours)]
    assert [name for name in needless if any(f"{module}.".startswith(f"{name}.") for module in modules)] == []


def test_voices_and_avatars(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voices"]) == 0
    assert {"espeak-male", "espeak-female", "ru", "en", "uk", "kk"} <= set(capsys.readouterr().out.split())
    assert main(["voices", "--json"]) == 0
    voices = json.loads(capsys.readouterr().out)
    assert voices["languages"]["kk"] == "Қазақша"
    assert [voice["name"] for voice in voices["voices"]] == ["espeak-male", "espeak-female"]
    assert main(["avatars"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.search("^hopper +picture 512x600, video 218x256 +Grace Hopper", lines[2])
    assert main(["avatars", "--json"]) == 0
    avatars = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in avatars] == ["gauss", "newton", "hopper"]
    assert (avatars[2]["video_width"], avatars[2]["video_height"]) == (218, 256)


def test_the_reader_of_our_output_may_leave() -> None:
    shell = f"{sys.executable} -m lipsync voices --json | head -1"
    done = subprocess.run(shell, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_the_doctor_finds_all_that_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "✗" not in out
    assert "espeak-ng" in out
    assert main(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {"opencv", "pyav", "espeak-ng", "face networks", "outputs"} <= {one["name"] for one in findings}


def test_the_doctor_says_what_is_missing_and_what_it_would_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIPSYNC_OUTPUTS", str(tmp_path / "file" / "outputs"))
    monkeypatch.setenv("LIPSYNC_AVATAR", "nobody.png")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "av", None)

    assert main(["doctor"]) == 1
    lines = {line.split()[1]: line for line in capsys.readouterr().out.splitlines()}
    for name in ("outputs", "avatar", "pyav"):
        assert lines[name].startswith("✗")
    assert "(required: writes H.264 and AAC)" in lines["pyav"]
    assert not any(line.startswith("✗") and "(optional: " in line for line in lines.values())
    assert lines["ffprobe"].startswith("–")
    assert lines["numpy"].startswith("✓")


@pytest.mark.parametrize(("words", "is_mock"), [([], False), (["--mock"], True)])
def test_serve_becomes_the_server(words: list[str], is_mock: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def become(_program: str, arguments: list[str]) -> None:
        assert arguments[-1] == "lipsync.server.wsgi:app"
        assert Settings(_env_file=None).mock == is_mock
        became.append(arguments)

    became: list[list[str]] = []
    monkeypatch.setenv("LIPSYNC_MOCK", "0")
    monkeypatch.setattr(os, "execv", become)
    main(["serve", *words])
    assert len(became) == 1


def test_help_is_in_the_persons_language(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for language in LANGUAGES:
        monkeypatch.setenv("LANG", f"{language}.UTF-8")
        assert main(["--help"]) == 0
        out = " ".join(capsys.readouterr().out.split())
        assert translate("help.lipsync", language) in out
        for message_id in ("help.serve", "help.usage", "help.options", "help.commands", "help.help"):
            assert translate(message_id, language) in out
        assert main(["say", "--help"]) == 0
        out = " ".join(capsys.readouterr().out.split())
        for message_id in ("help.text", "help.arguments", "help.speed", "help.track"):
            assert translate(message_id, language) in out
        assert main(["say", "Hi", "--voice", "x"]) == 2
        facts = {"voice": "x", "known": "espeak-male, espeak-female"}
        assert capsys.readouterr().err == translate("error.unknown_voice", language, facts) + "\n"


def test_a_bar_is_shown_to_a_person_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream in (Terminal(), io.StringIO()):
        with ProgressBar(stream) as bar:
            for done in (0.0, 0.5, 1.0):
                bar.show(done)
            bar("portrait", 0.0)
            assert bar.first_frame is None
            bar("render", 0.1)
        assert ("100%" in stream.getvalue()) == stream.isatty()
        assert stream.getvalue().endswith("\r") == stream.isatty()
        assert bar.first_frame is not None


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "█"), ("ascii", "#")])
def test_the_bar_is_shown_on_a_terminal_that_does_not_tell_its_size(encoding: str, sign: str) -> None:
    master, slave = os.openpty()
    try:
        with os.fdopen(slave, "w", encoding=encoding) as stream, ProgressBar(stream) as bar:
            bar.show(1.0)
            shown = b""
            while b"100%" not in shown:
                shown += os.read(master, 65536)
            assert f"{sign * 30} 100%" in shown.decode()
    finally:
        os.close(master)


def test_the_time_since_the_process_began() -> None:
    code = "import time; time.sleep(0.3); from lipsync.cli.terminal import *; print(since_process_start())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.28 <= float(done.stdout) < since_process_start()


def test_what_is_left_out_of_a_video_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    generate = LipsyncService.generate
    part = AvatarPart(1.0, 4.0, 4.0, (LeftOut(0.0, 1.0, "no_face"),))

    def of_a_video(self: LipsyncService, *request: Any, **files: Any) -> RenderedVideo:
        return generate(self, *request, **files).model_copy(update={"avatar_part": part})

    monkeypatch.setattr(LipsyncService, "generate", of_a_video)
    assert main(["say", "Hi", "--language", "en", "-o", str(tmp_path / "a.mp4")]) == 0
    assert "Seconds 1.0-4.0 of the video (4.0 s) are used. Left out: 0.0-1.0: no face" in capsys.readouterr().err
    assert main(["say", "Hi", "--language", "en", "-o", str(tmp_path / "a.mp4"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["avatar_part"]["left_out"] == [{"start": 0.0, "end": 1.0, "reason": "no_face"}]
    assert facts["avatar_part"]["sentence"].startswith("Seconds 1.0-4.0")


@pytest.mark.parametrize("name", ["x.avi", "x.MOV", "x.mp4.webm"])
def test_another_ending_than_mp4_is_refused_before_any_work(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["say", "", "-o", name]) == 2
    assert f"the name {name} must end in .mp4" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    for good in ("a.MP4", "b"):
        assert main(["say", "Да", "-o", good]) == 0
        assert (tmp_path / good).is_file()


def test_a_misspelt_setting_is_named_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIPSYNC_OUTPUT", "elsewhere")
    monkeypatch.setenv("LIPSYNC_CI", "1")
    assert main(["avatars"]) == 0
    err = capsys.readouterr().err
    assert "LIPSYNC_OUTPUT;" in err
    assert "LIPSYNC_OUTPUTS" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["voices"], ["avatars"], ["doctor"], ["models"], ["keys"], ["voices", "list"], ["--help"]]
)
def test_every_command_prints_on_an_ascii_terminal(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).isascii()
    assert b"Error" not in done.stderr
    if words == ["doctor"]:
        assert done.stdout.startswith(b"+ python")


def test_json_on_an_ascii_terminal_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("LIPSYNC_STATE", "state")
    assert json.loads(run("voices", "--json").stdout)["languages"]["kk"] == "Қазақша"
    assert run("keys", "add", "“Анна” – 😀").returncode == 0
    assert json.loads(run("keys", "--json").stdout)[0]["name"] == "“Анна” – 😀"
