"""A video that can be watched while it is made: the packets of a file, also as a fragmented MP4 that grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import av
from av.stream import Stream

from lipsync.errors import LipsyncError

_SECONDS = 0.5
_OPTIONS = {
    # The index comes with the first fragment, when the delay of the sound's encoder is known (its edit list).
    "movflags": "+frag_keyframe+delay_moov+default_base_moof",
    "use_editlist": "1",
    "frag_duration": str(round(_SECONDS * 1e6)),  # microseconds
    "flush_packets": "1",  # a fragment is in the file as soon as it is whole
}
_SUBTITLED = {"max_interleave_delta": "1"}
"""Libav sorts the packets of all tracks, and would wait ten seconds for a subtitle."""


class Fragments:
    """Writes copies of packets into a file, fragment by fragment (ISO/IEC 14496-12, 8.8), each flushed when whole.

    The file stays, whatever happens: others may be reading it. For one thread. Raises LipsyncError cannot_write.
    """

    def __init__(self, path: Path, tracks: Sequence[Stream]) -> None:
        """``tracks`` are those whose packets will come, their encoders open."""
        self._file = _File(path)
        subtitled = any(track.type == "subtitle" for track in tracks)
        try:
            self._container = av.open(
                self._file, "w", format="mp4", container_options=_OPTIONS | (_SUBTITLED if subtitled else {})
            )
            self._tracks = {track.index: self._container.add_stream_from_template(track) for track in tracks}
            for track in tracks:
                self._tracks[track.index].metadata.update(track.metadata)
        except BaseException:
            self._file.close()
            raise

    def add(self, packet: av.Packet[Stream]) -> None:
        """The next packet; it is left as it is, for libav changes the times of those that it writes."""
        copy = av.Packet(bytes(packet))
        copy.stream = self._tracks[packet.stream.index]
        copy.time_base = packet.time_base
        copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
        copy.is_keyframe = packet.is_keyframe
        self._container.mux_one(copy)

    def finish(self) -> None:
        """Write what is held."""
        try:
            self._container.close()
        finally:
            self._file.close()

    def drop(self) -> None:
        """Write nothing more."""
        self._file.close()
        self._container.close()


class _File:
    """What libav writes to: there is no way back in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as error:
            raise self._explained(error) from error

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: bytes) -> int:
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._explained(error) from error
        return len(data)

    def close(self) -> None:
        self._file.close()

    def _explained(self, error: OSError) -> LipsyncError:
        return LipsyncError("cannot_write", place=self._path, reason=error.strerror or type(error).__name__)
