"""The file of ``lipsync say --cues``: the mouth cues of the video."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lipsync.errors import InvalidFieldError, LipsyncError
from lipsync.messages import Message
from lipsync.settings import Settings
from lipsync.storage.atomic import atomic_write
from lipsync.storage.errors import StorageError


def check_cues(path: Path) -> None:
    """Raise InvalidFieldError bad_field where the ending of ``path`` is that of no format."""
    from lipsync.mouth_cues.formats import ENDINGS  # noqa: PLC0415 - a video without cues needs none of it

    if path.suffix.lower() not in ENDINGS:
        expected = Message("field.one_of", known=list(ENDINGS))
        raise InvalidFieldError("bad_field", field="--cues", expected=expected)


@contextmanager
def phone_file_for(cues: Path | None) -> Iterator[Path | None]:
    """A path for the phones while the video is made; None where no cues are wanted."""
    if cues is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="lipsync-") as folder:
        yield Path(folder) / "phones.json"


def write_cues(path: Path, phones: Path, video: Path, settings: Settings) -> LipsyncError | None:
    """Write the mouth cues of ``video``, whose phones are in the file ``phones``, in the format of ``path``'s ending.

    Returns why they are not those of Rhubarb where that is configured and failed. Raises StorageError cannot_write.
    """
    from lipsync.mouth_cues.formats import ENDINGS, format_cues  # noqa: PLC0415 - a video without cues needs none of it
    from lipsync.mouth_cues.make import rhubarb_of, video_cues  # noqa: PLC0415
    from lipsync.mouth_cues.phone_file import read_phone_file  # noqa: PLC0415

    rhubarb = rhubarb_of(settings.rhubarb, settings.rhubarb_timeout_s)
    cues = video_cues(read_phone_file(phones), video.read_bytes, rhubarb)
    try:
        with atomic_write(path) as part:
            part.write_text(format_cues(cues, ENDINGS[path.suffix.lower()], video.name), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError("cannot_write", place=str(path), reason=reason) from error
    return cues.problem
