"""The portraits that the project ships."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lipsync.errors import LipsyncError

FOLDER = Path(__file__).parent.parent / "assets" / "avatars"


@dataclass(frozen=True)
class Avatar:
    """One portrait of the catalogue."""

    name: str
    """What a request names: ``gauss``."""
    titles: dict[str, str]
    """What a page shows, by its language."""
    credit: str
    """Who made the picture, and its terms."""
    width: int
    """Pixels of the file."""
    height: int
    """Pixels of the file."""
    sex: str
    """``male`` or ``female``: of the voice that fits when a request names none."""

    @property
    def path(self) -> Path:
        """The picture's file, a JPEG."""
        return FOLDER / f"{self.name}.jpg"


_CATALOGUE = (
    Avatar(
        name="gauss",
        titles={"en": "Carl Friedrich Gauss", "ru": "Карл Фридрих Гаусс"},
        credit="Oil painting by Christian Albrecht Jensen, 1840; public domain",
        width=1024,
        height=1305,
        sex="male",
    ),
    Avatar(
        name="newton",
        titles={"en": "Isaac Newton", "ru": "Исаак Ньютон"},
        credit="After Godfrey Kneller, 1689; public domain",
        width=768,
        height=432,
        sex="male",
    ),
    Avatar(
        name="hopper",
        titles={"en": "Grace Hopper", "ru": "Грейс Хоппер"},
        credit="Official photograph of the US Navy; public domain",
        width=512,
        height=600,
        sex="female",
    ),
)


def shipped_avatars() -> tuple[Avatar, ...]:
    """The catalogue; the default comes first."""
    return _CATALOGUE


def avatar(name: str) -> Avatar:
    """The avatar of that name. Raises unknown_avatar for anything that is not a name of the catalogue."""
    for one in _CATALOGUE:
        if one.name == name:
            return one
    raise LipsyncError("unknown_avatar", avatar=str(name)[:80], known=", ".join(one.name for one in _CATALOGUE))
