"""Which optional weights prepare portraits: those that the settings allow, and that are there."""

from __future__ import annotations

import logging
from pathlib import Path

from lipsync.settings import Settings
from lipsync.weights.catalogue import model

log = logging.getLogger(__name__)


def find_s3fd(settings: Settings) -> Path | None:
    """The weights of S3FD where the settings ask for it; None: the embedded detector."""
    if settings.detector == "embedded":
        return None
    path = model("s3fd").find(settings.checkpoints)
    if path is None:
        log.warning("S3FD is not used, the embedded detector is: no weights of it (lipsync models fetch s3fd)")
    return path


def find_realesrgan(settings: Settings) -> Path | None:
    """The weights of Real-ESRGAN where the settings allow it; None: small portraits are only interpolated."""
    return None if settings.upscale == "off" else model("realesrgan").find(settings.checkpoints)
