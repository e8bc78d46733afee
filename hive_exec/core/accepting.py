"""Persons adopt what a venue's books say, where the journal holds something open of which the venue shows
nothing and tells nothing (guarantees R4, O4: two persons, with a reason).

The daemon asks the venue first, then halts the account, and goes on asking; only here does it end. What the
position earned is not known: it is flagged so, and the balance is the venue's own at the next comparison.
"""

from __future__ import annotations

from hive_core.contracts.base import decimal_text
from hive_core.contracts.reasons import CLOSED_BY_PEOPLE
from hive_exec.core.commanding import Refused
from hive_exec.core.events import BooksAccepted, Effect
from hive_exec.core.orders import OrderLine
from hive_exec.core.reconciling import net_lots, vanished_text
from hive_exec.core.records import FeedPosition, Kind, Record
from hive_exec.core.state import Bot, CellState

Outcome = tuple[list[Record], list[Effect]]


def books_accepted(state: CellState, bot: Bot, event: BooksAccepted, at: FeedPosition) -> Outcome:
    """A person's word that the venue is right: nothing of an instrument is open there. The word of the second
    closes ours; both must have said it of the same difference.

    Raises:
        Refused: nothing of ours is open in it, the last comparison of books does not say so, the account does
            not stand halted for it, something of it still works, or it is the same person again.
    """
    lines = [one for one in bot.orders.values() if one.order.symbol == event.symbol and one.open_lots]
    found = _difference(state, bot, event.symbol, lines)
    first = bot.accepting.get(event.symbol)
    if first is None or first.difference != found:
        body = {
            "symbol": event.symbol,
            "divergence": found,
            "client_order_ids": [one.order.client_order_id for one in lines],
            "principal": event.principal,
            "reason": event.reason,
        }
        return [Record(bot.name, Kind.BOOKS_ACCEPTANCE_PROPOSED, at, body)], []
    if first.principal == event.principal:
        raise Refused(f"{event.principal} has said so already; another person must")
    principals = [first.principal, event.principal]
    return [_given_up(bot, line, principals, event.reason, found, at) for line in lines], []


def _difference(state: CellState, bot: Bot, symbol: str, lines: list[OrderLine]) -> str:
    """The difference as the comparison of books told it."""
    if not lines:
        raise Refused(f"nothing of ours is open in {symbol} at {bot.name}")
    found = vanished_text(symbol, net_lots(bot)[symbol])
    known = state.controls.conditions.get(bot.name, {}).get("reconciliation")
    if known is None or found not in known.reason.split("; "):
        raise Refused(f"the last comparison of books does not say that {found}")
    breaker = state.controls.breakers.get(f"bot:{bot.name}")
    if breaker is None or breaker.fallback != "halt":
        raise Refused(f"the venue of {bot.name} is still being asked; the account halts if it does not know")
    for line in lines:
        if line.working_lots:
            raise Refused(f"order {line.order.client_order_id} still works in part: cancel it first")
    return found


def _given_up(
    bot: Bot, line: OrderLine, principals: list[str], because: str, found: str, at: FeedPosition
) -> Record:
    body = {
        "client_order_id": line.order.client_order_id,
        "symbol": line.order.symbol,
        "side": line.order.side,
        "lots": decimal_text(line.open_lots),
        "reason": CLOSED_BY_PEOPLE,
        "is_profit_known": False,
        "divergence": found,
        "principals": principals,
        "because": because,
    }
    return Record(bot.name, Kind.POSITION_GIVEN_UP, at, body)
