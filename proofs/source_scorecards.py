"""What a room earned in R beside what it says of itself, and that its weight never looks ahead."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.evidence.canonical import sha256_hex
from hive_core.market.bars import TIMEFRAME_SECONDS
from hive_core.market.declaration import declare_bars
from hive_core.market.parse import parse_bars
from hive_core.signals.messages import MessageDeclaration, parse_message_file
from hive_core.signals.parse import parse_signals
from hive_core.signals.scorecards.claims import claims_of
from hive_core.signals.scorecards.honesty import Honesty
from hive_core.signals.scorecards.outcomes import score_signals
from hive_core.signals.scorecards.records import score_sources
from hive_core.signals.scorecards.weights import source_weights
from hive_core.signals.validate import validate_signals
from proofs.reporting import Claim

MESSAGES = "signals/gold_room_2025-11_2025-12.jsonl.gz"
BARS = "demo_seed_2025H2/bars_h1/XAUUSD.csv.gz"
SOURCE = "gold_room"

# A pip of this room is 0.1 dollars: "30 pips" stand beside moves of 3 dollars.
CONFIGURATION = Configuration(sources={SOURCE: SourceProfile(pip={"XAUUSD": "0.1"})})  # type: ignore[dict-item]


def gold_room_frames() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The room's messages, its valid signals, and gold's bars, out of `HIVE_REAL_DATA`."""
    root = Path(os.environ["HIVE_REAL_DATA"])
    prices, posts = (root / BARS).read_bytes(), (root / MESSAGES).read_bytes()
    declared = declare_bars(
        {"symbol": "XAUUSD", "timeframe": "H1", "format": "csv", "time_zone": "UTC", "side": "bid"}
    )
    bars = parse_bars(prices, declared, landing_sha256=sha256_hex(prices)).frame
    room = MessageDeclaration(source=SOURCE, format="jsonl")
    messages = parse_message_file(posts, room, landing_sha256=sha256_hex(posts)).frame
    valid, _ = validate_signals(parse_signals(messages, CONFIGURATION), bars, messages)
    return messages, valid, bars


def gold_room_score_claims() -> list[Claim]:
    """The room's result in R with its interval, its own claims beside it, and its weight by day."""
    messages, valid, bars = gold_room_frames()
    outcomes = score_signals(valid, bars)
    card = score_sources(outcomes, claims_of(messages)).row(0, named=True)
    return [*score_claims(card), _no_look_ahead(valid, bars, outcomes)]


def score_claims(card: dict[str, Any]) -> list[Claim]:
    """A row of SCORECARDS as claims: what was earned, and the source's own word."""
    mean, first_target = _figure(card, "mean_r", "+.2f"), _figure(card, "first_target_rate", ".0%")
    ends = card["claimed_won"] + card["claimed_lost"]
    return [
        Claim(
            f"what {card['source']} earned is told in R with its interval",
            "mean R inside its 95 % interval; every signal counted",
            f"{mean} R a trade; {card['wins']} of {card['traded']} won, {_figure(card, 'hit_rate', '.0%')}; "
            f"{card['doubtful']} ended in a bar that touched stop and target, with all of them at the target "
            f"{card['mean_r_at_best']:+.2f} R; {card['unfilled']} of {card['signals']} not filled; deepest "
            f"drawdown {card['max_drawdown_r']:.1f} R, longest losing run {card['longest_losing_run']}",
            card["mean_r_low"] <= card["mean_r"] <= card["mean_r_high"]
            and card["traded"] + card["unfilled"] + card["open"] == card["signals"],
            card["traded"],
        ),
        Claim(
            f"the own word of {card['source']} stands beside what was measured",
            "claims counted, held against what the prices allow",
            f"its posts: {card['claimed_targets']} targets hit, {card['claimed_stops']} stops hit, "
            f"{card['claimed_running']} times pips running; of {ends} signals {card['claimed_rate']:.0%} "
            f"called won, {card['claims_contradicted']} of these against the prices; first target reached by "
            f"{first_target} of trades with every doubt against it, by "
            f"{card['first_target_rate_at_best']:.0%} of signals with every doubt for it: "
            f"{Honesty(card['honesty']).in_words}",
            card["claimed_targets"] > 0 and card["claimed_stops"] > 0 and card["claimed_rate"] is not None,
            ends,
        ),
    ]


def _figure(card: dict[str, Any], name: str, form: str) -> str:
    value, low, high = (format(card[f"{name}{end}"], form) for end in ("", "_low", "_high"))
    return f"{value} (95 %: {low} to {high})"


def _no_look_ahead(valid: pl.DataFrame, bars: pl.DataFrame, outcomes: pl.DataFrame) -> Claim:
    """Each day's weight from signals and bars cut off at its midnight is that of the whole history."""
    first, last = outcomes["ts_event"].dt.date().min(), bars["ts_open"].dt.date().max()
    days = pl.date_range(first, last, "1d", eager=True).to_list()  # type: ignore[arg-type]
    whole = source_weights(outcomes, days)
    same = sum(
        whole.filter(pl.col("day") == day).equals(source_weights(_known_at(valid, bars, day), [day]))
        for day in days
    )
    fewest, most = whole["traded"].min(), whole["traded"].max()
    return Claim(
        "a source's weight of a day is the same with everything after its midnight cut off",
        "every day",
        f"{same} of {len(days)} days equal, with {fewest} to {most} trades known",
        same == len(days) and fewest != most,
        len(days),
    )


def _known_at(valid: pl.DataFrame, bars: pl.DataFrame, day: date) -> pl.DataFrame:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    closes = pl.col("ts_open") + timedelta(seconds=TIMEFRAME_SECONDS["H1"])
    return score_signals(valid.filter(pl.col("ts_event") < midnight), bars.filter(closes <= midnight))
