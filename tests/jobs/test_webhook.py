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
from lipsync.jobs import webhook as module
from lipsync.jobs.book import Book
from lipsync.jobs.database import connect
from lipsync.jobs.job import Failure, Job, Made
from lipsync.jobs.tables import JobRow
from lipsync.jobs.webhook import PAUSES, Webhooks, check_webhook
from lipsync.jobs.webhook_message import body_of, headers_of, key_of
from lipsync.settings import Settings
from tests import internet
from tests.internet import PRIVATE, PUBLIC, SPELLINGS, Site

SECRET = "a secret of any form"
MADE = Made(duration=1.0, frames=25, width=8, height=8, fps=25, voice="v", engine="puppet", portrait="p")
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
def receiver() -> Iterator[Site]:
    with internet.site(PRIVATE) as one:
        one.behave(internet.answers(204))
        yield one


def describe(job: Job) -> dict[str, Any]:
    return {"id": job.id, "state": job.state, "voice": job.result and job.result.voice, "о": "по-русски"}


Begin = Callable[..., Webhooks]


@pytest.fixture
def begin(engine: Engine, settings: Settings) -> Iterator[Begin]:
    """Makes and starts them; at the end they are closed."""
    begun: list[Webhooks] = []

    def make(**more: Any) -> Webhooks:
        named = {"engine": engine, "settings": settings, "describe": describe}
        one = Webhooks(**{**named, **more})
        one.start()
        begun.append(one)
        return one

    yield make
    for one in begun:
        one.close()


def ended(engine: Engine, url: str, state: str = "done", owner: str = "key 1", number: int = 1) -> str:
    """The id of a job that has ended just so."""
    book, id = Book(engine), f"{number:032x}"
    facts = {"characters": 2, "language": "ru", "avatar": "gauss", "wanted": {"text": "Да"}, "video": "v.mp4"}
    assert book.add({"id": id, "owner": owner, "webhook": url, "webhook_state": "waiting", **facts})
    if state == "cancelled":
        assert book.cancel(id)
        return id
    assert book.claim("me", {id}) is not None
    assert book.done(id, "me", MADE) if state == "done" else book.failed(id, "me", Failure(code="no_face"))
    return id


def row(engine: Engine, id: str) -> tuple[str | None, int, float | None]:
    """State, tries and next try of a webhook."""
    asked = select(JobRow.webhook_state, JobRow.webhook_attempts, JobRow.webhook_next).where(JobRow.id == id)
    with engine.connect() as connection:
        state, attempts, again = connection.execute(asked).one()
    return state, attempts, again


def until(happens: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


def quiet(webhooks: Webhooks) -> None:
    """Until no try is under way."""
    until(lambda: not webhooks._under_way)


# ---- what is told


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_the_end_of_a_job_is_told_and_can_be_verified(
    state: str, engine: Engine, receiver: Site, begin: Begin
) -> None:
    id = ended(engine, receiver.url("/hook?token=x"), state)
    begin()
    until(lambda: row(engine, id)[0] == "sent")
    (asked,) = receiver.asked
    assert (asked.method, asked.path, asked.headers["content-type"]) == ("POST", "/hook?token=x", "application/json")
    told = Webhook(SECRET.encode()).verify(asked.body, asked.headers)
    job = Book(engine).find(id)
    assert job is not None
    assert told["type"] == f"job.{state}"
    assert told["data"] == describe(job)
    assert told["timestamp"].endswith("Z")
    assert asked.headers["webhook-id"] == id
    assert row(engine, id) == ("sent", 1, None)


def test_what_was_changed_on_the_way_is_not_verified() -> None:
    body = body_of("job.done", 1e9, {"id": "1"})
    headers = headers_of("1", time.time(), body, key_of(SECRET))
    receiver = Webhook(SECRET.encode())
    assert receiver.verify(body, headers)["timestamp"] == "2001-09-09T01:46:40.000Z"
    for wrong in (
        lambda: receiver.verify(body.replace(b"done", b"fail"), headers),
        lambda: receiver.verify(body, {**headers, "webhook-id": "2"}),
        lambda: receiver.verify(body, headers_of("1", time.time() - 600, body, key_of(SECRET))),
        lambda: Webhook(b"another").verify(body, headers),
    ):
        with pytest.raises(WebhookVerificationError):
            wrong()


@pytest.mark.parametrize("padded", [True, False])
def test_a_secret_as_the_standard_has_it(padded: bool) -> None:
    coded = base64.b64encode(b"\xff\x00 25 bytes of randomness..").decode()
    secret = "whsec_" + (coded if padded else coded.rstrip("="))
    body = body_of("job.done", 0, {})
    Webhook(secret).verify(body, headers_of("1", time.time(), body, key_of(secret)))


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "whsec_a", "whsec_üü"])
def test_a_secret_that_only_seems_so_is_said_at_start(engine: Engine, settings: Settings, secret: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        Webhooks(engine, settings.model_copy(update={"webhook_secret": SecretStr(secret)}), describe)
    assert caught.value.code == "webhook_secret"
    assert caught.value.__cause__ is None  # it would quote the secret


def test_over_tls_to_a_public_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings, begin: Begin
) -> None:
    file = internet.certificate(tmp_path, "hooks.example")
    internet.trust(monkeypatch, file)
    internet.open_internet(monkeypatch)
    internet.name_server(monkeypatch, {"hooks.example": [[PUBLIC]]})
    settings = settings.model_copy(update={"webhook_allow_private": False})
    with internet.site(certificate=file) as site:
        site.behave(internet.answers(200, b"thanks"))
        url = site.url("/in", host="hooks.example")
        check_webhook(url, settings)
        id = ended(engine, url)
        begin(settings=settings)
        until(lambda: row(engine, id)[0] == "sent")
        Webhook(SECRET.encode()).verify(site.asked[0].body, site.asked[0].headers)


# ---- tries


def test_what_is_not_heard_is_told_again_until_it_is_given_up(engine: Engine, receiver: Site, begin: Begin) -> None:
    clock = Clock()
    receiver.behave(internet.answers(500))
    id = ended(engine, receiver.url())
    webhooks = begin(clock=clock)
    waits = []
    for attempt in range(1, len(PAUSES) + 1):
        until(lambda attempt=attempt: len(receiver.asked) == attempt)
        quiet(webhooks)
        state, attempts, again = row(engine, id)
        assert (state, attempts) == ("due", attempt)
        assert again is not None
        waits.append(again - clock.now)
        clock.now = again - 0.5
        webhooks.wake()
        time.sleep(0.05)
        assert len(receiver.asked) == attempt  # not before its time
        clock.now = again
        webhooks.wake()
    until(lambda: row(engine, id)[0] == "failed")
    assert len(receiver.asked) == len(PAUSES) + 1
    assert waits == [pytest.approx(pause, rel=0.21) for pause in PAUSES]
    assert waits != list(PAUSES)  # not all at the same time
    moments = {asked.headers["webhook-timestamp"] for asked in receiver.asked}
    assert len(moments) == len(receiver.asked)  # each is signed anew
    assert {asked.headers["webhook-id"] for asked in receiver.asked} == {id}
    assert len({asked.body for asked in receiver.asked}) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_heard(status: int, engine: Engine, receiver: Site, begin: Begin) -> None:
    receiver.behave(internet.answers(status))
    id = ended(engine, receiver.url())
    begin()
    until(lambda: row(engine, id) == ("sent", 1, None))


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_all_else_is_tried_again_and_no_redirect_is_followed(
    status: int, engine: Engine, receiver: Site, begin: Begin
) -> None:
    with internet.site(PRIVATE) as other:
        receiver.behave(internet.redirects(other.url(), status), internet.answers())
        id = ended(engine, receiver.url())
        begin(pauses=(0.05,))
        until(lambda: row(engine, id)[0] == "sent")
        assert len(receiver.asked) == 2
        assert other.connections == []


def test_410_is_the_end(engine: Engine, receiver: Site, begin: Begin) -> None:
    receiver.behave(internet.answers(410))
    id = ended(engine, receiver.url())
    begin()
    until(lambda: row(engine, id) == ("failed", 1, None))


@pytest.mark.parametrize(("status", "heeded"), [(429, True), (503, True), (500, False)])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_who_asks_for_time_gets_it(
    status: int, heeded: bool, form: str, engine: Engine, receiver: Site, begin: Begin
) -> None:
    clock = Clock()
    asked = "900" if form == "seconds" else formatdate(clock.now + 900, usegmt=True)
    receiver.behave(internet.answers(status, Retry_After=asked))
    id = ended(engine, receiver.url())
    quiet_after = begin(clock=clock)
    until(lambda: row(engine, id)[1] == 1)
    quiet(quiet_after)
    again = row(engine, id)[2]
    assert again is not None
    assert again - clock.now == pytest.approx(900 if heeded else PAUSES[0], rel=0.21)


@pytest.mark.parametrize("asked", ["9" * 400, "-1", "soon", "Fri, 99 Nov 2400 00:00:00 GMT", "²", "0"])
def test_nonsense_puts_nothing_off_for_long(asked: str, engine: Engine, receiver: Site, begin: Begin) -> None:
    clock = Clock()
    receiver.behave(internet.answers(429, Retry_After=asked))
    id = ended(engine, receiver.url())
    webhooks = begin(clock=clock)
    until(lambda: row(engine, id)[1] == 1)
    quiet(webhooks)
    again = row(engine, id)[2]
    assert again is not None
    assert 0 < again - clock.now <= 1.2 * max(PAUSES)


def test_an_answer_without_end_is_an_answer(engine: Engine, receiver: Site, begin: Begin) -> None:
    receiver.behave(internet.floods(receiver))
    id = ended(engine, receiver.url())
    begin()
    until(lambda: row(engine, id)[0] == "sent")


# ---- restarts, clocks


def test_tries_survive_a_restart(engine: Engine, receiver: Site, begin: Begin, settings: Settings) -> None:
    clock = Clock()
    receiver.behave(internet.answers(500), internet.answers())
    id = ended(engine, receiver.url())
    first = begin(clock=clock)
    until(lambda: row(engine, id)[1] == 1)
    first.close()
    clock.now += 1.3 * PAUSES[0]
    again = connect(settings)
    begin(clock=clock)
    until(lambda: row(again, id) == ("sent", 2, None))
    again.dispose()


def test_what_the_process_died_of_is_not_tried_without_end(engine: Engine, receiver: Site, begin: Begin) -> None:
    id = ended(engine, receiver.url())
    with engine.begin() as connection:
        connection.execute(JobRow.__table__.update().values(webhook_attempts=len(PAUSES) + 1))  # type: ignore[attr-defined]
    begin()
    until(lambda: row(engine, id)[0] == "failed")
    assert receiver.asked == []


@pytest.mark.parametrize("hours", [-48, 48])
def test_a_clock_that_is_moved_stops_nothing(hours: float, engine: Engine, receiver: Site, begin: Begin) -> None:
    clock = Clock()
    receiver.behave(internet.answers(500), internet.answers())
    id = ended(engine, receiver.url())
    webhooks = begin(clock=clock)
    until(lambda: row(engine, id)[1] == 1)
    quiet(webhooks)
    clock.now += hours * 3600
    webhooks.wake()
    until(lambda: row(engine, id)[0] == "sent")


def test_two_processes_tell_it_once(engine: Engine, receiver: Site, begin: Begin) -> None:
    for number in range(1, 13):
        ended(engine, receiver.url(), number=number, owner=f"key {number}")
    for _ in range(3):
        begin()
    until(lambda: all(row(engine, f"{number:032x}")[0] == "sent" for number in range(1, 13)))
    told = [asked.headers["webhook-id"] for asked in receiver.asked]
    assert sorted(told) == sorted(set(told))


def test_a_job_that_goes_on_is_not_told(engine: Engine, receiver: Site, begin: Begin) -> None:
    book = Book(engine)
    facts = {"characters": 2, "language": "ru", "avatar": "gauss", "video": "v.mp4"}
    book.add({"id": "a" * 32, "owner": "me", "webhook": receiver.url(), "webhook_state": "waiting", **facts})
    webhooks = begin()
    other = ended(engine, receiver.url())
    webhooks.wake()
    until(lambda: row(engine, other)[0] == "sent")
    assert [asked.headers["webhook-id"] for asked in receiver.asked] == [other]


def test_without_a_secret_what_is_due_waits_for_one(
    engine: Engine, receiver: Site, begin: Begin, settings: Settings
) -> None:
    id = ended(engine, receiver.url())
    begin(settings=settings.model_copy(update={"webhook_secret": None})).wake()
    time.sleep(0.1)
    assert row(engine, id) == ("due", 0, 0.0)


# ---- others


def test_a_slow_receiver_stops_no_other(
    engine: Engine, receiver: Site, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty that never answer came first, of one caller; another's is told meanwhile."""
    monkeypatch.setattr(module, "SECONDS", PATIENCE)
    with internet.site("127.0.0.3") as slow:
        slow.behave(internet.says_nothing(slow))
        for number in range(1, 21):
            ended(engine, slow.url(), number=number)
        webhooks = begin()
        until(lambda: len(slow.asked) == 2)
        other = ended(engine, receiver.url(), number=100, owner="key 2")
        webhooks.wake()
        until(lambda: row(engine, other)[0] == "sent")
        assert len(slow.asked) == 2
        slow.leave.set()


def test_one_caller_with_many_slow_receivers_stops_no_other(
    engine: Engine, receiver: Site, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", PATIENCE)
    with internet.site("::1") as slow, internet.site(PRIVATE) as slow_too:
        for one in (slow, slow_too):
            one.behave(internet.says_nothing(one))
        for number in range(1, 7):
            ended(engine, slow.url(host="[::1]") if number % 2 else slow_too.url(), number=number)
        webhooks = begin()
        until(lambda: len(slow.asked) + len(slow_too.asked) == 3)
        other = ended(engine, receiver.url(host="127.0.0.1"), number=100, owner="key 2")
        webhooks.wake()
        until(lambda: row(engine, other)[0] == "sent")
        for one in (slow, slow_too):
            one.leave.set()


def test_more_than_can_be_told_at_once_are_told_one_after_another(
    engine: Engine, receiver: Site, begin: Begin
) -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def behave(handler: BaseHTTPRequestHandler) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.02)
        with lock:
            at_once -= 1
        internet.answers()(handler)

    receiver.behave(behave)
    for number in range(1, 31):
        ended(engine, receiver.url(), number=number, owner=f"key {number % 5}")
    begin()
    until(lambda: len(receiver.asked) == 30)
    assert most <= 2  # of one receiver


def test_a_description_that_fails_costs_a_try_and_stops_nothing(
    engine: Engine, receiver: Site, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    bad = ended(engine, receiver.url("/bad"))

    def fails(job: Job) -> dict[str, Any]:
        if job.id == bad:
            raise RuntimeError("cannot be told")
        return describe(job)

    good = ended(engine, receiver.url("/good"), number=2)
    begin(describe=fails)
    until(lambda: row(engine, good)[0] == "sent")
    until(lambda: "could not be made" in caplog.text)
    assert row(engine, bad)[:2] == ("due", 1)


def test_a_database_that_is_locked_is_asked_again(
    settings: Settings,
    receiver: Site,
    begin: Begin,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "_REST", 0.05)
    monkeypatch.setattr("lipsync.jobs.database.BUSY", 0.02)
    impatient = connect(settings)
    id = ended(impatient, receiver.url())
    with impatient.connect() as writer:
        writer.exec_driver_sql("BEGIN IMMEDIATE")
        webhooks = begin(engine=impatient)
        until(lambda: caplog.text.count("has to wait") > 2)
        assert receiver.connections == []  # it would not be known that it was told
    until(lambda: row(impatient, id) == ("sent", 1, None))
    webhooks.close()
    impatient.dispose()


def test_nothing_secret_is_in_the_log(
    engine: Engine, receiver: Site, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    with internet.site(PRIVATE) as gone:
        pass
    receiver.behave(internet.answers(500), internet.answers(410))
    ids = [
        ended(engine, receiver.url("/path-secret?token=query-secret")),
        ended(engine, gone.url("/path-secret?token=query-secret"), number=2),
    ]
    begin(pauses=(0.02,))
    until(lambda: all(row(engine, id)[0] == "failed" for id in ids))
    until(lambda: caplog.text.count("given up") == 2)
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
    internet.name_server(monkeypatch, {})
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
    internet.name_server(
        monkeypatch, {"inside.example": [["10.0.0.1", "::1"]], "public.example": [["93.184.215.14"]]}
    )
    assert refused(url, strict) == "webhook_address"
    check_webhook("https://public.example:8443/hook?x=y", strict)


def test_a_name_that_leads_to_some_public_machine_is_accepted(
    strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet.name_server(monkeypatch, {"mixed.example": [["10.0.0.1", "93.184.215.14"]]})
    check_webhook("https://mixed.example/", strict)


def test_where_private_machines_are_allowed_http_is_too(settings: Settings) -> None:
    check_webhook("http://127.0.0.1:9/", settings)
    assert refused("http://me:word@127.0.0.1/", settings) == "webhook_address"


def test_a_name_that_leads_inside_later_is_not_followed(
    engine: Engine, strict: Settings, begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = internet.certificate(tmp_path, "rebinds.example")
    internet.trust(monkeypatch, file)
    internet.open_internet(monkeypatch)
    internet.name_server(monkeypatch, {"rebinds.example": [[PUBLIC], [PRIVATE], ["169.254.169.254"], ["::1"]]})
    with internet.site(PRIVATE, file) as inside:
        url = inside.url(host="rebinds.example")
        check_webhook(url, strict)
        id = ended(engine, url)
        begin(settings=strict, pauses=(0.02, 0.02))
        until(lambda: row(engine, id) == ("failed", 3, None))
        assert inside.connections == []


def test_what_was_allowed_once_goes_nowhere_when_it_no_longer_is(
    engine: Engine, strict: Settings, receiver: Site, begin: Begin
) -> None:
    id = ended(engine, receiver.url())
    begin(settings=strict)
    until(lambda: row(engine, id)[0] == "failed")
    assert receiver.connections == []


# ---- the document


def test_the_receiver_of_the_document_verifies(
    engine: Engine, settings: Settings, receiver: Site, begin: Begin, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "whsec_" + base64.b64encode(b"32 bytes of randomness, or so...").decode()
    document = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    named: dict[str, Any] = {"__name__": "receiver"}
    exec(code.replace("whsec_…", secret), named)
    id = ended(engine, receiver.url("/lipsync"))
    begin(settings=settings.model_copy(update={"webhook_secret": SecretStr(secret)}))
    until(lambda: row(engine, id)[0] == "sent")
    (asked,) = receiver.asked
    with named["app"].test_client() as client:
        assert client.post(asked.path, data=asked.body, headers=asked.headers).status_code == 204
        assert capsys.readouterr().out == f"job.done {id}\n"
        assert client.post(asked.path, data=asked.body + b" ", headers=asked.headers).status_code == 400
