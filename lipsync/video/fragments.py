"""A growing fragmented MP4, which can be watched while the video is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.stream import Stream

from lipsync.errors import LipsyncError
from lipsync.storage.errors import StorageError

_FRAGMENT_S = 0.25
"""Seconds of a fragment: playback starts sooner than with half a second, and the boxes around fragments take 2 kB per
second of video."""
FILE_TYPE = b"\0\0\0\x1cftypiso5\0\0\x02\0iso5iso6mp41"
"""The first box of every stream, as libav writes it for _OPTIONS; it can be sent before the stream exists."""
_OPTIONS = {
    # The index comes with the first fragment, when the delay of the video encoder is known (its edit list).
    # No mfra at the end: it has file offsets of fragments, which change when free boxes are inserted on sending.
    "movflags": "+frag_keyframe+delay_moov+default_base_moof+skip_trailer",
    "use_editlist": "1",
    "frag_duration": str(round(_FRAGMENT_S * 1e6)),  # microseconds
    "flush_packets": "1",  # a fragment is in the file as soon as it is complete
    "max_interleave_delta": "1",  # packets come in order: libav would wait ten seconds for a subtitle to interleave
}


class FragmentWriter:
    """Writes copies of packets into a file, one fragment (ISO/IEC 14496-12, 8.8) at a time, each flushed when
    complete.

    The file is never deleted: others may be reading it. Not thread-safe. Raises StorageError.
    """

    def __init__(self, path: Path, tracks: Sequence[Stream]) -> None:
        """``tracks`` are the streams whose packets will be added, with open encoders."""
        self._file = _UnseekableFile(path)
        self._pending: list[av.Packet[Any]] = []
        try:
            self._container = av.open(self._file, "w", format="mp4", container_options=_OPTIONS)
            self._tracks = {track.index: self._container.add_stream_from_template(track) for track in tracks}
            for track in tracks:
                self._tracks[track.index].metadata.update(track.metadata)
        except BaseException:
            self._file.close()
            raise

    def add(self, packet: av.Packet[Any]) -> None:
        """Append a copy of ``packet``, because libav modifies the times of packets that it muxes.

        The video encoder looks ahead, the audio encoder does not: audio packets wait until the video reaches them, so
        that a fragment contains the sound of its pictures.

        The priming packet of the audio encoder, which lies before time 0, is omitted: Firefox takes it for a jump in
        time, and shows no pictures from the second fragment to the next key frame. The sound then fades in over 1024
        samples, because the decoder overlaps each packet with the one before it.
        """
        if is_priming(packet):
            return
        copy: av.Packet[Any] = av.Packet(bytes(packet))
        copy.stream = self._tracks[packet.stream.index]
        copy.time_base = packet.time_base
        copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
        copy.is_keyframe = packet.is_keyframe
        if packet.stream.type != "video":
            self._pending.append(copy)
            return
        now = _time(copy)
        self._container.mux([waiting for waiting in self._pending if _time(waiting) <= now])
        self._pending = [waiting for waiting in self._pending if _time(waiting) > now]
        self._container.mux_one(copy)

    def finish(self) -> None:
        """Write the pending packets, and close the file."""
        try:
            self._container.mux(sorted(self._pending, key=_time))
            self._container.close()
        finally:
            self._file.close()

    def abort(self) -> None:
        """Close the file without the pending packets."""
        self._file.close()
        self._container.close()


def is_priming(packet: av.Packet[Any]) -> bool:
    """Whether ``packet`` is audio that lies entirely before time 0: the delay of the encoder."""
    return packet.stream.type == "audio" and (packet.pts or 0) + (packet.duration or 0) <= 0


def _time(packet: av.Packet[Any]) -> Fraction:
    """Decoding time of the packet in seconds."""
    return (packet.dts or 0) * packet.time_base


class _UnseekableFile:
    """A file object without seeking, whose errors are StorageErrors."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as error:
            raise self._storage_error(error) from error

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: bytes) -> int:
        try:
            remaining = memoryview(data)
            while remaining:
                remaining = remaining[self._file.write(remaining) :]
        except OSError as error:
            raise self._storage_error(error) from error
        return len(data)

    def close(self) -> None:
        self._file.close()

    def _storage_error(self, error: OSError) -> LipsyncError:
        return StorageError("cannot_write", place=self._path, reason=error.strerror or type(error).__name__)
