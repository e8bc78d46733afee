"""An order's line and what each fact makes of it: states, lots, prices, and the exposure that remains."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hive_core.contracts.broker import BrokerReport
from hive_core.contracts.order import TRANSITIONS, WAITING_STATES, BracketOrder, OrderState
from hive_core.risk.account import AccountState, Exposure
from hive_exec.core.records import Record

_PRICE_DIGITS = Decimal("1e-10")


class IllegalRecord(RuntimeError):
    """A record that cannot follow what the journal already holds. The daemon stops on it."""


@dataclass(slots=True)
class OrderLine:
    """An order and what became of it. `fill_price` is the mean of its executions."""

    order: BracketOrder
    state: OrderState
    sources: tuple[str, ...]
    signal_ids: tuple[str, ...]
    risk_amount: Decimal
    ts_state_ns: int
    since_cursor: str = ""
    """A place in the venue's log before the order was sent."""
    reason: str = ""
    venue_order_id: str = ""
    fill_price: Decimal | None = None
    ts_filled_ns: int | None = None
    commission: Decimal = Decimal(0)
    exit_price: Decimal | None = None
    exit_reason: str = ""
    ts_closed_ns: int | None = None
    profit: Decimal | None = None
    is_profit_known: bool = True
    """False where persons closed it by the venue's books: `profit` is that of the exits that were told."""
    filled_lots: Decimal = Decimal(0)
    closed_lots: Decimal = Decimal(0)
    stop_loss: Decimal | None = None
    """Where the venue holds the stop now; None while it has not been moved."""
    take_profit: Decimal | None = None
    has_stop: bool = True
    applied: list[str] = field(default_factory=list)
    """Execution ids that were applied, so that one said twice counts once."""
    early: list[BrokerReport] = field(default_factory=list)
    """Exits that were reported before their entry."""
    requested_ns: int | None = None
    """When closing or cancelling was last asked for."""
    requests: int = 0
    is_closing: bool = False
    """Whether closing was asked for, and not only cancelling: it is asked for until nothing is open."""
    may_have_filled: bool = False
    """The venue said that nothing works any more; what it said before may not have been heard yet."""
    was_rest_rejected: bool = False
    """Whether what still worked of it ended by the venue's rejection: nothing of it can fill any more."""
    not_accepted_by: str = ""
    """Who first said that an unresolved order never arrived."""

    @property
    def open_lots(self) -> Decimal:
        """What is open of it."""
        return self.filled_lots - self.closed_lots

    @property
    def working_lots(self) -> Decimal:
        """What could still be filled, as far as is known."""
        is_working = self.state in WAITING_STATES or self.state in {
            OrderState.ACCEPTED,
            OrderState.PARTIALLY_FILLED,
        }
        return max(self.order.lots - self.filled_lots, Decimal(0)) if is_working else Decimal(0)

    @property
    def unheard_lots(self) -> Decimal:
        """What of an ended order could have been filled before it ended, without our having heard of it."""
        return max(self.order.lots - self.filled_lots, Decimal(0)) if self.may_have_filled else Decimal(0)

    @property
    def stop(self) -> Decimal:
        """Where its stop stands."""
        return self.order.stop_loss if self.stop_loss is None else self.stop_loss

    @property
    def target(self) -> Decimal:
        """Where its target stands."""
        return self.order.take_profit if self.take_profit is None else self.take_profit

    @property
    def is_over(self) -> bool:
        """Whether nothing works, nothing is open and nobody has to ask."""
        return not self.open_lots and not self.working_lots and not self.early


def move(line: OrderLine, to: OrderState, record: Record) -> None:
    """Take a line to its next state.

    Raises:
        IllegalRecord: the table does not list it.
    """
    if to not in TRANSITIONS[line.state]:
        raise IllegalRecord(f"order {line.order.client_order_id}: {line.state} cannot become {to}")
    line.state = to
    line.ts_state_ns = record.at[0]
    line.reason = record.body.get("reason", line.reason)


def fill(line: OrderLine, record: Record) -> Decimal:
    """Fold an execution of the entry; returns its commission."""
    body = record.body
    price = Decimal(body["price"])
    lots = Decimal(body["lots"]) if "lots" in body else line.order.lots - line.filled_lots
    if line.fill_price is None:
        line.fill_price = price
    elif price != line.fill_price:
        spent = line.fill_price * line.filled_lots + price * lots
        line.fill_price = (spent / (line.filled_lots + lots)).quantize(_PRICE_DIGITS)
    line.filled_lots += lots
    line.ts_filled_ns = record.at[0]
    # A fill that says nothing of a stop does not bring back one that is known to be missing.
    line.has_stop = line.has_stop and body.get("has_stop", True)
    commission = Decimal(body["commission"])
    line.commission += commission
    return commission


@dataclass(frozen=True, slots=True)
class ExitMoney:
    """What an execution of an exit brought and took; costs are positive."""

    profit: Decimal
    commission: Decimal
    swap: Decimal


def leave(line: OrderLine, record: Record) -> ExitMoney:
    """Fold an execution of the exit; returns its money."""
    body = record.body
    line.exit_price = Decimal(body["price"])
    line.exit_reason = body["reason"]
    line.ts_closed_ns = record.at[0]
    line.closed_lots += Decimal(body["lots"]) if "lots" in body else line.open_lots
    profit, commission = Decimal(body["profit"]), Decimal(body.get("commission", "0"))
    line.profit = profit if line.profit is None else line.profit + profit
    line.commission += commission
    return ExitMoney(profit, commission, Decimal(body.get("swap", "0")))


def give_up(line: OrderLine, record: Record) -> None:
    """Fold that persons closed what is open by the venue's books: nothing is known of the exit but that."""
    line.closed_lots = line.filled_lots
    line.exit_reason = record.body["reason"]
    line.ts_closed_ns = record.at[0]
    line.is_profit_known = False
    line.requested_ns = None
    line.early = []


def expose(account: AccountState, line: OrderLine) -> None:
    """Renew what an order means for its account's risk.

    Until it fills it counts as filled at the worst price at which it may fill; so does what remains of
    a partly filled one, one of which nobody knows what became, and one that ended before everything that
    the venue had said of it was heard.
    """
    order, key = line.order, line.order.client_order_id
    for name in (key, f"{key}/rest"):
        account.exposures.pop(name, None)
        account.unprotected.pop(name, None)
    if line.open_lots > 0 and line.fill_price is not None:
        account.exposures[key] = _exposure(line, key, line.open_lots, line.fill_price, is_open=True)
        if not line.has_stop:
            account.unprotected[key] = f"order {key} filled without a stop at the venue"
    possible = line.working_lots or line.unheard_lots
    if possible > 0:
        name = f"{key}/rest" if line.open_lots > 0 else key
        account.exposures[name] = _exposure(line, name, possible, order.price_bound, is_open=False)


def _exposure(line: OrderLine, key: str, lots: Decimal, entry: Decimal, *, is_open: bool) -> Exposure:
    order = line.order
    return Exposure(key, order.symbol, order.side, lots, entry, line.stop, line.target, is_open)
