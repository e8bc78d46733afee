"""The same input twice gives the same bytes: the signal tables made twice, and a day at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from hive_core.configuration.model import Configuration
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.messages import parse_message_file
from hive_core.signals.parse import parse_signals
from hive_core.signals.resolve import resolve_decisions
from hive_core.signals.validate import validate_signals
from hive_pipelines.lake import Lake
from proofs.daemon_process import LANDED
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
    enriched, decisions = kept[0]["enriched_signals"], kept[0]["decisions"]
    days = sorted(set(enriched["ts_event"].dt.date()))
    by_day = []
    for day in days:
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ends = begins + timedelta(days=1) - timedelta(microseconds=1)
        seen = enriched.filter(pl.col("ts_event").is_between(begins - timedelta(days=1), ends))
        by_day.append(resolve_decisions(seen, Configuration(), first_ts=begins, last_ts=ends))
    equal = sum(first[table] == second[table] for table in first)
    incremental = pl.concat(by_day)
    same = incremental["decision_json"].to_list() == decisions["decision_json"].to_list()
    return [
        Claim(
            "the same input twice gives the same bytes",
            f"{len(first)} tables equal",
            f"{equal} tables equal",
            equal == len(first),
            len(first),
        ),
        Claim(
            "decisions made day by day are those made all at once",
            f"{decisions.height} decisions, equal to the byte",
            f"{incremental.height} decisions, {'equal' if same else 'DIFFERENT'}",
            same and decisions.height > 0,
            len(days),
        ),
    ]
