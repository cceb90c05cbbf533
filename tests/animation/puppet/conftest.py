"""The shipped portraits, found and prepared once."""

from __future__ import annotations

import pytest

from lipsync.face.finder import FaceFinder
from tests.animation.puppet.acting import Actor, cast, read_avatar


@pytest.fixture(scope="session")
def finder() -> FaceFinder:
    return FaceFinder()


@pytest.fixture(scope="session")
def actors(finder: FaceFinder) -> dict[str, Actor]:
    """By name."""
    return {name: cast(finder, read_avatar(name)) for name in ("gauss", "newton", "hopper")}


@pytest.fixture(params=["gauss", "newton", "hopper"])
def actor(request: pytest.FixtureRequest, actors: dict[str, Actor]) -> Actor:
    """Each of them."""
    return actors[request.param]


@pytest.fixture
def hopper(actors: dict[str, Actor]) -> Actor:
    """The one that is drawn fastest."""
    return actors["hopper"]
