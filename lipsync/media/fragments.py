"""A video that can be watched while it is made: the packets of a file, also as a fragmented MP4 that grows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.stream import Stream

from lipsync.errors import LipsyncError

_SECONDS = 0.25
"""Of a fragment: the first can be played so much sooner than one of half a second, and the boxes around them take
2 kB for a second of video."""
FILE_TYPE = b"\0\0\0\x1cftypiso5\0\0\x02\0iso5iso6mp41"
"""The first box of each stream, as libav writes it for _OPTIONS: it can be sent before there is a stream."""
_OPTIONS = {
    # The index comes with the first fragment, when the delay of the pictures' encoder is known (its edit list).
    # No mfra at the end: it holds places of fragments in the file, which free boxes in a stream that is sent move.
    "movflags": "+frag_keyframe+delay_moov+default_base_moof+skip_trailer",
    "use_editlist": "1",
    "frag_duration": str(round(_SECONDS * 1e6)),  # microseconds
    "flush_packets": "1",  # a fragment is in the file as soon as it is whole
    "max_interleave_delta": "1",  # they come in order: libav would wait ten seconds for a subtitle to sort them
}


class Fragments:
    """Writes copies of packets into a file, fragment by fragment (ISO/IEC 14496-12, 8.8), each flushed when whole.

    The file stays, whatever happens: others may be reading it. For one thread. Raises LipsyncError cannot_write.
    """

    def __init__(self, path: Path, tracks: Sequence[Stream]) -> None:
        """``tracks`` are those whose packets will come, their encoders open."""
        self._file = _File(path)
        self._waiting: list[av.Packet[Any]] = []
        try:
            self._container = av.open(self._file, "w", format="mp4", container_options=_OPTIONS)
            self._tracks = {track.index: self._container.add_stream_from_template(track) for track in tracks}
            for track in tracks:
                self._tracks[track.index].metadata.update(track.metadata)
        except BaseException:
            self._file.close()
            raise

    def add(self, packet: av.Packet[Any]) -> None:
        """The next packet; it is left as it is, for libav changes the times of those that it writes.

        The encoder of pictures looks ahead, that of sound does not: its packets wait until the pictures reach them,
        so that what belongs together stands in one fragment.

        The sound's encoder begins with a packet that lies before the time 0 and is not to be heard. It is left out:
        Firefox takes it for a leap in time, and plays no pictures from the second fragment to the next key frame. The
        sound fades in over 1024 samples, for the decoder mixes each packet with the one before it.
        """
        if is_priming(packet):
            return
        copy: av.Packet[Any] = av.Packet(bytes(packet))
        copy.stream = self._tracks[packet.stream.index]
        copy.time_base = packet.time_base
        copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
        copy.is_keyframe = packet.is_keyframe
        if packet.stream.type != "video":
            self._waiting.append(copy)
            return
        now = _time(copy)
        self._container.mux([one for one in self._waiting if _time(one) <= now])
        self._waiting = [one for one in self._waiting if _time(one) > now]
        self._container.mux_one(copy)

    def finish(self) -> None:
        """Write what is held."""
        try:
            self._container.mux(sorted(self._waiting, key=_time))
            self._container.close()
        finally:
            self._file.close()

    def drop(self) -> None:
        """Write nothing more."""
        self._file.close()
        self._container.close()


def is_priming(packet: av.Packet[Any]) -> bool:
    """Whether ``packet`` is sound that lies before time 0 as a whole: the delay of the encoder."""
    return packet.stream.type == "audio" and (packet.pts or 0) + (packet.duration or 0) <= 0


def _time(packet: av.Packet[Any]) -> Fraction:
    """Seconds at which it is decoded."""
    return (packet.dts or 0) * packet.time_base


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
