"""What a person may order and see: kill switch, breakers, reviews, unresolved orders, positions.

One function a question, each run in the cell's thread. What follows is the core's; who may ask is the HTTP
face's.
"""

from __future__ import annotations

from typing import Any

from hive_core.contracts.base import decimal_text
from hive_core.contracts.order import OrderState
from hive_exec.cell import Cell
from hive_exec.commands import CommandRefused
from hive_exec.core.events import (
    BooksAccepted,
    BreakerReset,
    BreakerTrip,
    CloseAsked,
    Fallback,
    Kill,
    Resolution,
    Resume,
    Reviewed,
)
from hive_exec.core.reading import position_body, text_or_none
from hive_exec.core.state import Bot
from hive_exec.core.waiting import submitters_as_body


def modes(cell: Cell) -> dict[str, Any]:
    """Kill switch, breakers, faults of witnesses and lanes, and the mode of every account by the clock."""
    kill, lanes = cell.state.controls.kill, cell.lane_standing()
    return {
        "kill_switch": None
        if kill is None
        else {
            "reason": kill.reason,
            "principal": kill.principal,
            "ts_ns": kill.ts_ns,
            "confirmed_by": list(kill.confirmed_by),
            "people_needed": cell.configuration.execution.people_for_global,
        },
        "kill_file": str(cell.kill_file.path) if cell.kill_file.is_thrown else None,
        "breakers": [
            {
                "scope": one.scope,
                "fallback": one.fallback,
                "reason": one.reason,
                "principal": one.principal,
                "ts_ns": one.ts_ns,
                "closing_agreed_by": list(cell.state.controls.resets.get(scope, ())),
            }
            for scope, one in sorted(cell.state.controls.breakers.items())
        ],
        "witness_faults": {name: fault for name, fault in sorted(cell.witness_faults.items()) if fault},
        "live_lane_alarm": lanes.live_alarm,
        "kafka_alarm": lanes.kafka_alarm,
        "accounts": [
            _standing(cell, bot) for _, bot in sorted(cell.bots.items()) if bot.settings.mode != "replay"
        ],
    }


def _standing(cell: Cell, bot: Bot) -> dict[str, Any]:
    standing = cell.state.standing(bot)
    unresolved = [key for key, line in bot.orders.items() if line.state is OrderState.UNRESOLVED]
    return {
        "account": bot.name,
        "mode": standing.mode.value,
        "is_shadow": standing.is_shadow,
        "share": decimal_text(standing.share),
        "reasons": list(standing.reasons),
        "unresolved_orders": unresolved,
        "waiting_decisions": sorted(key for key in bot.pending if key not in bot.reviews),
        "waiting_reviews": sorted(bot.reviews),
    }


def kill(cell: Cell, reason: str, caller: str) -> dict[str, Any]:
    """Throw the kill switch."""
    cell.command(Kill(reason, caller))
    return modes(cell)


def resume(cell: Cell, reason: str, caller: str) -> dict[str, Any]:
    """Agree to end the kill switch.

    Raises:
        CommandRefused: 409 it is not thrown, its file lies there still, or the caller has agreed already.
    """
    if cell.kill_file.is_thrown:
        raise CommandRefused(409, "", f"the file {cell.kill_file.path} lies there: take it away first")
    cell.command(Resume(reason, caller))
    return modes(cell)


def trip(cell: Cell, scope: str, fallback: Fallback, reason: str, caller: str) -> dict[str, Any]:
    """Open a breaker.

    Raises:
        CommandRefused: 404 no such account; 409 a replay.
    """
    kind, _, account = scope.partition(":")
    if kind == "bot" and account not in cell.bots:
        raise CommandRefused(404, "scope", f"no account {account} is open")
    if kind == "bot" and cell.bots[account].settings.mode == "replay":
        raise CommandRefused(
            409, "scope", f"{account} is a replay: it lives in another time, nothing holds it"
        )
    cell.command(BreakerTrip(scope, fallback, reason, caller))
    return modes(cell)


def reset(cell: Cell, scope: str, reason: str, caller: str) -> dict[str, Any]:
    """Close a breaker again.

    Raises:
        CommandRefused: 409 it is not open, or the caller has agreed already.
    """
    cell.command(BreakerReset(scope, reason, caller))
    return modes(cell)


def reviews(cell: Cell) -> dict[str, Any]:
    """Decisions that wait for a person, each with the worst price at which it may fill if he approves."""
    found = []
    for name in sorted(cell.bots):
        bot = cell.bots[name]
        for decision_id, review in sorted(bot.reviews.items()):
            decision = bot.pending[decision_id].delivery.decision
            found.append(
                {
                    "account": name,
                    "decision_id": decision_id,
                    "symbol": decision.symbol,
                    "side": decision.side,
                    "order_type": decision.order_type,
                    "lots": decimal_text(review.lots),
                    "stop_loss": decimal_text(decision.stop_loss),
                    "take_profits": [decimal_text(price) for price in decision.take_profits],
                    "sources": sorted({vote.source for vote in decision.agreeing_votes()}),
                    "price_bound": text_or_none(review.price_bound),
                    "reason": review.reason,
                    "requested_ns": review.requested_ns,
                    "expires_ns": review.expires_ns,
                    **submitters_as_body(bot.pending[decision_id].submitters),
                }
            )
    return {"reviews": found}


def review(cell: Cell, decision_id: str, is_approved: bool, reason: str, caller: str) -> dict[str, Any]:
    """A person's word on a decision.

    Returns:
        what became of it.

    Raises:
        CommandRefused: 404 nothing of this id waits; 409 the caller is the one who handed it in.
    """
    for bot in cell.bots.values():
        if decision_id in bot.reviews:
            cell.command(Reviewed(bot.name, decision_id, is_approved, caller, reason))
            return {"decision_id": decision_id, "outcome": bot.decided.get(decision_id, "waiting")}
    raise CommandRefused(404, "decision_id", f"no decision {decision_id} waits for a person")


def resolve(cell: Cell, client_order_id: str, reason: str, caller: str) -> dict[str, Any]:
    """A person's word that an unresolved order never reached its venue; two are needed.

    Raises:
        CommandRefused: 404 no such order; 409 it is not unresolved, or the caller has said so already.
    """
    bot = _bot_with(cell, client_order_id)
    cell.command(Resolution(bot.name, client_order_id, caller, reason))
    return _what_became(bot, client_order_id)


def accept_books(cell: Cell, account: str, symbol: str, reason: str, caller: str) -> dict[str, Any]:
    """A person's word that a venue is right to show nothing of an instrument; two are needed.

    Raises:
        CommandRefused: 404 no such account; 409 there is no such difference of books, or the caller has said
            so already.
    """
    if account not in cell.bots:
        raise CommandRefused(404, "account", f"no account {account} is open")
    bot = cell.bots[account]
    ours = [key for key, one in bot.orders.items() if one.order.symbol == symbol and one.open_lots]
    cell.command(BooksAccepted(account, symbol, caller, reason))
    first = bot.accepting.get(symbol)
    return {
        "account": account,
        "symbol": symbol,
        "closed": [] if first is not None else ours,
        "said_by": None if first is None else first.principal,
    }


def close(cell: Cell, client_order_id: str, caller: str) -> dict[str, Any]:
    """Close what an order opened, or cancel it where it works.

    Raises:
        CommandRefused: 404 no such order; 409 there is nothing to close.
    """
    bot = _bot_with(cell, client_order_id)
    cell.command(CloseAsked(bot.name, client_order_id, caller))
    return _what_became(bot, client_order_id)


def _bot_with(cell: Cell, client_order_id: str) -> Bot:
    for bot in cell.bots.values():
        if client_order_id in bot.orders:
            return bot
    raise CommandRefused(404, "client_order_id", f"no order {client_order_id}")


def _what_became(bot: Bot, client_order_id: str) -> dict[str, Any]:
    line = bot.orders[client_order_id]
    return {
        "client_order_id": client_order_id,
        "state": line.state.value,
        "said_by": line.not_accepted_by or None,
    }


def positions(cell: Cell) -> dict[str, Any]:
    """What is open: ours by their orders, and what is not ours."""
    found: list[dict[str, Any]] = []
    for name in sorted(cell.bots):
        bot = cell.bots[name]
        for key, line in bot.orders.items():
            if line.open_lots and line.fill_price is not None:
                found.append(
                    {
                        "account": name,
                        "client_order_id": key,
                        "is_ours": True,
                        "symbol": line.order.symbol,
                        "side": line.order.side,
                        "lots": decimal_text(line.open_lots),
                        "entry": decimal_text(line.fill_price),
                        "stop_loss": decimal_text(line.stop) if line.has_stop else None,
                        "take_profit": decimal_text(line.target),
                    }
                )
        found += [
            {"account": name, "is_ours": False, **position_body(one)}
            for _, one in sorted(bot.external.items())
        ]
    return {"positions": found}
