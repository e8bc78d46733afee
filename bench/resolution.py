"""Resolution's speed: beside a plain loop and pandas, a whole history in full, and one more signal.

Rows for the suite `signals`. Each subject runs in a process of its own, so that its peak memory is its own.

`consensus_rows`: of a million signals, those of an hour, an instrument and a side are a group; where its
weights reach the threshold, it has a confidence, and weighted averages of entry, stop and first target. All
begin with the same rows, texts as texts (the loop with objects, pandas and ours with frames), and end with
groups that must agree one by one. Ours is the arithmetic of production, `codes_of`, `in_parts_of_a_tick`,
`add_by_group` and `ticks_of`, called as `resolve_signals` calls them; only the groups are others: there the
live votes at each signal, here the hours. It is exact and rounds to the tick, which the others do not.
`pandas, categories` begins with texts already numbered: what it saves is most of its time.

`history_rows`: the rule of production itself, from frame to frames with every decision's text and hashes, at
once and signal after signal. `one_more_rows`: one signal after many.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import astuple, dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from bench.reporting import Row, row
from hive_core.configuration.model import Account, Configuration, Resolution
from hive_core.signals.consensus import tick_units
from hive_core.signals.fixed_point import UNITS
from hive_core.signals.live_signals import live_signals, voices_of
from hive_core.signals.resolve import resolve_signals
from hive_core.signals.resolver import Resolver
from hive_core.signals.text_codes import Codes, codes_of
from hive_core.signals.vote_kernel import BLOCK, add_by_group, in_parts_of_a_tick, ticks_of
from proofs.random_signals import MAJORS, random_signals

SEED, DAYS, ROOMS = 20240101, 365, 12
HOUR_US = 3_600_000_000
THRESHOLD = 1.6000005
"""No sum of weights of six places is it: floats and whole numbers agree on which side of it they are."""

WEIGHTS = {f"room_{room:02d}": round(0.2 + 0.093_771 * room, 6) for room in range(ROOMS)}
CONFIGURATION = Configuration(
    accounts=(Account(name="joint", mode="replay", sources=("*",)),),
    resolution=Resolution(
        threshold=Decimal("1.6000005"), weights={name: Decimal(str(w)) for name, w in WEIGHTS.items()}
    ),
)
GROUP = ("hour", "symbol", "side")
PRICES = ("entry", "stop", "target")

Run = Callable[[], Any]
Facts = Callable[[Any], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal as the plain loop has it."""

    ts_us: int
    asset: str
    direction: str
    source: str
    entry: float
    stop_loss: float
    take_profit: float


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the plain loop makes of a group."""

    hour: int
    asset: str
    direction: str
    confidence: float
    entry: float
    stop_loss: float
    take_profit: float


def _rows(path: Path) -> pl.DataFrame:
    """What the groups are made of: the market's bid stands for the entry, which not every signal names."""
    target = pl.col("take_profits").list.first().alias("target")
    renamed = pl.col("market_bid").alias("entry"), pl.col("stop_loss").alias("stop"), target
    rows = pl.scan_parquet(path).select("ts_event", "symbol", "side", "source", *renamed)
    return rows.collect().rechunk()


def _average(prices: list[float], weights: list[float]) -> float:
    return sum(p * w for p, w in zip(prices, weights, strict=True)) / sum(weights)


def loop(path: Path) -> tuple[Run, Facts]:
    """The plain loop: objects gathered by group in lists, then averaged with `sum`."""
    signals = [Signal(*values) for values in _rows(path).with_columns(_IN_US).iter_rows()]

    def run() -> list[Consensus]:
        grouped = defaultdict(list)
        for signal in signals:
            grouped[signal.ts_us // HOUR_US, signal.asset, signal.direction].append(signal)
        resolved = []
        for key, group in grouped.items():
            total = sum(WEIGHTS[signal.source] for signal in group)
            if total >= THRESHOLD:
                weights = [WEIGHTS[signal.source] for signal in group]
                entry = _average([signal.entry for signal in group], weights)
                stop = _average([signal.stop_loss for signal in group], weights)
                target = _average([signal.take_profit for signal in group], weights)
                confidence = total / sum(WEIGHTS.values())
                resolved.append(Consensus(*key, confidence, entry, stop, target))
        return resolved

    return run, lambda found: pl.DataFrame(
        [astuple(each) for each in found], schema=[*GROUP, "confidence", *PRICES], orient="row"
    )


_IN_US = pl.col("ts_event").dt.timestamp("us")


def in_pandas(path: Path, *, with_categories: bool = False) -> tuple[Run, Facts]:
    """pandas: products as columns, one `groupby` with sums, then divided."""
    frame = _rows(path).to_pandas()
    if with_categories:
        frame = frame.astype(dict.fromkeys(("symbol", "side", "source"), "category"))

    def run() -> Any:
        hour = frame["ts_event"].astype("int64") // HOUR_US
        rows = frame.assign(hour=hour, total=frame["source"].map(WEIGHTS).astype("float64"))
        for name in PRICES:
            rows[name] = rows[name] * rows["total"]
        groups = rows.groupby(list(GROUP), sort=False, observed=True)[["total", *PRICES]].sum().reset_index()
        strong = groups[groups["total"] >= THRESHOLD].copy()
        for name in PRICES:
            strong[name] /= strong["total"]
        strong["confidence"] = strong["total"] / sum(WEIGHTS.values())
        return strong

    return run, lambda found: pl.from_pandas(found.astype({"symbol": str, "side": str}))


def ours(path: Path) -> tuple[Run, Facts]:
    """The arithmetic of `resolve_signals`, over the hours."""
    frame = _rows(path)
    threshold = round(THRESHOLD * UNITS)

    def run() -> Any:
        (symbol, symbols), (source, sources) = codes_of(
            frame, "symbol", "source", known={"source": list(WEIGHTS)}
        )
        weight = np.array([round(WEIGHTS[name] * UNITS) for name in sources])
        ts = frame["ts_event"].dt.timestamp("us").to_numpy()
        is_buy = (frame["side"] == "buy").to_numpy()
        first = int(ts.min()) // HOUR_US
        hours = int(ts.max()) // HOUR_US + 1 - first
        present = _present(symbol, len(symbols))
        groups = 2 * present.size * hours
        total, *sums = np.zeros((1 + len(PRICES), groups), np.int64)
        # By instrument and side: the tick, and the group of the hour 0.
        tick = np.repeat([tick_units(name) for name in symbols], 2)
        before = np.zeros((len(symbols), 2), np.int64)
        before[present] = np.arange(0, groups, hours).reshape(-1, 2) - first
        prices = [frame[name].to_numpy() for name in PRICES]
        for begin in range(0, len(ts), BLOCK):
            block = slice(begin, begin + BLOCK)
            side = (2 * symbol[block].astype(np.uint16) + is_buy[block]).astype(np.intp)
            columns, parts = in_parts_of_a_tick([price[block] for price in prices], tick.take(side))
            if not isinstance(parts, int):
                raise ValueError("prices off the tick: blocks would have different parts")
            group = ts[block] // HOUR_US
            group += before.take(side)
            add_by_group(total, sums, group, weight.take(source[block]), columns)
        strong = np.flatnonzero(total >= threshold)
        confidence = np.empty(strong.size)
        for begin in range(0, strong.size, BLOCK):
            block = slice(begin, begin + BLOCK)
            of = strong[block]
            weights = total[of]
            confidence[block] = weights / (sum(WEIGHTS.values()) * UNITS)
            for weighted in sums:  # averages take the place of sums: none stands before its own place
                weighted[begin : begin + of.size] = ticks_of(weighted[of], weights, 1)
        averages = [weighted[: strong.size] for weighted in sums]
        return first, hours, [symbols[number] for number in present.tolist()], strong, confidence, averages

    def facts(found: Any) -> pl.DataFrame:
        first, hours, symbols, strong, confidence, averages = found
        lane, hour = np.divmod(strong, hours)
        symbol, is_buy = np.divmod(lane, 2)
        tick = np.array([tick_units(name) for name in symbols])[symbol]
        return pl.DataFrame(
            {
                "hour": hour + first,
                "symbol": np.array(symbols)[symbol],
                "side": np.where(is_buy == 1, "buy", "sell"),
                "confidence": confidence,
                **{name: ticks * tick / UNITS for name, ticks in zip(PRICES, averages, strict=True)},
            }
        )

    return run, facts


def _present(codes: Codes, many: int) -> npt.NDArray[np.intp]:
    """Which of so many numbers there are."""
    seen = np.zeros(many, np.bool_)
    for begin in range(0, codes.size, BLOCK):
        seen[codes[begin : begin + BLOCK].astype(np.intp)] = True
    return np.flatnonzero(seen)


def full(path: Path) -> tuple[Run, Facts]:
    """`resolve_signals` of the history, in full."""
    frame = pl.read_parquet(path)
    return lambda: resolve_signals(frame, CONFIGURATION), lambda found: found.decisions.select("ts_decided")


def one_by_one(path: Path) -> tuple[Run, Facts]:
    """The same history, one signal after the other: every decision's text and hashes, but no tables."""
    frame = pl.read_parquet(path)

    def run() -> int:
        return sum(fate.outcome == "decided" for fate in Resolver(CONFIGURATION).hear(frame))

    return run, lambda found: pl.DataFrame({"decided": range(found)})


SUBJECTS: dict[str, Callable[[Path], tuple[Run, Facts]]] = {
    "plain loop": loop,
    "pandas": in_pandas,
    "pandas, categories": partial(in_pandas, with_categories=True),
    "Hive": ours,
    "Hive, in full": full,
    "Hive, one by one": one_by_one,
}


COMPARED = ("Hive", "plain loop", "pandas", "pandas, categories")
GOALS = {"plain loop": 50.0, "pandas": 10.0}
"""How many times as long as Hive they shall take."""
RUNS_OF = {"Hive": 9, "plain loop": 2, "pandas": 5, "pandas, categories": 5}
"""How often each is run in a process; the first run of each is among them."""


def _measure(subject: str, history: Path, found: Path, runs: int) -> dict[str, Any]:
    """The seconds of each run and the peak memory of a subject, in a process of its own."""
    command = [sys.executable, "-m", "bench.resolution", subject, str(history), str(found), str(runs)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    facts: dict[str, Any] = json.loads(ran.stdout)
    return facts


def _run_subject(subject: str, history: Path, found: Path, runs: int) -> None:
    run, facts = SUBJECTS[subject](history)
    seconds, processor_seconds = [], []
    for _ in range(runs):
        gc.collect()
        began, began_processor = time.perf_counter(), time.process_time()
        result = run()
        seconds.append(time.perf_counter() - began)
        processor_seconds.append(time.process_time() - began_processor)
    peak_mb = _peak_mb()
    facts(result).write_parquet(found)
    print(json.dumps({"seconds": seconds, "processor_seconds": processor_seconds, "peak_mb": peak_mb}))


def _peak_mb() -> float:
    # Of this process since it was started: `ru_maxrss` would begin with what its parent had.
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def write_history(folder: Path, count: int) -> Path:
    """`count` signals of a year as a file; the same for the same count."""
    path = folder / f"history-{count}.parquet"
    random_signals(SEED, count, days=DAYS, rooms=ROOMS, mids=MAJORS).write_parquet(path)
    return path


class Disagreement(AssertionError):
    """Two subjects did not do the same work."""


def same_groups(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """How many groups both have, the same ones, each with the same confidence and averages: to a
    billionth, and to half a tick.

    Raises:
        Disagreement: they have not.
    """
    both = one.join(other, on=list(GROUP), suffix="_other")
    if not one.height == other.height == both.height:
        raise Disagreement(f"{one.height} and {other.height} groups, {both.height} the same")
    tick = pl.col("symbol").replace_strict({name: tick_units(name) / UNITS for name in MAJORS})
    off = both.filter(
        ((pl.col("confidence") - pl.col("confidence_other")).abs() > 1e-9 * pl.col("confidence"))
        | pl.any_horizontal(
            (pl.col(name) - pl.col(f"{name}_other")).abs() > 0.5 * tick + 1e-9 for name in PRICES
        )
    )
    if off.height:
        raise Disagreement(f"{off.height} of {both.height} groups differ, the first is {off.row(0)}")
    return both.height


def consensus_rows(folder: Path, *, count: int = 1_000_000, rounds: int = 3) -> list[Row]:
    """The weighted consensus of windows: loop, pandas and Hive, the same groups checked one by one."""
    history, path = write_history(folder, count), folder / "found.parquet"
    measured: dict[str, list[dict[str, Any]]] = defaultdict(list)
    found = {}
    for _ in range(rounds):  # in turn: whatever else the machine does, it does to all
        for subject in COMPARED:
            measured[subject].append(_measure(subject, history, path, RUNS_OF[subject]))
            found[subject] = pl.read_parquet(path).with_columns(pl.col("hour").cast(pl.Int64))
    groups = {same_groups(found["Hive"], found[subject]) for subject in COMPARED}
    work = f"consensus of {count:,} signals, {groups.pop():,} groups"
    rows = []
    floor: dict[str, tuple[str, float]] = {}
    for subject in COMPARED:  # Hive first: the others are told as multiples of it
        for metric, name in (("time", "seconds"), ("processor time", "processor_seconds")):
            values = [value for facts in measured[subject] for value in facts[name]]
            against = floor.get(metric)
            goal = GOALS.get(subject) if metric == "time" else None
            rows.append(row(work, subject, metric, "s", values, floor=against, ratio_at_least=goal))
            floor.setdefault(metric, (subject, rows[-1].value))
        peaks = [facts["peak_mb"] for facts in measured[subject]]
        rows.append(row(work, subject, "peak memory", "MB", peaks))
    return rows


def history_rows(folder: Path, *, count: int = 1_000_000, runs: int = 3) -> list[Row]:
    """The production rule over a history, in full and one by one, and decisions per second of both."""
    history = write_history(folder, count)
    path = folder / "found.parquet"
    rows = []
    decided = {}
    for subject in ("Hive, in full", "Hive, one by one"):
        facts = _measure(subject, history, path, runs if subject == "Hive, in full" else 1)
        decided[subject] = pl.read_parquet(path).height
        work = f"resolution of {count:,} signals, {decided[subject]:,} decisions"
        rows.append(row(work, subject, "time", "s", facts["seconds"]))
        rows.append(row(work, subject, "peak memory", "MB", [facts["peak_mb"]]))
        per_second = [decided[subject] / seconds for seconds in facts["seconds"]]
        rows.append(row(work, subject, "decisions", "/s", per_second))
    if len(set(decided.values())) != 1:
        raise Disagreement(f"decisions: {decided}")
    return rows


def one_more_rows(
    folder: Path, *, counts: tuple[int, ...] = (1_000, 1_000_000), more: int = 5_000
) -> list[Row]:
    """One more signal, with so many heard before: microseconds of each of the `more` that follow, all from
    one history, so that as many voices are live each time."""
    frame = pl.read_parquet(write_history(folder, max(counts) + more))
    resolver, rows, heard = Resolver(CONFIGURATION), [], 0
    for count in counts:
        for _ in resolver.hear(frame[heard:count]):
            pass
        following = list(live_signals(voices_of(frame[count : count + more], CONFIGURATION, None)))
        taken_us = []
        gc.collect()
        for account, signal in following:
            began = time.perf_counter()
            resolver.hear_one(account, signal)
            taken_us.append((time.perf_counter() - began) * 1e6)
        heard = count + more
        against = (f"{counts[0]:,} heard", rows[0].value) if rows else None
        work = "one more signal, resolved"
        rows.append(row(work, f"{count:,} heard", "time", "us", taken_us, floor=against, ratio_under=1.5))
    return rows


if __name__ == "__main__":
    _run_subject(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
