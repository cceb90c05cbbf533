"""A small service for tests of the web: it speaks, but its portrait is one still grey picture."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np

from lipsync.avatar_part import AvatarPart
from lipsync.cloning import Cloning
from lipsync.errors import LipsyncError
from lipsync.face.picture import read_picture
from lipsync.media.frame import frame_of
from lipsync.media.video import Mp4Writer
from lipsync.order import Checked
from lipsync.portraits import Origin
from lipsync.progress import Progress, Stage
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.speech.espeak import EspeakVoice
from lipsync.speech.fallback import Fallback
from lipsync.speech.script import Script, script_of
from lipsync.speech.types import Speech, VoiceInfo


@dataclass(frozen=True)
class Clip:
    path: Path
    duration: float
    frames: int = 1
    width: int = 320
    height: int = 320
    picture_width: int | None = 160
    picture_height: int | None = 160
    fps: int = 25
    language: str = "ru"
    subtitles: Path | None = None
    avatar: str = "gauss"
    engine: str = "still"
    portrait: Origin = "memory"
    voice: str = "espeak-male"
    avatar_part: AvatarPart | None = None
    fallbacks: tuple[Fallback, ...] = ()
    timings: dict[str, float] = field(default_factory=lambda: {"speech": 0.012, "render": 0.3456, "total": 0.4})


class StillService:
    """Has what :class:`lipsync.web.loading.Service` names, and two handles: ``gate`` and ``wishes``."""

    def __init__(self, settings: Settings, *, fails: Exception | None = None, loaded: bool = True) -> None:
        self.settings = settings
        self.ready = loaded
        self.fails = fails
        self.cloning = Cloning(VoiceChain(settings), settings.cloned_voices)
        self.load_now = threading.Event()
        self.gate = threading.Event()
        """A video is finished only when this is set."""
        self.gate.set()
        self.begun = threading.Event()
        self.wishes: list[dict[str, object]] = []
        self.fallbacks: tuple[Fallback, ...] = ()
        self.avatar_part: AvatarPart | None = None

    def load(self) -> None:
        self.load_now.wait()
        if self.fails is not None:
            raise self.fails
        self.ready = True

    def status(self) -> dict[str, object]:
        return {"models_loaded": self.ready, "avatar_loaded": self.ready, "device": "cpu", "engine": "still"}

    def voices(self) -> list[VoiceInfo]:
        return EspeakVoice().voices()

    def absent_voices(self) -> dict[str, LipsyncError]:
        return {"remote": LipsyncError("missing_part", part="LIPSYNC_REMOTE_URL", remedy="set it")}

    def speak(self, **wish: object) -> Iterator[Speech]:
        self.wishes.append(wish)
        script = script_of(str(wish["text"]), str(wish["language"]), self.settings.max_text, _likely(wish))
        return EspeakVoice().speak(script.spoken, script.language, _string(wish.get("voice")))

    def check(self, **wish: object) -> Checked:
        script = self._script(wish)
        avatar = "picture" if wish.get("picture") else _string(wish.get("avatar")) or self.settings.avatar
        return Checked(len(script.spoken), script.language, avatar)

    def generate(
        self,
        *,
        output: Path | None = None,
        stream: Path | None = None,
        progress: Progress | None = None,
        **wish: object,
    ) -> Clip:
        tell = progress or _ignored
        self.wishes.append(wish)
        script = self._script(wish)
        tell("portrait", 0.0)
        picture = wish.get("picture")
        if isinstance(picture, bytes):
            shape = read_picture(picture, max_megapixels=self.settings.max_megapixels, max_side=256).shape
            raise LipsyncError("no_face", width=shape[1], height=shape[0])
        speeches = EspeakVoice().speak(script.spoken, script.language, _string(wish.get("voice")))
        self.settings.outputs.mkdir(parents=True, exist_ok=True)
        path = output or self.settings.outputs / f"avatar_{uuid4().hex[:8]}.mp4"
        self.begun.set()
        with Mp4Writer(path, width=320, height=320, fps=25, rate=22050, stream=stream) as video:
            tell("speech", 0.0)
            for speech in speeches:
                video.write_sound(speech.samples)
            still = frame_of(np.full((320, 320, 3), 120, np.uint8))
            frames = math.ceil(video.samples / 22050 * 25)
            for number in range(frames):
                video.write_frame(still)
                tell("render", (number + 1) / frames)
            while not self.gate.wait(0.05):
                tell("render", 1.0)
            tell("finish", 1.0)
        avatar = _string(wish.get("avatar")) or self.settings.avatar
        return Clip(
            path,
            video.samples / 22050,
            frames,
            language=script.language,
            avatar=avatar,
            fallbacks=self.fallbacks,
            avatar_part=self.avatar_part,
        )

    def _script(self, wish: Mapping[str, object]) -> Script:
        language = _string(wish.get("language")) or self.settings.language
        return script_of(str(wish["text"]), language, self.settings.max_text, _likely(wish))


def _ignored(stage: Stage, done: float) -> None:
    pass


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _likely(wish: Mapping[str, object]) -> list[str]:
    likely = wish.get("likely")
    return [str(one) for one in likely] if isinstance(likely, list) else []
