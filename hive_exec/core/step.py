"""step: from the state and an event, the records to write and the effects to carry out after.

Pure: it changes nothing, reads no clock and sends nothing. Whoever calls it applies the records,
makes them durable, and only then carries out the effects.
"""

from __future__ import annotations

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.base import decimal_text
from hive_core.contracts.order import WAITING_STATES, OrderState, client_order_id
from hive_core.contracts.reasons import RejectionReason
from hive_exec.core.accepting import books_accepted
from hive_exec.core.commanding import (
    breaker_reset,
    close_asked,
    killed,
    resolution,
    resumed,
    reviewed,
    reviews_timed_out,
)
from hive_exec.core.controls import Mode
from hive_exec.core.deciding import decided
from hive_exec.core.events import (
    Alarm,
    AskPolicies,
    BarBegan,
    BarRanged,
    BooksAccepted,
    BreakerReset,
    BreakerTrip,
    CloseAsked,
    DecisionDue,
    Effect,
    Event,
    Follow,
    HealthObserved,
    Kill,
    LookedUp,
    LookUp,
    Reported,
    RequestFailed,
    Resolution,
    Resume,
    Reviewed,
    SnapshotTaken,
    Started,
    Submit,
    SubmitNotSent,
    SubmitProvenAbsent,
    SubmitUnknown,
    Ticked,
    TimePassed,
)
from hive_exec.core.money import day_opened, low_headroom, marked
from hive_exec.core.orders import IllegalRecord, OrderLine
from hive_exec.core.reconciling import reconciled
from hive_exec.core.records import CELL, FeedPosition, Kind, Record
from hive_exec.core.reports import ended_by_lookup, reported
from hive_exec.core.requests import cancel, close, trip, tripped
from hive_exec.core.state import Bot, CellState

Outcome = tuple[list[Record], list[Effect]]

MAX_ATTEMPTS = 5
"""How often an order is tried of which nothing left the process."""


def step(state: CellState, event: Event, at: FeedPosition) -> Outcome:
    """What follows from `event` at `at`.

    Returns:
        (records in order, effects in order).

    Raises:
        Refused: a person's order that cannot be carried out.
        IllegalRecord: the venue in this process contradicts the journal.
    """
    match event:
        case Started():
            return _started(state, event, at)
        case Ticked():
            return _ticked(state, at)
        case Kill():
            return killed(state, event, at)
        case Resume():
            return resumed(state, event, at)
        case BreakerTrip():
            return tripped(event, at)
        case BreakerReset():
            return breaker_reset(state, event, at)
        case HealthObserved():
            return _health(state, event, at)
        case Reported(_, None) | LookedUp() | SnapshotTaken():
            return _of_broker(state, state.bots[event.account], event, at)
        case _:
            return _of_account(state, state.bots[event.account], event, at)


def _of_broker(state: CellState, bot: Bot, event: Event, at: FeedPosition) -> Outcome:
    """What a broker says. What cannot follow stops its account for a person, never the daemon."""
    try:
        return _of_account(state, bot, event, at)
    except Exception as error:  # noqa: BLE001 (step changes nothing: no half of it was done)
        text = f"what the venue said cannot be taken in: {type(error).__name__}: {error}"
        known = state.controls.breakers.get(f"bot:{bot.name}")
        if known is not None and known.reason == text:
            return [], []  # said again
        return trip(bot.name, "halt", text, at)


def _ranged(state: CellState, bot: Bot, event: BarRanged, at: FeedPosition) -> Outcome:
    """What a range of prices did to an account; where it left too little room, no more risk is added. A
    replay lives in another time, where no breaker holds."""
    records, effects = marked(bot, event.symbol, event.bar, at)
    if bot.settings.mode == "replay" or f"bot:{bot.name}" in state.controls.breakers:
        return records, effects
    why = low_headroom(bot, event.symbol, event.bar, at)
    if not why:
        return records, effects
    more, alarms = trip(bot.name, "safe", why, at)
    return records + more, effects + alarms


def _of_account(state: CellState, bot: Bot, event: Event, at: FeedPosition) -> Outcome:
    match event:
        case TimePassed():
            return day_opened(bot, at), []
        case DecisionDue():
            return decided(state, bot, event, at)
        case BarBegan(_, symbol, bid, ask):
            records, effects = marked(bot, symbol, BarPrices.of_quote(bid, ask), at)
            return (records, effects) if effects else ([], [])  # told only when it ended the account
        case BarRanged():
            return _ranged(state, bot, event, at)
        case Reported():
            return reported(bot, event, at)
        case SubmitProvenAbsent(_, order_id):
            return _proven_absent(state, bot, bot.orders[order_id], at)
        case SubmitNotSent():
            return _not_sent(state, bot, event, at)
        case SubmitUnknown(_, order_id, reason):
            return _unknown(bot, bot.orders[order_id], reason, at)
        case RequestFailed():
            return _request_failed(bot, event, at)
        case LookedUp():
            return _looked_up(bot, event, at)
        case SnapshotTaken():
            return reconciled(state, bot, event, at)
        case Reviewed():
            return reviewed(state, bot, event, at)
        case Resolution():
            return resolution(bot, event, at)
        case CloseAsked():
            return close_asked(bot, event, at)
        case BooksAccepted():
            return books_accepted(state, bot, event, at)
        case _:
            raise IllegalRecord(f"{type(event).__name__} is no event of an account")


def _started(state: CellState, event: Started, at: FeedPosition) -> Outcome:
    """A new life: every intent without an outcome may have left the process that ended, so it is asked
    about and never sent again."""
    body = {"epoch": event.epoch, "code": event.code}
    records = [Record(CELL, Kind.STARTED, at, body)]
    effects: list[Effect] = []
    for name in sorted(state.bots):
        bot = state.bots[name]
        if not bot.settings.has_broker:
            continue
        for line in bot.orders.values():
            if line.state is OrderState.INTENDED:
                more, asked = _unknown(bot, line, "the daemon ended before it knew whether it was sent", at)
                records += more
                effects += asked
    return records, effects


def _ticked(state: CellState, at: FeedPosition) -> Outcome:
    """Everything that waits for time: reviews, held decisions, unresolved orders, requests, the mode."""
    records: list[Record] = []
    effects: list[Effect] = []
    judged: list[str] = []
    for name in sorted(state.bots):
        bot = state.bots[name]
        if bot.settings.mode == "replay":
            continue
        standing = state.standing(bot)
        if standing.mode.value != bot.mode:
            body = {"mode": standing.mode.value, "before": bot.mode, "reasons": list(standing.reasons)}
            records.append(Record(bot.name, Kind.MODE_CHANGED, at, body))
        parts = [reviews_timed_out(bot, at)]
        is_free = standing.mode is Mode.NORMAL or standing.is_latched
        is_taken = name in judged or bot.settings.failover_to in judged
        for decision_id, pending in () if is_taken else bot.pending.items():
            is_late = at[0] >= pending.delivery.decision.valid_until_ns
            if decision_id not in bot.reviews and (is_free or is_late or bot.settings.failover_to):
                # Only one an account that takes something, of its own or taken over: the next is judged
                # knowing what this one took, at the next tick. What is denied takes nothing.
                part = decided(state, bot, DecisionDue(name, decision_id), at)
                parts.append(part)
                judged += [record.account for record in part[0]]
                put_to = [one.then.account for one in part[1] if isinstance(one, AskPolicies)]
                judged += put_to
                if put_to or any(record.kind is not Kind.DECISION_DENIED for record in part[0]):
                    break
        if bot.settings.has_broker:
            parts += [_watched(state, bot, line, at) for line in bot.orders.values() if not line.is_over]
        for more, asked in parts:
            records += more
            effects += asked
    return records, effects


def _watched(state: CellState, bot: Bot, line: OrderLine, at: FeedPosition) -> Outcome:
    """An order at a broker that is not over: asked about while unresolved, its requests repeated."""
    if line.state in WAITING_STATES:
        if line.state is OrderState.UNRESOLVED:
            return [], [LookUp(line.order, line.since_cursor)]
        return [], []
    if line.requests and (line.working_lots or line.is_closing):
        records, effects = cancel(bot, line, at, "asked for before, and still working")
        if line.is_closing:  # who cancelled what works did not ask to close what is open
            more, asked = close(bot, line, at, "asked for before, and still open")
            records, effects = records + more, effects + asked
        return records, effects
    if state.controls.kill is not None:
        return cancel(bot, line, at, "kill switch")
    if line.working_lots and at[0] > line.order.good_till_ns + 60 * NS_PER_SECOND:
        return cancel(bot, line, at, "its time is over, and the venue has not ended it")
    return [], []


def _health(state: CellState, event: HealthObserved, at: FeedPosition) -> Outcome:
    known = state.controls.conditions.get(event.account, {}).get(event.dependency)
    if known is not None and (known.health, known.reason) == (event.health, event.reason):
        return [], []
    body = {"dependency": event.dependency, "health": event.health, "reason": event.reason}
    record = Record(event.account, Kind.HEALTH_CHANGED, at, body)
    text = f"{event.dependency} is {event.health}: {event.reason}"
    return [record], [Alarm(event.account, text)] if event.health != "ok" else []


def _unknown(bot: Bot, line: OrderLine, reason: str, at: FeedPosition) -> Outcome:
    """Nobody knows whether the order arrived. It counts in full, and is asked about."""
    order_id = line.order.client_order_id
    if line.state is not OrderState.INTENDED:
        return [], []  # the venue's own word came first
    body = {"client_order_id": order_id, "reason": reason}
    record = Record(bot.name, Kind.ORDER_UNRESOLVED, at, body)
    text = f"order {order_id} is unresolved: {reason}"
    return [record], [Alarm(bot.name, text), LookUp(line.order, line.since_cursor)]


def _request_failed(bot: Bot, event: RequestFailed, at: FeedPosition) -> Outcome:
    body = {"client_order_id": event.client_order_id, "request": event.request, "reason": event.reason}
    return [Record(bot.name, Kind.REQUEST_REFUSED, at, body)], []


def _looked_up(bot: Bot, event: LookedUp, at: FeedPosition) -> Outcome:
    """The venue's records on an order. Not found proves nothing unless the venue's log does."""
    lookup = event.lookup
    line = bot.orders.get(lookup.client_order_id)
    if line is None:
        return [], []
    if lookup.reports:
        return [], [Follow(Reported(report)) for report in lookup.reports]
    if line.state is OrderState.UNRESOLVED and lookup.is_proof:
        return ended_by_lookup(bot, line, RejectionReason.PROVEN_ABSENT.value, at)
    return [], []


def _proven_absent(state: CellState, bot: Bot, line: OrderLine, at: FeedPosition) -> Outcome:
    """The log of the venue in this process is proof: this attempt never arrived, so the next one cannot be
    a double. It is made only while the decision is fresh and the market is known as it was when the gate
    allowed it."""
    order, now_ns = line.order, at[0]
    if line.state is not OrderState.INTENDED:
        raise IllegalRecord(f"order {order.client_order_id} is {line.state}, not intended")
    if bot.settings.mode != "replay" and state.standing(bot).mode is not Mode.NORMAL:
        reason = f"{RejectionReason.NOT_SENT.value}: {'; '.join(state.standing(bot).reasons)}"
        return [_not_accepted(bot, line, reason, at)], []
    if not _is_fresh(bot, line, now_ns):
        return [_not_accepted(bot, line, RejectionReason.STALE_AFTER_RESTART.value, at)], []
    return _again(state, bot, line, "absent from the venue's log", at, delay_s=0)


def _not_sent(state: CellState, bot: Bot, event: SubmitNotSent, at: FeedPosition) -> Outcome:
    """Not a byte left: another attempt cannot be a double."""
    line = bot.orders[event.client_order_id]
    if line.state is not OrderState.INTENDED:
        return [], []  # the venue's own word came first, or people ended it
    reason = f"{RejectionReason.NOT_SENT.value}: {event.reason}"
    may_retry = event.retry_after_s is not None and line.order.attempt < MAX_ATTEMPTS
    if may_retry and state.standing(bot).mode is Mode.NORMAL and _is_fresh(bot, line, at[0]):
        return _again(state, bot, line, reason, at, delay_s=event.retry_after_s or 1)
    text = f"order {event.client_order_id} was not sent: {event.reason}"
    return [_not_accepted(bot, line, reason, at)], [Alarm(bot.name, text)]


def _is_fresh(bot: Bot, line: OrderLine, now_ns: int) -> bool:
    order = line.order
    quote = bot.account.quotes.get(order.symbol)
    limits = (bot.settings.max_decision_age_s * NS_PER_SECOND, bot.settings.quote_age_limit_s * NS_PER_SECOND)
    is_fresh = 0 <= now_ns - order.submitted_ns <= limits[0] and now_ns < order.good_till_ns
    return is_fresh and quote is not None and 0 <= now_ns - quote.ts_ns <= limits[1]


def _not_accepted(bot: Bot, line: OrderLine, reason: str, at: FeedPosition) -> Record:
    body = {"client_order_id": line.order.client_order_id, "reason": reason}
    return Record(bot.name, Kind.ORDER_NOT_ACCEPTED, at, body)


def _again(
    state: CellState, bot: Bot, line: OrderLine, reason: str, at: FeedPosition, *, delay_s: int
) -> Outcome:
    order = line.order
    attempt = order.attempt + 1
    new_id = client_order_id(state.environment, bot.name, order.decision_id, order.leg, attempt)
    again = order.model_copy(update={"attempt": attempt, "client_order_id": new_id})
    body = {
        "client_order_id": new_id,
        "order": again.model_dump(mode="json"),
        "sources": list(line.sources),
        "signal_ids": list(line.signal_ids),
        "risk_amount": decimal_text(line.risk_amount),
        "checks": [],
        "follows": order.client_order_id,
    }
    records = [_not_accepted(bot, line, reason, at), Record(bot.name, Kind.ORDER_INTENDED, at, body)]
    return records, [Submit(again, delay_s)]
