"""Making the desk of an account at a broker from its settings: which adapter, which symbols, which guard."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hive_core.configuration.broker_fix import FixSettings
from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_core.configuration.broker_oanda import OandaSettings
from hive_core.configuration.model import BrokerSettings
from hive_core.risk.firm_policy import firm_words
from hive_exec.brokers.desk import Desk, Guard
from hive_exec.brokers.fix.secret import PasswordUnusable
from hive_exec.brokers.oanda.secret import TokenUnusable, read_token
from hive_exec.brokers.port import Broker
from hive_exec.core.state import Bot
from hive_exec.sqlite_file import FileDamaged, FileInUse

if TYPE_CHECKING:
    from hive_exec.cell import Cell


_log = logging.getLogger("hive_exec.desks")


class BrokerUnusable(RuntimeError):
    """The adapter of a venue cannot be made from its settings and secrets."""


DeskMaker = Callable[["Cell", Bot], Desk]


def no_desks(_cell: Cell, bot: Bot) -> Desk:
    """No broker is known in this process."""
    raise BrokerUnusable(
        f"account {bot.name} is at broker {bot.settings.broker}, which this process cannot reach"
    )


def desk_of_settings(cell: Cell, bot: Bot) -> Desk:
    """The desk of an account, with the adapter that its `[[brokers]]` entry asks for.

    Raises:
        BrokerUnusable: a secret is missing, or the adapter cannot be made.
    """
    settings = cell.configuration.broker_named(bot.settings.broker or "")
    if settings is None:
        raise BrokerUnusable(f"account {bot.name}: no [[brokers]] entry is named {bot.settings.broker}")
    _say_what_the_firm_says(bot)
    return desk_for(cell, bot, _adapter(cell, bot, settings), bot.settings.symbols)


def _say_what_the_firm_says(bot: Bot) -> None:
    """Before an account is connected: what its firm forbids, or leaves to a person, stands in the log. Orders
    are held back by the gate."""
    for word in firm_words(bot.rules, bot.settings):
        if word.consequence not in ("free", "read_up"):
            _log.warning("account %s, %s: %s: %s", bot.name, bot.rules.name, word.consequence, word.text)


def _adapter(cell: Cell, bot: Bot, settings: BrokerSettings) -> Broker:
    try:
        match settings:
            case OandaSettings():
                from hive_exec.brokers.oanda.adapter import OandaBroker

                token = read_token(settings.token_variable, os.environ)
                return OandaBroker(settings, bot.name, token, now_ns=cell.clock.now_ns)
            case MetaTraderSettings():
                from hive_exec.brokers.metatrader.adapter import MetaTraderBroker

                known = [key for key, line in bot.orders.items() if not line.is_over]
                token = read_token(settings.token_variable, os.environ)
                return MetaTraderBroker(
                    settings, bot.name, token, known_order_ids=known, now_ns=cell.clock.now_ns
                )
            case FixSettings():
                from hive_exec.brokers.fix.adapter import FixBroker

                applied = [name for line in bot.orders.values() for name in line.applied]
                folder = cell.home.journal.parent / "fix" / settings.name
                return FixBroker(bot.name, settings, folder, known_execution_ids=applied)
    except (TokenUnusable, PasswordUnusable, FileInUse, FileDamaged) as error:
        raise BrokerUnusable(f"account {bot.name}: {error}") from None


def desk_for(cell: Cell, bot: Bot, broker: Broker, symbols: tuple[str, ...]) -> Desk:
    """The desk of an account over an adapter."""
    return Desk(
        bot.name,
        broker,
        cell.post,
        Guard(cell.why_not, time.monotonic),
        symbols=symbols,
        cursor=bot.cursor,
        reconcile_every_s=cell.configuration.execution.reconcile_every_s,
    )
