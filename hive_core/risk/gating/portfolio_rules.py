"""Rules on the book as a whole: exposure by currency, positions that move together, value at risk."""

from __future__ import annotations

from decimal import Decimal

from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import AssetClass, InstrumentSpecification, instruments
from hive_core.risk.account import MissingRate
from hive_core.risk.gating.asking import Asking
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.risk_model import BookRisk, NotInModel
from hive_core.risk.gating.size_rules import known_model, unknown_risk, whole_steps
from hive_core.risk.gating.totals import ZERO, PerLot


def currency_exposure(
    asking: Asking,
    book: Book,
    specification: InstrumentSpecification,
    part: PerLot,
    lots: Decimal,
    now_ns: int,
) -> Decimal:
    """Net exposure to each currency of the pair, but the account's own, up to a share of equity. An order
    that brings an exposure nearer to zero is not too large until it overshoots as far on the other side."""
    own = book.rates.account_currency
    if specification.asset_class is not AssetClass.CURRENCY:
        return lots
    limit = book.ledger.equity * book.settings.max_currency_exposure_pct / 100
    for currency, per_lot in ((specification.base, part.units), (specification.quote, -part.value)):
        if currency == own:
            continue
        try:
            rate = book.rates.worst(currency, now_ns)
        except MissingRate as error:
            asking.require(
                "conversion_known", False, DenialReason.NO_CONVERSION_RATE, {"problem": str(error)}
            )
            raise
        held = book.totals.units.get(currency, ZERO)
        most = max(limit / rate, abs(held))
        wanted = with_this = held + per_lot * lots
        allowed = lots
        if (with_this if per_lot > 0 else -with_this) > most:
            along = held if per_lot > 0 else -held
            allowed = whole_steps((most - along) / abs(per_lot), specification)
            with_this = held + per_lot * allowed
        lots = asking.reduce(
            f"currency_exposure_{currency}",
            lots,
            allowed,
            DenialReason.CURRENCY_EXPOSURE,
            {
                "held": held * rate,
                "with_this": wanted * rate,
                "limit": limit,
                "max_currency_exposure_pct": book.settings.max_currency_exposure_pct,
            },
            limit - abs(with_this) * rate,
        )
    return lots


def correlation(asking: Asking, intent: Intent, book: Book) -> None:
    """Not too many positions that win and lose with this one."""
    limit, threshold = book.settings.max_correlated_positions, book.settings.correlation_threshold
    if limit is None:
        asking.require("correlation", True, DenialReason.CORRELATION, {"limit": "none"})
        return
    model = known_model(asking, book)
    together = 0
    for (symbol, side), count in book.totals.positions.items():
        try:
            found = model.correlation(symbol, intent.symbol)
        except NotInModel as error:
            raise unknown_risk(asking, error.args[0]) from None
        if (found if side == intent.side else -found) >= threshold:
            together += count
    asking.require(
        "correlation",
        together < limit,
        DenialReason.CORRELATION,
        {
            "positions_with_it": together,
            "limit": limit,
            "correlation_threshold": threshold,
            "as_of": model.as_of,
        },
    )


def value_at_risk(
    asking: Asking,
    intent: Intent,
    book: Book,
    specification: InstrumentSpecification,
    part: PerLot,
    lots: Decimal,
    now_ns: int,
) -> Decimal:
    """Value at risk of a day, normal, with this order: quantile x the standard deviation of the whole book.

    The most lots follow from variance(x) = v + 2 s x + c x^2 <= (limit / quantile)^2. A book that is over its
    limit already takes only what does not raise its variance.
    """
    settings = book.settings
    if settings.max_value_at_risk_pct is None:
        asking.require("value_at_risk", True, DenialReason.VALUE_AT_RISK, {"limit": "none"})
        return lots
    model, rates = known_model(asking, book), book.rates
    limit = book.ledger.equity * settings.max_value_at_risk_pct / 100
    per_lot = part.value * rates.worst(specification.quote, now_ns)
    values = {
        symbol: value * rates.worst(instruments()[symbol].quote, now_ns)
        for symbol, value in book.totals.values.items()
    }
    try:
        risk = BookRisk.of(model, values)
        own = model.covariance(intent.symbol, intent.symbol)
        slope = risk.slope(intent.symbol, values)
    except NotInModel as error:
        raise unknown_risk(asking, error.args[0]) from None
    held, quantile = risk.variance, settings.value_at_risk_quantile
    most = max((limit / quantile) ** 2, held) - held
    # Along the side of the order, in lots: c y^2 + 2 b y <= most.
    square, line = own * per_lot * per_lot, slope * per_lot
    if square > 0:
        allowed = (-line + (line * line + square * most).sqrt()) / square
    else:
        allowed = lots if line <= 0 else most / (2 * line)
    fits = min(lots, whole_steps(allowed, specification))
    variance = max(held + 2 * line * fits + square * fits * fits, ZERO)
    found = quantile * variance.sqrt()
    return asking.reduce(
        "value_at_risk",
        lots,
        fits,
        DenialReason.VALUE_AT_RISK,
        {
            "value_at_risk": found,
            "limit": limit,
            "held": quantile * held.sqrt(),
            "quantile": quantile,
            "as_of": model.as_of,
        },
        limit - found,
    )
