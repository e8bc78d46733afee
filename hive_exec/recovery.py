"""What a start does before anything trades: every account under today's settings, with its broker's desk and
its rates, and its venue asked what became of its orders.

What brokers know is asked by their desks, once they begin; the venue in this process is asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hive_core.contracts.order import OrderState
from hive_exec.core.events import Started, SubmitProvenAbsent
from hive_exec.core.records import RANK_DECISION
from hive_exec.core.state import Bot
from hive_exec.core_version import core_version
from hive_exec.desks import DeskMaker
from hive_exec.failpoints import failpoint
from hive_exec.ticking import observe_rates
from hive_exec.todays_settings import under_todays_settings

if TYPE_CHECKING:
    from hive_exec.cell import Cell


def recover(cell: Cell, make_desk: DeskMaker) -> None:
    """Reconcile with the venues; only then does anything trade."""
    for name, bot in cell.bots.items():
        cell.bots[name] = under_todays_settings(bot, cell.configuration)
    _open_broker_accounts(cell)
    cell.engine.handle(Started(cell.journal.epoch, core_version()), cell.now())
    failpoint("reconcile.before")
    for bot in cell.bots.values():  # all, before anything is carried out
        if bot.settings.has_broker:
            cell.desks[bot.name] = make_desk(cell, bot)
    for bot in cell.bots.values():
        if bot.settings.mode == "replay":
            cell.replay_of(bot).recall_quotes()
        else:
            # Without them an open position in another currency has no worth.
            observe_rates(cell.feed, bot, max(cell.wall_clock_ns(), bot.clock_ns))
        if not bot.settings.has_broker:
            _reconcile(cell, bot)
    # What the core wants done at a start (asking after orders) waits for the desks to begin.
    cell.carry_out_waiting(cell.now())
    cell.journal.flush()
    # What was received and not judged stays pending: for a tick, or for the first quote of its symbol.
    failpoint("reconcile.after")


def _open_broker_accounts(cell: Cell) -> None:
    from hive_exec.accounts import opening

    for settings in cell.configuration.accounts:
        if settings.has_broker and settings.name not in cell.bots:
            cell.write(opening(settings.name, settings, cell.clock.now_ns()))


def _reconcile(cell: Cell, bot: Bot) -> None:
    cell.take_reports(bot)
    for line in list(bot.orders.values()):
        # An intent without an outcome is looked up, never resent: the venue's log decides.
        if line.state is OrderState.INTENDED:
            order_id = line.order.client_order_id
            at = bot.position
            if bot.settings.mode == "paper":  # its time went on while the daemon was down
                at = (max(cell.wall_clock_ns(), bot.clock_ns), RANK_DECISION, order_id)
            cell.handle(bot, SubmitProvenAbsent(bot.name, order_id), at)
    if bot.account.breached_rule is not None and bot.account.exposures:
        cell.venue.flatten(bot.name, bot.position)
        cell.take_reports(bot)
