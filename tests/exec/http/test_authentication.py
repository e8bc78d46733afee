"""Principals: their file, their tokens, what is refused, and what happens while the daemon runs."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hive_core.landing.daemon_token import TOKEN_VARIABLE, TokenUnusable, bearer_headers, daemon_token
from hive_exec.commands import CommandRefused
from hive_exec.http import create_app
from hive_exec.http.authentication import FAILURE_WINDOW_S, MAX_FAILURES, RELOAD_EVERY_S, Gatekeeper
from hive_exec.http.requests import headers_of
from hive_exec.principals import (
    MAX_PRINCIPALS,
    Permission,
    PrincipalsUnusable,
    Role,
    add_principal,
    ensure_principals,
    read_principals,
    remove_principal,
)


@pytest.fixture(autouse=True)
def _no_token_from_outside(monkeypatch):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)


def mode_of(path) -> int:
    return path.stat().st_mode & 0o777


def test_the_first_start_makes_an_owner_and_the_pipelines_for_the_user_alone(home):
    made = ensure_principals(home)
    assert [(each.name, each.role) for each in made.all] == [
        ("owner", Role.OWNER),
        ("pipelines", Role.SUBMITTER),
    ]
    assert mode_of(home.principals_file) == mode_of(home.tokens / "owner") == 0o600
    assert mode_of(home.tokens) == 0o700
    for each in made.all:
        token = daemon_token(home, each.name)
        assert len(token) == 43
        assert token not in home.principals_file.read_text()
        assert each.token_sha256 == hashlib.sha256(token.encode()).hexdigest()
        assert made.of_token(token) == each
    assert ensure_principals(home) == made


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o602])
def test_a_file_that_others_can_read_is_refused_with_the_way_out(home, mode):
    ensure_principals(home)
    home.principals_file.chmod(mode)
    with pytest.raises(PrincipalsUnusable, match="chmod 600"):
        read_principals(home)
    (home.tokens / "owner").chmod(mode)
    with pytest.raises(TokenUnusable, match="chmod 600"):
        daemon_token(home, "owner")


ENTRY = '[[principal]]\nname = "{name}"\nrole = "{role}"\ntoken_sha256 = "{sha}"\n'


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "principal = 1\n",
        ENTRY.format(name="Owner", role="owner", sha="a" * 64),
        ENTRY.format(name="../x", role="owner", sha="a" * 64),
        ENTRY.format(name="owner", role="god", sha="a" * 64),
        ENTRY.format(name="owner", role="owner", sha="plaintext"),
        ENTRY.format(name="owner", role="owner", sha="a" * 64) + 'limits = "none"\n',
        ENTRY.format(name="a", role="owner", sha="a" * 64) * 2,
        ENTRY.format(name="a", role="owner", sha="a" * 64)
        + ENTRY.format(name="b", role="viewer", sha="a" * 64),
    ],
    ids=range(9),
)
def test_a_file_that_is_not_what_it_must_be_lets_nobody_in(home, text):
    ensure_principals(home)
    home.principals_file.write_text(text)
    with pytest.raises(PrincipalsUnusable):
        ensure_principals(home)


def test_principals_are_added_and_removed_but_for_the_last_owner(home):
    ensure_principals(home)
    path = add_principal(home, "desk", Role.OPERATOR)
    assert Path(path).read_text().strip() == daemon_token(home, "desk")
    with pytest.raises(PrincipalsUnusable, match="there is a principal desk already"):
        add_principal(home, "desk", Role.OWNER)
    with pytest.raises(PrincipalsUnusable, match="no name"):
        add_principal(home, "../desk", Role.OWNER)
    remove_principal(home, "desk")
    assert daemon_token(home, "desk") is None
    with pytest.raises(PrincipalsUnusable, match="no principal desk; there are: owner, pipelines"):
        remove_principal(home, "desk")
    with pytest.raises(PrincipalsUnusable, match="last owner"):
        remove_principal(home, "owner")
    for number in range(MAX_PRINCIPALS - 2):
        add_principal(home, f"p{number}", Role.VIEWER)
    with pytest.raises(PrincipalsUnusable, match="all there can be"):
        add_principal(home, "one-more", Role.VIEWER)


def test_the_environments_token_wins_and_must_be_one(home, monkeypatch):
    ensure_principals(home)
    monkeypatch.setenv(TOKEN_VARIABLE, "x" * 43)
    assert bearer_headers(home, "owner") == {"Authorization": "Bearer " + "x" * 43}
    for bad in ("", "short", "x" * 43 + "\r\nX-Evil: 1", "x" * 300):
        monkeypatch.setenv(TOKEN_VARIABLE, bad)
        with pytest.raises(TokenUnusable, match=TOKEN_VARIABLE):
            bearer_headers(home, "owner")


def test_without_a_daemon_there_is_no_token(home):
    assert bearer_headers(home, "owner") == {}


def variants_of(token: str) -> list[str]:
    digest = hashlib.sha256(token.encode()).hexdigest()
    return [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer  {token}",
        f"Bearer {token} ",
        f"Bearer {token}x",
        f"Bearer {token[:-1]}",
        f"Bearer {token.swapcase()}",
        f"Basic {token}",
        token,
        f"Bearer {digest}",
        f"Token {token}",
        f"Bearer {token},{token}",
        "Bearer " + "x" * 10_000,
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9.",
        "Bearer \xff\xfe",
    ]


@pytest.mark.parametrize("number", range(16))
def test_what_is_not_the_token_is_401(paper, number):
    client = TestClient(create_app(paper.cell), base_url="http://127.0.0.1")
    header = variants_of(daemon_token(paper.home, "owner"))[number]
    response = client.get("/orders", headers={"Authorization": header.strip("\n").encode("latin-1")})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "not_authenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_two_authorizations_are_400(paper, owner):
    token = bearer_headers(paper.home, "owner")["Authorization"].encode()
    response = owner.get("/orders", headers=[(b"Authorization", token), (b"Authorization", token)])
    assert response.status_code == 400


def test_a_token_of_another_home_is_nobodys(paper, tmp_path):
    from hive_core.landing.home import HiveHome

    other = HiveHome(tmp_path / "other")
    ensure_principals(other)
    client = TestClient(
        create_app(paper.cell), base_url="http://127.0.0.1", headers=bearer_headers(other, "owner")
    )
    assert client.get("/orders").status_code == 401


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def gate(home):
    clock = Clock()
    return Gatekeeper(home, ensure_principals(home), monotonic_s=clock), clock


def asked(gatekeeper: Gatekeeper, home, name: str | None, permission: Permission = Permission.READ) -> int:
    headers = bearer_headers(home, name) if name else {}
    raw = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    try:
        gatekeeper.admit(headers_of(raw), permission, "a route")
    except CommandRefused as refused:
        return refused.status
    return 200


def test_failures_beyond_the_limit_are_429_while_good_tokens_count(gate, home, caplog):
    gatekeeper, clock = gate
    with caplog.at_level(logging.INFO, "hive_exec.audit"):
        assert [asked(gatekeeper, home, None) for _ in range(MAX_FAILURES)] == [401] * MAX_FAILURES
        assert [asked(gatekeeper, home, None) for _ in range(1_000)] == [429] * 1_000
    assert len(caplog.records) == MAX_FAILURES + 1
    assert asked(gatekeeper, home, "owner") == 200
    clock.now_s += FAILURE_WINDOW_S
    assert asked(gatekeeper, home, None) == 401


def test_a_principal_that_is_removed_is_nobody_within_a_second(gate, home):
    gatekeeper, clock = gate
    add_principal(home, "desk", Role.VIEWER)
    headers = bearer_headers(home, "desk")
    raw = [(b"authorization", headers["Authorization"].encode())]
    clock.now_s += RELOAD_EVERY_S
    assert gatekeeper.admit(headers_of(raw), Permission.READ, "a route").name == "desk"
    remove_principal(home, "desk")
    clock.now_s += RELOAD_EVERY_S
    with pytest.raises(CommandRefused) as refused:
        gatekeeper.admit(headers_of(raw), Permission.READ, "a route")
    assert refused.value.status == 401


def test_a_file_that_became_unusable_changes_nothing_and_is_told(gate, home, caplog):
    gatekeeper, clock = gate
    home.principals_file.write_text("half a fi")
    os.utime(home.principals_file, ns=(1, 1))
    clock.now_s += RELOAD_EVERY_S
    assert asked(gatekeeper, home, "owner") == 200
    assert "the principals stay as they were" in caplog.text


def test_one_who_may_not_is_told_so_and_it_is_noted(gate, home, caplog):
    gatekeeper, _ = gate
    assert asked(gatekeeper, home, "pipelines", Permission.APPROVE) == 403
    assert "pipelines asked for a route without the permission" in caplog.text


def test_a_principal_that_is_added_is_somebody_at_once(gate, home):
    gatekeeper, _ = gate
    assert asked(gatekeeper, home, "owner") == 200
    add_principal(home, "desk", Role.VIEWER)
    assert asked(gatekeeper, home, "desk") == 200
    assert asked(gatekeeper, home, "desk", Permission.SUBMIT) == 403
