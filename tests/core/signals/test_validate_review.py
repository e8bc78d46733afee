"""What is not read surely enough does not trade: it waits in quarantine, with what made it unsure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from hive_core.configuration.model import Configuration, SourceProfile, Validation
from hive_core.signals.validate import validate_signals

UNSURE = {"confidence": 0.55, "grounds": ["the side is told by the prices only", "its label is a slip"]}


def test_a_signal_under_the_minimum_is_quarantined_with_its_grounds(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    valid, quarantined = validate_signals(make_signals(UNSURE), flat_bars, no_texts)
    assert valid.is_empty()
    assert quarantined.select("field", "reason", "detail", "confidence", "grounds").row(0) == (
        "confidence",
        "needs_review",
        "read with confidence 0.55, and room asks 0.6: "
        "the side is told by the prices only; its label is a slip",
        0.55,
        UNSURE["grounds"],
    )


@pytest.mark.parametrize("confidence", [None, float("nan"), 0.0, 0.59])
def test_what_is_not_said_to_be_sure_is_not(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame, confidence: float | None
) -> None:
    parsed = make_signals({"confidence": confidence, "grounds": None})
    _, quarantined = validate_signals(parsed, flat_bars, no_texts)
    assert quarantined["reason"].to_list() == ["needs_review"]
    assert "no ground is given" in quarantined["detail"].item()


@pytest.mark.parametrize("confidence", [0.6, 0.7, 1.0])
def test_the_minimum_itself_passes(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame, confidence: float
) -> None:
    valid, _ = validate_signals(make_signals({"confidence": confidence}), flat_bars, no_texts)
    assert valid.height == 1


def test_a_source_may_have_a_minimum_of_its_own(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    configuration = Configuration(
        validation=Validation(minimum_confidence=Decimal("0.9")),
        sources={"room": SourceProfile(minimum_confidence=Decimal("0.5"))},
    )
    parsed = make_signals(UNSURE, UNSURE | {"source": "other"}, {"source": "other", "confidence": 0.9})
    valid, quarantined = validate_signals(parsed, flat_bars, no_texts, configuration)
    assert valid["signal_id"].to_list() == ["sig_0", "sig_2"]
    assert quarantined["signal_id"].to_list() == ["sig_1"]
    assert "other asks 0.9" in quarantined["detail"].item()


def test_a_fault_in_its_numbers_is_told_first_with_the_confidence_beside_it(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    _, quarantined = validate_signals(make_signals(UNSURE | {"symbol": "EURUSX"}), flat_bars, no_texts)
    assert quarantined.select("reason", "confidence", "grounds").row(0) == (
        "unknown_instrument",
        0.55,
        UNSURE["grounds"],
    )


def test_what_waits_for_review_is_no_earlier_signal_of_a_surer_one(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame, wednesday: Any
) -> None:
    at = wednesday + timedelta(hours=10)
    parsed = make_signals(UNSURE | {"ts_event": at}, {"ts_event": at + timedelta(minutes=5)})
    valid, quarantined = validate_signals(parsed, flat_bars, no_texts)
    assert valid["signal_id"].to_list() == ["sig_1"]
    assert quarantined["reason"].to_list() == ["needs_review"]
