"""How the daemon stands at a moment, in numbers: what metrics and readiness are told from.

Taken in the cell's thread, read in any. How the numbers are spelled for Prometheus belongs to `metrics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hive_core.contracts.order import OrderState
from hive_exec.cell import Cell
from hive_exec.core.controls import Mode
from hive_exec.lane_standing import LaneStanding

_STRICTNESS = {Mode.NORMAL: 0, Mode.REDUCE_ONLY: 1, Mode.HALT: 2}


@dataclass(frozen=True, slots=True)
class CellFacts:
    """A snapshot. Times in nanoseconds since 1970 UTC.

    `mode` is the strictest of any account, `mode_by_account` each one's. `breakers` maps the scope of each
    open breaker to its fall-back. `unwell` holds "account/dependency" of everything that is not known to be
    well. `effects_waiting` is what brokers have not been asked yet. `unreconciled` are the accounts at
    brokers whose books were not compared in this life.
    """

    taken_ns: int
    mode: Mode
    mode_by_account: Mapping[str, Mode]
    is_killed: bool
    is_journal_sound: bool
    journal_head_seq: int
    journal_bytes: int
    queue_depth: int
    effects_waiting: int
    orders_by_state: Mapping[OrderState, int]
    open_positions: int
    pending_decisions: int
    reviews_waiting: int
    breakers: Mapping[str, str]
    unwell: tuple[str, ...]
    unreconciled: tuple[str, ...]
    lanes: LaneStanding

    @property
    def is_ready(self) -> bool:
        """Whether what is sent would be traded: the journal holds, books are compared, nothing halts."""
        return self.is_journal_sound and not self.unreconciled and self.mode is not Mode.HALT


def mode_of(cell: Cell) -> Mode:
    """The strictest mode of any account, or what the kill switch leaves where there is none. In any thread:
    it is what the last round of the cell left."""
    if cell.state.controls.kill is not None:
        return Mode.HALT
    modes = [cell.state.standing(bot).mode for bot in list(cell.bots.values())]
    return max(modes, key=_STRICTNESS.__getitem__, default=Mode.NORMAL)


def facts_of(cell: Cell) -> CellFacts:
    """How a cell stands. In its thread."""
    modes = {name: cell.state.standing(bot).mode for name, bot in cell.bots.items()}
    conditions = cell.state.controls.conditions
    brokers = [bot.name for bot in cell.bots.values() if bot.settings.has_broker]
    return CellFacts(
        taken_ns=cell.wall_clock_ns(),
        mode=mode_of(cell),
        mode_by_account=modes,
        is_killed=cell.state.controls.kill is not None,
        is_journal_sound=cell.fatal is None,
        journal_head_seq=cell.journal.durable_seq,
        journal_bytes=_size_of_journal(cell),
        queue_depth=cell.waiting,
        effects_waiting=sum(desk.waiting for desk in cell.desks.values()),
        orders_by_state=Counter(line.state for bot in cell.bots.values() for line in bot.orders.values()),
        open_positions=sum(len(bot.account.open_positions()) for bot in cell.bots.values()),
        pending_decisions=sum(len(bot.pending) for bot in cell.bots.values()),
        reviews_waiting=sum(len(bot.reviews) for bot in cell.bots.values()),
        breakers={scope: str(breaker.fallback) for scope, breaker in cell.state.controls.breakers.items()},
        unwell=tuple(
            f"{scope}/{dependency}"
            for scope, known in sorted(conditions.items())
            for dependency, condition in sorted(known.items())
            if condition.health != "ok"
        ),
        unreconciled=tuple(
            name for name in sorted(brokers) if "reconciliation" not in conditions.get(name, {})
        ),
        lanes=cell.lane_standing(),
    )


def _size_of_journal(cell: Cell) -> int:
    """Bytes on the disk; 0 where the journal is in no file of ours."""
    path = cell.home.journal
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
