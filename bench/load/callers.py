"""What callers ask for, by Locust, in a process of its own: only here is gevent, which changes all of Python.

``python -m bench.load.callers URL RATE SECONDS PATIENCE OUTPUT``: RATE videos a second for SECONDS, come what may:
who waits for a video keeps no other from asking. Then PATIENCE seconds for the last ones to end. What was seen is
written to OUTPUT as JSON.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

# isort: off
from locust import HttpUser, constant, constant_throughput, task  # before all that it patches
from locust.env import Environment
# isort: on

import gevent  # type: ignore[import-untyped]
from gevent.pool import Pool  # type: ignore[import-untyped]
from requests import RequestException, Response
from requests.adapters import HTTPAdapter

CALLERS = 8
"""One of them asks as often as three others together: it must not take their turns."""
ENDED = ("done", "failed", "cancelled")
_PATIENCE = 600.0
"""Seconds for a video, once it was accepted."""
_POLL = 1.0
"""Seconds between two looks at a job."""
_TEXT = "This is video number {n} of a server under load."


class Seen:
    """What came of it."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        """``POST /api/jobs 202``."""
        self.jobs: dict[str, str] = {}
        """The last state that was seen of each job that was accepted."""
        self.codes: Counter[str] = Counter()
        """Of errors, as they were told."""
        self.wrong: Counter[str] = Counter()
        """What should not be."""
        self.seconds: list[float] = []
        """From when a video was asked for until it was there, by ``/api/generate``."""
        self.first_bytes: list[float] = []
        """The same until the first byte of a stream."""
        self.asked = 0


seen = Seen()


class Following(Pool):  # type: ignore[misc]  # gevent has no types
    """Those who wait for their videos; one that fails is counted."""

    def start(self, greenlet: gevent.Greenlet) -> None:
        greenlet.link_exception(lambda dead: seen.wrong.update([f"the caller itself: {dead.exception!r:.200}"]))
        super().start(greenlet)


following = Following()
numbers = itertools.count()


class From(HTTPAdapter):
    """Connects from an address of its own: to the server that is another caller."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(pool_maxsize=200)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **more)


class Caller(HttpUser):
    """Asks for videos, one after another without waiting for them, and looks at the page now and then."""

    count: ClassVar = itertools.count()
    rate: ClassVar[float] = 1.0
    """Videos a second of all callers together."""

    def on_start(self) -> None:
        number = next(self.count)
        mount(self, number)
        share = 3 if number == 0 else 1
        self._pause: Callable[[HttpUser], float] = constant_throughput(share * self.rate / (CALLERS + 2))
        gevent.sleep(number / self.rate)  # not all of them at once

    def wait_time(self) -> float:
        return self._pause(self)

    @task(40)
    def job(self) -> None:
        self._begin(self._follow_by_asking)

    @task(10)
    def job_by_events(self) -> None:
        self._begin(self._follow_by_events)

    @task(5)
    def job_cancelled(self) -> None:
        self._begin(self._cancel)

    @task(25)
    def generate(self) -> None:
        following.spawn(self._generate)

    @task(12)
    def stream(self) -> None:
        following.spawn(self._stream, leaves=False)

    @task(6)
    def stream_left(self) -> None:
        following.spawn(self._stream, leaves=True)

    # ---- what each of them does

    def _begin(self, follow: Callable[[str], None]) -> None:
        following.spawn(self._submit, follow)

    def _submit(self, follow: Callable[[str], None]) -> None:
        n = self._wanted()
        answer = self._ask(
            "POST", "/api/jobs", json=_body(n), headers={"Idempotency-Key": f"{n}"} if n % 3 == 0 else {}
        )
        if answer.status_code != 202:
            return
        id = answer.json()["id"]
        seen.jobs[id] = answer.json()["state"]
        follow(id)
        if seen.jobs[id] == "done" and n % 2 == 0:
            self._fetch(id)

    def _look(self, id: str) -> dict[str, Any]:
        """The job once it can be seen."""
        while True:
            answer = self._ask("GET", f"/api/jobs/{id}", name="/api/jobs/<id>")
            if answer.status_code == 200:
                job: dict[str, Any] = answer.json()
                seen.jobs[id] = job["state"]
                return job
            if answer.status_code == 404:
                seen.wrong["an accepted job is unknown"] += 1
                seen.jobs[id] = "lost"
                return {"state": "cancelled"}
            gevent.sleep(_POLL)

    def _follow_by_asking(self, id: str) -> None:
        while (job := self._look(id))["state"] not in ENDED:
            gevent.sleep(_POLL)
        if job["state"] == "failed":
            seen.codes[f"job: {job['error']['code']}"] += 1

    def _follow_by_events(self, id: str) -> None:
        answer = self._ask("GET", f"/api/jobs/{id}/events", name="/api/jobs/<id>/events", stream=True)
        with closing(answer), broken("events"):
            if answer.status_code == 200:
                for line in answer.iter_lines():
                    if line.startswith(b"data: "):
                        seen.jobs[id] = json.loads(line[6:])["state"]
        self._follow_by_asking(id)  # also where there were too many already

    def _cancel(self, id: str) -> None:
        gevent.sleep(_POLL)
        if self._look(id)["state"] in ENDED:  # or it would be forgotten
            return
        self._ask("DELETE", f"/api/jobs/{id}", name="/api/jobs/<id>")
        seen.jobs[id] = "cancelled"

    def _fetch(self, id: str) -> None:
        path, name = f"/api/jobs/{id}/video", "/api/jobs/<id>/video"
        first = self._ask("GET", path, name=name, headers={"Range": "bytes=0-999"})
        if first.status_code != 206:
            return
        size = int(first.headers["Content-Range"].rpartition("/")[2])
        rest = self._ask("GET", path, name=name, headers={"Range": "bytes=1000-"})
        if len(first.content) + len(rest.content) != size or first.content[4:8] != b"ftyp":
            seen.wrong["a video in pieces is not whole"] += 1
        self._ask("GET", path, name=name, headers={"If-None-Match": first.headers["ETag"]})

    def _generate(self) -> None:
        began = time.monotonic()
        answer = self._ask("POST", "/api/generate", json=_body(self._wanted()))
        if answer.status_code == 200:
            seen.seconds.append(time.monotonic() - began)
            seen.jobs[answer.headers["X-Job-Id"]] = "done"
            if answer.content[4:8] != b"ftyp":
                seen.wrong["a video is none"] += 1

    def _stream(self, *, leaves: bool) -> None:
        began = time.monotonic()
        answer = self._ask(
            "POST", "/api/generate?stream=1", name="/api/generate?stream=1", json=_body(self._wanted()), stream=True
        )
        if answer.status_code != 200:
            return
        id = answer.headers["X-Job-Id"]
        seen.jobs[id] = "streamed"
        with closing(answer), broken("stream"):
            pieces = answer.iter_content(None)
            first = next(pieces, b"")
            seen.first_bytes.append(time.monotonic() - began)
            if first[4:8] != b"ftyp":
                seen.wrong["a stream is no video"] += 1
            if not leaves:
                for _ in pieces:
                    pass
        if leaves:
            gevent.sleep(2 * _POLL)
        self._follow_by_asking(id)

    def _wanted(self) -> int:
        seen.asked += 1
        return next(numbers)

    def _ask(self, method: str, path: str, name: str = "", **more: Any) -> Response:
        answer: Response = self.client.request(method, path, name=name or path, timeout=_PATIENCE, **more)
        note(method, name or path, answer)
        return answer


class Visitor(HttpUser):
    """Opens the page each second, as the caller who asks for most."""

    fixed_count = 1
    wait_time = constant(1.0)

    def on_start(self) -> None:
        mount(self, 0)

    @task
    def page(self) -> None:
        static = ("/static/studio/studio.js", "/static/shared/style.css")
        for path in ("/", *static, "/api/voices", "/api/avatars", "/api/jobs"):
            note("GET", path, self.client.get(path))


def mount(user: HttpUser, number: int) -> None:
    """Let ``user`` be the caller of that number."""
    if sys.platform == "linux":  # elsewhere there is only 127.0.0.1
        user.client.mount("http://", From(f"127.0.0.{10 + number}"))


def note(method: str, name: str, answer: Response) -> None:
    """Count an answer, and what is wrong about it."""
    status = answer.status_code
    seen.answers[f"{method} {name} {status or 'none'}"] += 1
    if not status:
        seen.wrong[f"no answer: {type(getattr(answer, 'error', None)).__name__}"] += 1
    if status < 400:
        return
    try:
        seen.codes[answer.json()["code"]] += 1
    except ValueError:
        seen.wrong[f"{status} without a code"] += 1
    if status not in (429, 503):
        seen.wrong[f"{method} {name}: {status}"] += 1
    elif int(answer.headers.get("Retry-After", 0)) < 1:
        seen.wrong["a refusal does not say when to come again"] += 1


@contextmanager
def broken(what: str) -> Iterator[None]:
    """An answer that breaks off in the block is counted."""
    try:
        yield
    except RequestException as error:
        seen.wrong[f"{what} broke off: {type(error).__name__}"] += 1


def _body(number: int) -> dict[str, str]:
    return {"text": _TEXT.format(n=number), "language": "en"}


def main(url: str, rate: float, seconds: float, patience: float, output: Path) -> None:
    """See above."""
    Caller.rate = rate
    environment = Environment(user_classes=[Caller, Visitor], host=url)
    runner = environment.create_local_runner()
    runner.start(CALLERS + 1, spawn_rate=CALLERS + 1)
    gevent.sleep(seconds)
    runner.quit()
    following.join(patience)
    output.write_text(json.dumps({**vars(seen), "unfinished": len(following)}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), Path(sys.argv[5]))
