"""Comparing a venue's books with the journal. The venue's evidence decides; a gap is asked about, never
guessed; what is not ours is counted and never touched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, ReportKind, VenueOrder, VenuePosition
from hive_core.contracts.order import WAITING_STATES, OrderState
from hive_core.evidence.canonical import content_hash
from hive_exec.core.events import Cancel, Effect, Follow, LookUp, Reported, SnapshotTaken
from hive_exec.core.orders import OrderLine
from hive_exec.core.reading import position_body, text_or_none
from hive_exec.core.records import FeedPosition, Kind, Record
from hive_exec.core.requests import close, trip
from hive_exec.core.state import Bot, CellState

Outcome = tuple[list[Record], list[Effect]]

OUR_ID = re.compile(r"ord_[0-9a-f]{24}", re.ASCII)
"""The form of the ids that we give. What carries one is ours, whether the journal knows it or not."""

HEARD_AFTER_NS = 30 * NS_PER_SECOND
"""How long after an order's end a comparison of books is sure to have begun after it: what the venue said of
it before is handed in by then. Longer than one comparison takes."""


def reconciled(state: CellState, bot: Bot, event: SnapshotTaken, at: FeedPosition) -> Outcome:
    """Compare books. An account trades only once they agree, or every difference is explained."""
    snapshot = event.snapshot
    records: list[Record] = []
    effects: list[Effect] = []
    open_questions: list[str] = []
    for more, asked, question in (
        *(_order(state, bot, order, at) for order in snapshot.orders),
        *(_missing(bot, line, snapshot, is_hedging=event.is_hedging) for line in bot.orders.values()),
        *(_position(state, bot, one, at, is_hedging=event.is_hedging) for one in snapshot.positions),
        *([] if event.is_hedging else _vanished(state, bot, snapshot, at)),
    ):
        records += more
        effects += asked
        open_questions += [question] if question else []
    external = _external(bot, snapshot, is_hedging=event.is_hedging)
    records += _books(bot, snapshot, external, at)
    records += _health(state, bot, open_questions, at)
    return records, effects


_Finding = tuple[list[Record], list[Effect], str]


def _diverged(state: CellState, bot: Bot, key: str, text: str, at: FeedPosition, **evidence: Any) -> _Finding:
    """The account stops for a person. Said once, not at every comparison, while it stands stopped."""
    known = state.controls.conditions.get(bot.name, {}).get("reconciliation")
    breaker = state.controls.breakers.get(f"bot:{bot.name}")
    is_stopped = breaker is not None and breaker.fallback == "halt"
    if is_stopped and known is not None and text in known.reason:
        return [], [], text
    body = {"client_order_id": key, "divergence": text, **evidence}
    records, effects = trip(bot.name, "halt", text, at)
    return [Record(bot.name, Kind.DIVERGENCE_FOUND, at, body), *records], effects, text


def _order(state: CellState, bot: Bot, order: VenueOrder, at: FeedPosition) -> _Finding:
    """An order that works at the venue."""
    if not OUR_ID.fullmatch(order.client_order_id):
        return [], [], ""
    line = bot.orders.get(order.client_order_id)
    if line is None:
        text = f"the venue has order {order.client_order_id} with our mark, which the journal does not know"
        return _diverged(state, bot, order.client_order_id, text, at, venue_order=_order_body(order))
    if line.state in WAITING_STATES or line.state is OrderState.NOT_ACCEPTED:
        return [], [Follow(Reported(_accepted(bot, order, at)))], ""
    if not line.working_lots and line.is_over:
        text = f"order {order.client_order_id} is {line.state}, and works at the venue"
        records, effects, _ = _diverged(
            state, bot, order.client_order_id, text, at, venue_order=_order_body(order)
        )
        return records, [*effects, Cancel(line.order)], text
    return [], [], ""


def _accepted(bot: Bot, order: VenueOrder, at: FeedPosition) -> BrokerReport:
    return BrokerReport(
        account=bot.name,
        client_order_id=order.client_order_id,
        kind=ReportKind.ACCEPTED,
        execution_id=f"seen-working-{order.venue_order_id}",
        ts_ns=at[0],
        venue_order_id=order.venue_order_id,
        text="found among the venue's working orders",
    )


def _order_body(order: VenueOrder) -> dict[str, Any]:
    return {
        "venue_order_id": order.venue_order_id,
        "symbol": order.symbol,
        "side": order.side,
        "lots": text_or_none(order.lots),
        "price": text_or_none(order.price),
        "stop_loss": text_or_none(order.stop_loss),
    }


def _missing(bot: Bot, line: OrderLine, snapshot: BrokerSnapshot, *, is_hedging: bool) -> _Finding:
    """What we hold for alive and the venue does not show: its own log is asked."""
    key = line.order.client_order_id
    if line.requested_ns is None and line.is_over:
        return [], [], ""
    asked: list[Effect] = [LookUp(line.order, line.since_cursor)]
    is_working_there = any(order.client_order_id == key for order in snapshot.orders)
    if line.state in WAITING_STATES:
        return [], ([] if is_working_there else asked), ""  # unresolved is a state of its own
    if line.working_lots and not line.open_lots and not is_working_there:
        return [], asked, f"order {key} is {line.state} here and not among the venue's orders"
    if line.open_lots and is_hedging:
        there = sum((p.lots for p in snapshot.positions if p.client_order_id == key), Decimal(0))
        if there != line.open_lots:
            return [], asked, f"order {key} has {line.open_lots} lots open here and {there} at the venue"
    return [], [], ""


def _position(
    state: CellState, bot: Bot, position: VenuePosition, at: FeedPosition, *, is_hedging: bool
) -> _Finding:
    """A position with our mark that the journal lacks, or whose stop the venue does not hold. Some venues
    that net show the single trades all the same, so a mark counts wherever it is shown."""
    key = position.client_order_id
    if not OUR_ID.fullmatch(key):
        return [], [], ""
    line = bot.orders.get(key)
    if line is None:
        text = (
            f"the venue has position {position.position_id} of order {key}, which the journal does not know"
        )
        return _diverged(state, bot, key, text, at, venue_position=position_body(position))
    if not line.open_lots and not is_hedging:
        return [], [], ""  # the mark of what opened it may outlive that order's own part
    if not line.open_lots:
        return (
            [],
            [LookUp(line.order, line.since_cursor)],
            f"order {key} is {line.state}, and open at the venue",
        )
    if position.stop_loss is None and line.has_stop:
        lost = BrokerReport(
            account=bot.name,
            client_order_id=key,
            kind=ReportKind.MODIFIED,
            execution_id=f"seen-without-stop-{position.position_id}-{at[0]}",
            ts_ns=at[0],
            has_stop=False,
            text="the venue's books show it without a stop",
        )
        return [], [Follow(Reported(lost))], ""
    if position.stop_loss is None:
        records, effects = close(bot, line, at, "it has no stop at the venue")
        return records, effects, ""
    return [], [], ""


def net_lots(bot: Bot) -> dict[str, Decimal]:
    """What ours come to in each instrument, sold ones negative."""
    ours: dict[str, Decimal] = {}
    for line in bot.orders.values():
        signed = line.open_lots if line.order.side == "buy" else -line.open_lots
        ours[line.order.symbol] = ours.get(line.order.symbol, Decimal(0)) + signed
    return ours


def vanished_text(symbol: str, lots: Decimal) -> str:
    """How it is told that ours are open in an instrument of which a netting venue shows nothing."""
    return f"{lots} lots of {symbol} are open here and none at the venue, which nets"


def _vanished(state: CellState, bot: Bot, snapshot: BrokerSnapshot, at: FeedPosition) -> list[_Finding]:
    """Instruments of a netting venue in which ours stand open and the venue shows nothing. An exit may be
    under way to us, so what became of them is asked first; at the next comparison a person is."""
    known = state.controls.conditions.get(bot.name, {}).get("reconciliation")
    shown = [position.symbol for position in snapshot.positions if position.lots]
    found: list[_Finding] = []
    for symbol, lots in net_lots(bot).items():
        if not lots or symbol in shown:
            continue
        lines = [one for one in bot.orders.values() if one.order.symbol == symbol and one.open_lots]
        text = vanished_text(symbol, lots)
        asked: list[Effect] = [LookUp(line.order, line.since_cursor) for line in lines]
        records: list[Record] = []
        if known is not None and text in known.reason:
            records, effects, _ = _diverged(state, bot, lines[0].order.client_order_id, text, at)
            asked += effects
        found.append((records, asked, text))
    return found


def _external(bot: Bot, snapshot: BrokerSnapshot, *, is_hedging: bool) -> dict[str, VenuePosition]:
    """Positions that are not ours; at a netting venue, what of a symbol ours do not explain."""
    if is_hedging:
        return {p.position_id: p for p in snapshot.positions if not OUR_ID.fullmatch(p.client_order_id)}
    ours = net_lots(bot)
    theirs: dict[str, list[VenuePosition]] = {}
    for position in snapshot.positions:  # one a symbol, or every trade of it
        theirs.setdefault(position.symbol, []).append(position)
    found: dict[str, VenuePosition] = {}
    for symbol, parts in sorted(theirs.items()):
        there = sum((p.lots if p.side == "buy" else -p.lots for p in parts), Decimal(0))
        difference = there - ours.get(symbol, Decimal(0))
        if difference:
            # Its price and levels are those of a part that is not ours, where the venue tells them apart.
            like = next((p for p in parts if not OUR_ID.fullmatch(p.client_order_id)), parts[0])
            found[f"net-{symbol}"] = VenuePosition(
                f"net-{symbol}",
                "",
                symbol,
                "buy" if difference > 0 else "sell",
                abs(difference),
                like.entry,
                like.stop_loss,
                like.take_profit,
            )
    return found


def _books(
    bot: Bot, snapshot: BrokerSnapshot, external: Mapping[str, VenuePosition], at: FeedPosition
) -> list[Record]:
    """That the books were compared, written when they say something new."""
    body: dict[str, Any] = {
        "balance": text_or_none(snapshot.balance),
        "equity": text_or_none(snapshot.equity),
        "margin_used": text_or_none(snapshot.margin_used),
        "external": [position_body(external[key]) for key in sorted(external)],
    }
    heard = [
        key
        for key, line in bot.orders.items()
        if line.may_have_filled and at[0] - line.ts_state_ns >= HEARD_AFTER_NS
    ]
    cursor = snapshot.cursor
    books_sha256 = content_hash({**body, "cursor": cursor, "equity": None, "margin_used": None})
    if books_sha256 == bot.books_sha256 and not heard:
        return []
    if heard:
        body["heard"] = heard
    body |= {"cursor": cursor, "books_sha256": books_sha256, "venue_ts_ns": snapshot.ts_ns}
    return [Record(bot.name, Kind.RECONCILED, at, body)]


def _health(state: CellState, bot: Bot, questions: list[str], at: FeedPosition) -> list[Record]:
    """Reconciled is ok; with an open question only risk may be lessened."""
    health, reason = ("suspect", "; ".join(questions)) if questions else ("ok", "books agree")
    known = state.controls.conditions.get(bot.name, {}).get("reconciliation")
    if known is not None and (known.health, known.reason) == (health, reason):
        return []
    body = {"dependency": "reconciliation", "health": health, "reason": reason}
    return [Record(bot.name, Kind.HEALTH_CHANGED, at, body)]
