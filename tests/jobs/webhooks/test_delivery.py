"""Webhooks to real receivers: what they are told, that they can verify it, and who is asked again when."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select
from standardwebhooks import Webhook, WebhookVerificationError

from lipsync.errors import LipsyncError
from lipsync.jobs.job import Failure, Job
from lipsync.jobs.repository import JobRepository
from lipsync.jobs.webhooks import delivery as module
from lipsync.jobs.webhooks.delivery import RETRY_DELAYS_S, Webhooks, check_webhook
from lipsync.jobs.webhooks.message import encode_body, parse_secret, sign_headers
from lipsync.pipeline.result import VideoFacts
from lipsync.settings import Settings
from lipsync.storage.database import connect
from lipsync.storage.tables import JobRow
from tests.helpers import fake_internet
from tests.helpers.eventually import eventually
from tests.helpers.fake_internet import PRIVATE, PUBLIC, SPELLINGS
from tests.helpers.http_server import (
    HttpServer,
    ReceivedRequest,
    http_server,
    never_respond,
    redirect,
    respond,
    respond_endlessly,
)

pytestmark = pytest.mark.slow

SECRET = "a secret of any form"
MADE = VideoFacts(duration=1.0, frames=25, width=8, height=8, fps=25, voice="v", engine="puppet", portrait="made")
PATIENCE = 20.0


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As most tests here want it: to servers on this machine, without TLS."""
    return settings.model_copy(update={"webhook_secret": SecretStr(SECRET), "webhook_allow_private": True})


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def receiver() -> Iterator[HttpServer]:
    with http_server(PRIVATE) as one:
        one.behave(respond(204))
        yield one


def describe(job: Job) -> dict[str, Any]:
    return {"id": job.id, "state": job.state, "voice": job.video and job.video.voice, "о": "по-русски"}


Begin = Callable[..., Webhooks]


@pytest.fixture
def begin(engine: Engine, settings: Settings) -> Iterator[Begin]:
    """Makes and starts them; at the end they are closed."""
    begun: list[Webhooks] = []

    def make(**more: Any) -> Webhooks:
        named = {"engine": engine, "settings": settings, "describe_job": describe}
        one = Webhooks(**{**named, **more})
        one.start()
        begun.append(one)
        return one

    yield make
    for one in begun:
        one.close()


def ended(engine: Engine, url: str, state: str = "done", owner: str = "key 1", number: int = 1) -> str:
    """The id of a job that has ended just so."""
    repository, id = JobRepository(engine), f"{number:032x}"
    facts = {
        "characters": 2,
        "language": "ru",
        "avatar": "gauss",
        "video_request": {"text": "Да"},
        "video_key": "v.mp4",
    }
    assert repository.add({"id": id, "owner": owner, "webhook": url, "webhook_state": "waiting", **facts})
    if state == "cancelled":
        assert repository.cancel(id)
        return id
    assert repository.claim("me", {id}) is not None
    assert (
        repository.mark_done(id, "me", MADE)
        if state == "done"
        else repository.mark_failed(id, "me", Failure(code="no_face"))
    )
    return id


def row(engine: Engine, id: str) -> tuple[str | None, int, float | None]:
    """State, tries and next try of a webhook."""
    asked = select(JobRow.webhook_state, JobRow.webhook_attempts, JobRow.webhook_next).where(JobRow.id == id)
    with engine.connect() as connection:
        state, attempts, again = connection.execute(asked).one()
    return state, attempts, again


def quiet(webhooks: Webhooks) -> None:
    """Until no try is under way."""
    eventually(lambda: not webhooks._in_progress)


# ---- what is told


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_the_end_of_a_job_is_told_and_can_be_verified(
    state: str, engine: Engine, receiver: HttpServer, begin: Begin
) -> None:
    id = ended(engine, receiver.url("/hook?token=x"), state)
    begin()
    eventually(lambda: row(engine, id)[0] == "sent")
    (asked,) = receiver.requests
    assert (asked.method, asked.path, asked.headers["content-type"]) == ("POST", "/hook?token=x", "application/json")
    told = Webhook(SECRET.encode()).verify(asked.body, asked.headers)
    job = JobRepository(engine).find(id)
    assert job is not None
    assert told["type"] == f"job.{state}"
    assert told["data"] == describe(job)
    assert told["timestamp"].endswith("Z")
    assert asked.headers["webhook-id"] == id
    assert row(engine, id) == ("sent", 1, None)


def test_what_was_changed_on_the_way_is_not_verified() -> None:
    body = encode_body("job.done", 1e9, {"id": "1"})
    headers = sign_headers("1", time.time(), body, parse_secret(SECRET))
    receiver = Webhook(SECRET.encode())
    assert receiver.verify(body, headers)["timestamp"] == "2001-09-09T01:46:40.000Z"
    for wrong in (
        lambda: receiver.verify(body.replace(b"done", b"fail"), headers),
        lambda: receiver.verify(body, {**headers, "webhook-id": "2"}),
        lambda: receiver.verify(body, sign_headers("1", time.time() - 600, body, parse_secret(SECRET))),
        lambda: Webhook(b"another").verify(body, headers),
    ):
        with pytest.raises(WebhookVerificationError):
            wrong()


@pytest.mark.parametrize("padded", [True, False])
def test_a_secret_as_the_standard_has_it(padded: bool) -> None:
    coded = base64.b64encode(b"\xff\x00 25 bytes of randomness..").decode()
    secret = "whsec_" + (coded if padded else coded.rstrip("="))
    body = encode_body("job.done", 0, {})
    Webhook(secret).verify(body, sign_headers("1", time.time(), body, parse_secret(secret)))


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "whsec_a", "whsec_üü"])
def test_a_secret_that_only_seems_so_is_said_at_start(engine: Engine, settings: Settings, secret: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        Webhooks(engine, settings.model_copy(update={"webhook_secret": SecretStr(secret)}), describe)
    assert caught.value.code == "webhook_secret"
    assert caught.value.__cause__ is None  # it would quote the secret


def test_over_tls_to_a_public_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings, begin: Begin
) -> None:
    file = fake_internet.certificate(tmp_path, "hooks.example")
    fake_internet.trust(monkeypatch, file)
    fake_internet.open_internet(monkeypatch)
    fake_internet.name_server(monkeypatch, {"hooks.example": [[PUBLIC]]})
    settings = settings.model_copy(update={"webhook_allow_private": False})
    with http_server(PUBLIC, certificate=file) as site:
        site.behave(respond(200, b"thanks"))
        url = site.url("/in", host="hooks.example")
        check_webhook(url, settings)
        id = ended(engine, url)
        begin(settings=settings)
        eventually(lambda: row(engine, id)[0] == "sent")
        Webhook(SECRET.encode()).verify(site.requests[0].body, site.requests[0].headers)


# ---- tries


def test_what_is_not_heard_is_told_again_until_it_is_given_up(
    engine: Engine, receiver: HttpServer, begin: Begin
) -> None:
    clock = Clock()
    receiver.behave(respond(500))
    id = ended(engine, receiver.url())
    webhooks = begin(clock=clock)
    waits = []
    for attempt in range(1, len(RETRY_DELAYS_S) + 1):
        eventually(lambda attempt=attempt: len(receiver.requests) == attempt)
        quiet(webhooks)
        state, attempts, again = row(engine, id)
        assert (state, attempts) == ("due", attempt)
        assert again is not None
        waits.append(again - clock.now)
        clock.now = again - 0.5
        webhooks.wake()
        time.sleep(0.05)
        assert len(receiver.requests) == attempt  # not before its time
        clock.now = again
        webhooks.wake()
    eventually(lambda: row(engine, id)[0] == "failed")
    assert len(receiver.requests) == len(RETRY_DELAYS_S) + 1
    assert waits == [pytest.approx(pause, rel=0.21) for pause in RETRY_DELAYS_S]
    assert waits != list(RETRY_DELAYS_S)  # not all at the same time
    moments = {asked.headers["webhook-timestamp"] for asked in receiver.requests}
    assert len(moments) == len(receiver.requests)  # each is signed anew
    assert {asked.headers["webhook-id"] for asked in receiver.requests} == {id}
    assert len({asked.body for asked in receiver.requests}) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_heard(status: int, engine: Engine, receiver: HttpServer, begin: Begin) -> None:
    receiver.behave(respond(status))
    id = ended(engine, receiver.url())
    begin()
    eventually(lambda: row(engine, id) == ("sent", 1, None))


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_all_else_is_tried_again_and_no_redirect_is_followed(
    status: int, engine: Engine, receiver: HttpServer, begin: Begin
) -> None:
    with http_server(PRIVATE) as other:
        receiver.behave(redirect(other.url(), status), respond())
        id = ended(engine, receiver.url())
        begin(retry_delays_s=(0.05,))
        eventually(lambda: row(engine, id)[0] == "sent")
        assert len(receiver.requests) == 2
        assert other.connections == []


def test_410_is_the_end(engine: Engine, receiver: HttpServer, begin: Begin) -> None:
    receiver.behave(respond(410))
    id = ended(engine, receiver.url())
    begin()
    eventually(lambda: row(engine, id) == ("failed", 1, None))


@pytest.mark.parametrize(("status", "heeded"), [(429, True), (503, True), (500, False)])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_who_asks_for_time_gets_it(
    status: int, heeded: bool, form: str, engine: Engine, receiver: HttpServer, begin: Begin
) -> None:
    clock = Clock()
    asked = "900" if form == "seconds" else formatdate(clock.now + 900, usegmt=True)
    receiver.behave(respond(status, Retry_After=asked))
    id = ended(engine, receiver.url())
    quiet_after = begin(clock=clock)
    eventually(lambda: row(engine, id)[1] == 1)
    quiet(quiet_after)
    again = row(engine, id)[2]
    assert again is not None
    assert again - clock.now == pytest.approx(900 if heeded else RETRY_DELAYS_S[0], rel=0.21)


@pytest.mark.parametrize("asked", ["9" * 400, "-1", "soon", "Fri, 99 Nov 2400 00:00:00 GMT", "²", "0"])
def test_nonsense_puts_nothing_off_for_long(asked: str, engine: Engine, receiver: HttpServer, begin: Begin) -> None:
    clock = Clock()
    receiver.behave(respond(429, Retry_After=asked))
    id = ended(engine, receiver.url())
    webhooks = begin(clock=clock)
    eventually(lambda: row(engine, id)[1] == 1)
    quiet(webhooks)
    again = row(engine, id)[2]
    assert again is not None
    assert 0 < again - clock.now <= 1.2 * max(RETRY_DELAYS_S)


def test_an_answer_without_end_is_an_answer(engine: Engine, receiver: HttpServer, begin: Begin) -> None:
    receiver.behave(respond_endlessly(receiver))
    id = ended(engine, receiver.url())
    begin()
    eventually(lambda: row(engine, id)[0] == "sent")


# ---- restarts, clocks


def test_tries_survive_a_restart(engine: Engine, receiver: HttpServer, begin: Begin, settings: Settings) -> None:
    clock = Clock()
    receiver.behave(respond(500), respond())
    id = ended(engine, receiver.url())
    first = begin(clock=clock)
    eventually(lambda: row(engine, id)[1] == 1)
    first.close()
    clock.now += 1.3 * RETRY_DELAYS_S[0]
    again = connect(settings)
    begin(clock=clock)
    eventually(lambda: row(again, id) == ("sent", 2, None))
    again.dispose()


def test_what_the_process_died_of_is_not_tried_without_end(
    engine: Engine, receiver: HttpServer, begin: Begin
) -> None:
    id = ended(engine, receiver.url())
    with engine.begin() as connection:
        connection.execute(JobRow.__table__.update().values(webhook_attempts=len(RETRY_DELAYS_S) + 1))  # type: ignore[attr-defined]
    begin()
    eventually(lambda: row(engine, id)[0] == "failed")
    assert receiver.requests == []


@pytest.mark.parametrize("hours", [-48, 48])
def test_a_clock_that_is_moved_stops_nothing(
    hours: float, engine: Engine, receiver: HttpServer, begin: Begin
) -> None:
    clock = Clock()
    receiver.behave(respond(500), respond())
    id = ended(engine, receiver.url())
    webhooks = begin(clock=clock)
    eventually(lambda: row(engine, id)[1] == 1)
    quiet(webhooks)
    clock.now += hours * 3600
    webhooks.wake()
    eventually(lambda: row(engine, id)[0] == "sent")


def test_two_processes_tell_it_once(engine: Engine, receiver: HttpServer, begin: Begin) -> None:
    for number in range(1, 13):
        ended(engine, receiver.url(), number=number, owner=f"key {number}")
    for _ in range(3):
        begin()
    eventually(lambda: all(row(engine, f"{number:032x}")[0] == "sent" for number in range(1, 13)))
    told = [asked.headers["webhook-id"] for asked in receiver.requests]
    assert sorted(told) == sorted(set(told))


def test_a_job_that_goes_on_is_not_told(engine: Engine, receiver: HttpServer, begin: Begin) -> None:
    repository = JobRepository(engine)
    facts = {"characters": 2, "language": "ru", "avatar": "gauss", "video": "v.mp4"}
    repository.add({"id": "a" * 32, "owner": "me", "webhook": receiver.url(), "webhook_state": "waiting", **facts})
    webhooks = begin()
    other = ended(engine, receiver.url())
    webhooks.wake()
    eventually(lambda: row(engine, other)[0] == "sent")
    assert [asked.headers["webhook-id"] for asked in receiver.requests] == [other]


def test_without_a_secret_what_is_due_waits_for_one(
    engine: Engine, receiver: HttpServer, begin: Begin, settings: Settings
) -> None:
    id = ended(engine, receiver.url())
    begin(settings=settings.model_copy(update={"webhook_secret": None})).wake()
    time.sleep(0.1)
    assert row(engine, id) == ("due", 0, 0.0)


# ---- others


def test_a_slow_receiver_stops_no_other(
    engine: Engine, receiver: HttpServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty that never answer came first, of one caller; another's is told meanwhile."""
    monkeypatch.setattr(module, "TIMEOUT_S", PATIENCE)
    with http_server("127.0.0.3") as slow:
        slow.behave(never_respond(slow))
        for number in range(1, 21):
            ended(engine, slow.url(), number=number)
        webhooks = begin()
        eventually(lambda: len(slow.requests) == 2)
        other = ended(engine, receiver.url(), number=100, owner="key 2")
        webhooks.wake()
        eventually(lambda: row(engine, other)[0] == "sent")
        assert len(slow.requests) == 2
        slow.closing.set()


def test_one_caller_with_many_slow_receivers_stops_no_other(
    engine: Engine, receiver: HttpServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", PATIENCE)
    with http_server("::1") as slow, http_server(PRIVATE) as slow_too:
        for one in (slow, slow_too):
            one.behave(never_respond(one))
        for number in range(1, 7):
            ended(engine, slow.url(host="[::1]") if number % 2 else slow_too.url(), number=number)
        webhooks = begin()
        eventually(lambda: len(slow.requests) + len(slow_too.requests) == 3)
        other = ended(engine, receiver.url(host="127.0.0.1"), number=100, owner="key 2")
        webhooks.wake()
        eventually(lambda: row(engine, other)[0] == "sent")
        for one in (slow, slow_too):
            one.closing.set()


def test_more_than_can_be_told_at_once_are_told_one_after_another(
    engine: Engine, receiver: HttpServer, begin: Begin
) -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def behave(handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.02)
        with lock:
            at_once -= 1
        respond()(handler, request)

    receiver.behave(behave)
    for number in range(1, 31):
        ended(engine, receiver.url(), number=number, owner=f"key {number % 5}")
    begin()
    eventually(lambda: len(receiver.requests) == 30)
    assert most <= 2  # of one receiver


def test_a_description_that_fails_costs_a_try_and_stops_nothing(
    engine: Engine, receiver: HttpServer, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    bad = ended(engine, receiver.url("/bad"))

    def fails(job: Job) -> dict[str, Any]:
        if job.id == bad:
            raise RuntimeError("cannot be told")
        return describe(job)

    good = ended(engine, receiver.url("/good"), number=2)
    begin(describe_job=fails)
    eventually(lambda: row(engine, good)[0] == "sent")
    eventually(lambda: "could not be created" in caplog.text)
    assert row(engine, bad)[:2] == ("due", 1)


def test_a_database_that_is_locked_is_asked_again(
    settings: Settings,
    receiver: HttpServer,
    begin: Begin,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "_DATABASE_RETRY_S", 0.05)
    monkeypatch.setattr("lipsync.storage.database.BUSY_TIMEOUT_S", 0.02)
    impatient = connect(settings)
    id = ended(impatient, receiver.url())
    with impatient.connect() as writer:
        writer.exec_driver_sql("BEGIN IMMEDIATE")
        webhooks = begin(engine=impatient)
        eventually(lambda: caplog.text.count("is delayed") > 2)
        assert receiver.connections == []  # it would not be known that it was told
    eventually(lambda: row(impatient, id) == ("sent", 1, None))
    webhooks.close()
    impatient.dispose()


def test_nothing_secret_is_in_the_log(
    engine: Engine, receiver: HttpServer, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    with http_server(PRIVATE) as gone:
        pass
    receiver.behave(respond(500), respond(410))
    ids = [
        ended(engine, receiver.url("/path-secret?token=query-secret")),
        ended(engine, gone.url("/path-secret?token=query-secret"), number=2),
    ]
    begin(retry_delays_s=(0.02,))
    eventually(lambda: all(row(engine, id)[0] == "failed" for id in ids))
    eventually(lambda: caplog.text.count("has failed after") == 2)
    assert "127.0.0.1" in caplog.text
    for secret in (SECRET, "path-secret", "query-secret", "v1,"):
        assert secret not in caplog.text


# ---- where they may go


def refused(url: str, settings: Settings) -> str:
    with pytest.raises(LipsyncError) as caught:
        check_webhook(url, settings)
    return caught.value.code


@pytest.fixture
def strict(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_allow_private": False})


def test_without_a_secret_there_are_none(settings: Settings) -> None:
    for secret in (None, SecretStr("")):
        assert (
            refused("https://example.org/", settings.model_copy(update={"webhook_secret": secret})) == "webhooks_off"
        )


@pytest.mark.parametrize("host", SPELLINGS)
def test_every_spelling_of_a_private_machine_is_refused(
    host: str, strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_internet.name_server(monkeypatch, {})
    assert refused(f"https://{host}/", strict) == "webhook_address"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://public.example/",
        "ftp://public.example/",
        "https://me:word@public.example/",
        "https://public.example/" + "a" * 2000,
        "https://nowhere.example/",
        "https://inside.example/",
        "https://public.example/\r\n",
    ],
)
def test_other_addresses_that_are_refused(url: str, strict: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_internet.name_server(
        monkeypatch, {"inside.example": [["10.0.0.1", "::1"]], "public.example": [["93.184.215.14"]]}
    )
    assert refused(url, strict) == "webhook_address"
    check_webhook("https://public.example:8443/hook?x=y", strict)


def test_a_name_that_leads_to_some_public_machine_is_accepted(
    strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_internet.name_server(monkeypatch, {"mixed.example": [["10.0.0.1", "93.184.215.14"]]})
    check_webhook("https://mixed.example/", strict)


def test_where_private_machines_are_allowed_http_is_too(settings: Settings) -> None:
    check_webhook("http://127.0.0.1:9/", settings)
    assert refused("http://me:word@127.0.0.1/", settings) == "webhook_address"


def test_a_name_that_leads_inside_later_is_not_followed(
    engine: Engine, strict: Settings, begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = fake_internet.certificate(tmp_path, "rebinds.example")
    fake_internet.trust(monkeypatch, file)
    fake_internet.open_internet(monkeypatch)
    fake_internet.name_server(monkeypatch, {"rebinds.example": [[PUBLIC], [PRIVATE], ["169.254.169.254"], ["::1"]]})
    with http_server(PRIVATE, certificate=file) as inside:
        url = inside.url(host="rebinds.example")
        check_webhook(url, strict)
        id = ended(engine, url)
        begin(settings=strict, retry_delays_s=(0.02, 0.02))
        eventually(lambda: row(engine, id) == ("failed", 3, None))
        assert inside.connections == []


def test_what_was_allowed_once_goes_nowhere_when_it_no_longer_is(
    engine: Engine, strict: Settings, receiver: HttpServer, begin: Begin
) -> None:
    id = ended(engine, receiver.url())
    begin(settings=strict)
    eventually(lambda: row(engine, id)[0] == "failed")
    assert receiver.connections == []


# ---- the document


def test_the_receiver_of_the_document_verifies(
    engine: Engine, settings: Settings, receiver: HttpServer, begin: Begin, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "whsec_" + base64.b64encode(b"32 bytes of randomness, or so...").decode()
    document = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    named: dict[str, Any] = {"__name__": "receiver"}
    exec(code.replace("whsec_…", secret), named)
    id = ended(engine, receiver.url("/lipsync"))
    begin(settings=settings.model_copy(update={"webhook_secret": SecretStr(secret)}))
    eventually(lambda: row(engine, id)[0] == "sent")
    (asked,) = receiver.requests
    with named["app"].test_client() as client:
        assert client.post(asked.path, data=asked.body, headers=asked.headers).status_code == 204
        assert capsys.readouterr().out == f"job.done {id}\n"
        assert client.post(asked.path, data=asked.body + b" ", headers=asked.headers).status_code == 400
