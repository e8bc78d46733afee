"""What became of a signal that arrived, and the two tables that fates end in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from hive_core.signals.consensus import LiveSignal
from hive_core.signals.decision_text import Decided
from hive_core.signals.fixed_point import UNITS
from hive_core.signals.judging import Judged, ResolutionOutcome
from hive_core.signals.tables import DECISIONS, RESOLUTIONS


@dataclass(frozen=True, slots=True)
class Resolved:
    """`decisions` (DECISIONS) and, for every signal asked about, its fate (RESOLUTIONS)."""

    decisions: pl.DataFrame
    resolutions: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one signal, with the decision that it made or confirmed."""

    signal: LiveSignal
    account: str | None
    outcome: ResolutionOutcome
    detail: str = ""
    net_weight: int = 0
    decided: Decided | None = None
    judged: Judged | None = None

    def row(self) -> dict[str, Any]:
        """A row of RESOLUTIONS; times in microseconds."""
        return {
            "signal_id": self.signal.signal_id,
            "source": self.signal.source,
            "account": self.account,
            "symbol": self.signal.symbol,
            "side": self.signal.side,
            "ts_event": self.signal.ts_us,
            "outcome": self.outcome.value,
            "decision_id": None if self.decided is None else self.decided.decision_id,
            "net_weight": self.net_weight / UNITS,
            "detail": self.detail,
        }

    def decision_row(self) -> dict[str, Any]:
        """A row of DECISIONS, of a signal that made one; times in microseconds."""
        if self.outcome is not ResolutionOutcome.DECIDED or self.decided is None or self.judged is None:
            raise ValueError(f"{self.signal.signal_id} made no decision")
        plan = self.judged.plan
        assert plan is not None  # noqa: S101 - it decided
        agreeing = [vote.signal for vote in self.judged.votes if vote.signal.side == self.signal.side]
        return {
            "decision_id": self.decided.decision_id,
            "account": self.account,
            "symbol": self.signal.symbol,
            "side": self.signal.side,
            "order_type": self.signal.order_type,
            "entry": None if plan.entry is None else plan.entry / UNITS,
            "stop_loss": plan.stop_loss / UNITS,
            "take_profits": [price / UNITS for price in plan.take_profits],
            "ts_decided": self.signal.ts_us,
            "valid_until": plan.valid_until_us,
            "net_weight": self.net_weight / UNITS,
            "sources": [signal.source for signal in agreeing],
            "signal_ids": [signal.signal_id for signal in agreeing],
            "decision_json": self.decided.text,
            "decision_sha256": self.decided.sha256,
        }


def tables_of(fates: Iterable[Fate]) -> Resolved:
    """The fates as tables, in the order of their signals."""
    ordered = sorted(fates, key=lambda fate: fate.signal.order)
    made = [fate.decision_row() for fate in ordered if fate.outcome is ResolutionOutcome.DECIDED]
    return Resolved(
        decisions=in_order_of_decisions(decisions_frame(made)),
        resolutions=resolutions_frame([fate.row() for fate in ordered]),
    )


def decisions_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows of `Fate.decision_row`, as DECISIONS."""
    return _frame(rows, DECISIONS)


def resolutions_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows of `Fate.row`, as RESOLUTIONS."""
    return _frame(rows, RESOLUTIONS)


def in_order_of_decisions(decisions: pl.DataFrame) -> pl.DataFrame:
    """DECISIONS as they are kept: by time, account and symbol, then as they were."""
    return decisions.sort("ts_decided", "account", "symbol", maintain_order=True)


def _frame(rows: Sequence[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    # Times come as whole microseconds: no datetime is made a million times.
    times = [name for name, dtype in schema.items() if isinstance(dtype, pl.Datetime)]
    raw = {name: pl.Int64() if name in times else dtype for name, dtype in schema.items()}
    frame = pl.DataFrame(rows, schema=raw, orient="row")
    return frame.with_columns(pl.from_epoch(name, time_unit="us").cast(schema[name]) for name in times)
