"""A small service for tests of the web: it speaks, but its portrait is one still grey picture."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np

from lipsync.cloning import Cloning
from lipsync.errors import LipsyncError
from lipsync.face.picture import read_picture
from lipsync.media.frame import frame_of
from lipsync.media.video import Mp4Writer
from lipsync.settings import Settings
from lipsync.speech.chain import Fallback, VoiceChain
from lipsync.speech.espeak import EspeakVoice
from lipsync.speech.script import script_of
from lipsync.speech.types import Speech, VoiceInfo


@dataclass(frozen=True)
class Clip:
    path: Path
    duration: float
    voice: str = "espeak-male"
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
        script = script_of(str(wish["text"]), str(wish["language"]), self.settings.max_text)
        return EspeakVoice().speak(script.spoken, script.language, _string(wish.get("voice")))

    def generate(self, **wish: object) -> Clip:
        self.wishes.append(wish)
        script = script_of(str(wish["text"]), str(wish["language"]), self.settings.max_text)
        picture = wish.get("picture")
        if isinstance(picture, bytes):
            shape = read_picture(picture, max_megapixels=self.settings.max_megapixels, max_side=256).shape
            raise LipsyncError("no_face", width=shape[1], height=shape[0])
        speeches = EspeakVoice().speak(script.spoken, script.language, _string(wish.get("voice")))
        self.settings.outputs.mkdir(parents=True, exist_ok=True)
        path = self.settings.outputs / f"avatar_{uuid4().hex[:8]}.mp4"
        self.begun.set()
        with Mp4Writer(path, width=320, height=320, fps=25, rate=22050) as video:
            for speech in speeches:
                video.write_sound(speech.samples)
            still = frame_of(np.full((320, 320, 3), 120, np.uint8))
            for _ in range(math.ceil(video.samples / 22050 * 25)):
                video.write_frame(still)
            self.gate.wait()
        return Clip(path, video.samples / 22050, fallbacks=self.fallbacks)


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
