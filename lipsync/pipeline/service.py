"""The service: loads everything once, then renders videos and speaks. The server and the command line use it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from lipsync import __version__
from lipsync.animation.types import Animator
from lipsync.errors import LipsyncError
from lipsync.face.background import TRANSPARENT
from lipsync.pipeline.animators import AnimatorFactory
from lipsync.pipeline.avatar_file import read_avatar, read_background
from lipsync.pipeline.avatar_source import AvatarSource
from lipsync.pipeline.background_image import put_before
from lipsync.pipeline.cloning import Cloning
from lipsync.pipeline.errors import NotReadyError
from lipsync.pipeline.face_weights import find_realesrgan, find_s3fd
from lipsync.pipeline.field_errors import read_fields
from lipsync.pipeline.head_models import HeadModels
from lipsync.pipeline.live_parts import LiveParts
from lipsync.pipeline.parse_request import (
    ParsedRequest,
    framing_of,
    parse_request,
    restore_request,
    start_speech,
    style_of,
)
from lipsync.pipeline.portraits import Portraits
from lipsync.pipeline.render import Encoding, SubtitleOptions, render
from lipsync.pipeline.request import VideoRequest, VideoRequestFields
from lipsync.pipeline.requested_expression import expression_of, moods_of
from lipsync.pipeline.result import RenderedVideo
from lipsync.pipeline.stopwatch import Stopwatch
from lipsync.pipeline.videos import Videos
from lipsync.runtime.progress import Progress, ProgressReporter, use_heartbeat, wait_for
from lipsync.runtime.threads import apply_threads, available_cores, plan_threads
from lipsync.settings import Settings
from lipsync.speech.chain import SpeechStream, VoiceChain
from lipsync.speech.engines.registry import ENGINE_FACTORIES, EngineFactory
from lipsync.speech.mood_times import add_moods
from lipsync.speech.types import VoiceInfo
from lipsync.storage.cache import ArrayCache
from lipsync.storage.errors import StorageError
from lipsync.storage.outputs import check_output, check_track, new_name, remove_old, video_ending
from lipsync.text.script import prepare_script

log = logging.getLogger(__name__)


class LipsyncService:
    """Loads once, then renders videos for many threads: as many at the same time as the thread plan allows."""

    def __init__(self, settings: Settings, makers: Mapping[str, EngineFactory] = ENGINE_FACTORIES) -> None:
        """``makers`` create the voice engines, by name."""
        self.settings = settings
        self._plan = plan_threads(available_cores(), settings.max_concurrent_renders)
        self._render_slots = BoundedSemaphore(self._plan.renders)
        cache, size = ArrayCache(settings.cache, settings.cache_max_mb), (settings.max_side, settings.max_megapixels)
        weights = {"s3fd": find_s3fd(settings), "realesrgan": find_realesrgan(settings)}
        self._portraits = Portraits(cache, max_side=size[0], max_megapixels=size[1], **weights)
        self._videos = Videos(
            cache,
            self._portraits.load,
            detected_by=self._portraits.detected_by,
            max_seconds=settings.max_avatar_seconds,
            max_side=size[0],
            max_megapixels=size[1],
        )
        self.head_models = HeadModels(self._portraits, cache)
        self._animators = AnimatorFactory(settings, self._plan)
        self._voices = VoiceChain(settings, makers)
        self.cloning = Cloning(self._voices, settings.cloned_voices)
        """Voices cloned from recordings."""
        self.live = LiveParts(self._voices, self.parse, lambda parsed: self._animator(parsed)[0])
        """Speech and avatars of answers that are spoken while their text is written."""
        self._state = "loading"
        self._models_loaded = False
        self._avatar_loaded = False
        self._loading = Lock()

    def load(self, *, ahead: bool = True) -> None:
        """Load everything once: the default voice, the face networks, the default avatar; and render a short clip.

        The setting ``warm_up`` switches the clip off. With ``ahead`` off everything is loaded when it is first
        needed, which suits a single video. Raises LipsyncError when the default avatar, the default language or a
        component is unusable.
        """
        with self._loading:
            if self.ready:
                return
            self._state = "loading"
            try:
                apply_threads(self._plan)
                self._animators.load()
                if ahead:
                    self._load_ahead()
            except BaseException:
                self._state = "failed"
                raise
            self._state = "ready"
        self._clean_up()

    def _load_ahead(self) -> None:
        self._voices.load(prepare_script("1", self.settings.language, 1).language)
        self._portraits.load()
        self._models_loaded = True
        parsed = self._parse(VideoRequestFields(text="1"))
        self._animator(parsed)
        self._avatar_loaded = True
        if self.settings.warm_up:
            with tempfile.TemporaryDirectory(prefix="lipsync-") as folder:
                self._render(parsed, Path(folder) / "warm.mp4", ProgressReporter(None))

    @property
    def ready(self) -> bool:
        """Whether the service has loaded and renders videos."""
        return self._state == "ready"

    def status(self) -> dict[str, object]:
        """The facts for ``/api/health``; ``status`` is loading, ready or failed."""
        return {
            "status": self._state,
            "models_loaded": self._models_loaded,
            "avatar_loaded": self._avatar_loaded,
            **self._animators.status(),
            "upscaler": self._portraits.upscaler,
            "voices": self._voices.available() if self.ready else [],
            "version": __version__,
            "renders": self._plan.renders,
        }

    def voices(self) -> list[VoiceInfo]:
        """The voices that a request can name."""
        return self._voices.voices()

    def absent_voices(self) -> dict[str, LipsyncError]:
        """Why voice engines of the setting ``voices`` are unavailable, by name."""
        return self._voices.unavailable()

    def cache_stats(self) -> dict[str, int]:
        """Sentences of speech by origin: synthesized (``made``), or read from ``disk`` or ``memory``."""
        return {str(source): count for source, count in self._voices.cache_stats().items()}

    def speak(self, *, sex: str = "", likely: Sequence[str] = (), **fields: Any) -> SpeechStream:
        """Synthesize the speech of a video alone, a sentence at a time: each piece when it is taken.

        ``fields`` are ``text``, ``language``, ``voice``, ``speed``, ``pitch`` and ``pause`` of
        :class:`lipsync.pipeline.request.VideoRequestFields`; ``sex`` (male, female) is preferred where no voice is
        named, ``likely`` is as in :meth:`generate`. Raises the same errors as :meth:`generate`.
        """
        if not self.ready:
            raise NotReadyError("not_ready")
        request = read_fields(VideoRequestFields, fields)
        language = request.language or self.settings.language
        script = prepare_script(request.text, language, self.settings.max_text, likely)
        return self._voices.speak(script.spoken_text, script.language, request.voice, style_of(request), sex=sex)

    def parse(
        self,
        fields: VideoRequestFields,
        picture: bytes | None = None,
        *,
        likely: Sequence[str] = (),
        background_image: bytes | None = None,
    ) -> ParsedRequest:
        """Decide the defaults of a request now, and check all that can be checked without rendering.

        Raises LipsyncError: not_ready, and what :func:`lipsync.pipeline.parse_request.parse_request` raises, which
        describes the parameters.
        """
        if not self.ready:
            raise NotReadyError("not_ready")
        return self._parse(fields, picture, likely=likely, background_image=background_image)

    def _parse(self, fields: VideoRequestFields, picture: bytes | None = None, **more: Any) -> ParsedRequest:
        return parse_request(
            fields, picture, settings=self.settings, animators=self._animators, voices=self._voices, **more
        )

    def generate(
        self,
        request: VideoRequest | ParsedRequest | None = None,
        *,
        picture: bytes | None = None,
        background_image: bytes | None = None,
        likely: Sequence[str] = (),
        output: Path | None = None,
        stream: Path | None = None,
        track: Path | None = None,
        phones: Path | None = None,
        progress: Progress | None = None,
        **fields: Any,
    ) -> RenderedVideo:
        """Render a video of a portrait that speaks a text. The same request gives the same video.

        >>> service.generate(text="Hello!", avatar="gauss", output=Path("hello.mp4"))  # doctest: +SKIP

        Parameters
        ----------
        request
            What :meth:`parse` returned, or its ``request``, such as one that a job stored: its defaults are decided.
            None: ``fields`` are the request.
        picture
            A picture or video file as the avatar: of a VideoRequest the file that it refers to. A ParsedRequest
            holds it.
        background_image
            A picture file for behind the person: of a VideoRequest the file that it refers to. A ParsedRequest
            holds it.
        likely
            Codes of languages that the person uses, the likeliest first: for a text whose language is not clear.
        output
            The video file; None: a new file in the outputs folder.
        stream
            A fragmented MP4 that grows during the render and is playable from its first fragment on; a transparent
            video has none.
        track
            JSON file for the face track.
        phones
            JSON file for the phones and their times (:mod:`lipsync.mouth_cues.phone_file`).
        progress
            Called in this thread; cancels the render by raising :class:`lipsync.runtime.progress.Cancelled`.
        fields
            Fields of :class:`lipsync.pipeline.request.VideoRequestFields`; ``avatar`` may also be the Path of a
            picture or video file, ``background`` that of a picture file.

        After an error none of the files exists, except for what was written of the stream. Raises LipsyncError:
        not_ready, what :func:`lipsync.pipeline.parse_request.parse_request` raises, what
        :meth:`lipsync.pipeline.portraits.Portraits.get` or, for a video,
        :meth:`lipsync.pipeline.videos.Videos.get` raises, speech_failed, cannot_write, not_mp4, not_webm, bad_field.
        """
        stored = request.request if isinstance(request, ParsedRequest) else request
        background = fields.get("background") if stored is None else stored.background
        if output is not None:
            check_output(output, transparent=background == TRANSPARENT)
        if stream is not None and background == TRANSPARENT:
            raise ValueError("a transparent video has no stream")
        if not self.ready:
            raise NotReadyError("not_ready")
        if stored is None:
            if isinstance(fields.get("avatar"), Path):
                path = fields.pop("avatar")
                picture = read_avatar(path, self.settings.max_upload_mb) if picture is None else picture
            if isinstance(background, Path):
                background_image = read_background(fields.pop("background"), self.settings.max_upload_mb)
            read = read_fields(VideoRequestFields, fields)
            parsed = self._parse(read, picture, likely=likely, background_image=background_image)
        elif fields:
            raise TypeError(f"generate() takes a request or fields, not both: {', '.join(fields)}")
        elif isinstance(request, ParsedRequest):
            parsed = request
        else:
            parsed = restore_request(stored, picture, background_image)
        report, files = ProgressReporter(progress), {"stream": stream, "track_path": track, "phones_path": phones}
        if output is not None:
            if track is not None:
                check_track(track, output, parsed.request.subtitles)
            return self._render(parsed, output, report, **files)
        folder = self.settings.outputs.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError("cannot_write", place=folder, reason=error.strerror) from error
        name = new_name(ending=video_ending(transparent=parsed.is_transparent))
        result = self._render(parsed, folder / name, report, **files)
        self._clean_up()
        return result

    def _render(self, parsed: ParsedRequest, path: Path, report: ProgressReporter, **files: Any) -> RenderedVideo:
        """``files`` are the paths ``stream``, ``track_path`` and ``phones_path`` of :func:`render`."""
        request, watch = parsed.request, Stopwatch()
        pieces = start_speech(parsed, self._voices)
        report("portrait", 0.0)
        with use_heartbeat(report.repeat), self._render_slot(watch):
            with watch.stage("portrait"):
                animator, source = self._animator(parsed)
            subtitles = None
            if request.subtitles is not None:
                suffix = f".{request.subtitles}"
                beside = path.with_suffix(suffix) if path.suffix != suffix else path.with_name(path.name + suffix)
                subtitles = SubtitleOptions(parsed.script.passage, request.language, request.subtitles, beside)
            facts = render(
                add_moods(pieces.with_last(), parsed.script.spoken_text, moods_of(parsed)),
                animator,
                path,
                fps=request.fps,
                seed=request.seed,
                expression=expression_of(request),
                encoding=Encoding(self.settings.crf, self.settings.preset, self._plan.encoder),
                characters=parsed.characters,
                watch=watch,
                subtitles=subtitles,
                transparent=parsed.is_transparent,
                progress=report,
                **files,
            )
        watch.mark("total")
        return RenderedVideo(
            **{
                **dict(facts),
                "picture_width": source.picture_size[0] if source.picture_size else None,
                "picture_height": source.picture_size[1] if source.picture_size else None,
                "portrait": source.origin,
                "avatar_part": source.part,
                "fallbacks": tuple(pieces.fallbacks),
                "timings": watch.seconds,
                "path": path,
                "subtitles": subtitles.path if subtitles else None,
                "language": request.language,
                "avatar": request.avatar_name,
            }
        )

    def _animator(self, parsed: ParsedRequest) -> tuple[Animator, AvatarSource]:
        """The animator of the avatar, and facts about the avatar."""
        request = parsed.request
        if parsed.is_video:
            video, origin = self._videos.get(parsed.avatar)
            return self._animators.for_video(video, request.pads), AvatarSource(origin, None, video.part)
        prepared, origin = self._portraits.get(parsed.avatar, request.box, framing_of(request))
        animator = self._animators.for_portrait(request.engine, prepared, request.pads)
        if parsed.background_image is not None:
            animator = put_before(animator, parsed.background_image, self.settings)
        return animator, AvatarSource(origin, prepared.picture_size, None)

    @contextmanager
    def _render_slot(self, watch: Stopwatch) -> Iterator[None]:
        """Wait until fewer videos are rendered than may be, and be one of them."""
        with watch.stage("wait"):
            wait_for(lambda timeout: self._render_slots.acquire(timeout=timeout))
        try:
            yield
        finally:
            self._render_slots.release()

    def _clean_up(self) -> None:
        try:
            remove_old(
                self.settings.outputs.expanduser(),
                max_hours=self.settings.outputs_max_hours,
                max_mb=self.settings.outputs_max_mb,
            )
        except OSError as error:  # the new video is not affected
            log.warning("old videos in %s cannot be removed: %s", self.settings.outputs, error)
