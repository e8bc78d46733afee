"""What `hive score` tells of a source: its signals followed along the lake's bars, here and now.

The figures are `hive_core.signals.scorecards`'; here is only which rows of the lake they are made of, and
what has to be said beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hive_cli.facts.lake import LakeFacts
from hive_cli.failure import Failure

if TYPE_CHECKING:
    import polars as pl

    from hive_cli.settings import Settings
    from hive_core.signals.scorecards.weights import Weight

NAMED_SOURCES = 12
"""An error lists no more sources than fit its lines."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """A source, measured.

    `card` is a row of SCORECARDS, `targets` rows of TARGET_RATES, `outcomes` OUTCOMES, `trades` those
    that have ended in the order of exits. `weight` is its voice on `weight_day`, the day after the last
    bar. `exits_by_timeframe` says how fine the bars were that decided, `median_wait_s` how long after its
    posting the middle signal was filled, `spreads` how each instrument's spread is known.
    """

    source: str
    card: dict[str, Any]
    targets: list[dict[str, Any]]
    outcomes: pl.DataFrame
    trades: pl.DataFrame
    weight: Weight
    weight_day: str
    exits_by_timeframe: dict[str, int]
    median_wait_s: float | None
    spreads: dict[str, str]
    bars_until: str

    def assumptions(self) -> list[str]:
        """What a reader must know before believing a figure."""
        from hive_core.signals.scorecards.outcomes import MAX_ENTRY_SLIPPAGE_R

        exits = ", ".join(f"{count:,} on {name} bars" for name, count in self.exits_by_timeframe.items())
        at_best = f"; with all of them at the target, mean R is {self.card['mean_r_at_best'] or 0:+.2f}"
        doubtful = self.card["doubtful"]
        wait = f"{self.median_wait_s / 60:.0f} min" if self.median_wait_s is not None else "for ever"
        return [
            f"What came first, stop or target, was decided {exits or 'nowhere'}. Where one bar touches both, "
            f"the stop counts: so ended {doubtful:,} trades{at_best if doubtful else ''}.",
            "Orders fill at the first open after the post, or where they are touched later: half of the "
            f"filled waited {wait} or more. The finer the bars, the nearer to what a person got.",
            *(f"{symbol}: {how}" for symbol, how in self.spreads.items()),
            "Each signal is traded as it was posted, in equal parts a target; what the source said later "
            "(breakeven, close half, cancel) is not followed. No commission, no swap, no slippage but gaps.",
            f"A fill worse than planned by more than {MAX_ENTRY_SLIPPAGE_R} R does not happen. R is profit "
            "by the planned risk: the distance from the named entry (or the market) to the stop.",
            "Intervals are 95 %: Wilson for rates, bootstrap for R. Both take trades as independent; "
            "signals of one idea, or of one day, are not, so the truth is less certain than they say.",
        ]


def score_source(settings: Settings, source: str) -> SourceReport:
    """Follow a source's valid signals along the bars of the lake.

    Raises:
        Failure: the lake has no such source, no valid signal of it, or no bars of its instruments.
    """
    import polars as pl

    from hive_core.market.bars import BAR_SCHEMA, TIMEFRAME_SECONDS
    from hive_core.signals.scorecards.claims import claims_of
    from hive_core.signals.scorecards.outcomes import score_signals
    from hive_core.signals.scorecards.records import score_sources, traded_in_order
    from hive_core.signals.scorecards.target_rates import target_rates
    from hive_core.signals.scorecards.weights import weight_of

    lake = LakeFacts.of(settings.home)
    signals = _signals_of(lake, source)
    symbols = sorted(signals["symbol"].unique())
    bars = [frame for symbol in symbols if (frame := lake.read("bars", f"{symbol}.*")) is not None]
    if not bars:
        raise Failure(
            f"no bars of {', '.join(symbols)} in the lake: nothing to measure {source} with",
            next_step=f"hive import bars FILE --symbol {symbols[0]} ..., with hive up running",
            exit_code=2,
        )
    prices = pl.concat(bars).select(*BAR_SCHEMA)
    outcomes = score_signals(signals, prices)
    messages = lake.read("messages")
    mine = messages.filter(pl.col("source") == source) if messages is not None else None
    card = score_sources(outcomes, claims_of(mine) if mine is not None else None).row(0, named=True)
    trades = traded_in_order(outcomes)
    length = pl.col("timeframe").replace_strict(TIMEFRAME_SECONDS, return_dtype=pl.Int64)
    until = prices.select((pl.col("ts_open") + pl.duration(seconds=length)).max()).item()
    day = until.date() + timedelta(days=1)
    waits = outcomes.select((pl.col("ts_entry") - pl.col("ts_event")).dt.total_seconds()).to_series()
    return SourceReport(
        source=source,
        card=card,
        targets=target_rates(outcomes).to_dicts(),
        outcomes=outcomes,
        trades=trades,
        weight=weight_of(card["traded"], card["total_r"]),
        weight_day=day.isoformat(),
        exits_by_timeframe={
            name: int((trades["exit_timeframe"] == name).sum())
            for name in TIMEFRAME_SECONDS
            if (trades["exit_timeframe"] == name).any()
        },
        median_wait_s=waits.median(),  # type: ignore[arg-type]
        spreads={symbol: _spread(prices, symbol) for symbol in symbols},
        bars_until=f"{until:%Y-%m-%d %H:%M} UTC",
    )


def _signals_of(lake: LakeFacts, source: str) -> pl.DataFrame:
    import polars as pl

    valid = lake.read("valid_signals")
    known = {} if valid is None else dict(valid.group_by("source").len().sort("source").iter_rows())
    if valid is None or not known:
        raise Failure(
            "there is no valid signal in the lake yet",
            where=lake.address,
            next_step="hive up, then hive import messages FILE --source NAME ... (hive demo needs neither)",
            exit_code=2,
        )
    if source in known:
        return valid.filter(pl.col("source") == source)
    quarantined = lake.read("quarantined_signals")
    refused = 0 if quarantined is None else int((quarantined["source"] == source).sum())
    what = (
        f"no signal of {source} is valid: {refused:,} were quarantined, none can be measured"
        if refused
        else f"no source {source} has a valid signal"
    )
    listed = [f"{name} ({count:,})" for name, count in known.items()]
    more = f" and {len(listed) - NAMED_SOURCES} more" if len(listed) > NAMED_SOURCES else ""
    raise Failure(
        what,
        details=[f"sources with valid signals: {', '.join(listed[:NAMED_SOURCES])}{more}"],
        next_step="hive status shows why signals were refused"
        if refused
        else f"hive score {next(iter(known))}",
        exit_code=2,
    )


def _spread(prices: pl.DataFrame, symbol: str) -> str:
    import polars as pl

    from hive_core.instruments.specification import instruments

    mine = prices.filter(pl.col("symbol") == symbol)
    if mine.is_empty():
        return "no bars: its signals count as unfilled."
    one_sided = mine.select((pl.col("bid_open").is_null() | pl.col("ask_open").is_null()).sum()).item()
    if not one_sided:
        return "bid and ask as recorded."
    pips = instruments()[symbol].spread_pips
    return f"{one_sided / mine.height:.0%} of its bars have one side; the other is assumed {pips} pips apart."
