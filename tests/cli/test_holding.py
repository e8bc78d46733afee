"""What `hive breakers` shows of modes."""

from __future__ import annotations

from hive_cli.commands.holding import show

NOTHING = {
    "kill_switch": None,
    "witness_faults": {},
    "live_lane_alarm": "",
    "kafka_alarm": "",
    "breakers": [],
    "accounts": [],
}


def test_without_an_account_that_has_a_mode_it_says_so_instead_of_an_empty_table(capsys):
    show(NOTHING)
    assert (
        capsys.readouterr().out.strip() == "no paper or broker account is open: a replay account has no mode"
    )


def test_each_account_with_a_mode_has_a_row(capsys):
    one = {"account": "live", "mode": "halt", "is_shadow": False, "share": "1", "reasons": ["a", "b"]}
    show({**NOTHING, "accounts": [{**one, "unresolved_orders": []}]})
    out = capsys.readouterr().out
    assert all(part in out for part in ("live", "halt", "a; b"))
    assert "no paper or broker account" not in out
