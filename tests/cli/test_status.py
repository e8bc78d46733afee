"""`hive status`: what needs a person stands first, worst on top, and one silent part hides no other."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from exec_bench import READ_UP, Bench

from hive_cli.commands.status import accounts_table
from hive_cli.facts.overview import attention
from hive_cli.facts.results import limits
from hive_core.configuration.model import Account, Configuration
from hive_core.landing.home import HiveHome
from hive_exec.service import quote


def facts(**changes: Any) -> dict[str, Any]:
    calm: dict[str, Any] = {
        "services": [{"name": "hive-exec", "state": "running", "pid": 1}],
        "dagster": {"daemons_healthy": True, "locations": [], "failed_checks": [], "last_failed": []},
        "exec": {"accounts": [account()]},
        "inbox": {"waiting": [], "refused": []},
    }
    return {**calm, **changes}


def account(**changes: Any) -> dict[str, Any]:
    calm = {"name": "samples", "state": "open", "daily_headroom_pct": "5", "maximum_headroom_pct": "10"}
    return {**calm, "unpriced": [], **changes}


def sensor(status: str) -> dict[str, Any]:
    return {"name": "delivery", "last_status": status, "last_note": "the daemon is down"}


def test_nothing_is_told_when_all_is_well() -> None:
    assert attention(facts()) == []


def test_a_dead_service_a_breach_and_a_near_limit_are_told() -> None:
    services = [{"name": "dagster-daemon", "state": "died", "pid": 7}]
    accounts = [account(name="a", state="breached"), account(name="b", daily_headroom_pct="0.40")]
    accounts.append(account(name="c", unpriced=["EURUSD", "USDJPY"]))
    told = attention(facts(services=services, exec={"accounts": accounts}))
    assert told == [
        "dagster-daemon died (pid 7): hive up starts it again",
        "account a is breached: it takes no new risk",
        "account b is 0.40 % from its daily loss limit",
        "account c: no price of EURUSD, USDJPY since the start, so its positions count as if their stops "
        "were hit (equity*)",
    ]


def test_what_is_wrong_in_dagster_is_told() -> None:
    dagster = {
        "daemons_healthy": False,
        "locations": [
            {"name": "hive", "error": "SyntaxError", "sensors": []},
            {"name": "other", "error": None, "sensors": [sensor("FAILURE"), sensor("SUCCESS")]},
        ],
        "failed_checks": [
            {
                "asset": "bars",
                "name": "recent",
                "severity": "WARN",
                "run_id": "12345678-9",
                "blocking": False,
                "said": "nothing since Monday",
            }
        ],
        "last_failed": [
            {"run_id": "abcdefgh-1", "job": "signals", "ended_s": 0.0, "error": "parsed_signals: bad row"}
        ],
    }
    told = " / ".join(attention(facts(dagster=dagster)))
    for fact in (
        "SyntaxError",
        "sensor delivery failed",
        "heartbeat",
        "bars.recent",
        "since Monday",
        "abcdefgh",
        "bad row",
    ):
        assert fact in told
    assert told.count("sensor delivery failed") == 1


def test_a_file_that_the_inbox_refused_is_told_with_its_reason(hive, home: HiveHome) -> None:
    folder = home.inbox / "refused" / "my_room"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text("{")
    (folder / "result.json.reason.txt").write_text("The JSON breaks off.\n")
    assert "  ! my_room/result.json was refused: The JSON breaks off." in hive("status").out


def test_a_part_that_does_not_answer_is_told() -> None:
    assert attention(facts(exec={"unavailable": "connection refused"})) == ["execution: connection refused"]


def test_what_the_daemon_says_of_an_account_is_all_that_is_told_of_it(tmp_path):
    """With the facts as the daemon makes them, not as a test thinks that they are."""
    paper = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("*",))
    bench = Bench(HiveHome(tmp_path / "hive"), Configuration(accounts=(paper,)))
    bench.cell.call(
        lambda: quote(bench.cell, "paper", "EURUSD", Decimal("1.06"), Decimal("1.0601"), bench.wall_ns)
    ).result(5)
    (found,) = limits([bench.account("paper")])
    bench.cell.stop()
    assert attention(facts(exec={"accounts": [found]})) == []
    assert accounts_table([found]).row_count == 1


def test_an_empty_home_has_a_status(hive, home: HiveHome) -> None:
    found = json.loads(hive("status", "--json").out)
    assert found["attention"] == []
    assert {service["state"] for service in found["services"]} == {"stopped"}
    assert hive("status").out.splitlines()[-1] == "PASS 0 services  WARN 0  SKIP 0  ERROR 0"


def test_what_landed_is_told_with_its_age(hive, home: HiveHome) -> None:
    assert hive("import", "samples").code == 0
    data = {line["name"]: line for line in json.loads(hive("status", "--json").out)["data"]}
    assert data["EURUSD H1"]["rows"] == 6_225
    assert data["EURUSD H1"]["age_days"] > 3_000
