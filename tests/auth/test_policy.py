"""Who needs a key, and which servers do not start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from lipsync.auth.keys import add_key, revoke_key
from lipsync.auth.policy import check_protection, is_local, trusts_local_callers
from lipsync.auth.session_secret import session_secret
from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.storage.database import connect


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST", "::ffff:127.0.0.1"])
def test_what_only_this_machine_reaches(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "192.168.1.5", "10.0.0.1", "::ffff:10.0.0.1", "example.org", "localhost.example.org"],
)
def test_what_others_reach(host: str) -> None:
    assert not is_local(host)


REFUSED = [{"host": "0.0.0.0"}, {"host": "::"}, {"proxies": 1}, {"require_key": True}]


@pytest.mark.parametrize("changed", REFUSED)
def test_without_a_key_it_does_not_start_where_one_is_needed(
    settings: Settings, engine: Engine, changed: dict[str, object]
) -> None:
    changed_settings = settings.model_copy(update=changed)
    assert not trusts_local_callers(changed_settings)
    with pytest.raises(LipsyncError) as raised:
        check_protection(changed_settings, (), engine)
    assert raised.value.code == "unprotected"
    key, _ = add_key(engine, "Ann", ["generate"])
    check_protection(changed_settings, (), engine)
    revoke_key(engine, key.id)
    with pytest.raises(LipsyncError):
        check_protection(changed_settings, (), engine)


@pytest.mark.parametrize(
    "changed",
    [{"jwt_secret": SecretStr("x" * 32)}, {"jwks_url": "https://a.example/keys"}, {"allow_anonymous": True}],
)
def test_tokens_or_a_clear_word_will_do(settings: Settings, engine: Engine, changed: dict[str, object]) -> None:
    check_protection(settings.model_copy(update={"host": "0.0.0.0", **changed}), (), engine)


def test_the_addresses_that_it_really_listens_on_count(settings: Settings, engine: Engine) -> None:
    check_protection(settings, ("127.0.0.1", "::1"), engine)
    for address in ("0.0.0.0", "::", "", "192.168.1.5"):
        with pytest.raises(LipsyncError) as raised:
            check_protection(settings, ("127.0.0.1", address), engine)
        assert (address or "0.0.0.0") in str(raised.value)


def test_of_two_contrary_settings_the_stricter_holds(settings: Settings, engine: Engine) -> None:
    both = settings.model_copy(update={"require_key": True, "allow_anonymous": True})
    with pytest.raises(LipsyncError):
        check_protection(both, (), engine)
    assert not trusts_local_callers(both)


# ---- the session's secret


def test_the_secret_is_made_once_and_is_nobody_elses(settings: Settings) -> None:
    first = session_secret(settings)
    assert len(first) == 32
    assert session_secret(settings) == first
    file = settings.state / "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in settings.state.iterdir()] == ["secret"]  # no draft stays


def test_the_secret_of_the_settings_goes_before_the_file(settings: Settings) -> None:
    mine = settings.model_copy(update={"secret": SecretStr("s" * 32)})
    assert session_secret(mine) == b"s" * 32
    assert not settings.state.exists()


def test_of_two_that_start_at_once_both_get_the_same(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one is faster, after we have seen that there is none."""
    other = session_secret(settings)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert session_secret(settings) == other


@pytest.mark.parametrize("changed", [{"secret": SecretStr("short")}, {"state": Path("/dev/null/state")}])
def test_a_secret_that_cannot_be(settings: Settings, changed: dict[str, object]) -> None:
    with pytest.raises(LipsyncError) as raised:
        session_secret(settings.model_copy(update=changed))
    assert raised.value.code in ("bad_field", "cannot_write")
    assert "short" not in str(raised.value)


def test_a_damaged_file_is_told(settings: Settings) -> None:
    settings.state.mkdir()
    (settings.state / "secret").write_bytes(b"half")
    with pytest.raises(LipsyncError) as raised:
        session_secret(settings)
    assert raised.value.code == "bad_field"
