"""What an account holds and what that is worth: the state that is judged and marked.

The money itself is a fold of its own (`ledger`). Money is Decimal in the account's currency. Deciding is the
gate's, sizing has its own module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from hive_core.backtest.fills import BarPrices, best_mark, closing_mark, exit_fill, worst_mark
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.decision import Side
from hive_core.instruments.specification import instruments
from hive_core.risk.ledger import Ledger

ZERO, NEVER = Decimal(0), Decimal("Infinity")
_CENT = Decimal("0.01")

MAX_RATE_AGE_NS = 7 * 86_400 * NS_PER_SECOND
"""The longest gap between ECB fixings is five days (Easter, Christmas); more is a dead source."""


class MissingRate(ValueError):
    """There is no fresh rate between two currencies."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The last known bid and ask, and when they were seen."""

    bid: Decimal
    ask: Decimal
    ts_ns: int

    @property
    def mid(self) -> Decimal:
        """Halfway between bid and ask."""
        return (self.bid + self.ask) / 2

    def closes(self, side: Side) -> Decimal:
        """Where a position of this side can be closed."""
        return self.bid if side == "buy" else self.ask


@dataclass(frozen=True, slots=True)
class Exposure:
    """An open position, or an order that could become one. `entry` is its fill, or its worst entry. Without a
    stop or a target it is a person's: every order of ours has both."""

    client_order_id: str
    symbol: str
    side: Side
    lots: Decimal
    entry: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    is_open: bool

    @property
    def exits(self) -> tuple[Decimal, Decimal]:
        """Stop and target; where there is none, a price that no market reaches."""
        below, above = (ZERO, NEVER) if self.side == "buy" else (NEVER, ZERO)
        return (
            below if self.stop_loss is None else self.stop_loss,
            above if self.take_profit is None else self.take_profit,
        )


@dataclass(frozen=True, slots=True)
class SentOrders:
    """The orders of one decision that left, for the throttles."""

    ts_ns: int
    symbol: str
    side: str
    orders: int = 1
    decision_id: str = ""


@dataclass(slots=True)
class AccountState:
    """Money, days, exposures and the last prices of one account."""

    name: str
    currency: str
    ledger: Ledger
    breached_rule: str | None = None
    paused_until_ns: int | None = None
    """Until when an account rests that touched a limit which does not end it."""
    strikes: int = 0
    """How often a limit was touched of which a number ends the account."""
    sent: list[SentOrders] = field(default_factory=list)
    requests_of_day: int = 0
    """What was asked of the venue since the last reset."""
    traded_signals: dict[str, str] = field(default_factory=dict)
    """Which decision traded a signal. A signal trades once, however often it is decided anew."""
    is_found: bool = False
    """Whether the venue's books have said what the balance is."""
    day_known_from_ns: int = 0
    """From when on it is known what the account had at its last reset."""
    is_peak_unknown: bool = False
    """Whether the account had a past of which nobody says how much it had at its best."""
    exposures: dict[str, Exposure] = field(default_factory=dict)
    unprotected: dict[str, str] = field(default_factory=dict)
    """Positions without a stop at the venue, and why that is known. Their loss has no bound."""
    quotes: dict[str, Quote] = field(default_factory=dict)
    rates_per_eur: dict[str, tuple[Decimal, int]] = field(default_factory=dict)

    @property
    def initial_balance(self) -> Decimal:
        """What the account began with."""
        return self.ledger.initial_balance

    @property
    def balance(self) -> Decimal:
        """What is closed of it."""
        return self.ledger.balance

    @property
    def trading_day(self) -> date:
        """The day that is counted now."""
        return self.ledger.current_day.day

    def open_positions(self) -> list[Exposure]:
        """Filled exposures, in the order of their ids."""
        return [self.exposures[key] for key in sorted(self.exposures) if self.exposures[key].is_open]

    def holds(self, symbol: str) -> bool:
        """Whether a position in an instrument is open."""
        return any(one.is_open and one.symbol == symbol for one in self.exposures.values())


def known_rate(state: AccountState, currency: str) -> Decimal:
    """Units of the account's currency for one unit of `currency`, by the last ECB reference rates.

    Raises:
        MissingRate: there is none.
    """
    if currency == state.currency:
        return Decimal(1)
    return _per_eur(state, state.currency) / _per_eur(state, currency)


def _per_eur(state: AccountState, currency: str) -> Decimal:
    if currency == "EUR":
        return Decimal(1)
    if currency not in state.rates_per_eur:
        raise MissingRate(f"no reference rate for {currency}")
    return state.rates_per_eur[currency][0]


def profit_at(state: AccountState, exposure: Exposure, price: Decimal) -> Decimal:
    """Profit in the account's currency if `exposure` were closed at `price`, costs apart, to the cent.

    Raises:
        MissingRate: as `known_rate`.
    """
    return _profit(exposure, price, *_factors(state, exposure.symbol))


def _factors(state: AccountState, symbol: str) -> tuple[Decimal, Decimal]:
    """Contract size, and what a unit of the price's currency is in the account's."""
    specification = instruments()[symbol]
    return specification.contract_size, known_rate(state, specification.quote)


def _profit(exposure: Exposure, price: Decimal, contract_size: Decimal, rate: Decimal) -> Decimal:
    difference = price - exposure.entry if exposure.side == "buy" else exposure.entry - price
    return (difference * contract_size * exposure.lots * rate).quantize(_CENT)


def open_profit(state: AccountState, position: Exposure) -> Decimal:
    """Profit of a position at the side where it can be closed now; at its stop where no quote is known."""
    return profit_at(state, position, _closing_price(state.quotes.get(position.symbol), position))


def _closing_price(quote: Quote | None, position: Exposure) -> Decimal:
    if quote is None:  # Nothing is known of the market: count the worst that was planned for.
        return position.entry if position.stop_loss is None else position.stop_loss
    return quote.closes(position.side)


def equity(state: AccountState) -> Decimal:
    """Balance and open profit, each position at the side where it can be closed."""
    return state.balance + _open_profit_of(state, state.exposures.values())


def _open_profit_of(state: AccountState, exposures: Iterable[Exposure]) -> Decimal:
    known: dict[str, tuple[Quote | None, Decimal, Decimal]] = {}
    total = ZERO
    for one in exposures:
        if not one.is_open:
            continue
        if (held := known.get(one.symbol)) is None:
            held = known[one.symbol] = (state.quotes.get(one.symbol), *_factors(state, one.symbol))
        quote, contract_size, rate = held
        if quote is None:
            total += _profit(one, _closing_price(quote, one), contract_size, rate)
            continue
        # As `_profit` at the closing price: every fill walks here.
        difference = quote.bid - one.entry if one.side == "buy" else one.entry - quote.ask
        total += (difference * contract_size * one.lots * rate).quantize(_CENT)
    return total


class EquityMarks(NamedTuple):
    """What a bar of an instrument did to equity: the lowest and the highest that it could have brought, and
    what is left at its end: what left inside it at its exit, the rest at the close."""

    lowest: Decimal
    highest: Decimal
    last: Decimal


def equity_marks(state: AccountState, symbol: str, bar: BarPrices[Decimal]) -> EquityMarks:
    """Mark an account by a bar of `symbol`; other instruments at their last quote."""
    positions = [one for one in state.exposures.values() if one.is_open]
    moved = [one for one in positions if one.symbol == symbol]
    others = [one for one in positions if one.symbol != symbol] if len(moved) < len(positions) else []
    lowest = highest = last = state.balance + _open_profit_of(state, others)
    factors = _factors(state, symbol) if moved else (ZERO, ZERO)
    if bar.is_quote:  # at a single price the three are one
        last += _worth_at_quote(moved, bar.bid_close, bar.ask_close, *factors)
        return EquityMarks(last, last, last)
    for one in moved:
        worst, best, end = _worst_price(one, bar), _best_price(one, bar), _price_at_end(one, bar)
        profit = _profit(one, end, *factors)
        last += profit
        lowest += profit if worst == end else _profit(one, worst, *factors)
        highest += profit if best == end else _profit(one, best, *factors)
    return EquityMarks(lowest, highest, last)


def _worth_at_quote(
    positions: Iterable[Exposure], bid: Decimal, ask: Decimal, contract_size: Decimal, rate: Decimal
) -> Decimal:
    """As `_profit` of each at a price, none beyond its target: every quote of an account walks here."""
    worth = ZERO
    for one in positions:
        target = one.take_profit
        if one.side == "buy":
            difference = (bid if target is None or bid < target else target) - one.entry
        else:
            difference = one.entry - (ask if target is None or ask > target else target)
        worth += (difference * contract_size * one.lots * rate).quantize(_CENT)
    return worth


def _worst_price(position: Exposure, bar: BarPrices[Decimal]) -> Decimal:
    """The bar's worst price, or the stop if that came first, or the open if it lay beyond the stop; never
    better than the target, at which a position leaves that a gap carried past it."""
    worst, (stop, target) = worst_mark(position.side, bar), position.exits
    if position.side == "buy":
        return min(bar.bid_open if bar.bid_open <= stop else max(worst, stop), target)
    return max(bar.ask_open if bar.ask_open >= stop else min(worst, stop), target)


def _best_price(position: Exposure, bar: BarPrices[Decimal]) -> Decimal:
    """The bar's best price, or the target if that lies nearer."""
    best, target = best_mark(position.side, bar), position.take_profit
    if target is None:
        return best
    return min(best, target) if position.side == "buy" else max(best, target)


def _price_at_end(position: Exposure, bar: BarPrices[Decimal]) -> Decimal:
    leaving = exit_fill(position.side, *position.exits, bar, open_at_start=True)
    return closing_mark(position.side, bar) if leaving is None else leaving.price


def commission_of(lots: Decimal, commission_per_lot: Decimal) -> Decimal:
    """What an entry costs, to the cent."""
    return (commission_per_lot * lots).quantize(_CENT)
