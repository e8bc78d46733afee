"""The two lanes: the deck that the daemon's live lane decides by, and the check that both decide alike."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from hive_core.calendars.trading_day import from_ns, to_ns
from hive_core.configuration.model import Configuration
from hive_core.contracts.deck import Deck, DeckInput, DeckTableName
from hive_core.contracts.execution_tables import EXECUTION_REPORTS
from hive_core.contracts.lane import SIGNAL_JUDGED
from hive_core.landing.decks import (
    KEY_NAME,
    DeckFault,
    keys_folder,
    manifest_of,
    prune_decks,
    publish_deck,
    read_context,
    read_manifest,
)
from hive_core.landing.home import HiveHome
from hive_core.landing.keys import public_key, signing_key
from hive_core.signals.lane_context import (
    SCHEMAS,
    LaneContext,
    context_begin,
    make_deck,
    messages_begin,
)
from hive_core.signals.parity import (
    DECISION_RECEIVED,
    SIGNAL_RECEIVED,
    Difference,
    JournalLine,
    Parity,
    compare,
)
from hive_core.signals.submitted import message_of_record
from hive_pipelines.lake import WHOLE, Lake
from hive_pipelines.markdown_text import as_markdown_text, without_markup
from hive_pipelines.partitions import DAY_FORMAT
from hive_pipelines.resources import HiveResource

OWNERS = ["team:execution"]
CHECK = "live_decisions_equal_recomputed"

LOOKS_BACK = timedelta(days=2)
"""What was received in this time is judged again; the check runs daily, and days overlap."""

SHOWN_DIFFERENCES = 50
MAX_TEXT = 300

_ALL = dg.AllPartitionMapping()
_DAILY: tuple[DeckTableName, ...] = ("messages", "parsed_signals", "enriched_signals", "source_weights")
_ONE_FILE: tuple[DeckTableName, ...] = ("news_events", "reference_rates")
_KINDS = (SIGNAL_RECEIVED, SIGNAL_JUDGED, DECISION_RECEIVED)


def deck_files(lake: Lake, configuration: Configuration, made_at: datetime) -> dict[DeckTableName, list[str]]:
    """The files of the lake that a deck is cut from, by table: those of the days it reaches back over, and
    the whole of what has no days."""
    first = messages_begin(context_begin(made_at, configuration.resolution)).strftime(DAY_FORMAT)
    last = (made_at + timedelta(days=8)).strftime(DAY_FORMAT)
    found: dict[DeckTableName, list[str]] = {
        table: [name for name in lake.names(table) if first <= name <= last] for table in _DAILY
    }
    found |= {table: [name for name in lake.names(table) if name == WHOLE] for table in _ONE_FILE}
    return found | {"bars": lake.names("bars")}


def deck_inputs(lake: Lake, configuration: Configuration, made_at: datetime) -> tuple[DeckInput, ...]:
    """Those files with the hashes that their side files name; a file that is being written has none yet."""
    sides = [
        (table, name, lake.side(table, name))
        for table, names in deck_files(lake, configuration, made_at).items()
        for name in names
    ]
    return tuple(
        DeckInput(table=table, partition=name, sha256=side.sha256)
        for table, name, side in sides
        if side is not None
    )


def make_and_publish(
    home: HiveHome, lake: Lake, configuration: Configuration, *, made_at: datetime, run_id: str
) -> tuple[Deck, Path, int]:
    """Cut a deck of a moment from the lake, sign it and publish it; remove what ended long ago.

    Returns:
        (the deck, its manifest, how many old decks were removed).
    """
    tables, inputs = _read_tables(lake, configuration, made_at)
    made, payloads = make_deck(
        tables,
        configuration,
        made_at=made_at,
        valid_for=timedelta(seconds=configuration.live_lane.deck_valid_s),
        run_id=run_id,
        inputs=inputs,
        weighed_days={date.fromisoformat(x.partition) for x in inputs if x.table == "source_weights"},
    )
    key = signing_key(keys_folder(home), KEY_NAME)
    path = publish_deck(home, made, payloads, key)
    return made, path, prune_decks(home, key.public, made.made_at_ns)


@dg.asset(
    deps=[
        *(dg.AssetDep(table, partition_mapping=_ALL) for table in _DAILY),
        dg.AssetDep("bars", partition_mapping=_ALL),
        *_ONE_FILE,
    ],
    group_name="execution",
    owners=OWNERS,
    kinds={"polars", "parquet"},
    pool="deck",
)
def deck(context: dg.AssetExecutionContext, hive: HiveResource) -> dg.MaterializeResult[None]:
    """The context that the daemon's live lane decides by: what was said, heard, weighed and priced lately,
    with the settings, cut from the lake and signed. The daemon takes the newest that holds."""
    made, path, removed = make_and_publish(
        hive.home(),
        hive.lake(),
        hive.configuration(),
        made_at=datetime.now(UTC),
        run_id=context.run.run_id,
    )
    rows = "\n".join(f"| {table.name} | {table.rows} | {table.size_bytes} |" for table in made.tables)
    return dg.MaterializeResult(
        metadata={
            "deck_sha256": made.sha256(),
            "file": path.name,
            "made_at": str(from_ns(made.made_at_ns)),
            "valid_until": str(from_ns(made.valid_until_ns)),
            "context_begins": str(from_ns(made.first_ts_ns)),
            "lane_version": made.lane_version,
            "inputs": len(made.inputs),
            "old_decks_removed": removed,
            "tables": dg.MetadataValue.md(f"| table | rows | bytes |\n|---|---|---|\n{rows}"),
        }
    )


def _read_tables(
    lake: Lake, configuration: Configuration, made_at: datetime
) -> tuple[dict[DeckTableName, pl.DataFrame], tuple[DeckInput, ...]]:
    """The tables of a deck, from files whose bytes have the hashes that are told of them."""
    tables: dict[DeckTableName, pl.DataFrame] = {}
    inputs: list[DeckInput] = []
    for table, names in deck_files(lake, configuration, made_at).items():
        frames = [pl.DataFrame(schema=SCHEMAS[table])]
        for name in names:
            frame, side = lake.read_verified(table, name)
            inputs.append(DeckInput(table=table, partition=name, sha256=side.sha256))
            frames.append(frame.select(SCHEMAS[table].keys()))
        tables[table] = pl.concat(frames)
    return tables, tuple(inputs)


@dg.asset_check(
    asset="execution_reports",
    name=CHECK,
    description="What the live lane decided is what the pipeline makes of the same messages and decks, byte "
    "for byte; and where the sensor lane decided too, it decided the same.",
)
def live_decisions_equal_recomputed(hive: HiveResource) -> dg.AssetCheckResult:
    """Judge again what the daemon received in the last days."""
    since_ns = time.time_ns() - LOOKS_BACK // timedelta(microseconds=1) * 1_000
    return result_of_parity(parity_of(hive.home(), hive.lake(), since_ns))


def parity_of(home: HiveHome, lake: Lake, since_ns: int) -> Parity:
    """Both lanes beside each other, by the reports in the lake and the decks of the home."""
    stored = lake.read("execution_reports", WHOLE)
    reports = pl.DataFrame(schema=EXECUTION_REPORTS) if stored is None else stored

    @cache
    def deck_of(sha256: str) -> LaneContext | None:
        return _deck_of(home, sha256)

    return compare(_lines(reports), deck_of, message_of_record, since_ns=since_ns)


def _lines(reports: pl.DataFrame) -> Iterator[JournalLine]:
    asked = reports.filter(pl.col("kind").is_in(_KINDS)).sort("seq").select("seq", "kind", "ts_event", "body")
    for seq, kind, ts_event, body in asked.iter_rows():
        yield JournalLine(seq, kind, to_ns(ts_event), json.loads(body))


def _deck_of(home: HiveHome, sha256: str) -> LaneContext | None:
    path = manifest_of(home, sha256)
    if path is None:
        return None
    try:
        return read_context(home, read_manifest(path, public_key(keys_folder(home), KEY_NAME)))
    except DeckFault as fault:
        raise dg.Failure(f"a deck that decisions were made by cannot be read: {fault}") from None


def result_of_parity(parity: Parity) -> dg.AssetCheckResult:
    """What is shown of a comparison. Prices alone that the deck did not have yet are a warning."""
    grave = [each for each in parity.differences if each.is_grave]
    first = next(iter([*grave, *parity.differences]), None)
    counts = f"{parity.messages} messages, {parity.decisions} decisions, {parity.in_both_lanes} in both lanes"
    told = (
        f"{counts}: nothing differs"
        if first is None
        else f"{counts}; {first.place} of {first.key} differs, and {len(parity.differences) - 1} more"
    )
    metadata: dict[str, Any] = {
        "messages": parity.messages,
        "decisions": parity.decisions,
        "in_both_lanes": parity.in_both_lanes,
        "not_judged": dict(sorted(parity.not_judged.items())),
        "differences": len(parity.differences),
        "what_differs": dg.MetadataValue.md(_table([*grave, *parity.differences])),
    }
    return dg.AssetCheckResult(
        passed=not parity.differences,
        severity=dg.AssetCheckSeverity.ERROR if grave else dg.AssetCheckSeverity.WARN,
        description=without_markup(told, MAX_TEXT),
        metadata=metadata,
    )


def _table(differences: list[Difference]) -> str:
    shown = list(dict.fromkeys(differences))[:SHOWN_DIFFERENCES]
    if not shown:
        return "Nothing differs."
    rows = [
        " | ".join(as_markdown_text(text, MAX_TEXT) for text in (each.key, each.place, each.live, each.again))
        for each in shown
    ]
    return "\n".join(
        ["| of | what | live | recomputed |", "|---|---|---|---|", *(f"| {row} |" for row in rows)]
    )
