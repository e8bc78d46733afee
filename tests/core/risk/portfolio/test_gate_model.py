"""Covariances for the gate: the estimate to the last digit, and the closed form of every book."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.risk.gating.risk_model import BookRisk, NotInModel
from hive_core.risk.portfolio.ewma import ewma_covariance
from hive_core.risk.portfolio.gate_model import gate_model
from hive_core.risk.portfolio.history import PriceHistory
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.value_at_risk import ewma_normal_value_at_risk

SYMBOLS = ("GBPUSD", "EURUSD", "USDJPY")
MOVES = (
    np.random.default_rng(2).standard_normal((120, 3))
    @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]])
    * 0.005
)
PRICES = np.cumprod(np.vstack([np.ones((1, 3)), 1 + MOVES]), axis=0)
DATES = tuple(date(2024, 1, 1) + timedelta(days=day) for day in range(121))
HISTORY = PriceHistory(SYMBOLS, DATES, PRICES)


def test_it_is_the_estimate_to_the_last_digit():
    model, covariance = gate_model(HISTORY), ewma_covariance(HISTORY.relative_returns())
    assert len(model.covariances) == 6
    for row, one in enumerate(SYMBOLS):
        for column, other in enumerate(SYMBOLS):
            assert float(model.covariance(one, other)) == covariance[row, column]
    with pytest.raises(NotInModel):
        model.covariance("EURUSD", "AUDUSD")


@given(st.lists(st.integers(-500_000, 500_000), min_size=3, max_size=3).filter(any))
def test_the_gate_s_value_at_risk_is_the_closed_form(values):
    book = BookRisk.of(gate_model(HISTORY), {s: Decimal(v) for s, v in zip(SYMBOLS, values, strict=True)})
    ours = ewma_normal_value_at_risk(values, HISTORY.relative_returns(), 0.99).value_at_risk
    assert float(book.variance.sqrt()) * 2.3263478740408408 == pytest.approx(ours, rel=1e-9)


def test_later_days_change_nothing_of_an_earlier_model():
    cut = HISTORY.until(DATES[100])
    later = np.vstack([PRICES[:101], PRICES[101:] * 3])
    assert gate_model(cut) == gate_model(PriceHistory(SYMBOLS, DATES, later).until(DATES[100]))


def test_too_few_days_make_no_model():
    with pytest.raises(RefusedInput, match="73 rows"):
        gate_model(HISTORY.until(DATES[73]))
