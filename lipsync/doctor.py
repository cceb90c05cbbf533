"""What is there, what is missing, and what each missing thing would add."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.installation import command_to_add
from lipsync.jobs.database_file import default_path, require_content
from lipsync.part import Part
from lipsync.setting_names import unknown_settings
from lipsync.settings import Settings
from lipsync.speech.installed import MAKERS
from lipsync.speech.order import FLOOR, read_order
from lipsync.threads import available_cores, plan_threads

MIN_FREE = 100_000_000
"""Bytes that a folder must have free: a reserve for the videos that are being made and for the database's log."""
_PROBE = 65_536
"""Bytes that are written to see whether a folder can be written."""
_SHOWN = 4
"""Voices of an engine that are named."""
_VOICES = {
    "xtts": ("speaks 17 languages, and in your voice", "говорит на 17 языках и вашим голосом"),
    "remote": ("a voice on another machine", "голос на другом сервере"),
    "hibari": ("a natural English voice", "естественный английский голос"),
    "silero": ("natural voices for Russian and English", "естественные русские и английские голоса"),
}
_ANY_VOICE = ("another voice", "ещё один голос")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    found: bool
    needed: bool
    """Whether no video can be made, or no server started, without it."""
    detail: str
    """Its version or place, or why it does not work."""
    adds: dict[str, str]
    """What it is for, or would add, by language."""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that this installation stands on. Raises nothing: what fails is a finding."""
    findings = [
        _look("python", platform.python_version, en="runs all of this", ru="на нём всё работает"),
        _look("numpy", _package("numpy"), en="all arithmetic", ru="вся арифметика"),
        _look("opencv", _package("cv2", "opencv-python-headless"), en="faces and pictures", ru="лица и картинки"),
        _look("pillow", _package("PIL", "pillow"), en="reads picture files", ru="читает файлы картинок"),
        _look("pyav", _codecs, en="writes H.264 and AAC", ru="пишет H.264 и AAC"),
        _look("espeak-ng", _espeak, en="the voice", ru="голос"),
        _look("sentencex", _package("sentencex"), en="finds sentences", ru="находит предложения"),
        _look("face networks", _networks, en="find the face in a picture", ru="находят лицо на картинке"),
        _look("avatars", _avatars, en="the portraits that come along", ru="портреты из поставки"),
        _look("avatar", lambda: _default_avatar(settings), en="the default portrait", ru="портрет по умолчанию"),
        _look(
            "torch",
            _package("torch"),
            needed=False,
            en=f"Wav2Lip and S3FD ({command_to_add('wav2lip')})",
            ru=f"Wav2Lip и S3FD ({command_to_add('wav2lip')})",
        ),
        _look(
            "checkpoint",
            lambda: _checkpoint(settings),
            needed=False,
            en="Wav2Lip draws the mouth",
            ru="рот рисует Wav2Lip",
        ),
        _look("s3fd", lambda: _s3fd(settings), needed=False, en="finds small faces", ru="находит мелкие лица"),
        *(
            _look(name, partial(_voice, name, settings), needed=False, en=en, ru=ru)
            for name, (en, ru) in ((name, _VOICES.get(name, _ANY_VOICE)) for name in MAKERS if name != FLOOR)
        ),
        _look("outputs", lambda: _writable(settings.outputs), en="where videos are kept", ru="здесь хранятся видео"),
        _look(
            "cache",
            lambda: _writable(settings.cache),
            needed=False,
            en="a portrait's second use without preparing it again",
            ru="второй раз портрет не надо готовить заново",
        ),
        _look(
            "state",
            lambda: _state(settings),
            en="jobs and keys of the server",
            ru="задания и ключи сервера",
        ),
        _look("flask", _package("flask"), needed=False, en="the web page and the API", ru="страница и API"),
        _look("sqlalchemy", _package("sqlalchemy"), needed=False, en="keeps the jobs", ru="хранит задания"),
        _look("gunicorn", _package("gunicorn"), needed=False, en="make serve", ru="make serve"),
        _look(
            "ffprobe",
            lambda: _program("ffprobe"),
            needed=False,
            en="a second opinion on the videos, in the tests",
            ru="второе мнение о видео, в тестах",
        ),
        _look(
            "chromium",
            lambda: _program("chromium", "chromium-browser", "google-chrome"),
            needed=False,
            en="the test of the page in a browser",
            ru="проверка страницы в браузере",
        ),
    ]
    wrong = unknown_settings(os.environ)
    if wrong:
        meant = {"en": "what you meant to set", "ru": "то, что вы хотели задать"}
        findings.append(Finding("settings", False, False, " ".join(map(str, wrong)), meant))
    cores = available_cores()
    plan = plan_threads(cores, settings.renders)
    return [
        *findings,
        Finding(
            "cores",
            True,
            True,
            f"{cores}",
            {"en": f"videos at the same time: {plan.renders}", "ru": f"видео одновременно: {plan.renders}"},
        ),
    ]


def _look(name: str, find: Callable[[], str], *, needed: bool = True, en: str, ru: str) -> Finding:
    try:
        return Finding(name, True, needed, find(), {"en": en, "ru": ru})
    except Exception as error:  # whatever is wrong with it is what the person wants to read
        return Finding(name, False, needed, str(error) or type(error).__name__, {"en": en, "ru": ru})


def _package(module: str, distribution: str | None = None) -> Callable[[], str]:
    def find() -> str:
        importlib.import_module(module)
        return importlib.metadata.version(distribution or module)

    return find


def _codecs() -> str:
    import av  # noqa: PLC0415 - its absence is a finding

    for codec in ("libx264", "aac"):
        av.Codec(codec, "w")
    return importlib.metadata.version("av")


def _espeak() -> str:
    from lipsync.speech.espeak import EspeakVoice  # noqa: PLC0415 - its absence is a finding

    speech = next(EspeakVoice().speak("1", "en"))
    if not speech.samples.any():
        raise RuntimeError("it says nothing")
    return importlib.metadata.version("espeakng-loader")


def _networks() -> str:
    from lipsync.face.finder import FaceFinder  # noqa: PLC0415 - its absence is a finding

    FaceFinder()
    basis = Path(__file__).parent / "assets" / "face" / "arkit_basis.npz"
    if not basis.is_file():
        raise FileNotFoundError(str(basis))
    return str(basis.parent)


def _avatars() -> str:
    from lipsync.face.avatars import shipped_avatars  # noqa: PLC0415

    for avatar in shipped_avatars():
        if not avatar.path.is_file():
            raise FileNotFoundError(str(avatar.path))
    return ", ".join(avatar.name for avatar in shipped_avatars())


def _default_avatar(settings: Settings) -> str:
    from lipsync.avatar_file import name_or_path, read_avatar  # noqa: PLC0415
    from lipsync.face.avatars import avatar  # noqa: PLC0415

    named = name_or_path(settings.avatar)
    if isinstance(named, Path):
        read_avatar(named, settings.max_upload_mb)
    else:
        avatar(named)
    return settings.avatar


def _checkpoint(settings: Settings) -> str:
    from lipsync.animate.wav2lip.find import find_checkpoint  # noqa: PLC0415

    choice = find_checkpoint(settings)
    if choice.problem is not None:
        raise choice.problem
    if choice.path is None:
        raise FileNotFoundError(f"none in {settings.checkpoints.expanduser().absolute()}")
    from lipsync.animate.wav2lip.checkpoint import load_checkpoint  # noqa: PLC0415

    return f"{choice.path}, {load_checkpoint(choice.path).size} px"


def _s3fd(settings: Settings) -> str:
    from lipsync.models.catalogue import model  # noqa: PLC0415

    path = model("s3fd").found(settings.checkpoints)
    if path is None:
        raise FileNotFoundError("no weights: lipsync models fetch s3fd")
    from lipsync.face.s3fd import load_weights  # noqa: PLC0415

    load_weights(path)
    return str(path) if settings.detector == "s3fd" else f"{path}, not used: LIPSYNC_DETECTOR=s3fd"


def _voice(name: str, settings: Settings) -> str:
    """The voices of an engine, which is made and not loaded. Raises why it is not there."""
    names = [one.name for one in MAKERS[name](settings).voices()]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    used = name in read_order(settings.voices, tuple(MAKERS)).names
    return shown if used else f"{shown}, not used: it is not in LIPSYNC_VOICES"


def _state(settings: Settings) -> str:
    found = _writable(settings.state)
    if settings.database is None:
        file = default_path(settings)
        require_content(file, file)
    return found


def _writable(folder: Path) -> str:
    """The folder and how much room it has, after writing a file into it, or where it is missing into the folder in
    which it would be made. (What access(2) says is not enough: of a full disk it knows nothing.)"""
    folder = folder.expanduser().absolute()
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        probe = Part(place / "probe", nameless=False)
        try:
            with probe.path.open("wb") as file:
                file.write(bytes(_PROBE))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.discard()
    except OSError as error:
        raise LipsyncError("cannot_write", place=place, reason=error.strerror) from error
    free = shutil.disk_usage(place).free
    if free < MIN_FREE:
        raise OSError(f"{place}: {free / 1e6:.0f} MB free, at least {MIN_FREE / 1e6:.0f} MB are needed")
    return f"{folder}, {free / 1e9:.1f} GB free"


def _program(*names: str) -> str:
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    raise FileNotFoundError("not installed")
