"""What a follower of a job is told in this process."""

from __future__ import annotations

from lipsync.jobs.events import JobEvents


def test_a_callback_is_called_once_at_the_next_event() -> None:
    events, called = JobEvents(), []
    events.subscribe("a")
    events.call_back("a", events.count("a"), lambda: called.append("a"))
    events.notify("b")
    assert called == []
    events.notify("a")
    events.notify("a")
    assert called == ["a"]


def test_a_callback_for_an_event_of_the_past_is_called_at_once() -> None:
    events, called = JobEvents(), []
    events.subscribe("a")
    seen = events.count("a")
    events.notify("a")
    events.call_back("a", seen, lambda: called.append("a"))
    assert called == ["a"]


def test_a_cancelled_callback_is_not_called_and_the_others_are() -> None:
    events, called = JobEvents(), []
    events.subscribe("a")
    cancel = events.call_back("a", 0, lambda: called.append("cancelled"))
    events.call_back("a", 0, lambda: called.append("other"))
    cancel()
    cancel()
    events.notify("a")
    assert called == ["other"]
