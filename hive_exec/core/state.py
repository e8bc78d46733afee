"""The state of a bot (one account, its rules and its orders) as a fold over records.

`apply` is the only writer of journaled facts; quotes and rates are observed, because they can be
read again. Deciding is `step`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from hive_core.configuration.model import Account
from hive_core.contracts.decision import Delivery
from hive_core.contracts.order import TRANSITIONS, BracketOrder, OrderState
from hive_core.evidence.canonical import canonical_bytes
from hive_core.risk.account import AccountState, Exposure, Quote
from hive_core.risk.rule_pack import RulePack, rule_pack
from hive_exec.core.records import FeedPosition, Kind, Record


class IllegalRecord(RuntimeError):
    """A record that cannot follow what the journal already holds. The daemon stops on it."""


@dataclass(slots=True)
class OrderLine:
    """An order and what became of it."""

    order: BracketOrder
    state: OrderState
    sources: tuple[str, ...]
    signal_ids: tuple[str, ...]
    risk_amount: Decimal
    ts_state_ns: int
    reason: str = ""
    venue_order_id: str = ""
    fill_price: Decimal | None = None
    ts_filled_ns: int | None = None
    commission: Decimal = Decimal(0)
    exit_price: Decimal | None = None
    exit_reason: str = ""
    ts_closed_ns: int | None = None
    profit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A received decision that has not been judged. `not_before_ns` is how far its account had been let
    go when it came: it is judged there at the earliest, before and after a restart alike."""

    delivery: Delivery
    not_before_ns: int

    @property
    def due_ns(self) -> int:
        """When it is to be judged, by the account's clock."""
        return max(self.delivery.decision.ts_decided_ns, self.not_before_ns)


@dataclass(slots=True)
class Bot:
    """One account: settings, rules, money, decisions that wait, orders, and its place in the feed."""

    settings: Account
    pack: RulePack
    account: AccountState
    position: FeedPosition
    pending: dict[str, Pending] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    orders: dict[str, OrderLine] = field(default_factory=dict)
    denied: int = 0
    last_venue_seq: int = 0
    advance_until_ns: int = 0

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name

    @property
    def clock_ns(self) -> int:
        """How far this account's time has come."""
        return self.position[0]


def open_bot(record: Record) -> Bot:
    """The bot that an `account_opened` record begins."""
    body = record.body
    settings = Account.model_validate_json(canonical_bytes(body["settings"]))
    initial = settings.initial_balance
    account = AccountState(
        name=record.account,
        currency=settings.currency,
        initial_balance=initial,
        balance=initial,
        trading_day=date.fromisoformat(body["trading_day"]),
        balance_at_reset=initial,
    )
    return Bot(settings, rule_pack(settings.rule_pack), account, record.at)


def observe_quote(bot: Bot, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> None:
    """Remember the last quote of an instrument."""
    bot.account.quotes[symbol] = Quote(bid, ask, ts_ns)


def observe_rate(bot: Bot, currency: str, per_eur: Decimal, ts_ns: int) -> None:
    """Remember the last reference rate of a currency."""
    bot.account.rates_per_eur[currency] = (per_eur, ts_ns)


def _line(bot: Bot, record: Record) -> OrderLine:
    line = bot.orders.get(record.body["client_order_id"])
    if line is None:
        raise IllegalRecord(f"{record.kind}: no order {record.body['client_order_id']}")
    return line


def _move(line: OrderLine, to: OrderState, record: Record) -> None:
    if to not in TRANSITIONS[line.state]:
        raise IllegalRecord(f"order {line.order.client_order_id}: {line.state} cannot become {to}")
    line.state = to
    line.ts_state_ns = record.at[0]
    line.reason = record.body.get("reason", line.reason)


def _exposure(line: OrderLine, entry: Decimal, *, is_open: bool) -> Exposure:
    order = line.order
    return Exposure(
        order.client_order_id,
        order.symbol,
        order.side,
        order.lots,
        entry,
        order.stop_loss,
        order.take_profit,
        is_open,
    )


def _apply_intended(bot: Bot, record: Record) -> None:
    body: dict[str, Any] = dict(record.body)
    order = BracketOrder.model_validate_json(canonical_bytes(body["order"]))
    if order.client_order_id in bot.orders:
        raise IllegalRecord(f"order {order.client_order_id} is intended twice")
    line = OrderLine(
        order,
        OrderState.INTENDED,
        tuple(body["sources"]),
        tuple(body["signal_ids"]),
        Decimal(body["risk_amount"]),
        record.at[0],
    )
    bot.orders[order.client_order_id] = line
    # Until it fills it counts as filled at the worst price that it may fill at.
    bot.account.exposures[order.client_order_id] = _exposure(line, order.price_bound, is_open=False)
    bot.pending.pop(order.decision_id, None)
    bot.decided[order.decision_id] = "traded"
    for signal_id in line.signal_ids:
        bot.account.traded_signals.setdefault(signal_id, order.decision_id)


def _apply_filled(bot: Bot, record: Record) -> None:
    line = _line(bot, record)
    _move(line, OrderState.FILLED, record)
    line.fill_price = Decimal(record.body["price"])
    line.ts_filled_ns = record.at[0]
    line.commission = Decimal(record.body["commission"])
    bot.account.balance -= line.commission
    bot.account.exposures[line.order.client_order_id] = _exposure(line, line.fill_price, is_open=True)


def _apply_closed(bot: Bot, record: Record) -> None:
    line = _line(bot, record)
    _move(line, OrderState.CLOSED, record)
    line.exit_price = Decimal(record.body["price"])
    line.exit_reason = record.body["reason"]
    line.ts_closed_ns = record.at[0]
    line.profit = Decimal(record.body["profit"])
    bot.account.balance += line.profit
    del bot.account.exposures[line.order.client_order_id]


_ENDINGS = {
    Kind.ORDER_REJECTED: OrderState.REJECTED,
    Kind.ORDER_EXPIRED: OrderState.EXPIRED,
    Kind.ORDER_CANCELLED: OrderState.CANCELLED,
    Kind.ORDER_NOT_ACCEPTED: OrderState.NOT_ACCEPTED,
}


def apply(bot: Bot, record: Record) -> None:
    """Fold one record into its bot.

    Raises:
        IllegalRecord: the record cannot follow the state.
    """
    match record.kind:
        case Kind.DECISION_RECEIVED:
            delivery = Delivery.model_validate_json(canonical_bytes(record.body["delivery"]))
            # What comes after its account was promised that nothing earlier follows is late.
            bot.pending[delivery.decision.decision_id] = Pending(delivery, bot.advance_until_ns)
            return  # arrives on the wall clock: the account's own clock does not move
        case Kind.ADVANCE_REQUESTED:
            bot.advance_until_ns = max(bot.advance_until_ns, record.body["until_ns"])
            return
        case Kind.DELIVERY_CONFLICT:
            return
        case Kind.DECISION_DENIED:
            bot.pending.pop(record.body["decision_id"])
            bot.decided[record.body["decision_id"]] = "denied"
            bot.denied += 1
        case Kind.ORDER_INTENDED:
            _apply_intended(bot, record)
        case Kind.ORDER_ACCEPTED:
            line = _line(bot, record)
            _move(line, OrderState.ACCEPTED, record)
            line.venue_order_id = record.body["venue_order_id"]
        case Kind.ORDER_REJECTED | Kind.ORDER_EXPIRED | Kind.ORDER_CANCELLED | Kind.ORDER_NOT_ACCEPTED:
            line = _line(bot, record)
            _move(line, _ENDINGS[record.kind], record)
            bot.account.exposures.pop(line.order.client_order_id)
        case Kind.ORDER_FILLED:
            _apply_filled(bot, record)
        case Kind.POSITION_CLOSED:
            _apply_closed(bot, record)
        case Kind.DAY_OPENED:
            bot.account.trading_day = date.fromisoformat(record.body["trading_day"])
            bot.account.balance_at_reset = Decimal(record.body["balance"])
        case Kind.ACCOUNT_BREACHED:
            bot.account.breached_rule = record.body["rule"]
        case Kind.EQUITY_MARKED:
            pass
        case Kind.ACCOUNT_OPENED:
            raise IllegalRecord(f"account {record.account} is opened twice")
    bot.last_venue_seq = record.body.get("venue_seq", bot.last_venue_seq)
    bot.position = max(bot.position, record.at)


def with_settings(bot: Bot, settings: Account) -> Bot:
    """The bot under today's settings; money and history stay as they are."""
    return replace(bot, settings=settings, pack=rule_pack(settings.rule_pack))
