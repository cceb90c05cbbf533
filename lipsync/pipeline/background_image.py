"""Puts an animator's person before a picture file of the caller's own."""

from __future__ import annotations

from lipsync.animation.types import Animator
from lipsync.errors import LipsyncError
from lipsync.settings import Settings


def put_before(animator: Animator, picture: bytes, settings: Settings) -> Animator:
    """``animator``, whose frames have an alpha, before a ``picture`` file of at most ``settings.max_megapixels``.

    Raises LipsyncError not_a_picture, broken_picture, picture_too_large, each with the field ``background_image``.
    """
    from lipsync.animation.composed import ComposedAnimator  # noqa: PLC0415 - nothing heavy loads at import
    from lipsync.face.picture import read_picture  # noqa: PLC0415

    try:
        behind = read_picture(picture, max_megapixels=settings.max_megapixels, max_side=settings.max_side)
    except LipsyncError as error:  # without a field it would concern the avatar
        raise type(error)(error.code, **{**error.facts, "field": "background_image"}) from error
    return ComposedAnimator(animator, behind)
