"""The state of the daemon as a fold over records: its controls, and a bot (one account, its rules and its
orders) for each account.

`apply` is the only writer of journaled facts; quotes and rates are observed, because they can be
read again. Deciding is `step`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from hive_core.configuration.model import Account, Execution
from hive_core.contracts.broker import VenuePosition
from hive_core.contracts.decision import Delivery, Side
from hive_core.contracts.order import BracketOrder, OrderState
from hive_core.evidence.canonical import canonical_bytes
from hive_core.instruments.specification import instruments
from hive_core.risk.account import AccountState, Exposure, Quote
from hive_core.risk.rule_pack import RulePack, rule_pack
from hive_exec.core.control_records import apply_control
from hive_exec.core.controls import Controls, Standing, standing_of
from hive_exec.core.orders import IllegalRecord, OrderLine, expose, fill, leave, move
from hive_exec.core.reading import position_from, report_from
from hive_exec.core.records import CELL, FeedPosition, Kind, Record

MAX_REMEMBERED = 20_000
"""How many decisions that are judged, signals that were traded and orders that are over are kept in memory,
of each account. What is older lies in the journal, and is long too old to be decided anew."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A received decision that has not been judged. `not_before_ns` is how far its account had been let
    go when it came: it is judged there at the earliest, before and after a restart alike."""

    delivery: Delivery
    not_before_ns: int
    submitted_by: str = ""
    """Who handed it in; he may not approve it."""

    @property
    def due_ns(self) -> int:
        """When it is to be judged, by the account's clock."""
        return max(self.delivery.decision.ts_decided_ns, self.not_before_ns)


@dataclass(frozen=True, slots=True)
class Review:
    """A decision that waits for a person, and the hash of what it was judged by."""

    decision_id: str
    inputs_sha256: str
    requested_ns: int
    expires_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Simulated:
    """A leg that was not sent, carried on in thought."""

    decision_id: str
    leg: int
    symbol: str
    side: Side
    lots: Decimal
    entry: Decimal
    stop_loss: Decimal
    take_profit: Decimal


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
    held: dict[str, Decimal | None] = field(default_factory=dict)
    """Decisions that wait for their venue, each with the worst price that was planned for it."""
    reviews: dict[str, Review] = field(default_factory=dict)
    simulated: dict[str, Simulated] = field(default_factory=dict)
    external: dict[str, VenuePosition] = field(default_factory=dict)
    """Positions that are not ours. They count, and are never touched."""
    cursor: str = ""
    books_sha256: str = ""
    """What the venue's books said when they were last compared."""
    intents_ns: list[int] = field(default_factory=list)
    rejections: int = 0
    """Refusals of the venue in a row."""
    mode: str = "normal"
    marked_ns: int = 0

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name

    @property
    def clock_ns(self) -> int:
        """How far this account's time has come."""
        return self.position[0]


@dataclass(slots=True)
class CellState:
    """Everything the core knows."""

    environment: str
    execution: Execution
    bots: dict[str, Bot] = field(default_factory=dict)
    controls: Controls = field(default_factory=Controls)
    epoch: int = 0

    def standing(self, bot: Bot) -> Standing:
        """What a bot may do now. A replay lives in another time: nothing of today holds it back."""
        if bot.settings.mode == "replay":
            return Standing()
        return standing_of(
            self.controls,
            bot.name,
            has_broker=bot.settings.has_broker,
            reduced_share=self.execution.reduced_share,
        )


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


def apply(state: CellState, record: Record) -> None:
    """Fold one record into the state.

    Raises:
        IllegalRecord: the record cannot follow the state.
    """
    if record.account == CELL:
        apply_control(state.controls, record)
        if record.kind is Kind.STARTED:
            state.epoch = record.body["epoch"]
    elif record.kind is Kind.ACCOUNT_OPENED and record.account not in state.bots:
        state.bots[record.account] = open_bot(record)
    elif record.account not in state.bots:
        raise IllegalRecord(f"{record.kind}: account {record.account} was never opened")
    elif record.kind is Kind.HEALTH_CHANGED:
        apply_control(state.controls, record)
    else:
        apply_to_bot(state.bots[record.account], record)


def apply_to_bot(bot: Bot, record: Record) -> None:
    """Fold a record of an account into its bot.

    Raises:
        IllegalRecord: as `apply`.
    """
    if record.kind is Kind.ACCOUNT_OPENED:
        raise IllegalRecord(f"account {record.account} is opened twice")
    if record.kind in _WITHOUT_CLOCK:  # arrives on the wall clock: the account's own does not move
        _WITHOUT_CLOCK[record.kind](bot, record)
        return
    folding = _FOLDS.get(record.kind)
    if folding is None:
        raise IllegalRecord(f"{record.kind} does not belong to account {record.account}")
    folding(bot, record)
    bot.last_venue_seq = record.body.get("venue_seq", bot.last_venue_seq)
    bot.position = max(bot.position, record.at)


def _line(bot: Bot, record: Record) -> OrderLine:
    line = bot.orders.get(record.body["client_order_id"])
    if line is None:
        raise IllegalRecord(f"{record.kind}: no order {record.body['client_order_id']}")
    return line


def _remember(memory: dict[str, Any], key: str, value: Any) -> None:
    memory[key] = value
    if len(memory) > MAX_REMEMBERED:
        del memory[next(iter(memory))]


def _done_with(bot: Bot, decision_id: str, how: str) -> None:
    for waiting in (bot.pending, bot.held, bot.reviews):
        waiting.pop(decision_id, None)
    _remember(bot.decided, decision_id, how)


def _received(bot: Bot, record: Record) -> None:
    delivery = Delivery.model_validate_json(canonical_bytes(record.body["delivery"]))
    # What comes after its account was promised that nothing earlier follows is late.
    bot.pending[record.body["decision_id"]] = Pending(
        delivery, bot.advance_until_ns, record.body.get("submitted_by", "")
    )


def _advanced(bot: Bot, record: Record) -> None:
    bot.advance_until_ns = max(bot.advance_until_ns, record.body["until_ns"])


def _nothing(_bot: Bot, _record: Record) -> None:
    pass


def _denied(bot: Bot, record: Record) -> None:
    if record.body["decision_id"] not in bot.pending:
        raise IllegalRecord(f"decision {record.body['decision_id']} is denied, but does not wait")
    _done_with(bot, record.body["decision_id"], "denied")
    bot.denied += 1


def _held(bot: Bot, record: Record) -> None:
    bound = record.body["price_bound"]
    bot.held[record.body["decision_id"]] = None if bound is None else Decimal(bound)
    _simulate(bot, record)


def _shadowed(bot: Bot, record: Record) -> None:
    _done_with(bot, record.body["decision_id"], "shadowed")
    _remember_traded(bot, record)
    _simulate(bot, record)


def _simulate(bot: Bot, record: Record) -> None:
    body = record.body
    for leg in body["legs"]:
        _remember(
            bot.simulated,
            f"{body['decision_id']}/{leg['leg']}",
            Simulated(
                body["decision_id"],
                leg["leg"],
                body["symbol"],
                body["side"],
                Decimal(leg["lots"]),
                Decimal(leg["entry"]),
                Decimal(leg["stop_loss"]),
                Decimal(leg["take_profit"]),
            ),
        )


def _marked(bot: Bot, record: Record) -> None:
    bot.marked_ns = record.at[0]


def _simulation_closed(bot: Bot, record: Record) -> None:
    bot.simulated.pop(record.body["simulation"], None)


def _failed_over(bot: Bot, record: Record) -> None:
    _done_with(bot, record.body["decision_id"], "failed_over")


def _review_requested(bot: Bot, record: Record) -> None:
    body = record.body
    bot.reviews[body["decision_id"]] = Review(
        body["decision_id"], body["inputs_sha256"], record.at[0], body["expires_ns"], body["reason"]
    )


def _review_ended(bot: Bot, record: Record) -> None:
    bot.reviews.pop(record.body["decision_id"], None)


def _remember_traded(bot: Bot, record: Record) -> None:
    for signal_id in record.body["signal_ids"]:
        if signal_id not in bot.account.traded_signals:
            _remember(bot.account.traded_signals, signal_id, record.body["decision_id"])


def _intended(bot: Bot, record: Record) -> None:
    body = record.body
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
        since_cursor=bot.cursor,
    )
    bot.orders[order.client_order_id] = line
    bot.intents_ns = [ns for ns in bot.intents_ns if ns > record.at[0] - _HOUR_NS] + [record.at[0]]
    expose(bot.account, line)
    _done_with(bot, order.decision_id, "traded")
    for signal_id in line.signal_ids:
        bot.account.traded_signals.setdefault(signal_id, order.decision_id)
    while len(bot.account.traded_signals) > MAX_REMEMBERED:
        del bot.account.traded_signals[next(iter(bot.account.traded_signals))]


_HOUR_NS = 3_600 * 10**9


def _settle(bot: Bot, line: OrderLine, record: Record) -> None:
    """What every fact about an order ends with."""
    said = record.body.get("execution_id")
    if said is not None:
        line.applied.append(said)
        line.early = [report for report in line.early if report.execution_id != said]
    expose(bot.account, line)
    if line.is_over and len(bot.orders) > MAX_REMEMBERED:
        del bot.orders[next(key for key, one in bot.orders.items() if one.is_over)]


_STATES = {
    Kind.ORDER_ACCEPTED: OrderState.ACCEPTED,
    Kind.ORDER_UNRESOLVED: OrderState.UNRESOLVED,
    Kind.ORDER_REJECTED: OrderState.REJECTED,
    Kind.ORDER_EXPIRED: OrderState.EXPIRED,
    Kind.ORDER_CANCELLED: OrderState.CANCELLED,
    Kind.ORDER_NOT_ACCEPTED: OrderState.NOT_ACCEPTED,
    Kind.ORDER_PARTIALLY_FILLED: OrderState.PARTIALLY_FILLED,
    Kind.ORDER_FILLED: OrderState.FILLED,
    Kind.ORDER_REST_ENDED: OrderState.FILLED,
    Kind.POSITION_REDUCED: None,
    Kind.POSITION_CLOSED: OrderState.CLOSED,
}


def _order_moved(bot: Bot, record: Record) -> None:
    line = _line(bot, record)
    to = _STATES[record.kind]
    if record.kind is Kind.ORDER_REST_ENDED and not line.open_lots:
        to = OrderState.CLOSED
    if to is not None:
        move(line, to, record)
    match record.kind:
        case Kind.ORDER_ACCEPTED:
            line.venue_order_id = record.body["venue_order_id"]
            bot.rejections = 0
        case Kind.ORDER_REJECTED:
            bot.rejections += 1
        case Kind.ORDER_CANCELLED | Kind.ORDER_EXPIRED | Kind.ORDER_REST_ENDED:
            line.may_have_filled = record.body.get("may_have_filled", False)
        case Kind.ORDER_FILLED | Kind.ORDER_PARTIALLY_FILLED:
            bot.account.balance -= fill(line, record)
            bot.rejections = 0
        case Kind.POSITION_CLOSED | Kind.POSITION_REDUCED:
            bot.account.balance += leave(line, record)
            line.requested_ns = None
        case _:
            pass
    _settle(bot, line, record)


def _modified(bot: Bot, record: Record) -> None:
    line = _line(bot, record)
    stop, target = record.body["stop_loss"], record.body["take_profit"]
    if stop is not None:
        line.stop_loss, line.has_stop = Decimal(stop), True
    if target is not None:
        line.take_profit = Decimal(target)
    if record.body.get("has_stop") is False:
        line.has_stop = False
    _settle(bot, line, record)


def _requested(bot: Bot, record: Record) -> None:
    line = _line(bot, record)
    line.requested_ns = record.at[0]
    line.requests += 1
    line.is_closing = line.is_closing or record.body["request"] == "close"


def _noted(bot: Bot, record: Record) -> None:
    line = bot.orders.get(record.body["client_order_id"])
    if line is not None and "execution_id" in record.body:
        line.applied.append(record.body["execution_id"])


def _report_held(bot: Bot, record: Record) -> None:
    line = _line(bot, record)
    line.early.append(report_from(record.body["report"]))


def _proposed(bot: Bot, record: Record) -> None:
    _line(bot, record).not_accepted_by = record.body["principal"]


def _reconciled(bot: Bot, record: Record) -> None:
    body = record.body
    bot.cursor, bot.books_sha256 = body["cursor"], body["books_sha256"]
    if body["balance"] is not None:
        bot.account.balance = Decimal(body["balance"])
    for order_id in body.get("heard", ()):
        line = bot.orders[order_id]
        line.may_have_filled = False
        expose(bot.account, line)
    for key in list(bot.external):
        bot.account.exposures.pop(f"external/{key}", None)
        bot.account.unprotected.pop(f"external/{key}", None)
    bot.external = {one["position_id"]: position_from(one) for one in body["external"]}
    for key, position in bot.external.items():
        _count_external(bot, f"external/{key}", position)


def _count_external(bot: Bot, name: str, position: VenuePosition) -> None:
    if position.symbol not in instruments():
        bot.account.unprotected[name] = (
            f"position {position.position_id} ({position.symbol}) has no known worth"
        )
        return
    if position.stop_loss is None:
        bot.account.unprotected[name] = (
            f"position {position.position_id} ({position.symbol}) is not ours and has no stop"
        )
    stop = position.entry if position.stop_loss is None else position.stop_loss
    target = position.entry if position.take_profit is None else position.take_profit
    bot.account.exposures[name] = Exposure(
        name, position.symbol, position.side, position.lots, position.entry, stop, target, is_open=True
    )


def _day_opened(bot: Bot, record: Record) -> None:
    bot.account.trading_day = date.fromisoformat(record.body["trading_day"])
    bot.account.balance_at_reset = Decimal(record.body["balance"])


def _breached(bot: Bot, record: Record) -> None:
    bot.account.breached_rule = record.body["rule"]


def _mode_changed(bot: Bot, record: Record) -> None:
    bot.mode = record.body["mode"]


_WITHOUT_CLOCK = {
    Kind.DECISION_RECEIVED: _received,
    Kind.ADVANCE_REQUESTED: _advanced,
    Kind.DELIVERY_CONFLICT: _nothing,
}
_FOLDS = {
    Kind.DECISION_DENIED: _denied,
    Kind.DECISION_HELD: _held,
    Kind.DECISION_SHADOWED: _shadowed,
    Kind.DECISION_FAILED_OVER: _failed_over,
    Kind.REVIEW_REQUESTED: _review_requested,
    Kind.REVIEW_ENDED: _review_ended,
    Kind.SIMULATION_CLOSED: _simulation_closed,
    Kind.ORDER_INTENDED: _intended,
    **dict.fromkeys(_STATES, _order_moved),
    Kind.ORDER_MODIFIED: _modified,
    Kind.REQUEST_SENT: _requested,
    Kind.REQUEST_REFUSED: _noted,
    Kind.REPORT_HELD: _report_held,
    Kind.REPORT_IGNORED: _noted,
    Kind.RESOLUTION_PROPOSED: _proposed,
    Kind.RECONCILED: _reconciled,
    Kind.DIVERGENCE_FOUND: _nothing,
    Kind.EQUITY_MARKED: _marked,
    Kind.DAY_OPENED: _day_opened,
    Kind.ACCOUNT_BREACHED: _breached,
    Kind.MODE_CHANGED: _mode_changed,
}


def with_settings(bot: Bot, settings: Account) -> Bot:
    """The bot under today's settings; money and history stay as they are."""
    return replace(bot, settings=settings, pack=rule_pack(settings.rule_pack))
