"""Findings as text: every number as a journal tells it, and nothing but text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.contracts.reasons import DenialReason
from hive_core.evidence.canonical import canonical_bytes
from hive_core.risk.gating.verdict import Finding, Outcome, checks_of


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("limit", Decimal("1.500"), "1.5"),
        ("limit", Decimal("1E+3"), "1000"),
        ("used_pct", Decimal("1.123456"), "1.1235"),
        ("limit", 3, "3"),
        ("is_waiting", True, "True"),
        ("limit", None, "none"),
        ("names", (), "none"),
        ("take_profits", (Decimal("1.10"), Decimal(2)), "1.1, 2"),
        ("word", "not counted", "not counted"),
    ],
)
def test_a_number_is_told_as_text(key, value, told):
    assert Finding("rule", Outcome.ALLOW, None, {key: value}).as_texts() == {key: told}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (None, "none"),
        ("not stated", "not stated"),
        ((0,), "1970-01-01T00:00:00Z"),
    ],
)
def test_an_instant_is_told_as_a_time_under_a_name_without_its_unit(value, told):
    assert Finding("rule", Outcome.ALLOW, None, {"until_ns": value}).as_texts() == {"until": told}


def test_findings_stand_in_a_journal_as_text_alone():
    numbers = {"floor": Decimal("95000.00"), "with_this": 2, "until_ns": 0, "left_pct": 0.5}
    checks = checks_of(
        [
            Finding("first", Outcome.ALLOW, None, numbers),
            Finding(
                "second", Outcome.REDUCE, DenialReason.DAILY_LOSS_LIMIT, {}, Decimal("0.10"), Decimal("3.50")
            ),
        ]
    )
    assert list(checks) == [
        {
            "rule": "first",
            "verdict": "allow",
            "reason_code": None,
            "numbers": {
                "floor": "95000",
                "with_this": "2",
                "until": "1970-01-01T00:00:00Z",
                "left_pct": "0.5",
            },
        },
        {
            "rule": "second",
            "verdict": "reduce",
            "reason_code": "daily_loss_limit",
            "numbers": {},
            "lots": "0.1",
            "headroom": "3.5",
        },
    ]
    assert canonical_bytes(checks) == canonical_bytes(list(checks))
