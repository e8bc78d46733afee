"""The covariances that the gate asks: estimated here from history, published for `hive_core.risk.gating`."""

from __future__ import annotations

from decimal import Decimal

from hive_core.risk.gating.risk_model import RiskModel
from hive_core.risk.portfolio.ewma import DECAY, ewma_covariance
from hive_core.risk.portfolio.history import PriceHistory


def gate_model(history: PriceHistory, *, decay: float = DECAY) -> RiskModel:
    """The EWMA covariances of daily relative returns, as the gate holds them: decimals by pair of symbols.

    Each decimal is the number's shortest text, so that a model read again is the same one. Positive
    semidefinite up to that text.

    Raises:
        RefusedInput: too few days (`ewma.FIRST_ROWS`), or a decay out of range.
    """
    covariance = ewma_covariance(history.relative_returns(), decay=decay)
    return RiskModel(
        {
            (one, other): Decimal(repr(float(covariance[row, column])))
            for row, one in enumerate(history.symbols)
            for column, other in enumerate(history.symbols)
            if one <= other
        }
    )
