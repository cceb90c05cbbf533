"""A small service for tests of the web: it speaks, but its portrait is one still grey picture."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from uuid import uuid4

import numpy as np

from lipsync.errors import LipsyncError
from lipsync.face.avatar_part import AvatarPart
from lipsync.face.picture import read_picture
from lipsync.mouth_cues.phone_file import PhoneFile
from lipsync.pipeline.animators import AnimatorFactory
from lipsync.pipeline.cloning import Cloning
from lipsync.pipeline.live_parts import LiveParts
from lipsync.pipeline.parse_request import ParsedRequest, parse_request, restore_request
from lipsync.pipeline.request import VideoRequest, VideoRequestFields
from lipsync.pipeline.result import RenderedVideo
from lipsync.runtime.progress import Progress, Stage
from lipsync.runtime.threads import plan_threads
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Fallback, Speech, VoiceInfo
from lipsync.text.script import prepare_script
from lipsync.video.frame import frame_of
from lipsync.video.writer import Mp4Writer
from tests.helpers.conversation import StillAnimator


class FakeService:
    """Is a :class:`lipsync.pipeline.video_service.VideoService`, and two handles: ``gate`` and ``wishes``."""

    def __init__(self, settings: Settings, *, fails: Exception | None = None, loaded: bool = True) -> None:
        self.settings = settings
        self.ready = loaded
        self.fails = fails
        self._voices = VoiceChain(settings)
        self._animators = AnimatorFactory(settings, plan_threads(1, 1))
        self.cloning = Cloning(self._voices, settings.cloned_voices)
        self.live = LiveParts(self._voices, self.parse, lambda _parsed: StillAnimator())
        self.head_models = FakeHeadModels(settings)
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
        script = prepare_script(str(wish["text"]), str(wish["language"]), self.settings.max_text, _likely(wish))
        return EspeakVoice().speak(script.spoken_text, script.language, _string(wish.get("voice")))

    def cache_stats(self) -> dict[str, int]:
        return {}

    def parse(
        self,
        fields: VideoRequestFields,
        picture: bytes | None = None,
        *,
        likely: Sequence[str] = (),
        background_image: bytes | None = None,
    ) -> ParsedRequest:
        return parse_request(
            fields,
            picture,
            settings=self.settings,
            animators=self._animators,
            voices=self._voices,
            likely=likely,
            background_image=background_image,
        )

    def generate(
        self,
        request: VideoRequest,
        *,
        picture: bytes | None = None,
        background_image: bytes | None = None,
        output: Path | None = None,
        stream: Path | None = None,
        phones: Path | None = None,
        progress: Progress | None = None,
    ) -> RenderedVideo:
        tell = progress or _ignored
        self.wishes.append({**request.model_dump(), "picture": picture})
        script = restore_request(request, picture, background_image).script
        tell("portrait", 0.0)
        if picture is not None:
            shape = read_picture(picture, max_megapixels=self.settings.max_megapixels, max_side=256).shape
            raise LipsyncError("no_face", width=shape[1], height=shape[0])
        speeches = EspeakVoice().speak(script.spoken_text, script.language, "espeak-male")
        self.settings.outputs.mkdir(parents=True, exist_ok=True)
        path = output or self.settings.outputs / f"avatar_{uuid4().hex[:8]}.mp4"
        self.begun.set()
        with (
            PhoneFile(phones) if phones else nullcontext() as phone_file,
            Mp4Writer(path, width=320, height=320, fps=25, rate=22050, stream=stream) as video,
        ):
            tell("speech", 0.0)
            for speech in speeches:
                if phone_file is not None:
                    phone_file.write(speech, video.samples / 22050)
                video.write_sound(speech.samples)
            still = frame_of(np.full((320, 320, 3), 120, np.uint8))
            frames = math.ceil(video.samples / 22050 * 25)
            for number in range(frames):
                video.write_frame(still)
                tell("render", (number + 1) / frames)
            while not self.gate.wait(0.05):
                tell("render", 1.0)
            tell("finish", 1.0)
        return RenderedVideo(
            path=path,
            subtitles=None,
            duration=video.samples / 22050,
            frames=frames,
            width=320,
            height=320,
            picture_width=160,
            picture_height=160,
            fps=25,
            language=script.language,
            avatar=request.avatar_name,
            engine="still",
            portrait="memory",
            voice="espeak-male",
            fallbacks=self.fallbacks,
            avatar_part=self.avatar_part,
            timings={"speech": 0.012, "render": 0.3456, "total": 0.4},
        )


class FakeHeadModels:
    """3D models that are made at once, and are none; a picture must be one all the same."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def get(self, picture: bytes) -> bytes:
        read_picture(picture, max_megapixels=self._settings.max_megapixels, max_side=256)
        return b"glTF" + hashlib.sha256(picture).digest()


def _ignored(stage: Stage, done: float) -> None:
    pass


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _likely(wish: Mapping[str, object]) -> list[str]:
    likely = wish.get("likely")
    return [str(one) for one in likely] if isinstance(likely, list) else []
