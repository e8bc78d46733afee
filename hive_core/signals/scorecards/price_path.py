"""The prices of one instrument through time, for whoever follows a trade along them.

What a touched price does to an order is for `backtest.fills`; here a touch is only found, fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.decision import Side
from hive_core.instruments.specification import instruments
from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS, with_both_sides
from hive_core.market.one_series import one_series

BID_HIGH, BID_LOW, ASK_HIGH, ASK_LOW = 1, 2, 5, 6
"""Rows of `PricePath.prices`: open, high, low, close of the bid, then of the ask."""

_FIRST_STEP = 64


@dataclass(frozen=True, slots=True)
class PricePath:
    """Bars in order of time, none over another. Times are microseconds since 1970.

    `prices` has eight rows (`BID_COLUMNS`, then `ASK_COLUMNS`) and a column a bar.
    """

    opens_us: NDArray[np.int64]
    closes_us: NDArray[np.int64]
    timeframes: tuple[str, ...]
    prices: NDArray[np.float64]

    @classmethod
    def of(cls, bars: pl.DataFrame, symbol: str) -> PricePath:
        """The finest bars of an instrument wherever they fill the time, coarser ones over their holes
        (`market.one_series`): the path that a replay account sees.

        Args:
            bars: BAR_SCHEMA, any symbols and timeframes.
        """
        facts = instruments()[symbol]
        mine = bars.filter(pl.col("symbol") == symbol)
        used = with_both_sides(one_series(mine, closes_at_weekends=facts.closes_at_weekends), facts)
        return cls(
            used["ts_open"].dt.epoch("us").to_numpy(),
            used["ts_close"].dt.epoch("us").to_numpy(),
            tuple(used["timeframe"].to_list()),
            np.ascontiguousarray(used.select(*BID_COLUMNS, *ASK_COLUMNS).to_numpy().T),
        )

    def __len__(self) -> int:
        return len(self.opens_us)

    def bar(self, at: int) -> BarPrices[float]:
        """The prices of one bar."""
        return BarPrices(*self.prices[:, at].tolist())

    def first_from(self, moment_us: int) -> int:
        """The first bar that opens at a moment or later; `len(self)` where there is none."""
        return int(np.searchsorted(self.opens_us, moment_us, side="left"))

    def first_closing_after(self, moment_us: int) -> int:
        """The first bar that closes after a moment: the one in which it lies, or the next."""
        return int(np.searchsorted(self.closes_us, moment_us, side="right"))

    def first_entry_touch(
        self, side: Side, price: float, *, waits_below: bool, start: int, stop: int
    ) -> int | None:
        """The first bar of `start` up to, not including, `stop` in which the side that an entry trades at
        (a purchase: the ask) comes down to a price, or up to it."""
        high, low = (ASK_HIGH, ASK_LOW) if side == "buy" else (BID_HIGH, BID_LOW)
        bounds = (price, inf) if waits_below else (-inf, price)
        return self._first_touch(low, high, *bounds, start, stop)

    def first_exit_touch(self, side: Side, lower: float, upper: float, start: int) -> int | None:
        """The first bar from `start` on in which the side that an exit trades at (of a bought position:
        the bid) is at or beyond one of two prices."""
        high, low = (BID_HIGH, BID_LOW) if side == "buy" else (ASK_HIGH, ASK_LOW)
        return self._first_touch(low, high, lower, upper, start, len(self))

    def _first_touch(
        self, low: int, high: int, lower: float, upper: float, start: int, stop: int
    ) -> int | None:
        # In growing steps, because most trades end soon.
        step = _FIRST_STEP
        while start < stop:
            end = min(start + step, stop)
            touched = (self.prices[low, start:end] <= lower) | (self.prices[high, start:end] >= upper)
            first = int(touched.argmax())
            if touched[first]:
                return start + first
            start, step = end, step * 2
        return None
