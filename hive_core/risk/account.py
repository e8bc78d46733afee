"""What an account holds and what that is worth: the state that is judged and marked.

The money itself is a fold of its own (`ledger`). Money is Decimal in the account's currency. Deciding is the
gate's, sizing has its own module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from hive_core.backtest.fills import BarPrices, best_mark, closing_mark, exit_fill, worst_mark
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.decision import Side
from hive_core.instruments.specification import instruments
from hive_core.risk.ledger import Ledger

ZERO, NEVER = Decimal(0), Decimal("Infinity")

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


def known_rate(state: AccountState, currency: str) -> Decimal:
    """Units of the account's currency for one unit of `currency`, by the last ECB reference rates.

    Raises:
        MissingRate: there is none.
    """
    if currency == state.currency:
        return Decimal(1)
    per_eur = {"EUR": Decimal(1), **{name: rate for name, (rate, _) in state.rates_per_eur.items()}}
    for name in (state.currency, currency):
        if name not in per_eur:
            raise MissingRate(f"no reference rate for {name}")
    return per_eur[state.currency] / per_eur[currency]


def profit_at(state: AccountState, exposure: Exposure, price: Decimal) -> Decimal:
    """Profit in the account's currency if `exposure` were closed at `price`, costs apart, to the cent.

    Raises:
        MissingRate: as `known_rate`.
    """
    specification = instruments()[exposure.symbol]
    difference = price - exposure.entry if exposure.side == "buy" else exposure.entry - price
    amount = difference * specification.contract_size * exposure.lots
    return (amount * known_rate(state, specification.quote)).quantize(Decimal("0.01"))


def _closing_price(state: AccountState, position: Exposure) -> Decimal:
    quote = state.quotes.get(position.symbol)
    if quote is None:  # Nothing is known of the market: count the worst that was planned for.
        return position.entry if position.stop_loss is None else position.stop_loss
    return closing_mark(position.side, BarPrices.of_quote(quote.bid, quote.ask))


def _worst_price(position: Exposure, bar: BarPrices[Decimal]) -> Decimal:
    """The bar's worst price, or the stop if that came first, or the open if it lay beyond the stop; never
    better than the target, at which a position leaves that a gap carried past it."""
    worst, (stop, target) = worst_mark(position.side, bar), position.exits
    if position.side == "buy":
        return min(bar.bid_open if bar.bid_open <= stop else max(worst, stop), target)
    return max(bar.ask_open if bar.ask_open >= stop else min(worst, stop), target)


def open_profit(state: AccountState, position: Exposure) -> Decimal:
    """Profit of a position at the side where it can be closed now; at its stop where no quote is known."""
    return profit_at(state, position, _closing_price(state, position))


def equity(state: AccountState) -> Decimal:
    """Balance and open profit, each position at the side where it can be closed."""
    return state.balance + sum(
        (open_profit(state, position) for position in state.open_positions()), Decimal(0)
    )


def equity_after(state: AccountState, symbol: str, bar: BarPrices[Decimal]) -> Decimal:
    """Equity at the end of a bar of `symbol`: what left inside it at its exit, the rest at the close."""
    total = state.balance
    for position in state.open_positions():
        price = _closing_price(state, position)
        if position.symbol == symbol:
            leaving = exit_fill(position.side, *position.exits, bar, open_at_start=True)
            price = closing_mark(position.side, bar) if leaving is None else leaving.price
        total += profit_at(state, position, price)
    return total


def lowest_equity(state: AccountState, symbol: str, bar: BarPrices[Decimal]) -> Decimal:
    """The lowest equity that a bar of `symbol` could have brought; other symbols at their last quote."""
    total = state.balance
    for position in state.open_positions():
        here = position.symbol == symbol
        price = _worst_price(position, bar) if here else _closing_price(state, position)
        total += profit_at(state, position, price)
    return total


def highest_equity(state: AccountState, symbol: str, bar: BarPrices[Decimal]) -> Decimal:
    """The highest equity that a bar of `symbol` could have brought, before its lowest."""
    total = state.balance
    for position in state.open_positions():
        price = _closing_price(state, position)
        if position.symbol == symbol:
            best, (_, target) = best_mark(position.side, bar), position.exits
            price = min(best, target) if position.side == "buy" else max(best, target)
        total += profit_at(state, position, price)
    return total


def commission_of(lots: Decimal, commission_per_lot: Decimal) -> Decimal:
    """What an entry costs, to the cent."""
    return (commission_per_lot * lots).quantize(Decimal("0.01"))
