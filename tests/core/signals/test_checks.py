"""The rules held against one signal again: each is told, with the numbers that it compares."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from hive_core.signals.checks import checks_of
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.rules import RULES
from hive_core.signals.tables import VALID

LIMIT = {"order_type": "limit", "entry": 1.0480}


@pytest.fixture
def enriched(make_signals: Any, flat_bars: pl.DataFrame) -> dict[str, Any]:
    frame = enrich_signals(make_signals(LIMIT).select(*VALID), flat_bars)
    return frame.row(0, named=True)


def told(signal: dict[str, Any], **known: Any) -> dict[tuple[str, str], dict[str, Any]]:
    known = {"seen": None, "confidence": 1.0, "minimum": 0.6} | known
    return {(check["rule"], check["field"]): check for check in checks_of(signal, **known)}


def test_every_rule_is_told_in_its_order_and_a_valid_signal_holds_them(enriched: dict[str, Any]) -> None:
    checks = checks_of(enriched, seen=None, confidence=0.9, minimum=0.6)
    assert [check["rule"] for check in checks] == [*(rule.reason.value for rule in RULES), "needs_review"]
    assert all(check["holds"] for check in checks)


def test_the_numbers_are_those_of_the_market_of_its_minute(enriched: dict[str, Any]) -> None:
    checks = told(enriched)
    quote = checks["no_market_data", "symbol"]["numbers"]
    assert (quote["bid"], quote["ask"], quote["timeframe"]) == (1.05, 1.0501, "H1")
    assert quote["quote_of"] == enriched["ts_event"] - timedelta(minutes=30)
    assert (quote["age_minutes"], quote["allowed_minutes"]) == (30, 96 * 60)
    assert checks["far_from_market", "entry_low"]["numbers"] == {
        "entry": 1.048,
        "market": 1.05005,
        "apart_pct": 0.195,
        "allowed_pct": 5.0,
    }
    assert checks["stop_too_near", "stop_loss"]["numbers"] == {"distance": 0.003, "spread": 0.0001}
    assert checks["fat_finger", "take_profits"]["numbers"]["targets"] == [1.055, 1.06]


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"symbol": "NOPE"}, "unknown_instrument", "symbol"),
        ({"stop_loss": None}, "incomplete", "stop_loss"),
        ({"stop_loss": 0.4}, "fat_finger", "stop_loss"),
        ({"entry_low": 1.2, "entry_high": 1.2}, "far_from_market", "entry_low"),
        ({"entry_low": 1.052, "entry_high": 1.052}, "pending_wrong_side", "order_type"),
        ({"stop_loss": 1.049}, "stop_wrong_side", "stop_loss"),
        ({"take_profits": [1.06, 1.055]}, "targets_out_of_order", "take_profits"),
        ({"stop_loss": 1.04795}, "stop_too_near", "stop_loss"),
        ({"take_profits": [1.9]}, "target_too_far", "take_profits"),
        ({"market_bid": None, "market_ts": None}, "no_market_data", "symbol"),
    ],
)
def test_a_rule_that_does_not_hold_says_so(
    enriched: dict[str, Any], change: dict[str, Any], rule: str, field: str
) -> None:
    assert told(enriched)[rule, field]["holds"]
    assert not told(enriched | change)[rule, field]["holds"]


def test_an_expired_a_late_and_an_unsure_signal_do_not_hold(enriched: dict[str, Any]) -> None:
    posted = enriched["ts_event"]
    assert not told(enriched | {"valid_until": posted})["expired", "valid_until"]["holds"]
    late = told(enriched, seen=posted + timedelta(minutes=6))["stale", "ts_event"]
    assert (late["holds"], late["numbers"]["allowed_minutes"]) == (False, 5)
    for confidence in (0.5, None):
        unsure = told(enriched, confidence=confidence)["needs_review", "confidence"]
        assert (unsure["holds"], unsure["numbers"]) == (False, {"confidence": confidence, "minimum": 0.6})
