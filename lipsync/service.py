"""The service: all that is loaded once; a text goes in, a video comes out. Web and command line stand on it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Unpack

from lipsync import __version__
from lipsync.animate.types import Animator
from lipsync.avatar_part import AvatarPart
from lipsync.cache import ArrayCache
from lipsync.cloning import Cloning
from lipsync.engines import Engines
from lipsync.errors import LipsyncError
from lipsync.face.picture import upright_size
from lipsync.order import Checked, Order, Wanted, read_script, take_order
from lipsync.outputs import check_output, check_track, new_name, remove_old
from lipsync.portraits import Origin, Portraits
from lipsync.progress import Meanwhile, Progress, Told, wait_for
from lipsync.render import Encoding, Stopwatch, Subtitles, render
from lipsync.result import Result
from lipsync.settings import Settings
from lipsync.speech.chain import Speaking, VoiceChain
from lipsync.speech.installed import MAKERS, Maker
from lipsync.speech.script import script_of
from lipsync.speech.sentence import Origin as SentenceOrigin
from lipsync.speech.style import read_style
from lipsync.speech.types import VoiceInfo
from lipsync.threads import apply_threads, available_cores, plan_threads
from lipsync.videos import Videos

log = logging.getLogger(__name__)


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
        order = take_order(self.settings, self._engines, self._voice, text="1")
        self._animator(order, None)
        self._avatar_loaded = True
        if self.settings.warm_up:
            with tempfile.TemporaryDirectory(prefix="lipsync-") as folder:
                self._make(order, Path(folder) / "warm.mp4", None, None, Told(None))

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

    def sentences(self) -> dict[SentenceOrigin, int]:
        """How many sentences were spoken anew, read from the disk, or still known."""
        return self._voice.origins()

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
        likely: Sequence[str] | None = None,
    ) -> Speaking:
        """Only the voice of a video: ``text`` as pieces of speech, each spoken when it is taken.

        ``sex`` (male, female) is preferred where no voice is named; the rest is as in :meth:`generate`, and so are
        the errors.
        """
        if not self.ready:
            raise LipsyncError("not_ready")
        style = read_style(speed, pitch, pause)
        script = read_script(self.settings, text, language, likely)
        return self._voice.speak(script.spoken, script.language, voice, style, sex=sex)

    def check(self, **wanted: Unpack[Wanted]) -> Checked:
        """Whether :meth:`generate` would begin with this. Raises what it would raise before any work is done."""
        order = self._taken(wanted, None)
        return Checked(len(order.script.spoken), order.script.language, order.avatar)

    def _taken(self, wanted: Wanted, meanwhile: Meanwhile | None) -> Order:
        if not self.ready:
            raise LipsyncError("not_ready")
        return take_order(self.settings, self._engines, self._voice, meanwhile=meanwhile, **wanted)

    def generate(
        self,
        *,
        output: Path | None = None,
        stream: Path | None = None,
        track: Path | None = None,
        progress: Progress | None = None,
        **wanted: Unpack[Wanted],
    ) -> Result:
        """Make a video of a portrait that speaks ``text``. The same arguments give the same video.

        What may be wanted: :class:`lipsync.order.Wanted`. ``output`` is a new file in the outputs folder when none
        is given; ``track`` gets the face track as JSON; ``stream`` grows while the video is made: a fragmented MP4,
        which can be watched from its first fragment on. ``progress`` is told in the calling thread how far it is, and
        ends the work by raising :class:`lipsync.progress.Cancelled`.

        None of the files is there after an error, but for what has been written of the stream. Raises LipsyncError:
        not_ready, what :func:`lipsync.order.take_order` raises, what :meth:`lipsync.portraits.Portraits.get` or, for
        a video, :meth:`lipsync.videos.Videos.get` raises, speech_failed, cannot_write, not_mp4, bad_field.
        """
        if output is not None:
            check_output(output)
        told = Told(progress)
        order = self._taken(wanted, told.again)
        if output is not None:
            if track is not None:
                check_track(track, output, order.subtitles)
            return self._make(order, output, stream, track, told)
        folder = self.settings.outputs.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LipsyncError("cannot_write", place=folder, reason=error.strerror) from error
        result = self._make(order, folder / new_name(), stream, track, told)
        self._clean_up()
        return result

    def _make(self, order: Order, path: Path, stream: Path | None, track: Path | None, told: Told) -> Result:
        watch = Stopwatch()
        told("portrait", 0.0)
        with self._my_turn(watch, told.again):
            with watch.stage("portrait"):
                animator, origin, part = self._animator(order, told.again)
            width, height = animator.size
            titles = None
            if order.subtitles is not None:
                ending = f".{order.subtitles}"
                beside = path.with_suffix(ending) if path.suffix != ending else path.with_name(path.name + ending)
                titles = Subtitles(order.script.passage, order.script.language, order.subtitles, beside)
            clip = render(
                order.pieces.with_last(),
                animator,
                path,
                fps=order.fps,
                seed=order.seed,
                encoding=Encoding(self.settings.crf, self.settings.preset, self._plan.encoder),
                characters=len(order.script.spoken),
                watch=watch,
                track_path=track,
                subtitles=titles,
                stream=stream,
                told=told,
            )
        watch.mark("total")
        picture_width, picture_height = (None, None) if order.moves else upright_size(order.picture)
        return Result(
            path=path,
            subtitles=titles.path if titles else None,
            duration=clip.samples / clip.rate,
            frames=clip.frames,
            width=width,
            height=height,
            picture_width=picture_width,
            picture_height=picture_height,
            fps=order.fps,
            language=order.script.language,
            voice=clip.voice,
            fallbacks=tuple(order.pieces.fallbacks),
            avatar=order.avatar,
            engine=animator.name,
            avatar_part=part,
            portrait=origin,
            timings=watch.seconds,
        )

    def _animator(self, order: Order, meanwhile: Meanwhile | None) -> tuple[Animator, Origin, AvatarPart | None]:
        """The animator of the avatar, where what was prepared of it came from, and which part of a video it uses."""
        if order.moves:
            portrait, origin = self._videos.get(order.picture, meanwhile)
            return self._engines.moving(portrait, order.pads), origin, portrait.part
        prepared, origin = self._portraits.get(order.picture, order.box, meanwhile)
        return self._engines.animator(order.engine, prepared, order.pads), origin, None

    @contextmanager
    def _my_turn(self, watch: Stopwatch, meanwhile: Meanwhile) -> Iterator[None]:
        with watch.stage("wait"):
            wait_for(lambda most: self._turn.acquire(timeout=most), meanwhile)
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
