"""All votes of a history as arrays: who is heard when, and what the votes at each signal come to.

The rule of `judging` for every signal at once. A signal is heard from its own posting until the next of
its voice, its expiry or the end of its window: a run of places in the order of its account and instrument.
So the votes at every signal are the runs that cross it. Exposures are in `exposures`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from hive_core.signals.consensus import tick_units
from hive_core.signals.fixed_point import (
    DECAYING_WEIGHT_LIMIT,
    FloatArray,
    IntArray,
    decayed_arrays,
    divide_to_even_arrays,
    units_of_floats,
)
from hive_core.signals.ideas import ideas_of
from hive_core.signals.judging import MAX_VOTES, Rule
from hive_core.signals.live_signals import VOICE_KIND
from hive_core.signals.text_codes import codes_of
from hive_core.signals.vote_kernel import SUM_LIMIT, in_parts_of_a_tick, sums_by_group, ticks_of

BoolArray = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

PAIRS_AT_ONCE = 1 << 19
"""How many (signal, vote) pairs are in memory together."""

ORDER_TYPES = ("market", "limit", "stop")


@dataclass(slots=True)
class VoteArrays:
    """Signals with a vote, ordered by account and instrument, then as they are folded. Prices of plans are
    in parts of a tick, the market in units of 1e-8, times in microseconds."""

    book: IntArray
    voice: IntArray
    ts: IntArray
    valid_until: IntArray
    is_buy: BoolArray
    order_type: IntArray
    weight: IntArray
    tick: IntArray
    parts: IntArray
    has_entry: BoolArray
    entry: IntArray
    stop: IntArray
    targets: list[IntArray]
    target_count: IntArray
    bid: IntArray
    ask: IntArray
    begins: Places = field(init=False)
    ends: Places = field(init=False)
    heard: IntArray = field(init=False)

    def __len__(self) -> int:
        return len(self.ts)


def books_of(voters: pl.DataFrame) -> IntArray:
    """A number for each signal's account and instrument."""
    (accounts, _), (symbols, names) = codes_of(voters, "account", "symbol")
    return accounts.astype(np.int64) * len(names) + symbols


def load(voters: pl.DataFrame, book: IntArray, rule: Rule) -> VoteArrays:
    """The arrays of signals with a vote (`live_signals.voices_of`), ordered as VoteArrays are."""
    ((symbols, names),) = codes_of(voters, "symbol")
    tick = np.array([tick_units(name) for name in names], np.int64)[symbols]
    entry = voters["entry"]
    lists = voters["take_profits"].list
    target_count = lists.len().cast(pl.Int64).to_numpy()
    most = int(target_count.max()) if len(target_count) else 0
    columns = [voters["stop_loss"], entry, *(lists.get(at, null_on_oob=True) for at in range(most))]
    prices: list[FloatArray] = [column.fill_null(0.0).to_numpy() for column in columns]
    (stop, entries, *targets), parts = in_parts_of_a_tick(prices, tick)
    arrays = VoteArrays(
        book=book,
        voice=_voices(voters),
        ts=voters["ts_event"].dt.timestamp("us").to_numpy(),
        valid_until=voters["valid_until"].dt.timestamp("us").to_numpy(),
        is_buy=(voters["side"] == "buy").to_numpy(),
        order_type=voters["order_type"].cast(pl.Enum(ORDER_TYPES)).to_physical().cast(pl.Int64).to_numpy(),
        weight=voters["weight"].to_numpy(),
        tick=tick,
        parts=np.broadcast_to(np.int64(parts), tick.shape) if isinstance(parts, int) else parts,
        has_entry=entry.is_not_null().to_numpy(),
        entry=entries,
        stop=stop,
        targets=targets,
        target_count=target_count,
        bid=units_of_floats(voters["market_bid"].to_numpy()),
        ask=units_of_floats(voters["market_ask"].to_numpy()),
    )
    _hear(arrays, rule)
    return arrays


def _voices(voters: pl.DataFrame) -> IntArray:
    (sources, _), (kinds, names) = codes_of(voters, "source", VOICE_KIND)
    return sources.astype(np.int64) * len(names) + kinds


def ideas_at(arrays: VoteArrays, chosen: BoolArray) -> IntArray:
    """The idea of each chosen signal, 0 of the others."""
    ideas = np.zeros(len(arrays), np.int64)
    at = np.flatnonzero(chosen)
    if at.size:
        unit = arrays.tick[at] // arrays.parts[at]
        ideas[at] = ideas_of(arrays.stop[at] * unit, arrays.targets[0][at] * unit)
    return ideas


def fits(arrays: VoteArrays, rule: Rule) -> BoolArray:
    """Which signals are of books whose sums 64 bits are sure to hold. The others need Python's."""
    if not len(arrays):
        return np.zeros(0, np.bool_)
    highest = np.maximum.reduce([arrays.stop, arrays.entry, *arrays.targets])
    begin = np.flatnonzero(np.r_[True, arrays.book[1:] != arrays.book[:-1]])
    price, weight, parts = (
        np.maximum.reduceat(values, begin).astype(np.float64)
        for values in (highest, arrays.weight, arrays.parts)
    )
    good = weight * MAX_VOTES * np.maximum(price, parts) < SUM_LIMIT
    if rule.half_life_us is not None:
        good &= weight < DECAYING_WEIGHT_LIMIT
    return np.repeat(good, np.diff(np.r_[begin, len(arrays)]))


def _hear(arrays: VoteArrays, rule: Rule) -> None:
    """From which place to before which each signal is heard, and how many are heard at each."""
    count = len(arrays)
    edges = np.flatnonzero(np.r_[True, arrays.book[1:] != arrays.book[:-1], True])
    last = np.minimum(arrays.ts + rule.window_us + 1, arrays.valid_until)
    ends = np.empty(count, np.intp)
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True) if count else ():
        ends[begin:end] = begin + np.searchsorted(arrays.ts[begin:end], last[begin:end], "left")
    voice = arrays.voice
    by_voice = np.lexsort((voice, arrays.book)) if count else np.zeros(0, np.intp)
    one, other = by_voice[:-1], by_voice[1:]
    same = (arrays.book[one] == arrays.book[other]) & (voice[one] == voice[other])
    following = np.full(count, count, np.intp)
    following[one[same]] = other[same]
    arrays.begins = np.arange(count, dtype=np.intp)
    # An expired signal ends before it begins: nobody hears it.
    arrays.ends = np.maximum(np.minimum(ends, following), arrays.begins)
    change = np.zeros(count + 1, np.int64)
    np.add.at(change, arrays.begins, 1)
    np.add.at(change, arrays.ends, -1)
    arrays.heard = np.cumsum(change)[:-1]


def pairs_at(
    arrays: VoteArrays, chosen: BoolArray, at_once: int = PAIRS_AT_ONCE
) -> Iterator[tuple[Places, Places, Places]]:
    """Every vote at every chosen signal, in portions of `at_once` pairs.

    Yields:
        (places of chosen signals, of each pair which of these it belongs to, the place of its vote);
        pairs in the order of their votes.
    """
    places = np.flatnonzero(chosen)
    rank = np.concatenate([[0], np.cumsum(chosen)]).astype(np.intp)
    low, high = rank[arrays.begins], rank[arrays.ends]
    reach = np.maximum.accumulate(high) if len(high) else high
    filled = np.concatenate([[0], np.cumsum(arrays.heard[places])])
    begin = 0
    while begin < places.size:
        end = int(np.searchsorted(filled, filled[begin] + at_once, "right")) - 1
        end = max(min(end, places.size), begin + 1)
        first, beyond = np.searchsorted(reach, begin, "right"), np.searchsorted(low, end, "left")
        start = np.maximum(low[first:beyond], begin)
        length = np.maximum(np.minimum(high[first:beyond], end) - start, 0)
        votes = np.repeat(np.arange(first, beyond, dtype=np.intp), length)
        offset = np.repeat(start - begin - (np.cumsum(length) - length), length)
        yield places[begin:end], offset + np.arange(votes.size, dtype=np.intp), votes
        begin = end


@dataclass(slots=True)
class Verdicts:
    """What the live votes come to at each signal: `judging.judged` of all of them. Prices of plans in units
    of 1e-8, of signals without the votes 0; `entry` is 0 where the plan has none."""

    is_expired: BoolArray
    is_crowded: BoolArray
    net: IntArray
    in_favour: IntArray
    against: IntArray
    has_weight: BoolArray
    has_voices: BoolArray
    has_plan: BoolArray
    entry: IntArray
    reference: IntArray
    stop: IntArray
    targets: list[IntArray]
    target_count: IntArray

    @property
    def has_the_votes(self) -> BoolArray:
        """Whose side has threshold and voices, whatever their average is worth."""
        return self.has_weight & self.has_voices


def weighed_pairs(arrays: VoteArrays, at: Places, of: Places, votes: Places, rule: Rule) -> IntArray:
    """What decay has left of each pair's vote."""
    weight = arrays.weight[votes]
    if rule.half_life_us is None:
        return weight
    return decayed_arrays(weight, arrays.ts[at][of] - arrays.ts[votes], rule.half_life_us)


def judge_all(arrays: VoteArrays, rule: Rule) -> Verdicts:
    """The verdict of the votes at every signal."""
    count = len(arrays)
    is_expired = arrays.valid_until <= arrays.ts
    is_crowded = ~is_expired & (arrays.heard > MAX_VOTES)

    def zeros() -> IntArray:
        return np.zeros(count, np.int64)

    def falses() -> BoolArray:
        return np.zeros(count, np.bool_)

    found = Verdicts(
        is_expired,
        is_crowded,
        *(zeros(), zeros(), zeros()),
        *(falses(), falses(), falses()),
        *(zeros(), zeros(), zeros()),
        [zeros() for _ in arrays.targets],
        zeros(),
    )
    for at, of, votes in pairs_at(arrays, ~is_expired & ~is_crowded):
        _judge_portion(arrays, found, rule, at, of, votes)
    return found


def _judge_portion(
    arrays: VoteArrays, found: Verdicts, rule: Rule, at: Places, of: Places, votes: Places
) -> None:
    weight = weighed_pairs(arrays, at, of, votes, rule)
    if rule.half_life_us is not None:
        left = weight > 0
        of, votes, weight = of[left], votes[left], weight[left]
    agrees = arrays.is_buy[at][of] == arrays.is_buy[votes]
    everyone = np.bincount(of, minlength=at.size)
    in_favour = np.bincount(of[agrees], minlength=at.size)
    net, _ = sums_by_group(of, at.size, np.where(agrees, weight, -weight), [])
    found.net[at], found.in_favour[at], found.against[at] = net, in_favour, everyone - in_favour
    found.has_weight[at] = net >= rule.threshold
    found.has_voices[at] = in_favour >= rule.minimum_voices
    strong = found.has_weight[at] & found.has_voices[at]
    if not strong.any():
        return
    # Only the agreeing votes at signals that have the votes make plans.
    rank = np.cumsum(strong) - 1
    kept = agrees & strong[of]
    _plan_portion(arrays, found, at[strong], rank[of[kept]], votes[kept], weight[kept])


def _plan_portion(
    arrays: VoteArrays, found: Verdicts, at: Places, of: Places, votes: Places, weight: IntArray
) -> None:
    """`consensus.consensus_plan` of every signal at `at`, from its agreeing votes."""
    count, tick, parts = at.size, arrays.tick[at], arrays.parts[at]
    total, (stops,) = sums_by_group(of, count, weight, [arrays.stop[votes]])
    stop = ticks_of(stops, total, parts)
    priced = arrays.has_entry[votes] & (arrays.order_type[votes] == arrays.order_type[at][of])
    entry_total, (entries,) = sums_by_group(of[priced], count, weight[priced], [arrays.entry[votes[priced]]])
    has_entry = entry_total > 0
    entry = np.where(has_entry, ticks_of(entries, np.maximum(entry_total, 1), parts), 0)
    reference = divide_to_even_arrays(arrays.bid[at] + arrays.ask[at], 2 * tick)
    start = np.where(has_entry, entry, reference)
    up = np.where(arrays.is_buy[at], 1, -1)
    good = (up * (start - stop) > 0) & (reference > 0) & (start > 0) & (stop > 0)
    shortest = np.full(count, len(arrays.targets), np.int64)
    np.minimum.at(shortest, of, arrays.target_count[votes])
    for position, column in enumerate(arrays.targets):
        is_short = shortest[of] <= position
        if is_short.all():
            break
        reached = ~is_short
        _, (sums,) = sums_by_group(of[reached], count, weight[reached], [column[votes[reached]]])
        target = ticks_of(sums, total, parts)
        has_target = shortest > position
        good &= ~has_target | ((up * (target - start) > 0) & (target > 0))
        found.targets[position][at] = np.where(has_target, target * tick, 0)
    beyond = up * (entry * tick - np.where(arrays.is_buy[at], arrays.ask[at], arrays.bid[at]))
    kind = arrays.order_type[at]
    good &= ~has_entry | (kind == 0) | ((kind == 1) & (beyond < 0)) | ((kind == 2) & (beyond > 0))
    found.has_plan[at], found.target_count[at] = good, shortest
    found.entry[at], found.stop[at], found.reference[at] = entry * tick, stop * tick, reference * tick
