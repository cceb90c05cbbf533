"""Hopper's model, made once."""

from __future__ import annotations

import pytest

from lipsync.animation.head_model.glb import write_glb
from lipsync.animation.head_model.portrait_model import portrait_model
from lipsync.face.finder import FaceFinder
from tests.animation.puppet.acting import Actor, cast, read_avatar
from tests.helpers.glb import Glb


@pytest.fixture(scope="session")
def hopper() -> Actor:
    return cast(FaceFinder(), read_avatar("hopper"))


@pytest.fixture(scope="session")
def hopper_file(hopper: Actor) -> bytes:
    return write_glb(portrait_model(hopper.portrait, hopper.rig))


@pytest.fixture(scope="session")
def hopper_glb(hopper_file: bytes) -> Glb:
    return Glb(hopper_file)
