"""What the server and the jobs need of the service, so that tests can replace it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lipsync.errors import LipsyncError
from lipsync.pipeline.parse_request import ParsedRequest
from lipsync.pipeline.request import VideoRequest, VideoRequestFields
from lipsync.pipeline.result import RenderedVideo
from lipsync.runtime.progress import Progress
from lipsync.speech.types import Speech, VoiceInfo

if TYPE_CHECKING:
    from lipsync.pipeline.cloning import Cloning
    from lipsync.pipeline.head_models import HeadModels
    from lipsync.pipeline.live_parts import LiveParts


class VideoService(Protocol):
    """Renders videos and speaks: :class:`lipsync.pipeline.service.LipsyncService` describes each member."""

    @property
    def ready(self) -> bool: ...
    @property
    def cloning(self) -> Cloning: ...
    @property
    def live(self) -> LiveParts: ...
    @property
    def head_models(self) -> HeadModels: ...
    def load(self) -> None: ...
    def status(self) -> Mapping[str, object]: ...
    def voices(self) -> Sequence[VoiceInfo]: ...
    def absent_voices(self) -> Mapping[str, LipsyncError]: ...
    def cache_stats(self) -> Mapping[str, int]: ...
    def parse(
        self,
        fields: VideoRequestFields,
        picture: bytes | None = None,
        *,
        likely: Sequence[str] = (),
        background_image: bytes | None = None,
    ) -> ParsedRequest: ...
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
    ) -> RenderedVideo: ...
    def speak(self, *, sex: str = "", likely: Sequence[str] = (), **fields: Any) -> Iterator[Speech]: ...
