"""API keys in the real database."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from lipsync.auth import keys
from lipsync.auth.keys import add_key, check_key, find_key, has_keys, list_keys, revoke_key
from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.storage.database import connect


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings)
    yield engine
    engine.dispose()


def refused(engine: Engine, key: str) -> bool:
    with pytest.raises(LipsyncError) as raised:
        check_key(engine, key)
    return raised.value.code == "wrong_key"


def test_a_key_is_taken_until_it_is_revoked(engine: Engine) -> None:
    assert not has_keys(engine)
    key, said = add_key(engine, " Ann ", ["generate"])
    assert (key.name, key.scopes, key.caller.name) == ("Ann", ("generate",), f"key {key.id}")
    assert has_keys(engine)
    assert check_key(engine, said) == key == find_key(engine, key.id)
    assert revoke_key(engine, key.id).revoked is not None
    assert refused(engine, said)
    assert find_key(engine, key.id) is None
    assert not has_keys(engine)
    assert [one.id for one in list_keys(engine)] == [key.id]  # it stays in the list


def test_to_revoke_twice_is_to_revoke_once(engine: Engine) -> None:
    key, _ = add_key(engine, "Ann", ["generate"])
    assert revoke_key(engine, key.id) == revoke_key(engine, key.id)


@pytest.mark.parametrize("number", ["00000000", "", "../secret", "' OR 1=1 --", "a" * 10_000])
def test_to_revoke_what_is_not_there(engine: Engine, number: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        revoke_key(engine, number)
    assert raised.value.code == "key_unknown"
    assert len(str(raised.value)) < 200


def test_nothing_of_the_secret_is_kept(engine: Engine, settings: Settings) -> None:
    _, said = add_key(engine, "Ann", ["generate"])
    secret = said.split("_", 2)[2]
    assert len(secret) == 43
    engine.dispose()
    for file in settings.state.iterdir():
        if file.is_file():
            assert secret.encode() not in file.read_bytes()


def test_the_secret_of_one_key_opens_no_other(engine: Engine) -> None:
    _, ann = add_key(engine, "Ann", ["generate"])
    _, bob = add_key(engine, "Bob", ["admin"])
    assert refused(engine, ann[:14] + bob[14:])
    assert refused(engine, bob[:14] + ann[14:])


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "lips_",
        "lips_../../etc/passwd_x",
        "lips_../../_" + "A" * 43,
        "lips_0000000g_" + "A" * 43,
        "lips_00000000_" + "A" * 43,
        "lips_00000000_" + "А" * 43,  # Cyrillic
        "lips_00000000_" + "A" * 43 + "\n",
        "lips_00000000_" + "A" * 10_000,
        "LIPS_00000000_" + "A" * 43,
        "lips_' OR '1'='1_" + "A" * 43,
        "\0",
        "\ud800",
    ],
)
def test_what_is_no_key(engine: Engine, wrong: str) -> None:
    assert refused(engine, wrong)


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, str.swapcase, lambda said: said + " ", lambda said: said[:-1]]
)
def test_a_key_is_taken_exactly_as_it_is(engine: Engine, change: object) -> None:
    _, said = add_key(engine, "Ann", ["generate"])
    assert callable(change)
    assert refused(engine, change(said))


def test_it_is_compared_in_constant_time_whether_it_is_there_or_not(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []
    really = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return really(one, other)

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    _, said = add_key(engine, "Ann", ["generate"])
    check_key(engine, said)
    assert refused(engine, said[:14] + "A" * 43)
    assert refused(engine, "lips_00000000_" + "A" * 43)
    assert [len(one) + len(other) for one, other in compared] == [128, 128, 128]


def test_the_order_and_the_repetition_of_scopes_do_not_matter(engine: Engine) -> None:
    key, said = add_key(engine, "Ann", ["admin", "generate", "admin"])
    assert key.scopes == ("generate", "admin")
    assert check_key(engine, said).caller.scopes == {"generate", "admin"}


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\u202eevil"])
def test_a_name_that_would_spoil_the_list(engine: Engine, name: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        add_key(engine, name, ["generate"])
    assert raised.value.code == "bad_field"


def test_an_id_that_is_taken_is_drawn_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["11111111", "11111111", "22222222"])
    monkeypatch.setattr(keys.secrets, "token_hex", lambda _: next(drawn))
    assert [add_key(engine, "Ann", ["generate"])[0].id for _ in range(2)] == ["11111111", "22222222"]


def test_a_database_without_tables_is_said_in_a_sentence(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE keys"))
    with pytest.raises(LipsyncError) as raised:
        check_key(engine, "lips_00000000_" + "A" * 43)
    assert raised.value.code == "database_busy"
