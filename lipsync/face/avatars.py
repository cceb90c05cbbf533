"""The portraits that the project ships."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from lipsync.face.errors import PortraitError
from lipsync.messages import Message

FOLDER = Path(__file__).parent.parent / "assets" / "avatars"


@dataclass(frozen=True)
class Avatar:
    """One portrait of the catalogue."""

    name: str
    """What a request names: ``gauss``."""
    credit: str
    """Author of the picture and its licence."""
    width: int
    """Pixels of the file."""
    height: int
    """Pixels of the file."""
    eye_distance: float
    """Pixels of the file between the outer eye corners, as the embedded detector and the face mesh find them: what
    decides whether the picture is enlarged."""
    sex: str
    """``male`` or ``female``: of the voice that fits when a request names none."""

    @property
    def title(self) -> Message:
        """The name that people read."""
        return Message(f"avatar.{self.name}")

    @property
    def path(self) -> Path:
        """The picture's file, a JPEG."""
        return FOLDER / f"{self.name}.jpg"

    def video_size(self, max_side: int) -> tuple[int, int]:
        """Width and height of its videos in pixels, where no side may be longer than ``max_side``: even numbers, and
        larger than the picture where its face is small (:mod:`lipsync.face.upscale`)."""
        from lipsync.face.picture import read_size  # noqa: PLC0415 - loads Pillow
        from lipsync.face.upscale import enlarged_size  # noqa: PLC0415 - loads OpenCV

        width, height = read_size((self.width, self.height), max_side)
        eyes = self.eye_distance * max(width, height) / max(self.width, self.height)
        return enlarged_size(width, height, eyes, max_side)

    def facts(self, max_side: int) -> dict[str, object]:
        """What the API and the command line state of it, with the size of its videos beside that of its picture."""
        video_width, video_height = self.video_size(max_side)
        facts = asdict(self)
        del facts["eye_distance"]  # a detail of how the size of the video is known
        return {**facts, "titles": self.title.texts(), "video_width": video_width, "video_height": video_height}


_CATALOGUE = (
    Avatar(
        name="gauss",
        credit="Oil painting by Christian Albrecht Jensen, 1840; public domain",
        width=1024,
        height=1305,
        eye_distance=188.09,
        sex="male",
    ),
    Avatar(
        name="newton",
        credit="After Godfrey Kneller, 1689; public domain",
        width=768,
        height=432,
        eye_distance=75.09,
        sex="male",
    ),
    Avatar(
        name="hopper",
        credit="Official photograph of the US Navy; public domain",
        width=512,
        height=600,
        eye_distance=124.49,
        sex="female",
    ),
)


def shipped_avatars() -> tuple[Avatar, ...]:
    """The catalogue; the default comes first."""
    return _CATALOGUE


def avatar(name: str) -> Avatar:
    """The avatar of that name. Raises unknown_avatar for anything that is not a name of the catalogue."""
    for avatar in _CATALOGUE:
        if avatar.name == name:
            return avatar
    raise PortraitError(
        "unknown_avatar", avatar=str(name)[:80], known=", ".join(avatar.name for avatar in _CATALOGUE)
    )
