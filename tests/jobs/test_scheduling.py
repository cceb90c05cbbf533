from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lipsync.jobs.scheduling import QueuedJob, round_robin


def waiting(owners: str) -> list[QueuedJob]:
    return [QueuedJob(f"{owner}{number}", number, owner, 5) for number, owner in enumerate(owners)]


def owners(order: list[QueuedJob]) -> str:
    return "".join(one.owner for one in order)


def test_callers_take_turns() -> None:
    assert owners(round_robin(waiting("aaaab"), {})) == "abaaa"
    assert owners(round_robin(waiting("aaabbc"), {})) == "abcaba"


def test_who_was_served_last_comes_last_and_who_never_was_first() -> None:
    assert owners(round_robin(waiting("abc"), {"a": 7, "b": 3})) == "cba"


@given(st.text("abcd", max_size=30), st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9)))
def test_nobody_is_left_out_and_each_callers_own_order_stays(line: str, served: dict[str, int]) -> None:
    order = round_robin(reversed(waiting(line)), served)
    assert sorted(one.number for one in order) == list(range(len(line)))
    for owner in set(line):
        numbers = [one.number for one in order if one.owner == owner]
        assert numbers == sorted(numbers)


@given(st.text("ab", min_size=1, max_size=30), st.dictionaries(st.sampled_from("abc"), st.integers(1, 9)))
def test_a_single_job_waits_for_one_of_each_other_caller_at_most(line: str, served: dict[str, int]) -> None:
    order = round_robin(waiting(line + "c"), served)
    assert [one.owner for one in order].index("c") <= len(set(line))
