"""`hive demo`: the sample rooms scored against real prices, without Dagster, in seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl

COLUMNS = (
    *("room", ">messages", ">valid", ">refused", ">traded"),
    *(">hit rate", ">mean R", ">total R", ">drawdown R"),
)
INTERVALS = "Intervals are 95 %: Wilson for the hit rate, bootstrap for R. The same input gives the same."


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Parse the sample rooms, score them against EURUSD of 2017, and print the table."""
    from hive_cli.console import facts, print_json, print_plain, table, totals_line

    began = time.monotonic()
    found = score_samples()
    seconds = round(time.monotonic() - began, 2)
    if as_json:
        print_json({**found, "seconds": seconds})
        return
    rows = [
        (
            score["source"],
            score["messages"],
            score["signals"],
            score["quarantined"],
            score["traded"],
            _interval(score, "hit_rate", percent=True),
            _interval(score, "mean_r"),
            f"{score['total_r']:+.1f}" if score["total_r"] is not None else None,
            f"{score['max_drawdown_r']:.1f}" if score["max_drawdown_r"] is not None else None,
        )
        for score in found["sources"]
    ]
    facts().print(table("Three sample rooms against real EURUSD prices", COLUMNS, rows))
    refused = [(each["source"], each["reason"], each["signals"]) for each in found["refused"]]
    facts().print(table("Refused, and why", ("room", "reason", ">signals"), refused))
    signals = sum(score["signals"] for score in found["sources"])
    print_plain(
        [
            *found["assumptions"],
            f"took {seconds} s. The whole flow, with orders: hive flow (or make run)",
            totals_line(
                {"messages": found["messages"], "signals": signals},
                skipped={"signals": sum(each["signals"] for each in found["refused"])},
            ),
        ]
    )


def _interval(score: dict[str, Any], name: str, *, percent: bool = False) -> str | None:
    values = [score[name], score[f"{name}_low"], score[f"{name}_high"]]
    if any(value is None for value in values):
        return None
    shown = [f"{value:.0%}" if percent else f"{value:+.2f}" for value in values]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def score_samples() -> dict[str, Any]:
    """The sample rooms through parser, validator and scorer, on frames in memory.

    Raises:
        Failure: the packages with the sample prices are not installed.
    """
    import polars as pl

    from hive_cli.failure import Failure
    from hive_core.configuration.model import Configuration
    from hive_core.evidence.canonical import sha256_hex
    from hive_core.instruments.specification import instruments
    from hive_core.market.embedded import (
        MissingDemoData,
        embedded_eurusd_h1,
        embedded_eurusd_h1_declaration,
    )
    from hive_core.market.parse import parse_bars
    from hive_core.samples import sample_rooms
    from hive_core.signals.messages import parse_message_file
    from hive_core.signals.parse import parse_signals
    from hive_core.signals.scorecards.outcomes import score_signals
    from hive_core.signals.scorecards.records import score_sources
    from hive_core.signals.validate import validate_signals

    try:
        payload = embedded_eurusd_h1()
    except MissingDemoData as error:
        what, _, step = str(error).partition("; run: ")
        raise Failure(what, next_step=step) from None
    bars = parse_bars(payload, embedded_eurusd_h1_declaration(), landing_sha256=sha256_hex(payload)).frame
    frames = []
    for _, room, declaration in sample_rooms(bars).values():
        frames.append(parse_message_file(room, declaration, landing_sha256=sha256_hex(room)).frame)
    messages = pl.concat(frames)
    parsed = parse_signals(messages, Configuration())
    valid, quarantined = validate_signals(parsed, bars, messages)
    scores = score_sources(score_signals(valid, bars))
    counted = messages.group_by("source").len("messages")
    refused = quarantined.group_by("source", "reason").len("signals").sort("source", "signals", "reason")
    both = scores.join(counted, on="source", how="right").join(
        quarantined.group_by("source").len("quarantined"), on="source", how="left"
    )
    spread = instruments()["EURUSD"].spread_pips
    return {
        "messages": messages.height,
        "sources": _sorted(both),
        "refused": refused.to_dicts(),
        "assumptions": [
            "Prices: EURUSD H1 ask of 2017, real. Rooms: samples, written for Hive.",
            f"The source has no bid: it is assumed {spread} pips below. Where a bar touches stop and target, "
            "the stop counts.",
            INTERVALS,
        ],
    }


def _sorted(scores: pl.DataFrame) -> list[dict[str, Any]]:
    import polars as pl

    counts = ("signals", "traded", "wins", "quarantined")
    return scores.with_columns(pl.col(counts).fill_null(0)).sort("source").to_dicts()
