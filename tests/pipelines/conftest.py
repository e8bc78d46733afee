"""One small, sound lake: every table of two trading days, with numbers that a person can add up.

Two rooms share the account `samples`, a third posts nothing usable, a fourth breaks its own account.
Tests of schemas, suites and marts start from it; each breaks a copy in its own way.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.contracts.execution_tables import (
    ACCOUNT_EQUITY,
    BOOK_RISK,
    DENIALS,
    EXECUTION_REPORTS,
    FILLS,
    ORDERS,
    POSITIONS,
)
from hive_core.market.bars import BAR_SCHEMA, RATE_SCHEMA
from hive_core.signals.lifecycle.tables import SIGNAL_STATES, SIGNAL_UPDATES
from hive_core.signals.scorecards.tables import OUTCOMES, SCORECARDS, SOURCE_WEIGHTS
from hive_core.signals.tables import (
    DECISIONS,
    ENRICHED,
    MESSAGES,
    PARSED,
    QUARANTINED,
    RESOLUTIONS,
    VALID,
)
from hive_pipelines.account_headroom import headroom_of

HASH = "ab" * 32
ROOM_OF = {"a": "room_a", "b": "room_b", "c": "room_c", "d": "room_d"}

# id, version, when, text, kind, (side, order type, entry, stop, targets), reason
MESSAGES_OF_TWO_DAYS = (
    ("a1", 1, "2017-03-01 10:00", "BUY EURUSD", "signal", ("buy", "market", None, 1.05, [1.06, 1.07]), None),
    ("b1", 1, "2017-03-01 10:30", "long EUR", "signal", ("buy", "market", None, 1.05, [1.06]), None),
    ("a2", 1, "2017-03-01 14:00", "SELL LIMIT", "signal", ("sell", "limit", 1.06, 1.065, [1.05]), None),
    (
        "b2",
        1,
        "2017-03-02 09:00",
        "buy, stop over",
        "signal",
        ("buy", "market", None, 1.08, [1.07]),
        "stop_wrong_side",
    ),
    ("b3", 1, "2017-03-02 10:00", "long again", "signal", ("buy", "market", None, 1.05, [1.06]), None),
    ("a3", 1, "2017-03-02 11:00", "BUY LIMIT", "signal", ("buy", "limit", 1.04, 1.035, [1.05]), None),
    ("a4", 1, "2017-03-02 12:00", "BUY EURUSD", "signal", ("buy", "market", None, 1.05, [1.06]), None),
    ("a5", 1, "2017-03-02 13:00", "move to breakeven", "update", None, None),
    ("c1", 1, "2017-03-01 08:00", "good morning", "noise", None, None),
    ("c2", 1, "2017-03-02 08:00", "buy now!!", "refused", None, "missing_stop"),
    ("c2", 2, "2017-03-02 08:05", "buy now!!!", "refused", None, "missing_stop"),
    ("d1", 1, "2017-03-01 09:00", "all in", "signal", ("buy", "market", None, 1.05, [1.06]), None),
)


def moment(text: str) -> datetime:
    """`2017-03-01 10:00`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _frame(rows: list[dict], shape: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=shape)


def _messages() -> pl.DataFrame:
    return _frame(
        [
            {
                "source": ROOM_OF[name[0]],
                "message_id": name,
                "version": version,
                "ts_event": moment(when),
                "text": text,
                "reply_to": "a4" if kind == "update" else None,
                "is_deleted": False,
                "earlier_versions": version - 1,
                "message_sha256": HASH,
                "landing_sha256": HASH,
            }
            for name, version, when, text, kind, _, _ in MESSAGES_OF_TWO_DAYS
        ],
        MESSAGES,
    )


def _parsed() -> pl.DataFrame:
    rows = []
    for name, version, when, _, kind, plan, reason in MESSAGES_OF_TWO_DAYS:
        side, order_type, entry, stop, targets = plan or (None,) * 5
        refused = kind == "refused"
        rows.append(
            {
                "signal_id": f"sig_{name}" if version == 1 else f"sig_{name}v{version}",
                "source": ROOM_OF[name[0]],
                "message_id": name,
                "version": version,
                "ts_event": moment(when),
                "message_sha256": HASH,
                "kind": kind,
                "symbol": "EURUSD" if plan else None,
                "side": side,
                "order_type": order_type,
                "entry_low": entry,
                "entry_high": entry,
                "stop_loss": stop,
                "take_profits": targets,
                "valid_until": moment(when[:10] + " 23:00") if plan else None,
                "confidence": 1.0 if kind in {"signal", "update"} else None,
                "field": "stop_loss" if refused else None,
                "reason": reason if refused else None,
                "detail": "the message names no stop" if refused else None,
            }
        )
    return _frame(rows, PARSED)


def _quarantined(parsed: pl.DataFrame) -> pl.DataFrame:
    reasons = {(row[0], row[1]): row[6] for row in MESSAGES_OF_TWO_DAYS}
    texts = {(row[0], row[1]): row[3] for row in MESSAGES_OF_TWO_DAYS}
    rows = []
    for row in parsed.iter_rows(named=True):
        reason = reasons[row["message_id"], row["version"]]
        if reason is not None:
            detail = {"field": "stop_loss", "reason": reason, "detail": "the stop cannot be used"}
            text = texts[(row["message_id"], row["version"])]
            rows.append({**{name: row[name] for name in VALID}, **detail, "text": text})
    return _frame(rows, QUARANTINED)


def _enriched(valid: pl.DataFrame) -> pl.DataFrame:
    market = {
        "market_bid": 1.0550,
        "market_ask": 1.0552,
        "market_timeframe": "H1",
        "spread_pips": 2.0,
        "spread_assumed": True,
        "atr_pips": 20.0,
        "volatility_pct": 0.6,
        "stop_distance_pips": 50.0,
        "stop_distance_atr": 2.5,
        "reward_to_risk": 1.0,
        "session": "london",
        "usd_per_quote": 1.0,
        "news_known": True,
        "minutes_to_news": 90.0,
        "minutes_since_news": 45.0,
        "next_news": "USD Own Index",
        "in_news_window": False,
        "regime": None,
    }
    facts = [pl.lit(value, dtype=ENRICHED[name]).alias(name) for name, value in market.items()]
    return valid.with_columns(pl.col("ts_event").dt.truncate("1h").alias("market_ts"), *facts).select(
        *ENRICHED
    )


# id, account, voters, when, (side, order type, entry, stop, targets)
DECISIONS_OF_TWO_DAYS = (
    ("dec_1", "samples", "a1 b1", "2017-03-01 10:30", ("buy", "market", None, 1.05, [1.06, 1.07])),
    ("dec_2", "samples", "a2", "2017-03-01 14:00", ("sell", "limit", 1.06, 1.065, [1.05])),
    ("dec_3", "samples", "b3", "2017-03-02 10:00", ("buy", "market", None, 1.05, [1.06])),
    ("dec_4", "samples", "a3", "2017-03-02 11:00", ("buy", "limit", 1.04, 1.035, [1.05])),
    ("dec_5", "samples", "a4", "2017-03-02 12:00", ("buy", "market", None, 1.05, [1.06])),
    ("dec_6", "replay_room_d", "d1", "2017-03-01 09:00", ("buy", "market", None, 1.05, [1.06])),
)


def _sources(voters: str) -> list[str]:
    return sorted({ROOM_OF[name[0]] for name in voters.split()})


def _decisions() -> pl.DataFrame:
    rows = []
    for name, account, voters, when, (side, order_type, entry, stop, targets) in DECISIONS_OF_TWO_DAYS:
        facts = {
            "decision_id": name,
            "account": account,
            "symbol": "EURUSD",
            "side": side,
            "order_type": order_type,
        }
        rows.append(
            {
                **facts,
                "entry": entry,
                "stop_loss": stop,
                "take_profits": targets,
                "ts_decided": moment(when),
                "valid_until": moment(when[:10] + " 23:00"),
                "net_weight": float(len(voters.split())),
                "sources": _sources(voters),
                "signal_ids": [f"sig_{voter}" for voter in voters.split()],
                "decision_json": json.dumps({**facts, "reference_price": "1.0551"}),
                "decision_sha256": name[-1] * 64,
            }
        )
    return _frame(rows, DECISIONS)


def _resolutions(valid: pl.DataFrame) -> pl.DataFrame:
    """The last voter of a decision made it; an earlier one was not enough on its own."""
    made_by = {
        f"sig_{voters.split()[-1]}": (name, account) for name, account, voters, *_ in DECISIONS_OF_TWO_DAYS
    }
    rows = []
    for row in valid.iter_rows(named=True):
        decision_id, account = made_by.get(row["signal_id"], (None, "samples"))
        rows.append(
            {
                **{name: row[name] for name in ("signal_id", "source", "symbol", "side", "ts_event")},
                "account": account,
                "outcome": "decided" if decision_id else "below_threshold",
                "decision_id": decision_id,
                "net_weight": 1.0 if decision_id else 0.5,
                "detail": "1 for, 0 against",
            }
        )
    return _frame(rows, RESOLUTIONS)


# id, decision, leg, target, state, entry price, (exit price, reason, profit before commission), risk
ORDERS_OF_TWO_DAYS = (
    ("ord_1a", "dec_1", 1, 1.06, "closed", 1.0552, (1.06, "target", 100.0), 50.0),
    ("ord_1b", "dec_1", 2, 1.07, "closed", 1.0552, (1.05, "stop", -50.0), 50.0),
    ("ord_2", "dec_2", 1, 1.05, "closed", 1.0602, (1.065, "stop", -100.0), 100.0),
    ("ord_4", "dec_4", 1, 1.05, "expired", None, None, 100.0),
    ("ord_5", "dec_5", 1, 1.06, "filled", 1.0554, None, 100.0),
    ("ord_6", "dec_6", 1, 1.06, "closed", 1.0551, (1.05, "stop", -6000.0), 2500.0),
)
COMMISSION = 0.5


def _executions() -> dict[str, pl.DataFrame]:
    decisions = {row[0]: row for row in DECISIONS_OF_TWO_DAYS}
    orders, fills, positions = [], [], []
    for name, decision_id, leg, target, state, entry_price, closing, risk in ORDERS_OF_TWO_DAYS:
        _, account, voters, when, (side, order_type, entry, stop, _) = decisions[decision_id]
        opened, closed = moment(when[:14] + "45"), moment(when[:10] + " 20:00")
        shared = {"client_order_id": name, "account": account, "symbol": "EURUSD", "side": side, "lots": 0.1}
        orders.append(
            {
                **shared,
                "decision_id": decision_id,
                "leg": leg,
                "attempt": 1,
                "order_type": order_type,
                "entry": entry,
                "stop_loss": stop,
                "take_profit": target,
                "ts_intended": moment(when[:14] + "40"),
                "state": state,
                "ts_state": closed,
                "reason": "good_till_passed" if state == "expired" else None,
                "risk_amount": risk,
                "sources": _sources(voters),
                "run_id": "run-1",
            }
        )
        if entry_price is None:
            continue
        exit_price, exit_reason, gross = closing or (None, None, None)
        entry_fill = {**shared, "execution_id": f"{name}-1", "role": "entry", "reason": order_type}
        fills.append(
            {**entry_fill, "price": entry_price, "commission": COMMISSION, "profit": None, "ts_event": opened}
        )
        if closing:
            exit_fill = {**shared, "execution_id": f"{name}-2", "role": "exit", "reason": exit_reason}
            exit_fill["side"] = "sell" if side == "buy" else "buy"
            fills.append(
                {
                    **exit_fill,
                    "price": exit_price,
                    "commission": COMMISSION,
                    "profit": gross,
                    "ts_event": closed,
                }
            )
        profit = gross - 2 * COMMISSION if closing else None
        positions.append(
            {
                **shared,
                "entry_price": entry_price,
                "exit_price": exit_price,
                "ts_opened": opened,
                "ts_closed": closed if closing else None,
                "profit": profit,
                "r_multiple": profit / risk if closing else None,
                "state": "closed" if closing else "open",
                "exit_reason": exit_reason,
                "sources": _sources(voters),
            }
        )
    return {
        "orders": _frame(orders, ORDERS),
        "fills": _frame(fills, FILLS),
        "positions": _frame(positions, POSITIONS),
    }


# account, when, trading day, balance, equity, lowest equity, daily floor, maximum floor
MARKS_OF_TWO_DAYS = (
    ("samples", "2017-02-28 23:00", "2017-03-01", 100000.0, 100000.0, 100000.0, 95000.0, 90000.0),
    ("samples", "2017-03-01 12:00", "2017-03-01", 100048.0, 100010.0, 99900.0, 95000.0, 90000.0),
    ("samples", "2017-03-01 20:00", "2017-03-01", 99947.0, 99947.0, 99880.0, 95000.0, 90000.0),
    ("samples", "2017-03-01 23:00", "2017-03-02", 99947.0, 99947.0, 99947.0, 94947.0, 90000.0),
    ("samples", "2017-03-02 20:00", "2017-03-02", 99946.5, 99990.0, 99800.0, 94947.0, 90000.0),
    ("replay_room_d", "2017-02-28 23:00", "2017-03-01", 100000.0, 100000.0, 100000.0, 95000.0, 90000.0),
    ("replay_room_d", "2017-03-01 20:00", "2017-03-01", 93999.0, 93999.0, 93999.0, 95000.0, 90000.0),
    ("replay_room_d", "2017-03-01 23:00", "2017-03-02", 93999.0, 93999.0, 93999.0, 95000.0, 90000.0),
    ("rests", "2017-02-28 23:00", "2017-03-01", 100000.0, 100000.0, 100000.0, 97000.0, 90000.0),
    ("rests", "2017-03-01 20:00", "2017-03-01", 100000.0, 99000.0, 96990.0, 97000.0, 90000.0),
    ("rests", "2017-03-01 23:00", "2017-03-02", 100000.0, 100000.0, 100000.0, 97000.0, 90000.0),
)


def _equity() -> pl.DataFrame:
    rows = [
        dict(zip(ACCOUNT_EQUITY, (name, moment(when), date.fromisoformat(day), *numbers), strict=True))
        for name, when, day, *numbers in MARKS_OF_TWO_DAYS
    ]
    return _frame(rows, ACCOUNT_EQUITY)


def _market() -> dict[str, pl.DataFrame]:
    prices = (("2017-03-01 09:00", 1.0540), ("2017-03-01 10:00", 1.0550), ("2017-03-02 09:00", 1.0560))
    bars = []
    for when, opened in prices:
        bid = {
            "bid_open": opened,
            "bid_high": opened + 0.002,
            "bid_low": opened - 0.001,
            "bid_close": opened + 0.001,
        }
        ask = {name.replace("bid", "ask"): value + 0.0001 for name, value in bid.items()}
        place = {"symbol": "EURUSD", "timeframe": "H1", "ts_open": moment(when)}
        bars.append({**place, **bid, **ask, "volume": 10.0, "landing_sha256": HASH})
    rates = [
        {"date": date(2017, 3, day), "currency": currency, "per_eur": rate, "landing_sha256": HASH}
        for day in (1, 2)
        for currency, rate in (("USD", 1.0533), ("JPY", 119.59))
    ]
    news = [
        {
            "event_id": f"evt_{number:020x}",
            "ts_event": moment("2017-03-01 13:30"),
            "currency": currency,
            "impact": "high",
            "name": "Own Index",
            "forecast": "1.1%",
            "previous": "1.0%",
            "actual": "1.2%",
            "first_seen": moment("2017-02-28 20:00"),
            "first_seen_assumed": False,
            "actual_seen": moment("2017-03-01 13:31"),
            "landing_sha256": HASH,
        }
        for number, currency in enumerate(("USD", "CAD"))
    ]
    return {
        "bars": _frame(bars, BAR_SCHEMA),
        "reference_rates": _frame(rates, RATE_SCHEMA),
        "news_events": _frame(news, NEWS_EVENTS),
    }


def _outcomes(valid: pl.DataFrame) -> pl.DataFrame:
    result = {"sig_a1": ("target", 1.0), "sig_b1": ("target", 1.0), "sig_a3": ("unfilled", None)}
    rows = []
    for row in valid.iter_rows(named=True):
        outcome, r_multiple = result.get(row["signal_id"], ("stop", -1.0))
        traded = r_multiple is not None
        rows.append(
            {
                **{name: row[name] for name in ("signal_id", "source", "message_id", "symbol", "ts_event")},
                "outcome": outcome,
                "ts_entry": row["ts_event"] if traded else None,
                "ts_exit": row["valid_until"] if traded else None,
                "ts_known": row["valid_until"] if traded else None,
                "exit_timeframe": "H1" if traded else None,
                "entry_price": 1.0552 if traded else None,
                "exit_price": 1.06 if traded else None,
                "r_multiple": r_multiple,
                "r_multiple_at_best": r_multiple,
                "targets": len(row["take_profits"]),
                "targets_passed": 0,
                "targets_hit": int(outcome == "target"),
                "first_target_at_best": outcome == "target",
            }
        )
    return _frame(rows, OUTCOMES)


def _scorecards() -> pl.DataFrame:
    card = {
        **{"source": "room_a", "signals": 5, "unfilled": 1, "open": 1, "traded": 3, "wins": 1},
        **{"hit_rate": 0.333, "hit_rate_low": 0.061, "hit_rate_high": 0.792},
        **{"mean_r": -0.333, "mean_r_low": -1.0, "mean_r_high": 1.0, "mean_r_at_best": 0.1, "doubtful": 1},
        **{"total_r": -1.0, "max_drawdown_r": 2.0, "longest_losing_run": 2},
        **{"decay_r": -0.1, "decay_r_low": -0.4, "decay_r_high": 0.2},
        **{"first_target_rate": 0.5, "first_target_rate_low": 0.1, "first_target_rate_high": 0.9},
        **{"first_target_rate_at_best": 0.6, "first_target_rate_at_best_high": 0.95},
        **{"claimed_targets": 3, "claimed_stops": 1, "claimed_running": 2, "claimed_won": 3},
        **{"claimed_lost": 1, "claimed_rate": 0.75, "claims_contradicted": 1, "honesty": "fits"},
    }
    return _frame([card], SCORECARDS)


def _weights() -> pl.DataFrame:
    rows = [
        {"source": "room_a", "day": date(2017, 3, day), "weight": weight, "traded": traded}
        | {"mean_r": mean, "shrunk_mean_r": shrunk, "evidence": 0.04}
        for day, weight, traded, mean, shrunk in ((2, 0.1, 0, None, None), (3, 0.156, 2, 0.5, 0.02))
    ]
    return _frame(rows, SOURCE_WEIGHTS)


def _delivered(name: str, when: str) -> dict:
    """What the marts read of a decision as the daemon got it."""
    decided, until = (int(moment(text).timestamp()) * 10**9 for text in (when, when[:10] + " 23:00"))
    return {
        "decision_id": name,
        "reference_price": "1.0551",
        "ts_decided_ns": decided,
        "valid_until_ns": until,
    }


def _told() -> dict[str, pl.DataFrame]:
    denial = {
        "decision_id": "dec_3",
        "account": "samples",
        "symbol": "EURUSD",
        "side": "buy",
        "ts_event": moment("2017-03-02 10:01"),
        "reason_code": "stale",
        "rule": "decision_age",
        "detail": "60 s old",
        "sources": ["room_b"],
    }
    breach = {
        "seq": 1,
        "account": "replay_room_d",
        "ts_event": moment("2017-03-01 20:00"),
        "kind": "account_breached",
        "body": "{}",
        "record_sha256": HASH,
    }
    pause = {
        **breach,
        "seq": 1_000,
        "account": "rests",
        "body": json.dumps({"paused_until_ns": int(moment("2017-03-01 23:00").timestamp()) * 10**9}),
    }
    received = [
        {
            "seq": seq,
            "account": account,
            "ts_event": moment(when),
            "kind": "decision_received",
            "body": json.dumps({"decision_id": name, "delivery": {"decision": _delivered(name, when)}}),
            "record_sha256": HASH,
        }
        for seq, (name, account, _, when, *_) in enumerate(DECISIONS_OF_TWO_DAYS, start=2)
    ]
    reports = _frame([breach, *received, pause], EXECUTION_REPORTS)
    return {"denials": _frame([denial], DENIALS), "execution_reports": reports}


def _lives(valid: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The first call's target is hit, half of it closed and its stop moved; a close in talk finds nothing."""
    first = valid.row(0, named=True)
    update = {
        "update_id": "upd_a5",
        "source": first["source"],
        "message_id": "a5",
        "version": 1,
        "ts_event": moment("2017-03-01 13:00"),
        "message_sha256": HASH,
        "action_number": 0,
        "has_effect": True,
        "is_for_all": False,
    }
    of_first = {**update, "signal_id": first["signal_id"], "found_by": "reply"}
    updates = [
        {**of_first, "action": "partial_close", "share": 0.5, "entry_price": 1.055},
        {**of_first, "action": "move_stop", "action_number": 1, "price": 1.054},
        {**of_first, "action": "target_hit", "action_number": 2, "target_number": 1},
        {
            **update,
            "update_id": "upd_c9",
            "has_effect": False,
            "field": "signal_id",
            "reason": "nothing_open",
        },
    ]
    as_of = moment("2017-03-01 23:59:59")
    states = [
        {
            **{name: row[name] for name in SIGNAL_STATES if name in row},
            "ts_as_of": as_of,
            "first_signal_id": row["signal_id"],
            "state": "partially_closed",
            "is_active": True,
            "entry_low": 1.055,
            "entry_high": 1.055,
            "effective_stop": row["stop_loss"],
            "effective_targets": row["take_profits"],
            "is_at_breakeven": False,
            "closed_share": 0.5,
            "targets_hit": 1,
            "amendments": 1,
            "history": 4,
            "ts_changed": row["ts_event"],
            "superseded_by": "sig_a9",
        }
        for row in valid.iter_rows(named=True)
        if row["ts_event"] < as_of
    ]
    return {"signal_updates": _frame(updates, SIGNAL_UPDATES), "signal_states": _frame(states, SIGNAL_STATES)}


def _book_risk() -> pl.DataFrame:
    rows = [
        ("samples", date(2017, 3, 2), method, 0.99, 900.0, 1_100.0, 500)
        for method in ("filtered", "historical")
    ]
    return pl.DataFrame(rows, schema=BOOK_RISK, orient="row")


@pytest.fixture(scope="session")
def sound_tables() -> dict[str, pl.DataFrame]:
    """Every table of the lake by name, without a fault in it."""
    parsed = _parsed()
    quarantined = _quarantined(parsed)
    refused = quarantined["signal_id"].to_list()
    valid = parsed.filter(pl.col("kind") == "signal", ~pl.col("signal_id").is_in(refused)).select(*VALID)
    return {
        "messages": _messages(),
        "parsed_signals": parsed,
        "valid_signals": valid,
        "quarantined_signals": quarantined,
        "enriched_signals": _enriched(valid),
        "decisions": _decisions(),
        "resolutions": _resolutions(valid),
        **_lives(valid),
        "source_outcomes": _outcomes(valid),
        "source_scorecards": _scorecards(),
        "source_weights": _weights(),
        "account_equity": _equity(),
        "account_headroom": headroom_of(_equity()),
        "portfolio_risk": _book_risk(),
        **_executions(),
        **_market(),
        **_told(),
    }
