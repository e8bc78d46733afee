"""The rule of one exposure an idea, written a second time and plainly: over the whole history at once,
without folds and without days made apart. What `hive_core.signals.resolve` decides is held against it.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

import polars as pl

from hive_core.configuration.model import Configuration, Resolution
from hive_core.instruments.specification import instruments
from hive_core.signals.scorecards.weights import PRIOR_WEIGHT

Row = dict[str, Any]


def plain_decisions(
    enriched: pl.DataFrame,
    configuration: Configuration,
    earned: dict[tuple[str, date], Decimal] | None = None,
) -> list[tuple[str, str]]:
    """(account, signal_id) of every signal that decides, in order of time.

    A signal that can decide does, unless one of its side within the vote window before it, or one of its
    idea by another voice within the exposure window, decided, or could have decided on an earlier UTC day.

    Args:
        earned: by scorecard, what a source's signals of a UTC day weigh; without an entry a source has the
            weight it is given by name, else the prior at most; a card has its own.
    """
    window = timedelta(seconds=configuration.resolution.vote_window_s)
    exposure = timedelta(seconds=configuration.resolution.exposure_window_s)
    able: dict[tuple[str, str], list[tuple[Row, bool]]] = {}
    heard: dict[tuple[str, str], list[Row]] = {}
    decided = []
    for row in enriched.sort("ts_event", "source", "signal_id").iter_rows(named=True):
        taken = configuration.account_for_source(row["source"])
        configured = configuration.resolution.weight_of(row["source"])
        is_card = row.get("voice_kind", "source") == "card"
        if earned is not None and not is_card and row["source"] not in configuration.resolution.weights:
            configured = min(configured, Decimal(str(PRIOR_WEIGHT)))
        weight = (earned or {}).get((row["source"], row["ts_event"].date()), configured)
        if taken is None or weight == 0:
            continue
        key = taken[0], row["symbol"]
        heard.setdefault(key, []).append({"voice_kind": "source", **row, "weight": weight})
        if not _can_decide(heard[key], configuration.resolution):
            continue
        before = [
            (other, did)
            for other, did in able.setdefault(key, [])
            if other["side"] == row["side"]
            and row["ts_event"] - other["ts_event"]
            <= (max(window, exposure) if _one_idea(row, other) else window)
        ]
        decides = not any(did or other["ts_event"].date() < row["ts_event"].date() for other, did in before)
        able[key].append((row, decides))
        if decides:
            decided.append((key[0], row["signal_id"]))
    return decided


def _one_idea(one: Row, other: Row) -> bool:
    """Whether two voices name stops, and first targets, in the same or in neighbouring steps; 4,096 steps of
    one width are between a power of two of 1e-8 and the next."""
    if all(one.get(name, "source") == other.get(name, "source") for name in ("voice_kind", "source")):
        return False
    pairs = (one["stop_loss"], other["stop_loss"]), (one["take_profits"][0], other["take_profits"][0])
    return all(abs(_step(mine) - _step(others)) <= 1 for mine, others in pairs)


def _step(price: float) -> int:
    units, octave, power = int(Decimal(str(round(price, 8))) * 10**8), 0, 1
    while power * 2 <= units:
        octave, power = octave + 1, power * 2
    return octave * 4096 + (units * 4096 // power - 4096)


def _left(row: Row, arriving: Row, half_life_s: int | None) -> Decimal:
    """What decay has left of a vote's weight, to eight places: the power in forty digits, of an age that is
    cut to 2^-20 of a half-life."""
    if half_life_s is None:
        return Decimal(row["weight"])
    age_us = (arriving["ts_event"] - row["ts_event"]) // timedelta(microseconds=1)
    steps = age_us * 2**20 // (half_life_s * 10**6)
    with localcontext(prec=40):
        exact = row["weight"] * Decimal(2) ** (Decimal(-steps) / 2**20)
        return exact.quantize(Decimal("1e-8"))


def _can_decide(heard: list[Row], rule: Resolution) -> bool:
    """Whether the last of these signals has the votes, and their average its prices in the right order."""
    arriving = heard[-1]
    latest: dict[tuple[str, str], Row] = {}
    for row in reversed(heard):
        if arriving["ts_event"] - row["ts_event"] > timedelta(seconds=rule.vote_window_s):
            break
        latest.setdefault((row["voice_kind"], row["source"]), row)
    live = [row for row in latest.values() if row["valid_until"] > arriving["ts_event"]]
    if arriving["valid_until"] <= arriving["ts_event"] or len(live) > 64:
        return False
    votes = [{**row, "weight": _left(row, arriving, rule.decay_half_life_s)} for row in live]
    votes = [row for row in votes if row["weight"] > 0]
    agreeing = [row for row in votes if row["side"] == arriving["side"]]
    net = sum((row["weight"] if row["side"] == arriving["side"] else -row["weight"]) for row in votes)
    if net < rule.threshold or len(agreeing) < rule.minimum_voices:
        return False
    to_tick = instruments()[arriving["symbol"]].round_to_tick
    up = 1 if arriving["side"] == "buy" else -1

    def mean(rows: list[Row], prices: list[float]) -> Decimal:
        total = sum((row["weight"] for row in rows), Decimal(0))
        weighted = sum(
            (row["weight"] * Decimal(str(round(price, 8))) for row, price in zip(rows, prices, strict=True)),
            Decimal(0),
        )
        return to_tick(weighted / total)

    edge = "entry_high" if arriving["side"] == "buy" else "entry_low"
    priced = [
        row for row in agreeing if row[edge] is not None and row["order_type"] == arriving["order_type"]
    ]
    bid, ask = (Decimal(str(round(arriving[name], 8))) for name in ("market_bid", "market_ask"))
    start = mean(priced, [row[edge] for row in priced]) if priced else to_tick((bid + ask) / 2)
    stop = mean(agreeing, [row["stop_loss"] for row in agreeing])
    shortest = min(len(row["take_profits"]) for row in agreeing)
    targets = [mean(agreeing, [row["take_profits"][at] for row in agreeing]) for at in range(shortest)]
    ordered = up * (start - stop) > 0 and all(up * (target - start) > 0 for target in targets)
    beyond = up * (start - (ask if up == 1 else bid))
    waits = {"market": True, "limit": beyond < 0, "stop": beyond > 0}[arriving["order_type"]]
    return ordered and waits
