"""`hive principals`: who may ask the daemon for what, told, added, removed."""

from __future__ import annotations

from hive_core.landing.daemon_token import daemon_token
from hive_exec.principals import Role, read_principals


def test_they_are_listed_with_what_they_may(hive):
    said = hive("principals", "list")
    assert said.code == 0
    owner, pipelines = said.out.splitlines()
    assert owner.split() == ["owner", "owner", "everything"]
    assert pipelines.split(None, 2) == ["pipelines", "submitter", "hands in signals, decisions and quotes"]


def test_one_is_added_and_taken_away_and_its_token_is_never_printed(hive, home):
    said = hive("principals", "add", "desk", "--role", "operator")
    assert said.out.splitlines() == ["added desk (operator)", f"its token: {home.tokens / 'desk'}"]
    token = daemon_token(home, "desk")
    assert token not in said.out + said.err
    assert read_principals(home).of_token(token).role is Role.OPERATOR
    assert hive("principals", "remove", "desk").out.splitlines() == ["removed desk"]
    assert read_principals(home).of_token(token) is None


def test_what_cannot_be_done_says_why(hive):
    said = hive("principals", "add", "desk", "--role", "god")
    assert said.code == 2
    assert "no role 'god'" in said.err
    assert "approver: judges" in said.err
    hive("principals", "list")
    said = hive("principals", "remove", "owner")
    assert (said.code, "the last owner" in said.err) == (1, True)
    said = hive("principals", "add", "owner", "--role", "viewer")
    assert (said.code, "there is a principal owner already" in said.err) == (1, True)


def test_a_file_that_others_can_read_is_refused(hive, home):
    hive("principals", "list")
    home.principals_file.chmod(0o644)
    said = hive("principals", "list")
    assert (said.code, "chmod 600" in said.err) == (1, True)
