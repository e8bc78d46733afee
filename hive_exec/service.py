"""What callers may ask of the cell: deliver, advance, quote, and look. One function a question.

Each runs in the cell's thread. The HTTP face is a thin shell over these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import NS_PER_SECOND, iso_utc
from hive_core.contracts.base import decimal_text
from hive_core.contracts.decision import Delivery
from hive_core.contracts.report import Report, ReportPage
from hive_core.evidence.canonical import canonical_bytes
from hive_core.instruments.specification import instruments
from hive_core.risk.account import AccountState, equity
from hive_core.risk.firm_policy import firm_words
from hive_core.risk.headroom import LossLimit, OtherLimit, headroom
from hive_core.risk.ledger import at_time
from hive_core.risk.standing import known_floors
from hive_exec.accounts import opening
from hive_exec.cell import Cell
from hive_exec.commands import CommandRefused
from hive_exec.core.events import BarRanged, TimePassed
from hive_exec.core.money import floors_body
from hive_exec.core.orders import OrderLine
from hive_exec.core.reading import text_or_none
from hive_exec.core.records import RANK_BAR_OPENED, Kind, Record
from hive_exec.core.state import Bot, observe_quote, submitted_again
from hive_exec.core.waiting import joined, submitters_as_body
from hive_exec.failpoints import failpoint
from hive_exec.journal.writing import record_of

MAX_QUOTE_SKEW_S = 5
"""A quote that claims to be this much older or newer than our clock is not the market's."""


def deliver(
    cell: Cell, key: str, payload: bytes, delivery: Delivery, caller: str, others: Iterable[str] = ()
) -> tuple[int, bytes]:
    """Take a decision in, once. `caller` is the principal who hands it in, `others` are those who handed in
    the signals that led to it, `caller` among them or not; none of them may approve it.

    Returns:
        (HTTP status, body): 202 when new, 200 with the same body when seen before.

    Raises:
        CommandRefused: 409 for another content under a known key; 422 for a decision whose id is
            not that of its content, or an account that the configuration does not have.
    """
    decision = delivery.decision
    # The decision is what must not change under its key. Its origin may: a partition that is made
    # again by another run delivers the same decisions.
    content_sha256 = decision.sha256()
    seen = cell.journal.answered(key)
    submitters = joined((caller,), others)
    if seen is not None and seen.content_sha256 == content_sha256:
        for record in submitted_again(cell.state, key, submitters):
            cell.write(record)
        return 200, seen.response
    if seen is not None:
        bot = cell.bots.get(decision.account)
        if bot is not None:
            conflict = {"decision_id": key, "content_sha256": content_sha256}
            cell.write(Record(bot.name, Kind.DELIVERY_CONFLICT, bot.position, conflict))
        raise CommandRefused(409, "Idempotency-Key", "this key was used for another content")
    if key != decision.decision_id:
        raise CommandRefused(422, "Idempotency-Key", "must be the decision's id")
    if decision.decision_id != decision.expected_id():
        raise CommandRefused(422, "decision.decision_id", "is not the id of this content")
    bot = _bot_for(cell, decision.account, decision.ts_decided_ns)
    body = {"decision_id": key, "delivery": json.loads(payload), **submitters_as_body(submitters)}
    failpoint("inbox.before_record")
    seq = cell.write(Record(bot.name, Kind.DECISION_RECEIVED, bot.position, body))
    response = canonical_bytes({"decision_id": key, "outcome": "accepted", "seq": seq})
    cell.journal.answer(key, content_sha256, response)
    failpoint("inbox.after_record")
    if bot.settings.mode == "replay":
        cell.replay_of(bot).decision_arrived()
    else:
        # Judged with others of its round: receipt and intent are durable before an order leaves.
        cell.decide_soon(bot, key)
    return 202, response


def advance(cell: Cell, name: str, until_ns: int) -> dict[str, Any]:
    """Ask a replay account to go on to a time. Going back, or again, changes nothing.

    Raises:
        CommandRefused: 404 unknown account; 409 an account on the wall clock.
    """
    bot = _known(cell, name)
    if bot.settings.mode != "replay":
        raise CommandRefused(409, "account", f"{name} lives by the wall clock")
    if until_ns > cell.wall_clock_ns():
        raise CommandRefused(422, "until_ns", "a replay cannot go into the future")
    if until_ns > bot.advance_until_ns:
        symbols = {pending.delivery.decision.symbol for pending in bot.pending.values()}
        body = {"until_ns": until_ns, "data_sha256": cell.feed.data_hashes(sorted(symbols))}
        cell.write(Record(bot.name, Kind.ADVANCE_REQUESTED, bot.position, body))
        cell.replay_of(bot)
    return {"account": name, "until_ns": bot.advance_until_ns}


def quote(cell: Cell, name: str, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> dict[str, Any]:
    """A live quote for a paper account.

    Raises:
        CommandRefused: 404 unknown account; 409 a replay account; 422 a quote that is none.
    """
    settings = cell.configuration.account_named(name)
    if settings is None:
        raise CommandRefused(404, "account", f"no account {name} is configured")
    if settings.mode == "replay":
        raise CommandRefused(409, "account", f"{name} takes its prices from stored bars")
    specification = instruments().get(symbol)
    if specification is None:
        raise CommandRefused(422, "symbol", f"{symbol} is not a known instrument")
    if not specification.plausible_low <= bid < ask <= specification.plausible_high:
        raise CommandRefused(422, "bid", "bid and ask must be apart, and plausible for the instrument")
    wall = cell.wall_clock_ns()
    if abs(wall - ts_ns) > MAX_QUOTE_SKEW_S * NS_PER_SECOND:
        raise CommandRefused(422, "ts_ns", f"{iso_utc(ts_ns)} is not now: more than {MAX_QUOTE_SKEW_S} s off")
    bot = _bot_for(cell, name, wall)
    at = (max(wall, bot.clock_ns + 1), RANK_BAR_OPENED, symbol)
    cell.handle(bot, TimePassed(name), at)
    is_first = symbol not in bot.account.quotes
    observe_quote(bot, symbol, bid, ask, at[0])
    cell.market_moved(
        bot,
        BarRanged(name, symbol, BarPrices.of_quote(bid, ask)),
        at,
        lambda: cell.venue.bar_opened(bot.name, symbol, bid, ask, at),
    )
    bot.position = max(bot.position, at)
    if is_first:
        cell.decide_what_waited_for(bot, symbol)
    return {"account": name, "symbol": symbol, "ts_ns": at[0]}


def _known(cell: Cell, name: str) -> Bot:
    bot = cell.bots.get(name)
    if bot is None:
        raise CommandRefused(404, "account", f"no account {name} is open")
    return bot


def _bot_for(cell: Cell, name: str, ts_ns: int) -> Bot:
    """The bot of an account, opened on its first use."""
    if name in cell.bots:
        return cell.bots[name]
    settings = cell.configuration.account_named(name)
    if settings is None:
        raise CommandRefused(422, "decision.account", f"no account {name} is configured in hive.toml")
    cell.write(opening(name, settings, ts_ns))
    return cell.bots[name]


def accounts(cell: Cell) -> dict[str, Any]:
    """Every open account: clock, money, limits and the room that is left to each."""
    return {"accounts": [_account_facts(cell.bots[name]) for name in sorted(cell.bots)]}


def account(cell: Cell, name: str) -> dict[str, Any]:
    """One account: its facts, each limit used and left, and what its firm says.

    Raises:
        CommandRefused: 404, no such account is open.
    """
    bot = _known(cell, name)
    room = headroom(bot.account, bot.settings, bot.rules, bot.clock_ns)
    sources = {source for line in bot.orders.values() for source in line.sources}
    return {
        "account": _account_facts(bot),
        "programme": bot.rules.title,
        "phase": bot.rules.phase,
        "firm": bot.rules.firm,
        "rules_as_of": bot.rules.day.isoformat(),
        "loss_limits": [_told(limit) for limit in room.loss],
        "other_limits": [_told(limit) for limit in room.others],
        "firm_words": [
            {"text": word.text, "consequence": word.consequence}
            for word in firm_words(bot.rules, bot.settings, sorted(sources))
        ],
        "unknown": list(bot.rules.unknown),
    }


def _told(limit: LossLimit | OtherLimit) -> dict[str, Any]:
    found = asdict(limit)
    return {
        key: decimal_text(round(value, 2)) if isinstance(value, Decimal) else value
        for key, value in found.items()
    }


def _account_facts(bot: Bot) -> dict[str, Any]:
    account = bot.account
    worth = equity(account)
    # A flat account opens its day with its next decision; its room is counted from there already.
    ledger = at_time(account.ledger, max(bot.clock_ns, account.ledger.ts_ns))
    floors = known_floors(bot.rules, ledger)
    states: dict[str, int] = {}
    for line in bot.orders.values():
        states[line.state.value] = states.get(line.state.value, 0) + 1
    return {
        "name": bot.name,
        "mode": bot.settings.mode,
        "currency": account.currency,
        "rule_pack": bot.rules.name,
        "clock_ns": bot.clock_ns,
        "clock": iso_utc(bot.clock_ns),
        "advance_until_ns": bot.advance_until_ns,
        "trading_day": ledger.current_day.day.isoformat(),
        "initial_balance": decimal_text(account.initial_balance),
        "balance": decimal_text(account.balance),
        "equity": decimal_text(worth),
        "unpriced": sorted(
            {held.symbol for held in account.open_positions() if held.symbol not in account.quotes}
        ),
        **floors_body(floors),
        "daily_headroom": text_or_none(None if floors.daily is None else worth - floors.daily),
        "maximum_headroom": text_or_none(None if floors.maximum is None else worth - floors.maximum),
        "state": _state_of(account),
        "paused_until_ns": account.paused_until_ns,
        "breached_rule": account.breached_rule,
        "open_positions": len(account.open_positions()),
        "pending_decisions": len(bot.pending),
        "denied": bot.denied,
        "orders": len(bot.orders),
        "orders_by_state": dict(sorted(states.items())),
    }


def _state_of(account: AccountState) -> str:
    if account.paused_until_ns is not None:
        return "paused"
    return "breached" if account.breached_rule else "open"


def _order_facts(line: OrderLine) -> dict[str, Any]:
    order = line.order
    return {
        **order.model_dump(mode="json"),
        "ts_intended_ns": order.submitted_ns,
        "state": line.state.value,
        "reason": line.reason,
        "sources": list(line.sources),
        "risk_amount": decimal_text(line.risk_amount),
        "venue_order_id": line.venue_order_id,
        "fill_price": None if line.fill_price is None else decimal_text(line.fill_price),
        "ts_filled_ns": line.ts_filled_ns,
        "exit_price": None if line.exit_price is None else decimal_text(line.exit_price),
        "exit_reason": line.exit_reason or None,
        "ts_closed_ns": line.ts_closed_ns,
        "profit": None if line.profit is None else decimal_text(line.profit),
        "is_profit_known": line.is_profit_known,
        "commission": decimal_text(line.commission),
    }


def orders(cell: Cell, account: str | None) -> dict[str, Any]:
    """Every order, by the time it was intended."""
    lines = [
        line
        for name in sorted(cell.bots)
        if account in {None, name}
        for line in cell.bots[name].orders.values()
    ]
    lines.sort(key=lambda line: (line.order.submitted_ns, line.order.client_order_id))
    return {"orders": [_order_facts(line) for line in lines]}


def order(cell: Cell, client_order_id: str) -> dict[str, Any]:
    """One order, the records that concern it, and the decision as it was delivered.

    Raises:
        CommandRefused: 404 with the ids that begin alike.
    """
    for bot in cell.bots.values():
        line = bot.orders.get(client_order_id)
        if line is None:
            continue
        wanted = {client_order_id, line.order.decision_id}
        found = [
            report
            for link in cell.journal.links()
            for report in [_report(link.seq, record_of(link), link.record_hash)]
            if wanted & {report.body.get("client_order_id"), report.body.get("decision_id")}
        ]
        received = next(r for r in found if r.kind == Kind.DECISION_RECEIVED.value)
        return {
            "order": _order_facts(line),
            "records": [report.model_dump(mode="json") for report in found],
            "decision": received.body["delivery"],
        }
    raise CommandRefused(404, "client_order_id", f"no order {client_order_id}")


def _report(seq: int, record: Record, record_hash: str) -> Report:
    return Report(
        seq=seq,
        account=record.account,
        ts_event_ns=record.at[0],
        kind=record.kind.value,
        body=dict(record.body),
        record_sha256=record_hash,
    )


def reports(cell: Cell, after_seq: int, limit: int) -> ReportPage:
    """A page of durable records after a place in the journal."""
    page = tuple(
        _report(link.seq, record_of(link), link.record_hash)
        for link in cell.journal.links(after_seq=after_seq, limit=limit)
    )
    return ReportPage(reports=page, head_seq=cell.journal.durable_seq)


def links(cell: Cell, after_seq: int, limit: int) -> dict[str, Any]:
    """A page of the chain as it is stored, for whoever wants to verify it himself."""
    return {
        "head_seq": cell.journal.durable_seq,
        "links": [
            {
                "seq": link.seq,
                "body": link.body.decode("utf-8"),
                "previous_hash": link.previous_hash,
                "record_hash": link.record_hash,
            }
            for link in cell.journal.links(after_seq=after_seq, limit=limit)
        ],
    }
