"""The same input twice gives the same bytes: the signal tables made twice, and a day at a time. What is
decided is held against the rule written a second time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from hive_core.configuration.model import Configuration
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.messages import parse_message_file
from hive_core.signals.parse import parse_signals
from hive_core.signals.resolve import context_days, resolve_decisions, resolve_signals
from hive_core.signals.validate import validate_signals
from hive_pipelines.lake import Lake
from proofs.daemon_process import LANDED
from proofs.plain_resolution import plain_decisions
from proofs.reporting import Claim


def _tables(bars: pl.DataFrame, messages: pl.DataFrame) -> dict[str, pl.DataFrame]:
    configuration = Configuration()
    parsed = parse_signals(messages, configuration)
    valid, quarantined = validate_signals(parsed, bars, messages)
    enriched = enrich_signals(valid, bars)
    return {
        "messages": messages,
        "parsed_signals": parsed,
        "valid_signals": valid,
        "quarantined_signals": quarantined,
        "enriched_signals": enriched,
        "decisions": resolve_decisions(enriched, configuration),
    }


def same_bytes_claims(folder: Path) -> list[Claim]:
    """Make every signal table twice from the samples; resolve them again a day at a time."""
    from hive_core.market.embedded import embedded_eurusd_h1, embedded_eurusd_h1_declaration
    from hive_core.market.parse import parse_bars
    from hive_core.samples import sample_rooms

    def once(name: str) -> dict[str, str]:
        bars = parse_bars(embedded_eurusd_h1(), embedded_eurusd_h1_declaration(), landing_sha256=LANDED).frame
        rooms = [
            parse_message_file(payload, declaration, landing_sha256=LANDED).frame
            for _, payload, declaration in sample_rooms(bars).values()
        ]
        lake = Lake(str(folder / name))
        tables = _tables(bars, pl.concat(rooms).sort("ts_event", "source", "message_id", "version"))
        hashes = {
            table: lake.write(table, "all", frame, run_id=name).sha256 for table, frame in tables.items()
        }
        kept.append(tables)
        return hashes

    kept: list[dict[str, pl.DataFrame]] = []
    first, second = once("first"), once("second")
    enriched = pl.concat([kept[0]["enriched_signals"], _chatter(kept[0]["enriched_signals"])])
    equal = sum(first[table] == second[table] for table in first)
    return [
        Claim(
            "the same input twice gives the same bytes",
            f"{len(first)} tables equal",
            f"{equal} tables equal",
            equal == len(first),
            len(first),
        ),
        *_resolution_claims(enriched),
    ]


def _chatter(enriched: pl.DataFrame) -> pl.DataFrame:
    """One call again every 17 minutes for five days, by three voices of a room that never falls silent:
    each midnight finds an exposure that hangs on the one before it."""
    began = datetime(2018, 1, 1, tzinfo=UTC)
    times = [began + timedelta(minutes=17 * number) for number in range(5 * 24 * 60 // 17)]
    numbers = range(len(times))
    return pl.concat([enriched.filter(pl.col("order_type") == "market").head(1)] * len(times)).with_columns(
        pl.Series("ts_event", times, enriched.schema["ts_event"]),
        pl.Series("valid_until", times, enriched.schema["ts_event"]) + timedelta(hours=2),
        pl.Series("signal_id", [f"sig_chatter{number:04d}" for number in numbers]),
        pl.Series("source", [f"sample_chatter_{number % 3}" for number in numbers]),
    )


def _resolution_claims(enriched: pl.DataFrame) -> list[Claim]:
    """Each day resolved alone from its context, in any order, against all at once, and both against the
    plain rule."""
    configuration = Configuration()
    whole = resolve_signals(enriched, configuration)
    days = sorted(set(enriched["ts_event"].dt.date()))
    alone = {}
    for day in random.Random(17).sample(days, len(days)):  # noqa: S311 - an order of work, not a secret
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ends = begins + timedelta(days=1) - timedelta(microseconds=1)
        reach = timedelta(days=context_days(configuration.resolution))
        seen = enriched.filter(pl.col("ts_event").is_between(begins - reach, ends))
        alone[day] = resolve_signals(seen, configuration, first_ts=begins, last_ts=ends)
    decisions = pl.concat([alone[day].decisions for day in days])
    fates = pl.concat([alone[day].resolutions for day in days])
    same = decisions.equals(whole.decisions) and fates.equals(whole.resolutions)
    made_by = fates.filter(pl.col("outcome") == "decided").sort("ts_event", "source", "signal_id")
    plain = plain_decisions(enriched, configuration)
    as_told = made_by.select("account", "signal_id").rows() == plain
    apart = decisions.sort("ts_decided").select(
        (pl.col("ts_decided").diff().over("account", "symbol", "side").dt.total_seconds()).alias("s")
    )
    window_s = configuration.resolution.vote_window_s
    too_near = apart.filter(pl.col("s") <= window_s).height
    lost = fates.filter(pl.col("decision_id").is_not_null()).join(decisions, on="decision_id", how="anti")
    return [
        Claim(
            "decisions made day by day, each alone and in any order, are those made all at once",
            f"{whole.decisions.height} decisions, equal to the byte",
            f"{decisions.height} decisions, {'equal' if same else 'DIFFERENT'}",
            same and decisions.height > 0,
            len(days),
        ),
        Claim(
            "what is decided is what the rule says, written a second time over the whole history",
            f"{len(plain)} decisions by the same signals",
            f"{made_by.height} decisions, {'by the same' if as_told else 'BY OTHERS'}",
            as_told and len(plain) > 0,
            enriched.height,
        ),
        Claim(
            "no second decision of one side within the vote window, across midnights too",
            f"0 within {window_s} s",
            f"{too_near} within {window_s} s",
            too_near == 0 and decisions.height > 0,
            decisions.height,
        ),
        Claim(
            "every decision that a signal is said to have made or confirmed exists",
            "0 without",
            f"{lost.height} without",
            lost.is_empty() and fates.height == enriched.height,
            fates.height,
        ),
    ]
