"""The checks of ``lipsync doctor``: what is installed, what is missing, and what each missing part would add."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lipsync.errors import LipsyncError
from lipsync.hearing.errors import HearingError
from lipsync.messages import Message
from lipsync.runtime.installation import command_to_add
from lipsync.runtime.setting_names import unknown_settings
from lipsync.runtime.threads import available_cores, plan_threads
from lipsync.settings import Settings
from lipsync.speech.engines.registry import ENGINE_FACTORIES
from lipsync.speech.priority import FALLBACK_ENGINE, parse_priority
from lipsync.storage.database_file import default_path, require_content
from lipsync.storage.errors import StorageError
from lipsync.storage.folders import free_bytes, nearest_existing, probe_write

MIN_FREE_BYTES = 100_000_000
"""Free space that a folder must have: a reserve for the videos that are being made and for the database's log."""
_MAX_SHOWN_VOICES = 4
"""Number of voices of an engine that are named."""
_DESCRIBED = ("xtts", "remote", "hibari", "silero")
"""Voice engines with a message ``doctor.for_<name>`` of their own."""


@dataclass(frozen=True)
class Finding:
    """Result of one check."""

    name: str
    found: bool
    needed: bool
    """Whether videos can be made and the server started only with it."""
    detail: str | Message | Sequence[Message]
    """Its version or place, or why it does not work."""
    adds: Message
    """What it is for, or would add."""

    def detail_text(self, language: str) -> str:
        """The detail in ``language``."""
        if isinstance(self.detail, str):
            return self.detail
        messages = [self.detail] if isinstance(self.detail, Message) else self.detail
        return " ".join(message.text(language) for message in messages)

    def as_json(self, language: str) -> dict[str, Any]:
        """The finding for programs: the detail in ``language``, the purpose in every language."""
        return {
            "name": self.name,
            "found": self.found,
            "needed": self.needed,
            "detail": self.detail_text(language),
            "adds": self.adds.texts(),
        }


class _UnavailableError(Exception):
    """A check failed; ``reason`` says why."""

    def __init__(self, message_id: str, **facts: object) -> None:
        super().__init__(message_id)
        self.reason = Message(message_id, **facts)


def examine(settings: Settings) -> list[Finding]:
    """Check every part of this installation. Raises nothing: a failed check is a finding."""
    findings = [
        _look("python", platform.python_version),
        _look("numpy", _package("numpy")),
        _look("opencv", _package("cv2", "opencv-python-headless")),
        _look("pillow", _package("PIL", "pillow")),
        _look("pyav", _codecs),
        _look("espeak-ng", _espeak),
        _look("sentencex", _package("sentencex")),
        _look("face networks", _networks),
        _look("avatars", _avatars),
        _look("avatar", lambda: _default_avatar(settings)),
        _look(
            "torch", _package("torch"), Message("doctor.for_torch", command=command_to_add("wav2lip")), needed=False
        ),
        _look("checkpoint", lambda: _checkpoint(settings), needed=False),
        _look("s3fd", lambda: _s3fd(settings), needed=False),
        _look("realesrgan", lambda: _realesrgan(settings), needed=False),
        *(
            _look(name, partial(_voice, name, settings), _voice_purpose(name), needed=False)
            for name in ENGINE_FACTORIES
            if name != FALLBACK_ENGINE
        ),
        _look(
            "whisper",
            lambda: _whisper(settings),
            Message("doctor.for_whisper", command=command_to_add("conversation")),
            needed=False,
        ),
        _look("outputs", lambda: _writable(settings.outputs)),
        _look("cache", lambda: _writable(settings.cache), needed=False),
        _look("state", lambda: _state(settings)),
        _look("flask", _package("flask"), needed=False),
        _look("sqlalchemy", _package("sqlalchemy"), needed=False),
        _look("gunicorn", _package("gunicorn"), needed=False),
        _look("ffprobe", lambda: _program("ffprobe"), needed=False),
        _look("chromium", lambda: _program("chromium", "chromium-browser", "google-chrome"), needed=False),
    ]
    problems = unknown_settings(os.environ)
    if problems:
        details = [problem.description for problem in problems]
        findings.append(Finding("settings", False, False, details, Message("doctor.for_settings")))
    cores = available_cores()
    plan = plan_threads(cores, settings.max_concurrent_renders)
    return [
        *findings,
        Finding("cores", True, True, f"{cores}", Message("doctor.for_cores", count=plan.renders)),
    ]


def _look(
    name: str, find: Callable[[], str | Message], adds: Message | None = None, *, needed: bool = True
) -> Finding:
    adds = adds or Message(f"doctor.for_{name.replace(' ', '_').replace('-', '_')}")
    detail: str | Message
    try:
        return Finding(name, True, needed, find(), adds)
    except _UnavailableError as error:
        detail = error.reason
    except LipsyncError as error:
        detail = error.description
    except Exception as error:  # the detail reports whatever is wrong
        detail = str(error) or type(error).__name__
    return Finding(name, False, needed, detail, adds)


def _voice_purpose(name: str) -> Message:
    return Message(f"doctor.for_{name if name in _DESCRIBED else 'other_voice'}")


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
    from lipsync.speech.engines.espeak import EspeakVoice  # noqa: PLC0415 - its absence is a finding

    speech = next(EspeakVoice().speak("1", "en"))
    if not speech.samples.any():
        raise _UnavailableError("doctor.silent")
    return importlib.metadata.version("espeakng-loader")


def _networks() -> str:
    from lipsync.face.finder import FaceFinder  # noqa: PLC0415 - its absence is a finding

    FaceFinder()
    basis = Path(__file__).parent.parent / "assets" / "face" / "arkit_basis.npz"
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
    from lipsync.face.avatars import avatar  # noqa: PLC0415
    from lipsync.pipeline.avatar_file import name_or_path, read_avatar  # noqa: PLC0415

    named = name_or_path(settings.avatar)
    if isinstance(named, Path):
        read_avatar(named, settings.max_upload_mb)
    else:
        avatar(named)
    return settings.avatar


def _checkpoint(settings: Settings) -> str:
    from lipsync.animation.wav2lip.find_checkpoint import find_checkpoint  # noqa: PLC0415

    choice = find_checkpoint(settings)
    if choice.problem is not None:
        raise choice.problem
    if choice.path is None:
        raise _UnavailableError("doctor.no_checkpoint", folder=settings.checkpoints.expanduser().absolute())
    from lipsync.animation.wav2lip.checkpoint import load_checkpoint  # noqa: PLC0415

    return f"{choice.path}, {load_checkpoint(choice.path).size} px"


def _s3fd(settings: Settings) -> str | Message:
    from lipsync.weights.catalogue import model  # noqa: PLC0415

    path = model("s3fd").find(settings.checkpoints)
    if path is None:
        raise _UnavailableError("doctor.no_weights")
    from lipsync.face.s3fd import load_weights  # noqa: PLC0415

    load_weights(path)
    return str(path) if settings.detector == "s3fd" else Message("doctor.detector_unused", path=path)


def _realesrgan(settings: Settings) -> str | Message:
    from lipsync.weights.catalogue import model  # noqa: PLC0415

    path = model("realesrgan").find(settings.checkpoints)
    if path is None:
        raise _UnavailableError("doctor.no_realesrgan")
    from lipsync.face.real_esrgan import RealEsrgan  # noqa: PLC0415

    RealEsrgan(path)
    return str(path) if settings.upscale == "auto" else Message("doctor.upscale_unused", path=path)


def _voice(name: str, settings: Settings) -> str | Message:
    """The voices of an engine, which is created but not loaded. Raises the reason where the engine is unavailable."""
    names = [voice.name for voice in ENGINE_FACTORIES[name](settings).voices()]
    listed: str | Message = ", ".join(names[:_MAX_SHOWN_VOICES])
    if len(names) > _MAX_SHOWN_VOICES:
        listed = Message("doctor.more_voices", names=listed, count=len(names) - _MAX_SHOWN_VOICES)
    used = name in parse_priority(settings.voices, tuple(ENGINE_FACTORIES)).names
    return listed if used else Message("doctor.engine_unused", voices=listed)


def _whisper(settings: Settings) -> str:
    from lipsync.hearing.whisper_weights import find_weights, is_installed, load_model  # noqa: PLC0415

    if not is_installed():
        raise HearingError("hearing_not_installed", remedy=command_to_add("conversation"))
    folder = find_weights(settings.whisper_model, settings.checkpoints)
    loaded = load_model(folder, threads=1).model
    return f"{folder}, {loaded.device}"


def _state(settings: Settings) -> Message:
    folder = _writable(settings.state)
    if settings.database is None:
        file = default_path(settings)
        require_content(file, file)
    return folder


def _writable(folder: Path) -> Message:
    """The folder and its free space, after writing a file into it, or into the folder where it would be made."""
    folder = folder.expanduser().absolute()
    place = nearest_existing(folder)
    try:
        probe_write(folder)
    except OSError as error:
        raise StorageError("cannot_write", place=place, reason=error.strerror) from error
    free = free_bytes(folder)
    if free < MIN_FREE_BYTES:
        raise _UnavailableError(
            "doctor.disk_full", place=place, free=f"{free / 1e6:.0f}", needed=f"{MIN_FREE_BYTES / 1e6:.0f}"
        )
    return Message("doctor.folder", folder=folder, free=f"{free / 1e9:.1f}")


def _program(*names: str) -> str:
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    raise _UnavailableError("doctor.not_installed")
