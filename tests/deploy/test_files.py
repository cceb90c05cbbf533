"""The files of deploy/ and the Dockerfiles: whole, and in keeping with the code."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.serving import make_server

from lipsync.runtime.installation import IMAGE_VARIABLE
from lipsync.server.app import ROOT, create_app
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService
from tests.helpers.http_server import http_server, respond

DEPLOY = ROOT / "deploy"
DOCKERFILES = (ROOT / "Dockerfile", ROOT / "Dockerfile.cuda")
FILES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (*DEPLOY.glob("*.*"), *DOCKERFILES)}
GRACE = 600
"""graceful_timeout of gunicorn's configuration."""
GUNICORN = (ROOT / "lipsync" / "server" / "gunicorn" / "config.py").read_text("utf-8")


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("name", FILES)
def test_every_setting_that_is_named_is_there(name: str) -> None:
    known = {f"LIPSYNC_{field.upper()}" for field in Settings.model_fields} | {"LIPSYNC_NAME", IMAGE_VARIABLE}
    assert set(re.findall(r"LIPSYNC_[A-Z_]+\b", FILES[name])) <= known


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_has_the_bytecode_of_the_package(path: Path) -> None:
    copied, installed = path.read_text("utf-8").split("COPY . .\n")
    assert "PYTHONDONTWRITEBYTECODE=1" in copied
    assert "python -m compileall -q lipsync\n" in installed.split("USER lipsync")[0]


def test_docs_deploy_explains_every_file() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert [name for name in FILES if Path(name).name not in text] == []


def test_gunicorn_s_patience_is_what_the_others_wait_for() -> None:
    assert f"graceful_timeout = {GRACE}" in GUNICORN
    stop = re.search(r"^TimeoutStopSec=(\d+)$", FILES["deploy/lipsync.service"], re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > GRACE
    assert int(compose()["services"]["lipsync"]["stop_grace_period"].removesuffix("s")) > GRACE


def test_nginx_lets_go_of_a_connection_before_gunicorn_does() -> None:
    kept = re.search(r"^keepalive = (\d+)$", GUNICORN, re.MULTILINE)
    theirs = re.search(r"^ +keepalive_timeout (\d+)s;$", FILES["deploy/nginx.conf"], re.MULTILINE)
    assert kept is not None
    assert theirs is not None
    assert int(theirs[1]) < int(kept[1])


# ---- systemd


@pytest.mark.system
def test_the_unit_is_sound(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: install systemd")
    unit = tmp_path / "lipsync.service"
    text = FILES["deploy/lipsync.service"].replace("/opt/lipsync/.venv/bin/python", sys.executable)
    unit.write_text(text.replace("/opt/lipsync", str(ROOT)))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_the_unit_keeps_what_it_writes_in_its_directories() -> None:
    unit = configparser.RawConfigParser(strict=False, delimiters=("=",))
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read_string(FILES["deploy/lipsync.service"])
    assert unit["Service"]["StateDirectory"] == unit["Service"]["CacheDirectory"] == "lipsync"
    folders = re.findall(r"^Environment=LIPSYNC_\w+=(\S+)$", FILES["deploy/lipsync.service"], re.MULTILINE)
    assert folders
    assert all(folder.startswith(("/var/lib/lipsync/", "/var/cache/lipsync")) for folder in folders)
    example = dict(
        line.split("=", 1) for line in FILES["deploy/lipsync.env.example"].splitlines() if line.startswith("LIPSYNC_")
    )
    assert set(folders) <= set(example.values())
    Settings(_env_file=DEPLOY / "lipsync.env.example")  # and it can be read


# ---- Docker


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_copies_what_is_there_and_starts_what_is_there(path: Path) -> None:
    text = path.read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for name in line.split()[:-1]]
    assert [name for name in copied if name != "." and not list(ROOT.glob(name))] == []
    entry = re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    command = re.search(r"^CMD (.*)$", text, re.MULTILINE)
    assert entry is not None
    assert command is not None
    assert (json.loads(entry[1]), json.loads(command[1])) == (["lipsync"], ["serve"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "lipsync" in project["scripts"]
    extras = {one for found in re.findall(r"EXTRAS=([\w,]+)", text) for one in found.split(",")}
    assert extras <= set(project["optional-dependencies"])
    folders = re.findall(r"LIPSYNC_\w+=(/data\S*)", text)
    made = re.search(r"install -d -o lipsync -g lipsync (.*)$", text, re.MULTILINE)
    assert made is not None
    assert set(folders) <= set(made[1].split())


@pytest.mark.slow
@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_s_health_check_asks_the_application(path: Path, settings: Settings) -> None:
    check = re.search(r"^HEALTHCHECK .*?CMD (\[.*?\])$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert check is not None
    program, *arguments = json.loads(check[1])
    assert program == "python"

    def status_with(port: int) -> int:
        variables = {**os.environ, "LIPSYNC_PORT": str(port)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=variables, stderr=subprocess.PIPE, timeout=60, check=False).returncode

    server = make_server("127.0.0.1", 0, create_app(settings, FakeService(settings)))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.01)
        assert status_with(server.port) == 0
        server.shutdown()
    server.server_close()
    assert status_with(server.port) == 1
    with http_server(behaviour=respond(500)) as failing:
        assert status_with(failing.port) == 1
        assert [seen.path for seen in failing.requests] == ["/api/health"]


def test_compose_is_whole() -> None:
    services = compose()["services"]
    assert services["redis"]["profiles"] == ["redis"]
    assert "ports" not in services["lipsync"], "only nginx may reach it: it believes X-Forwarded-For"
    assert services["lipsync"]["environment"]["LIPSYNC_PROXIES"] == "1"
    named = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    files = {name for name in named if name.startswith("./")}
    assert named - files == set(compose()["volumes"])
    assert (DEPLOY / "nginx.conf").exists()
    for one in (compose(), compose("compose.cuda.yaml")):
        build = one["services"]["lipsync"]["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).exists()


def test_compose_s_nginx_asks_the_other_container() -> None:
    """Its command changes one address in nginx.conf, which must be there once."""
    command = compose()["services"]["nginx"]["command"][-1]
    script = re.search(r"sed '([^']*)'", command)
    assert script is not None
    changed = subprocess.run(
        ["sed", script[1]], input=FILES["deploy/nginx.conf"], capture_output=True, text=True, check=True
    ).stdout
    assert changed.count("server lipsync:3000;") == 1
    assert "127.0.0.1" not in changed
