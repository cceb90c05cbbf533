"""Which part of a video is used: one person, without a break, clear from its first frame to its last."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.face_video import MovingPortrait, load_cached, track_face
from lipsync.face.finder import FaceFinder
from lipsync.face.likeness import describe_face, is_same_person
from lipsync.face.tracking import PersonTracker
from lipsync.storage.cache import ArrayCache
from lipsync.video.frame import picture_of
from tests.face.videos import FPS, SIZE, Picture, drifting, faded, mp4, portrait_of

pytestmark = pytest.mark.slow

BLACK: Picture = np.full((SIZE[1], SIZE[0], 3), 16, np.uint8)


def study(pictures: list[Picture], finder: FaceFinder, folder: Path) -> MovingPortrait:
    cache = ArrayCache(folder, 500)
    return track_face(mp4(pictures), finder, cache, "key", max_seconds=20, max_megapixels=50, max_side=1920)


def used(portrait: MovingPortrait) -> tuple[int, int]:
    """First frame of the source that is used, and the number of frames."""
    return round(portrait.part.start * FPS), portrait.count


def left_out(portrait: MovingPortrait) -> list[tuple[int, int, str]]:
    return [(round(one.start * FPS), round(one.end * FPS), one.reason) for one in portrait.part.left_out]


def title() -> Picture:
    card = BLACK.copy()
    cv2.putText(card, "A TITLE", (30, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (255, 255, 255), 3)
    return card


def person_in(portrait: MovingPortrait, index: int) -> Picture:
    return picture_of(portrait.frame(index))


# ---- titles, fades, blur


def test_a_title_before_and_black_after_are_left_out(finder: FaceFinder, tmp_path: Path) -> None:
    portrait = study([title()] * 20 + drifting(portrait_of("hopper"), 30) + [BLACK] * 15, finder, tmp_path)

    assert used(portrait) == (20, 30)
    assert portrait.times[0] == 0
    assert left_out(portrait) == [(0, 20, "no_face"), (50, 65, "no_face")]
    assert (portrait.part.start, portrait.part.end, portrait.part.duration) == (0.8, 2.0, 2.6)
    assert all(person_in(portrait, index).std() > 30 for index in range(portrait.count))


def test_a_fade_in_and_out_is_left_out(finder: FaceFinder, tmp_path: Path) -> None:
    face = drifting(portrait_of("hopper"), 70)
    light = [min(1.0, index / 20, (69 - index) / 20) for index in range(70)]
    portrait = study([faded(one, share) for one, share in zip(face, light, strict=True)], finder, tmp_path)
    first, count = used(portrait)

    assert all(light[index] > 0.75 for index in range(first, first + count))
    assert count >= 30
    assert {reason for _, _, reason in left_out(portrait)} <= {"unclear", "no_face"}
    assert left_out(portrait)[0][0] == 0
    assert left_out(portrait)[-1][1] == 70


def test_a_blurred_beginning_is_left_out(finder: FaceFinder, tmp_path: Path) -> None:
    face = drifting(portrait_of("hopper"), 50)
    blurred = [cv2.GaussianBlur(one, (0, 0), 6) if index < 15 else one for index, one in enumerate(face)]
    portrait = study(blurred, finder, tmp_path)

    assert used(portrait) == (15, 35)


def test_a_break_in_the_middle_is_never_used(finder: FaceFinder, tmp_path: Path) -> None:
    face = drifting(portrait_of("hopper"), 60)
    face[20:23] = [BLACK] * 3
    portrait = study(face, finder, tmp_path)

    assert used(portrait) == (23, 37)
    assert left_out(portrait) == [(0, 23, "shorter_part")]


def test_a_frame_in_which_only_the_mesh_is_unsure_is_bridged(
    finder: FaceFinder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, track, find_all = 0, finder.track, finder.find_all

    def unsure() -> None:
        if count in (10, 11, 12):
            raise LipsyncError("no_face", width=SIZE[0], height=SIZE[1])

    def counted_track(picture: Picture, before: NDArray[np.float32]) -> NDArray[np.float32]:
        nonlocal count
        count += 1
        unsure()
        return track(picture, before)

    def counted_find(picture: Picture) -> list[NDArray[np.float32]]:
        nonlocal count
        count += count in (0, 10, 11, 12)
        unsure()
        return find_all(picture)

    monkeypatch.setattr(finder, "track", counted_track)
    monkeypatch.setattr(finder, "find_all", counted_find)
    face = drifting(portrait_of("hopper"), 30)
    portrait = study(face, finder, tmp_path / "unsure")
    monkeypatch.undo()
    certain = study(face, finder, tmp_path / "sure")

    assert (used(portrait), left_out(portrait)) == ((0, 30), [])
    assert np.abs(portrait.landmarks - certain.landmarks).max() < 2


# ---- people


def test_a_cut_to_another_person_ends_the_part(finder: FaceFinder, tmp_path: Path) -> None:
    hopper, newton = drifting(portrait_of("hopper"), 30), drifting(portrait_of("newton"), 45)
    portrait = study(hopper + newton, finder, tmp_path)

    assert used(portrait) == (30, 45)
    assert left_out(portrait) == [(0, 30, "another_person")]


def test_a_dissolve_to_another_person_ends_the_part(finder: FaceFinder, tmp_path: Path) -> None:
    hopper, gauss = drifting(portrait_of("hopper"), 75), drifting(portrait_of("gauss"), 75)
    shares = np.clip((np.arange(75) - 20) / 20, 0, 1)
    mixed = [
        np.asarray(one * (1 - share) + other * share, np.uint8)
        for one, other, share in zip(hopper, gauss, shares, strict=True)
    ]
    portrait = study(mixed, finder, tmp_path)
    first, count = used(portrait)

    assert first >= 25
    assert first + count == 75
    assert left_out(portrait)[0][2] == "another_person"


def test_another_shot_of_the_same_person_goes_on(finder: FaceFinder, tmp_path: Path) -> None:
    wide = portrait_of("hopper")
    near = cv2.resize(wide, None, fx=1.4, fy=1.4, interpolation=cv2.INTER_CUBIC)[20 : 20 + SIZE[1], 70 : 70 + SIZE[0]]
    portrait = study(drifting(wide, 20) + drifting(np.ascontiguousarray(near), 20), finder, tmp_path)

    assert (used(portrait), left_out(portrait)) == ((0, 40), [])


def two_people(sizes: list[float]) -> list[Picture]:
    """Hopper at the left, of changing size, and Gauss at the right."""
    hopper, gauss = portrait_of("hopper"), portrait_of("gauss")
    frames = []
    for size in sizes:
        wide = np.full((SIZE[1], 2 * SIZE[0], 3), 90, np.uint8)
        small = cv2.resize(hopper, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
        wide[: small.shape[0], : small.shape[1]] = small
        wide[:, SIZE[0] :] = cv2.resize(gauss, SIZE)
        wide[SIZE[1] * 9 // 10 :, SIZE[0] :] = 90
        frames.append(wide)
    return frames


@pytest.mark.parametrize("least", [0.75, 0.5])
def test_one_of_two_people_speaks_whatever_their_sizes(finder: FaceFinder, tmp_path: Path, least: float) -> None:
    """At half its size the one who is followed is too small to speak: the part ends, and nobody jumps."""
    sizes = np.concatenate([np.ones(30), np.linspace(1, least, 10), np.full(10, least), np.linspace(least, 1, 10)])
    portrait = study(two_people(sizes.tolist()), finder, tmp_path)

    middles = portrait.landmarks[:, 1, 0]
    assert all(abs(after - before) < 12 for before, after in pairwise(middles.tolist()))
    assert portrait.count == 60 or left_out(portrait)
    looks = [
        describe_face(person_in(portrait, index), finder.track(person_in(portrait, index), three_dimensional))
        for index in (0, portrait.count // 2, portrait.count - 1)
        for three_dimensional in [np.pad(portrait.landmarks[index], ((0, 0), (0, 1)))]
    ]
    assert all(is_same_person(looks[0], look) for look in looks[1:])


def test_a_montage_of_short_shots_is_refused(finder: FaceFinder, tmp_path: Path) -> None:
    shots = [drifting(portrait_of(name), 9) for name in ("hopper", "gauss", "newton") * 3]
    with pytest.raises(LipsyncError) as caught:
        study([one for shot in shots for one in shot], finder, tmp_path)

    assert caught.value.code == "no_steady_face"
    assert list(tmp_path.iterdir()) == []


def test_portraits_are_told_apart_and_known_again(finder: FaceFinder) -> None:
    looks = {}
    for name in ("hopper", "gauss", "newton"):
        picture = portrait_of(name)
        (points, *_) = finder.find_all(picture)
        looks[name] = describe_face(picture, points)
        for other in (cv2.GaussianBlur(picture, (0, 0), 0.7), faded(picture, 0.8), np.roll(picture, 9, 1)):
            (again, *_) = finder.find_all(other)
            assert is_same_person(looks[name], describe_face(other, again))
    assert not any(is_same_person(looks[a], looks[b]) for a, b in (("hopper", "gauss"), ("gauss", "newton")))
    assert not is_same_person(looks["hopper"], looks["newton"])


# ---- turned videos


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_video_lying_on_its_side_is_followed(finder: FaceFinder, tmp_path: Path, quarters: int) -> None:
    face = drifting(portrait_of("gauss"), 10)
    upright = study(face, finder, tmp_path / "upright")
    turned = study([np.ascontiguousarray(np.rot90(one, quarters)) for one in face], finder, tmp_path / "turned")

    width, height = SIZE
    x, y = upright.landmarks[..., 0], upright.landmarks[..., 1]
    places = {1: (y, width - 1 - x), 2: (width - 1 - x, height - 1 - y), 3: (height - 1 - y, x)}[quarters]
    assert turned.count == 10
    assert np.abs(turned.landmarks - np.stack(places, -1)).max() < 4


# ---- what is said


def test_what_is_left_out_is_read_back_and_said(finder: FaceFinder, tmp_path: Path) -> None:
    portrait = study([BLACK] * 25 + drifting(portrait_of("hopper"), 30), finder, tmp_path)
    again = load_cached(ArrayCache(tmp_path, 500), "key")

    assert again is not None
    assert again.part == portrait.part
    assert portrait.part.sentence("en").startswith(
        "Seconds 1.0-2.2 of the video (2.2 s) are used. Left out: 0.0-1.0: no"
    )
    assert "1.0-2.2" in portrait.part.sentence("ru")


def test_many_short_spans_are_few_in_the_answer(finder: FaceFinder) -> None:
    tracker = PersonTracker(finder, 1 / FPS)
    hopper = portrait_of("hopper")
    for index in range(60):
        tracker.add(index / FPS, BLACK if index % 4 == 1 and index < 30 else hopper)
    part = tracker.choose(lambda index: BLACK if index % 4 == 1 and index < 30 else hopper)

    assert (part.first, part.last) == (30, 59)
    assert len(part.left_out) <= 3
    assert (part.left_out[0].start, part.left_out[-1].end) == (0, 1.2)
