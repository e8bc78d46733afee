"""`hive verify`, `hive orders` and `hive explain` over a journal without its daemon."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hive_core.contracts.execution_tables import EXECUTION_REPORTS
from hive_core.landing.home import HiveHome, publish
from hive_core.signals.lifecycle.tables import SIGNAL_UPDATES
from hive_core.signals.tables import ENRICHED, MESSAGES, PARSED, conform
from hive_exec.core.records import Kind, Record
from hive_exec.journal.writing import Journal

T0_NS = 1_488_376_800_000_000_000  # 2017-03-01 14:00 UTC
DAY = "2017-03-01"
SHA = "a" * 64
ORDER, OTHER = "ord_aaaa0001", "ord_bbbb0002"

VOTE = {
    "kind": "source",
    "source": "sample_edge",
    "signal_id": "sig_1",
    "message_id": "7",
    "message_sha256": SHA,
    "ts_event_ns": T0_NS,
    "valid_until_ns": T0_NS + 7_200_000_000_000,
    "side": "buy",
    "order_type": "market",
    "base_weight": "1",
    "weight": "1",
    "entry": None,
    "stop_loss": "1.0500",
    "take_profits": ["1.0600"],
}
DECISION = {
    "decision_id": "dec_1",
    "account": "samples",
    "symbol": "EURUSD",
    "side": "buy",
    "order_type": "market",
    "entry": None,
    "market_bid": "1.0549",
    "market_ask": "1.0551",
    "reference_price": "1.0550",
    "stop_loss": "1.0500",
    "take_profits": ["1.0600"],
    "ts_decided_ns": T0_NS,
    "valid_until_ns": T0_NS + 7_200_000_000_000,
    "rule": {"vote_window_s": 3600, "decay_half_life_s": None, "threshold": "1", "minimum_voices": 1},
    "votes": [VOTE],
    "resolver_version": "resolve-1",
    "resolver_settings_sha256": "b" * 64,
}


def intent(order_id: str, leg: int) -> dict[str, Any]:
    order = {
        **{
            name: DECISION[name]
            for name in ("account", "decision_id", "symbol", "side", "order_type", "entry")
        },
        "client_order_id": order_id,
        "leg": leg,
        "attempt": 1,
        "lots": "0.5",
        "stop_loss": "1.0500",
        "take_profit": "1.0600",
        "price_bound": "1.0553",
        "submitted_ns": T0_NS,
        "good_till_ns": DECISION["valid_until_ns"],
    }
    check = {
        "rule": "daily_loss",
        "verdict": "allow",
        "reason_code": None,
        "numbers": {"equity_if_all_stops_hit": "99500", "floor": "95000"},
    }
    return {
        "client_order_id": order_id,
        "order": order,
        "decision_sha256": "c" * 64,
        "origin": ORIGIN,
        "sources": ["sample_edge"],
        "risk_amount": "265.00",
        "checks": [check],
    }


ORIGIN = {"run_id": "run-decisions", "partition": DAY, "data_sha256": "d" * 64}


def records() -> Iterator[Record]:
    at = (T0_NS, 2, "dec_1")
    yield Record("samples", Kind.ACCOUNT_OPENED, (T0_NS - 1, -2, ""), {"trading_day": DAY})
    delivery = {"decision": DECISION, "origin": ORIGIN}
    yield Record("samples", Kind.DECISION_RECEIVED, at, {"decision_id": "dec_1", "delivery": delivery})
    yield Record("samples", Kind.ORDER_INTENDED, at, intent(ORDER, 1))
    yield Record("samples", Kind.ORDER_INTENDED, at, intent(OTHER, 2))
    filled = {"client_order_id": ORDER, "price": "1.0551", "lots": "0.5", "reason": ""}
    yield Record("samples", Kind.ORDER_FILLED, at, filled)
    closed = {"client_order_id": ORDER, "price": "1.0600", "profit": "245", "reason": "take_profit"}
    yield Record("samples", Kind.POSITION_CLOSED, (T0_NS + 3_600_000_000_000, 0, ""), closed)
    yield Record("samples", Kind.ORDER_REJECTED, at, {"client_order_id": OTHER, "reason": "no_fresh_quote"})


@pytest.fixture
def journal(home: HiveHome) -> Path:
    opened = Journal(home.journal, lambda: T0_NS)
    for record in records():
        opened.append(record)
    opened.close()
    return home.journal


def into_lake(home: HiveHome, table: str, name: str, frame: pl.DataFrame, run_id: str = "run-1") -> str:
    path = Path(home.lake) / table / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    side = {"rows": frame.height, "sha256": sha256, "run_id": run_id, "partition": name, "written_ns": T0_NS}
    publish(path.with_suffix(".json"), json.dumps(side).encode())
    return sha256


def reports_in_lake(home: HiveHome, hashes: list[str]) -> None:
    rows = [
        (n, "samples", datetime(2017, 3, 1, tzinfo=UTC), "x", "{}", sha) for n, sha in enumerate(hashes, 1)
    ]
    into_lake(home, "execution_reports", "all", pl.DataFrame(rows, schema=EXECUTION_REPORTS, orient="row"))


def hashes_of(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT record_hash FROM journal ORDER BY seq").fetchall()
    connection.close()
    return [row[0] for row in rows]


def tamper(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER journal_is_append_only_update")
    connection.execute("DROP TRIGGER journal_is_append_only_delete")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_untouched_journal_verifies(hive, journal: Path) -> None:
    said = hive("verify")
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == "PASS 7 records  SKIP 0  ERROR 0"
    assert hashes_of(journal)[-1] in said.out


def test_a_changed_record_is_pointed_at(hive, journal: Path) -> None:
    tamper(journal, "UPDATE journal SET body = CAST(replace(body, '1.0551', '1.0541') AS BLOB) WHERE seq = 5")
    said = hive("verify")
    assert said.code == 1
    assert said.err.splitlines()[0] == "ERROR record 5: its content is not what was written"
    assert json.loads(hive("verify", "--json").out)["records"] == 4


def test_a_removed_record_is_pointed_at(hive, journal: Path) -> None:
    tamper(journal, "DELETE FROM journal WHERE seq = 3")
    said = hive("verify")
    assert said.code == 1
    assert "ERROR record 3: missing" in said.err


def test_a_cut_end_is_seen_by_what_the_lake_was_told(hive, home: HiveHome, journal: Path) -> None:
    reports_in_lake(home, hashes_of(journal))
    assert "7 of the records, all the same" in hive("verify").out
    tamper(journal, "DELETE FROM journal WHERE seq = 7")
    said = hive("verify")
    assert said.code == 1
    assert "ERROR record 7: the lake was told of it" in said.err


def test_another_history_than_the_lake_was_told_is_seen(hive, home: HiveHome, journal: Path) -> None:
    reports_in_lake(home, [*hashes_of(journal)[:3], "f" * 64])
    assert "ERROR record 4: the lake was told another content" in hive("verify").err


def test_a_journal_that_a_daemon_holds_can_be_verified(hive, home: HiveHome, journal: Path) -> None:
    opened = Journal(journal, lambda: T0_NS)
    opened.append(next(records()))
    opened.flush()
    said = hive("verify")
    opened.close()
    assert said.code == 0, said.err
    assert "PASS 8 records" in said.out


def test_verifying_changes_no_byte(hive, journal: Path) -> None:
    before = journal.read_bytes()
    hive("verify")
    assert journal.read_bytes() == before
    assert [path.name for path in journal.parent.iterdir()] == [journal.name]


def test_no_journal_is_told_with_the_next_step(hive) -> None:
    said = hive("verify")
    assert said.code == 1
    assert "there is no journal yet" in said.err


def test_orders_are_read_from_the_journal_when_the_daemon_is_down(hive, journal: Path) -> None:
    first, second = json.loads(hive("orders", "--json").out)["orders"]
    assert (first["client_order_id"], first["state"], first["profit"]) == (ORDER, "closed", "245")
    assert (first["fill_price"], first["exit_price"], first["exit_reason"]) == (
        "1.0551",
        "1.0600",
        "take_profit",
    )
    assert (second["client_order_id"], second["state"]) == (OTHER, "rejected")
    assert second["reason"] == "no_fresh_quote"
    said = hive("orders")
    assert "the daemon does not answer" in said.out
    assert "no_fresh_quote" in said.out  # why the second was rejected
    assert said.out.splitlines()[-1] == "PASS 2 orders  SKIP 0  ERROR 0"


def test_an_unknown_account_is_refused_with_the_known_ones(hive, journal: Path) -> None:
    said = hive("orders", "--account", "sample")
    assert said.code == 2
    assert "accounts with orders: samples" in said.err


def test_an_order_explains_itself_from_the_journal_alone(hive, journal: Path) -> None:
    chain = json.loads(hive("explain", "ord_aaaa", "--json").out)
    assert chain["order"]["client_order_id"] == ORDER
    assert chain["decision"]["decision_id"] == "dec_1"
    assert chain["votes"][0]["message"] is None
    assert chain["checks"][0]["numbers"]["floor"] == "95000"
    kinds = [record["kind"] for record in chain["records"]]
    assert kinds == ["decision_received", "order_intended", "order_filled", "position_closed"]
    assert chain["order"]["price_bound"] == "1.0553"
    assert "worst_entry" not in chain
    told = hive("explain", ORDER).out
    assert "no longer in the lake" in told
    assert "no fill beyond 1.0553" in told


def test_what_the_room_said_afterwards_is_told_as_recorded_and_not_acted_upon(
    hive, home: HiveHome, journal: Path
) -> None:
    assert "not acted upon" not in hive("explain", ORDER).out
    asked = dict.fromkeys(SIGNAL_UPDATES) | {
        "update_id": "upd_1",
        "source": "sample_room",
        "message_id": "8",
        "version": 1,
        "ts_event": datetime(2026, 1, 7, 9, 30, tzinfo=UTC),
        "signal_id": "sig_1",
        "has_effect": True,
        "reason": "",
    }
    rows = [
        {**asked, "action_number": 1, "action": "move_stop", "price": 1.06},
        {**asked, "action_number": 2, "action": "close"},
        {**asked, "action_number": 3, "action": "close", "signal_id": "sig_other"},
    ]
    into_lake(home, "signal_updates", "2026-01-07", conform(pl.DataFrame(rows), SIGNAL_UPDATES))
    (vote,) = json.loads(hive("explain", ORDER, "--json").out)["votes"]
    assert [(each["action"], each["is_acted_upon"]) for each in vote["updates"]] == [
        ("move_stop", False),
        ("close", False),
    ]
    told = hive("explain", ORDER).out
    assert "update recorded, not acted upon" in told
    assert "2026-01-07 09:30:00  move_stop  price 1.06" in told


def test_the_lake_adds_the_message_the_signal_and_the_runs(hive, home: HiveHome, journal: Path) -> None:
    posted = datetime(2017, 3, 1, 14, tzinfo=UTC)
    message = {
        "source": "sample_edge",
        "message_id": "7",
        "version": 1,
        "ts_event": posted,
        "ts_init": None,
        "text": "BUY EURUSD [now]\nSL 1.0500",
        "reply_to": None,
        "is_deleted": False,
        "earlier_versions": 0,
        "message_sha256": SHA,
        "landing_sha256": SHA,
    }
    signal = dict.fromkeys(PARSED) | {"signal_id": "sig_1", "kind": "signal", "ts_event": posted}
    into_lake(home, "messages", DAY, conform(pl.DataFrame([message]), MESSAGES), run_id="run-messages")
    into_lake(home, "parsed_signals", DAY, conform(pl.DataFrame([signal]), PARSED), run_id="run-parse")
    chain = json.loads(hive("explain", ORDER, "--json").out)
    (vote,) = chain["votes"]
    assert vote["message"]["text"] == message["text"]
    assert vote["parsed_signals"]["signal_id"] == "sig_1"
    assert vote["data"]["messages"]["run_id"] == "run-messages"
    assert chain["origin"]["run_id"] == "run-decisions"
    assert chain["origin"]["lake_has_the_same_data"] is None
    told = hive("explain", ORDER).out
    for fact in (
        "BUY EURUSD [now]",
        "run-messages",
        "run-parse",
        "run-decisions",
        "equity_if_all_stops_hit 99500",
    ):
        assert fact in told


def test_the_checks_of_the_signal_stand_between_its_text_and_the_vote(
    hive, home: HiveHome, journal: Path
) -> None:
    posted = datetime(2017, 3, 1, 14, tzinfo=UTC)
    known = {
        "signal_id": "sig_1",
        "source": "sample_edge",
        "ts_event": posted,
        "valid_until": posted + timedelta(hours=2),
        "symbol": "EURUSD",
        "side": "buy",
        "order_type": "market",
        "stop_loss": 1.05,
        "take_profits": [1.06],
    }
    parsed = (
        dict.fromkeys(PARSED) | known | {"kind": "signal", "confidence": 0.7, "grounds": ["a stop [hangs]"]}
    )
    market = {"market_ts": posted, "market_bid": 1.0549, "market_ask": 1.0551, "market_timeframe": "H1"}
    enriched = dict.fromkeys(ENRICHED) | known | market
    into_lake(home, "parsed_signals", DAY, conform(pl.DataFrame([parsed]), PARSED))
    into_lake(home, "enriched_signals", DAY, conform(pl.DataFrame([enriched]), ENRICHED))
    (vote,) = json.loads(hive("explain", ORDER, "--json").out)["votes"]
    assert (vote["confidence"], vote["grounds"]) == (0.7, ["a stop [hangs]"])
    checks = {check["rule"]: check for check in vote["checks"]}
    assert {check["holds"] for check in vote["checks"]} == {True}
    assert checks["no_market_data"]["numbers"]["bid"] == 1.0549
    told = " ".join(hive("explain", ORDER).out.split())
    assert "read with confidence 0.7" in told
    assert "a stop [hangs]" in told
    assert "needs_review: no confidence 0.7 minimum 0.6" in told
    assert "no_market_data: no quote_of 2017-03-01 14:00:00 bid 1.0549 ask 1.0551" in told
    assert told.index("a stop [hangs]") < told.index("no_market_data") < told.index("decision dec_1")
    assert "pending_wrong_side" not in told  # a market order: there is nothing to compare
    assert "duplicate" not in told  # it stands in no table that says so
    (home.root.parent / "hive.toml").write_text(
        (home.root.parent / "hive.toml").read_text() + "[validation]\nminimum_confidence = 0.8\n"
    )
    assert "needs_review: FOUND" in " ".join(hive("explain", ORDER).out.split())


def test_a_message_that_would_steer_the_terminal_is_shown_harmless(hive, home: HiveHome, journal) -> None:
    text = "BUY \x1b]0;rich\x07\x1b[2J\x9b2J\u202eEURUSD\n\tSL 1.05"
    message = dict.fromkeys(MESSAGES) | {
        "ts_event": datetime(2017, 3, 1, 14, tzinfo=UTC),
        "text": text,
        "message_sha256": SHA,
    }
    into_lake(home, "messages", DAY, conform(pl.DataFrame([message]), MESSAGES))
    told = hive("explain", ORDER).out
    assert "BUY ]0;rich[2J2JEURUSD" in told
    assert not set("\x1b\x07\x9b\u202e") & set(told)
    as_json = hive("explain", ORDER, "--json").out
    assert not set("\x1b\x07\x9b\u202e") & set(as_json)
    assert json.loads(as_json)["votes"][0]["message"]["text"] == text


def test_decisions_that_changed_since_are_told(hive, home: HiveHome, journal: Path) -> None:
    into_lake(home, "decisions", DAY, pl.DataFrame({"x": [1]}))
    assert json.loads(hive("explain", ORDER, "--json").out)["origin"]["lake_has_the_same_data"] is False
    assert "the lake has other data now" in hive("explain", ORDER).out


def test_an_unknown_order_names_the_nearest(hive, journal: Path) -> None:
    said = hive("explain", "ord_aaaa0009")
    assert said.code == 2
    assert said.err.splitlines()[0] == "ERROR no order ord_aaaa0009"
    assert ORDER in said.err


def test_an_ambiguous_prefix_names_the_candidates(hive, journal: Path) -> None:
    said = hive("explain", "ord_")
    assert said.code == 2
    assert "begins 2 order ids" in said.err
    assert ORDER in said.err
    assert OTHER in said.err
