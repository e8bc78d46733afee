"""Rules on size: risk per trade, lots, counts, and the room that the loss limits leave at the worst."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import InstrumentSpecification
from hive_core.risk.account import MissingRate
from hive_core.risk.gating.asking import Asking
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.risk_model import NotInModel, RiskModel
from hive_core.risk.gating.totals import ZERO, PerLot
from hive_core.risk.ledger import Ledger
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.standing import daily_floor_ahead, maximum_floor_ahead

ONE = Decimal(1)
ROUNDING = Decimal("0.02")
"""Of a position at most: half a cent each of its profit, of two commissions, and of its swap."""
FloorAhead = Callable[[RuleSet, Ledger, Decimal], Decimal | None]


class Worst(NamedTuple):
    """What book and order could lose and gain, in the account's currency; of the order for one lot.
    `rounding` is what is booked beyond that, since each amount is rounded to the cent."""

    book_loss: Decimal
    book_gain: Decimal
    loss_per_lot: Decimal
    gain_per_lot: Decimal
    rounding: Decimal


def worst_of(
    asking: Asking, book: Book, part: PerLot, quote_currency: str, now_ns: int, orders: int = 0
) -> Worst:
    """Convert the sums of the book, and one lot of an order of so many legs, at the worse side."""
    settings, totals, rates = book.settings, book.totals, book.rates
    try:
        rate = rates.worst(quote_currency, now_ns)
        loss = gain = ZERO
        for name, amount in totals.losses.items():
            of_name = rate if name == quote_currency else rates.worst(name, now_ns)
            loss += amount * of_name
            gain += totals.gains[name] * of_name
    except MissingRate as error:
        asking.require("conversion_known", False, DenialReason.NO_CONVERSION_RATE, {"problem": str(error)})
        raise
    charged = totals.lots if settings.may_charge_exits else totals.lots_to_fill
    costs = settings.commission_per_lot * charged + settings.swap_reserve_per_lot * totals.lots
    of_lot = settings.commission_per_lot + settings.swap_reserve_per_lot
    rounding = ROUNDING * (totals.count + orders)
    return Worst(loss + costs, gain, part.loss * rate + of_lot, part.gain * rate, rounding)


def sized(
    asking: Asking,
    intent: Intent,
    book: Book,
    specification: InstrumentSpecification,
    planned: Decimal,
    rate: Decimal,
) -> Decimal:
    """Lots by risk per trade, smaller where the market moves more than usual, in whole lot steps.

    lots = balance x risk / max(1, volatility ratio) / (|entry - stop| x contract size x rate + commission)
    """
    settings = book.settings
    ratio = _volatility_ratio(asking, intent, book) if settings.scale_by_volatility else ONE
    risk_amount = book.ledger.balance * settings.risk_per_trade_pct / 100 / max(ratio, ONE)
    per_lot = (
        abs(planned - intent.stop_loss) * specification.contract_size * rate + settings.commission_per_lot
    )
    lots = whole_steps(risk_amount / per_lot, specification)
    asking.require(
        "size",
        lots > 0,
        DenialReason.BELOW_MINIMUM_LOTS,
        {
            "balance": book.ledger.balance,
            "risk_per_trade_pct": settings.risk_per_trade_pct,
            "volatility_ratio": ratio,
            "risk_amount": risk_amount,
            "loss_per_lot": per_lot,
            "lots": lots,
        },
    )
    return lots


def _volatility_ratio(asking: Asking, intent: Intent, book: Book) -> Decimal:
    try:
        return known_model(asking, book).volatility_ratio(intent.symbol)
    except NotInModel as error:
        raise unknown_risk(asking, error.args[0]) from None


def known_model(asking: Asking, book: Book) -> RiskModel:
    """The risk model; without one nothing that asks it is allowed."""
    if book.model is None:
        raise unknown_risk(asking, "there is no risk model of fresh prices")
    return book.model


def unknown_risk(asking: Asking, problem: str) -> Exception:
    """Deny, for how an instrument moves is not known."""
    asking.require("risk_model_known", False, DenialReason.RISK_MODEL_UNKNOWN, {"problem": problem})
    return AssertionError("unreachable: the rule above denies")


def whole_steps(lots: Decimal, specification: InstrumentSpecification) -> Decimal:
    """Rounded down to the lot step; 0 below the smallest order."""
    step = specification.lot_step
    held = lots // step * step  # towards zero
    return held if held >= specification.min_lots else ZERO


def counts(asking: Asking, intent: Intent, book: Book) -> None:
    """How many positions and orders there may be, with every leg of this one."""
    limits = book.rules.order_limits
    limit = book.settings.max_open_positions
    if not isinstance(limits, str):
        of_firm = (limits.max_open_positions, limits.max_open_orders)
        limit = min(limit, *(one for one in of_firm if one is not None), limit)
    with_this = book.totals.count + len(intent.take_profits)
    asking.require(
        "open_positions",
        with_this <= limit,
        DenialReason.TOO_MANY_POSITIONS,
        {"with_this": with_this, "limit": limit},
    )


def lot_limits(
    asking: Asking, book: Book, specification: InstrumentSpecification, worst: Worst, lots: Decimal
) -> Decimal:
    """The most lots of an order, by venue and firm; the most that one trade, and the whole book, may lose by
    the firm, of the initial balance."""
    most = specification.max_lots
    limits, stop = book.rules.order_limits, book.rules.stop_required
    share = None if isinstance(stop, str) else stop.max_risk_pct
    whole = None
    if not isinstance(limits, str):
        whole, of_trade = limits.max_open_loss_pct, limits.max_risk_pct
        if of_trade is not None:
            share = of_trade if share is None else min(share, of_trade)
        if isinstance(limits.max_lots, Decimal):
            most = min(most, limits.max_lots)
    allowed = lots if lots <= most else whole_steps(most, specification)
    lots = asking.reduce(
        "maximum_lots", lots, allowed, DenialReason.MAXIMUM_LOTS, {"lots": lots, "limit": most}
    )
    if share is None and whole is None:
        return lots
    initial = book.ledger.initial_balance
    for rule, pct, taken, reason in (
        ("risk_of_a_trade", share, ZERO, DenialReason.RISK_PER_TRADE),
        ("open_loss", whole, worst.book_loss, DenialReason.OPEN_LOSS),
    ):
        if pct is None:
            continue
        room = initial * pct / 100 - taken
        allowed = whole_steps(max(room, ZERO) / worst.loss_per_lot, specification)
        lots = asking.reduce(
            rule,
            lots,
            min(lots, allowed),
            reason,
            {"max_pct": pct, "room": room, "loss_per_lot": worst.loss_per_lot, "lots": lots},
            room - worst.loss_per_lot * min(lots, allowed),
        )
    return lots


def loss_limits(
    asking: Asking,
    book: Book,
    ledger: Ledger,
    specification: InstrumentSpecification,
    worst: Worst,
    lots: Decimal,
) -> Decimal:
    """As many lots as leave equity above every floor if every stop is hit, now and after the next reset."""
    rules, unbounded = book.rules, book.totals.unbounded
    asking.require(
        "every_position_has_a_target",
        not (unbounded and rules.trails_equity),
        DenialReason.POSITION_WITHOUT_TARGET,
        {"without": unbounded, "trails_equity": rules.trails_equity},
    )
    for name, floor_ahead, reason in _LOSS_LIMITS:
        lots = _loss_limit(asking, name, reason, rules, ledger, specification, worst, lots, floor_ahead)
    return lots


_LOSS_LIMITS = (
    ("daily_loss_limit", daily_floor_ahead, DenialReason.DAILY_LOSS_LIMIT),
    ("maximum_loss_limit", maximum_floor_ahead, DenialReason.MAXIMUM_LOSS_LIMIT),
)


def _loss_limit(
    asking: Asking,
    name: str,
    reason: DenialReason,
    rules: RuleSet,
    ledger: Ledger,
    specification: InstrumentSpecification,
    worst: Worst,
    lots: Decimal,
    floor_ahead: FloorAhead,
) -> Decimal:
    """One limit, of which the floor depends on the size."""
    equity, floor = _ahead(worst, rules, ledger, floor_ahead, lots)
    if floor is None:
        asking.require(name, True, reason, {"floor": "none"})
        return lots
    allowed = lots
    if equity <= floor:
        allowed = _largest(lots, specification, lambda size: _holds(worst, rules, ledger, floor_ahead, size))
        equity, floor = _ahead(worst, rules, ledger, floor_ahead, allowed)
    assert floor is not None  # noqa: S101 - whether there is a floor does not depend on the size
    numbers = {
        "worst_case_equity": equity,
        "floor": floor,
        "balance": ledger.balance,
        "book_loss": worst.book_loss,
        "loss_per_lot": worst.loss_per_lot,
        "lots": lots,
    }
    return asking.reduce(name, lots, allowed, reason, numbers, equity - floor)


def _ahead(
    worst: Worst, rules: RuleSet, ledger: Ledger, floor_ahead: FloorAhead, size: Decimal
) -> tuple[Decimal, Decimal | None]:
    """Equity once every stop is hit, and the floor as high as it may come to lie before."""
    balance = ledger.balance
    highest = balance + worst.book_gain + worst.gain_per_lot * size
    equity = balance - worst.book_loss - worst.rounding - worst.loss_per_lot * size
    return equity, floor_ahead(rules, ledger, highest)


def _holds(worst: Worst, rules: RuleSet, ledger: Ledger, floor_ahead: FloorAhead, size: Decimal) -> bool:
    equity, floor = _ahead(worst, rules, ledger, floor_ahead, size)
    return floor is None or equity > floor


def _largest(
    lots: Decimal, specification: InstrumentSpecification, holds: Callable[[Decimal], bool]
) -> Decimal:
    """The most lots, in whole steps below `lots`, of which a monotone condition holds; 0 where of none."""
    step = specification.lot_step
    low, high = 0, int(lots / step)  # low holds or is nothing, high does not
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle * step):
            low = middle
        else:
            high = middle
    return whole_steps(low * step, specification)
