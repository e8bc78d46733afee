"""Making the desk of an account at a broker from its settings: which adapter, which symbols, which guard."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hive_exec.brokers.desk import Desk, Guard
from hive_exec.brokers.port import Broker
from hive_exec.core.state import Bot

if TYPE_CHECKING:
    from hive_exec.cell import Cell

DeskMaker = Callable[["Cell", Bot], Desk]


def no_desks(_cell: Cell, bot: Bot) -> Desk:
    """No broker is known in this process."""
    raise RuntimeError(
        f"account {bot.name} is at broker {bot.settings.broker}, which this process cannot reach"
    )


def desk_for(cell: Cell, bot: Bot, broker: Broker, symbols: tuple[str, ...]) -> Desk:
    """The desk of an account over an adapter."""
    age_limit_s = bot.settings.max_decision_age_s
    return Desk(
        bot.name,
        broker,
        cell.post,
        Guard(cell.forbids(bot.name, age_limit_s), time.monotonic),
        symbols=symbols,
        cursor=bot.cursor,
        reconcile_every_s=cell.configuration.execution.reconcile_every_s,
    )
