"""The service: all that is loaded once; a text goes in, a video comes out. Web and command line stand on it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock

from lipsync import __version__
from lipsync.animate.types import Animator
from lipsync.cache import ArrayCache
from lipsync.cloning import Cloning
from lipsync.engines import Engine, Engines
from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar as shipped_avatar
from lipsync.face.avatars import shipped_avatars
from lipsync.face.box import Box, Pads, read_box, read_pads
from lipsync.media.decode import is_video
from lipsync.outputs import new_name, remove_old
from lipsync.portraits import Origin, Portraits
from lipsync.render import Encoding, Progress, Stopwatch, Subtitles, render
from lipsync.settings import Settings
from lipsync.speech.chain import Fallback, Speaking, VoiceChain
from lipsync.speech.installed import MAKERS, Maker
from lipsync.speech.script import Script, script_of
from lipsync.speech.style import read_style
from lipsync.speech.types import PLAIN, Style, VoiceInfo
from lipsync.subtitles.formats import Format, read_format
from lipsync.threads import apply_threads, available_cores, plan_threads
from lipsync.videos import Videos

log = logging.getLogger(__name__)

FPS = (10, 60)
"""Least and most frames a second."""
SEEDS = 2**32
"""A seed is below this."""
SEED = 0
"""Of a request that names none: the same request gives the same video."""


@dataclass(frozen=True)
class Result:
    """A finished video."""

    path: Path
    subtitles: Path | None
    """The file of its subtitles, where they were asked for."""
    duration: float
    """Seconds of sound; frames = ceil(duration * fps)."""
    frames: int
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fps: int
    language: str
    """Code: ``ru``."""
    voice: str
    """Name of the voice that began to speak."""
    fallbacks: tuple[Fallback, ...]
    """Voices that could not speak or go on, in order; who took over, and why."""
    avatar: str
    """Its name; ``picture`` for a picture or a video of the caller's own."""
    engine: str
    """``puppet``."""
    portrait: Origin
    """``made`` for this video, or read from ``disk`` or ``memory``."""
    timings: dict[str, float]
    """Seconds by stage: ``wait`` (for other videos), ``portrait``, ``speech``, ``track``, ``render``, ``encode`` (how
    long the encoder kept the others waiting: most of its work runs beside them), ``total``; and ``first_frame``, from
    the call until the first frame was made."""


@dataclass(frozen=True)
class _Order:
    """A request whose every field has been checked."""

    pieces: Speaking
    script: Script
    avatar: str
    picture: bytes
    """A picture file or a video file."""
    fps: int
    seed: int
    engine: Engine
    box: Box | None
    pads: Pads | None
    subtitles: Format | None


class LipsyncService:
    """Loads once, then makes videos for many threads at once: as many at the same time as the thread plan says."""

    def __init__(self, settings: Settings, makers: Mapping[str, Maker] = MAKERS) -> None:
        """``makers`` are the voice engines there are, by name."""
        self.settings = settings
        self._plan = plan_threads(available_cores(), settings.renders)
        self._turn = BoundedSemaphore(self._plan.renders)
        cache, size = ArrayCache(settings.cache, settings.cache_max_mb), (settings.max_side, settings.max_megapixels)
        s3fd = _s3fd(settings)
        self._portraits = Portraits(cache, max_side=size[0], max_megapixels=size[1], s3fd=s3fd)
        self._videos = Videos(
            cache,
            self._portraits.load,
            detected_by=self._portraits.detected_by,
            max_seconds=settings.max_avatar_seconds,
            max_side=size[0],
            max_megapixels=size[1],
        )
        self._engines = Engines(settings, self._plan)
        self._voice = VoiceChain(settings, makers)
        self.cloning = Cloning(self._voice, settings.cloned_voices)
        """The voices that people add."""
        self._state = "loading"
        self._models_loaded = False
        self._avatar_loaded = False
        self._loading = Lock()

    def load(self, *, ahead: bool = True) -> None:
        """Load everything once: the face networks, the default avatar; and make a short clip, so that all is warm.

        The clip is left out with the setting ``warm_up`` off. With ``ahead`` off each thing is loaded when it is
        first needed: right for one video. Raises LipsyncError when the default avatar, the default language or a
        part cannot be used.
        """
        with self._loading:
            if self.ready:
                return
            self._state = "loading"
            try:
                apply_threads(self._plan)
                self._engines.load()
                if ahead:
                    self._load_ahead()
            except BaseException:
                self._state = "failed"
                raise
            self._state = "ready"
        self._clean_up()

    def _load_ahead(self) -> None:
        self._voice.load(script_of("1", self.settings.language, 1).language)
        self._portraits.load()
        self._models_loaded = True
        order = self._checked("1")
        self._animator(order)
        self._avatar_loaded = True
        if self.settings.warm_up:
            with tempfile.TemporaryDirectory(prefix="lipsync-") as folder:
                self._make(order, Path(folder) / "warm.mp4", None, None)

    @property
    def ready(self) -> bool:
        """Whether videos can be made."""
        return self._state == "ready"

    def status(self) -> dict[str, object]:
        """What ``/api/health`` shows; ``status`` is loading, ready or failed."""
        return {
            "status": self._state,
            "models_loaded": self._models_loaded,
            "avatar_loaded": self._avatar_loaded,
            **self._engines.status(),
            "voices": self._voice.there() if self.ready else [],
            "version": __version__,
            "renders": self._plan.renders,
        }

    def voices(self) -> list[VoiceInfo]:
        """The voices that a request can name."""
        return self._voice.voices()

    def absent_voices(self) -> dict[str, LipsyncError]:
        """Why engines of the setting ``voices`` are not there, by name."""
        return self._voice.absent()

    def speak(
        self,
        *,
        text: str,
        language: str | None = None,
        voice: str | None = None,
        speed: float | None = None,
        pitch: float | None = None,
        pause: float | None = None,
        sex: str = "",
    ) -> Speaking:
        """Only the voice of a video: ``text`` as pieces of speech, each spoken when it is taken.

        ``sex`` (male, female) is preferred where no voice is named; the rest is as in :meth:`generate`, and so are
        the errors.
        """
        if not self.ready:
            raise LipsyncError("not_ready")
        style = read_style(speed, pitch, pause)
        script = self._script(text, language)
        return self._voice.speak(script.spoken, script.language, voice, style, sex=sex)

    def generate(
        self,
        *,
        text: str,
        language: str | None = None,
        avatar: str | Path | None = None,
        voice: str | None = None,
        speed: float | None = None,
        pitch: float | None = None,
        pause: float | None = None,
        seed: int | None = None,
        fps: int | None = None,
        picture: bytes | None = None,
        engine: str | None = None,
        box: str | Sequence[float] | None = None,
        pads: str | Sequence[float] | None = None,
        subtitles: str | None = None,
        output: Path | None = None,
        track: Path | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Make a video of a portrait that speaks ``text``. The same arguments give the same video.

        ``avatar`` is the name of a shipped one, or the Path of a picture or a video (never a string: a web request
        can name no path); ``picture`` the bytes of such a file, and comes before it; ``engine`` is auto, wav2lip or
        puppet; ``box`` is the face, x0, y0, x1, y1 in pixels of the picture as it came, upright, and ``pads`` what
        Wav2Lip's box grows by at the top, the bottom, the left and the right; both may be a string of four numbers.
        ``language`` is a code, a name, or auto, which is found from the text.
        ``voice`` is the name of a voice or of a voice engine; ``speed`` (times), ``pitch`` (semitones) and ``pause``
        (times) as in :class:`lipsync.speech.types.Style`. What is left out is the setting's.

        ``subtitles`` is vtt or srt: they are written beside the video under its name, and are a track in it.
        ``output`` is a new file in the outputs folder when none is given; ``track`` gets the face track as JSON.
        ``progress`` is told how much is done, 0 to 1, in the calling thread; what it raises ends the work.

        None of the files is there after an error. Raises LipsyncError: not_ready, empty_text, text_too_long,
        bad_characters, nothing_to_say, unknown_language, unknown_voice, unknown_avatar, bad_field, file_too_large,
        no_wav2lip, video_needs_wav2lip, what :meth:`lipsync.portraits.Portraits.get` or, for a video,
        :meth:`lipsync.videos.Videos.get` raises, speech_failed, cannot_write.
        """
        if not self.ready:
            raise LipsyncError("not_ready")
        style = read_style(speed, pitch, pause)
        order = self._checked(text, language, avatar, voice, style, seed, fps, picture, engine, box, pads, subtitles)
        if output is not None:
            return self._make(order, output, track, progress)
        folder = self.settings.outputs.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LipsyncError("cannot_write", place=folder, reason=error.strerror) from error
        result = self._make(order, folder / new_name(), track, progress)
        self._clean_up()
        return result

    def _checked(
        self,
        text: str,
        language: str | None = None,
        avatar: str | Path | None = None,
        voice: str | None = None,
        style: Style = PLAIN,
        seed: int | None = None,
        fps: int | None = None,
        picture: bytes | None = None,
        engine: str | None = None,
        box: str | Sequence[float] | None = None,
        pads: str | Sequence[float] | None = None,
        subtitles: str | None = None,
    ) -> _Order:
        """All that can be said about a request before any work is done."""
        script = self._script(text, language)
        titled = None if subtitles is None else read_format(subtitles)
        fps = _a_number("fps", self.settings.fps if fps is None else fps, *FPS)
        seed = _a_number("seed", SEED if seed is None else seed, 0, SEEDS - 1)
        chosen = self._engines.choose(engine)
        name, data, sex = self._picture(avatar, picture)
        if chosen == "puppet" and is_video(data):
            raise LipsyncError("video_needs_wav2lip")
        face, grown = None if box is None else read_box(box), None if pads is None else read_pads(pads)
        if face is not None and is_video(data):
            expected = {"en": "it is for pictures, not for a video", "ru": "она для картинок, а не для видео"}
            raise LipsyncError("bad_field", field="box", expected=expected)
        pieces = self._voice.speak(script.spoken, script.language, voice, style, sex=sex)
        return _Order(pieces, script, name, data, fps, seed, chosen, face, grown, titled)

    def _script(self, text: str, language: str | None) -> Script:
        named = _a_string("language", language or self.settings.language)
        return script_of(_a_string("text", text), named, self.settings.max_text)

    def _picture(self, avatar: str | Path | None, picture: bytes | None) -> tuple[str, bytes, str]:
        """The portrait's name, its file's bytes, and the sex of the voice that fits it, empty if it is not known."""
        if picture is not None:
            _at_most(len(picture), self.settings.max_upload_mb)
            return "picture", picture, ""
        if avatar is None:
            avatar = self.settings.avatar
            if avatar not in {one.name for one in shipped_avatars()}:
                avatar = Path(avatar)
        if isinstance(avatar, Path):
            return "picture", _read(avatar.expanduser(), self.settings.max_upload_mb), ""
        one = shipped_avatar(_a_string("avatar", avatar))
        return one.name, one.path.read_bytes(), one.sex

    def _make(self, order: _Order, path: Path, track: Path | None, progress: Progress | None) -> Result:
        watch = Stopwatch()
        with self._my_turn(watch):
            with watch.stage("portrait"):
                animator, origin = self._animator(order)
            width, height = animator.size
            titles = None
            if order.subtitles is not None:
                ending = f".{order.subtitles}"
                beside = path.with_suffix(ending) if path.suffix != ending else path.with_name(path.name + ending)
                titles = Subtitles(order.script.passage, order.script.language, order.subtitles, beside)
            clip = render(
                order.pieces,
                animator,
                path,
                fps=order.fps,
                seed=order.seed,
                encoding=Encoding(self.settings.crf, self.settings.preset, self._plan.encoder),
                characters=len(order.script.spoken),
                watch=watch,
                track_path=track,
                subtitles=titles,
                progress=progress,
            )
        watch.mark("total")
        return Result(
            path=path,
            subtitles=titles.path if titles else None,
            duration=clip.samples / clip.rate,
            frames=clip.frames,
            width=width,
            height=height,
            fps=order.fps,
            language=order.script.language,
            voice=clip.voice,
            fallbacks=tuple(order.pieces.fallbacks),
            avatar=order.avatar,
            engine=animator.name,
            portrait=origin,
            timings=watch.seconds,
        )

    def _animator(self, order: _Order) -> tuple[Animator, Origin]:
        """Who draws the avatar, a picture or a video, and where what was prepared of it came from."""
        if is_video(order.picture):
            portrait, origin = self._videos.get(order.picture)
            return self._engines.moving(portrait, order.pads), origin
        prepared, origin = self._portraits.get(order.picture, order.box)
        return self._engines.animator(order.engine, prepared, order.pads), origin

    @contextmanager
    def _my_turn(self, watch: Stopwatch) -> Iterator[None]:
        with watch.stage("wait"):
            self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()

    def _clean_up(self) -> None:
        try:
            remove_old(
                self.settings.outputs.expanduser(),
                max_hours=self.settings.outputs_max_hours,
                max_mb=self.settings.outputs_max_mb,
            )
        except OSError as error:  # the video is there: that old ones stay is for the log
            log.warning("old videos in %s cannot be removed: %s", self.settings.outputs, error)


def _s3fd(settings: Settings) -> Path | None:
    """The weights of the detector that the settings ask for instead of the embedded one."""
    if settings.detector == "embedded":
        return None
    from lipsync.models.catalogue import model  # noqa: PLC0415 - only where it is wanted

    path = model("s3fd").found(settings.checkpoints)
    if path is None:
        log.warning("S3FD is not used, the embedded detector is: no weights of it (lipsync models fetch s3fd)")
    return path


def _a_string(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise LipsyncError("bad_field", field=field, expected={"en": "a string is expected", "ru": "нужна строка"})
    return value


def _a_number(field: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        expected = {
            "en": f"a whole number from {least} to {most} is expected",
            "ru": f"нужно целое число от {least} до {most}",
        }
        raise LipsyncError("bad_field", field=field, expected=expected)
    return value


def _at_most(size: int, limit_mb: float) -> None:
    if size > limit_mb * 1e6:
        raise LipsyncError("file_too_large", limit=f"{limit_mb:g}")


def _read(path: Path, limit_mb: float) -> bytes:
    """The bytes of a picture file that a person has named on their own machine."""
    try:
        with path.open("rb") as file:
            data = file.read(int(limit_mb * 1e6) + 1)
    except FileNotFoundError as error:
        known = ", ".join(one.name for one in shipped_avatars())
        raise LipsyncError("unknown_avatar", avatar=str(path), known=known) from error
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error
    _at_most(len(data), limit_mb)
    return data
