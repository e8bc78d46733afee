"""What an account is worth and how much room is left: the state that the gate judges.

A fold over what happened, the same for a backtest, a paper account and a broker account. Money is
Decimal in the account's currency. Deciding is the gate's, sizing has its own module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from hive_core.backtest.fills import BarPrices, closing_mark, worst_mark
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.decision import Side
from hive_core.instruments.specification import instruments

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
    """An open position, or an order that could become one. `entry` is its fill, or its worst entry."""

    client_order_id: str
    symbol: str
    side: Side
    lots: Decimal
    entry: Decimal
    stop_loss: Decimal
    take_profit: Decimal
    is_open: bool


@dataclass(slots=True)
class AccountState:
    """Balance, day, exposures and the last prices of one account."""

    name: str
    currency: str
    initial_balance: Decimal
    balance: Decimal
    trading_day: date
    balance_at_reset: Decimal
    breached_rule: str | None = None
    exposures: dict[str, Exposure] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    rates_per_eur: dict[str, tuple[Decimal, int]] = field(default_factory=dict)

    def open_positions(self) -> list[Exposure]:
        """Filled exposures, in the order of their ids."""
        return [self.exposures[key] for key in sorted(self.exposures) if self.exposures[key].is_open]


def conversion_rate(state: AccountState, currency: str, now_ns: int) -> Decimal:
    """Units of the account's currency for one unit of `currency`, by the last ECB reference rates.

    Raises:
        MissingRate: no rate, or one older than `MAX_RATE_AGE_NS`.
    """
    if currency == state.currency:
        return Decimal(1)
    per_eur: list[Decimal] = []
    for name in (state.currency, currency):
        if name == "EUR":
            per_eur.append(Decimal(1))
            continue
        if name not in state.rates_per_eur:
            raise MissingRate(f"no reference rate for {name}")
        rate, ts_ns = state.rates_per_eur[name]
        if now_ns - ts_ns > MAX_RATE_AGE_NS:
            raise MissingRate(f"the reference rate for {name} is older than seven days")
        per_eur.append(rate)
    return per_eur[0] / per_eur[1]


def profit_at(state: AccountState, exposure: Exposure, price: Decimal, now_ns: int) -> Decimal:
    """Profit in the account's currency if `exposure` were closed at `price`, costs apart, to the cent.

    Raises:
        MissingRate: as `conversion_rate`.
    """
    specification = instruments()[exposure.symbol]
    difference = price - exposure.entry if exposure.side == "buy" else exposure.entry - price
    amount = difference * specification.contract_size * exposure.lots
    return (amount * conversion_rate(state, specification.quote, now_ns)).quantize(Decimal("0.01"))


def stressed_stop(exposure: Exposure, slippage_pips: Decimal) -> Decimal:
    """The stop, slipped by a buffer against the position."""
    slip = slippage_pips * instruments()[exposure.symbol].pip
    return exposure.stop_loss - slip if exposure.side == "buy" else exposure.stop_loss + slip


def equity(state: AccountState, now_ns: int) -> Decimal:
    """Balance and open profit at the side where each position can be closed. A position without a
    quote counts at its stop."""
    total = state.balance
    for position in state.open_positions():
        quote = state.quotes.get(position.symbol)
        if quote is None:
            price = position.stop_loss
        else:
            price = closing_mark(position.side, BarPrices.of_quote(quote.bid, quote.ask))
        total += profit_at(state, position, price, now_ns)
    return total


def lowest_equity(state: AccountState, symbol: str, bar: BarPrices[Decimal], now_ns: int) -> Decimal:
    """The lowest equity that a bar of `symbol` could have brought: every position of it at the
    bar's worst price, or at its stop if that came first, or at an open beyond the stop."""
    total = state.balance
    for position in state.open_positions():
        if position.symbol == symbol:
            worst, opened, stop = worst_mark(position.side, bar), bar.bid_open, position.stop_loss
            if position.side == "sell":
                opened = bar.ask_open
                price = max(opened, stop) if opened >= stop else min(worst, stop)
            else:
                price = min(opened, stop) if opened <= stop else max(worst, stop)
        else:
            quote = state.quotes.get(position.symbol)
            price = (
                position.stop_loss
                if quote is None
                else closing_mark(position.side, BarPrices.of_quote(quote.bid, quote.ask))
            )
        total += profit_at(state, position, price, now_ns)
    return total


def worst_case_equity(
    state: AccountState,
    additional: list[Exposure],
    *,
    slippage_pips: Decimal,
    commission_per_lot: Decimal,
    now_ns: int,
) -> Decimal:
    """Equity if every open position, every order that may still fill, and `additional` were all
    stopped out, each slipped by the buffer. A stop that locks in a gain counts as nothing gained.

    Raises:
        MissingRate: as `conversion_rate`.
    """
    total = state.balance
    pending = [*(state.exposures[key] for key in sorted(state.exposures)), *additional]
    for exposure in pending:
        total += min(profit_at(state, exposure, stressed_stop(exposure, slippage_pips), now_ns), Decimal(0))
        if not exposure.is_open:
            total -= commission_per_lot * exposure.lots
    return total
