"""What an asset shows of what it made: row counts, columns, a capped preview, and its check results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from hive_pipelines.lake_io_manager import DAY_COLUMN
from hive_pipelines.markdown_text import as_markdown_text
from hive_pipelines.quality.checks import run_checks

PREVIEW_ROWS = 8
PREVIEW_CELL_CHARACTERS = 60


def result_of(
    context: dg.AssetExecutionContext,
    table: str,
    frame: pl.DataFrame,
    metadata: Mapping[str, Any] | None = None,
    checks: Sequence[dg.AssetCheckResult] = (),
) -> dg.MaterializeResult[pl.DataFrame]:
    """A table's frame with everything that is shown and checked of it; `checks` beside the usual ones."""
    key = dg.AssetKey(table)
    _count_rows(context, key, frame)
    return dg.MaterializeResult(
        asset_key=key,
        value=frame,
        metadata={
            "dagster/column_schema": column_schema(frame.schema),
            "preview": dg.MetadataValue.md(preview(frame)),
            **(metadata or {}),
        },
        check_results=[*run_checks(table, frame), *checks],
    )


def _count_rows(context: dg.AssetExecutionContext, key: dg.AssetKey, frame: pl.DataFrame) -> None:
    """Row counts where they belong: the table's, or each partition's of the run."""
    if not context.has_partition_key_range and not context.has_partition_key:
        context.add_asset_metadata({"dagster/row_count": frame.height}, key)
        return
    column = context.assets_def.metadata_by_key[key].get(DAY_COLUMN)
    counts: dict[str, int] = {}
    if column:
        days = frame.get_column(str(column)).dt.strftime("%Y-%m-%d").value_counts()
        counts = dict(days.iter_rows())
    for partition in context.partition_keys:
        rows = counts.get(partition, 0) if column else frame.height
        context.add_asset_metadata({"dagster/partition_row_count": rows}, key, partition)


def column_schema(schema: Mapping[str, pl.DataType]) -> dg.TableSchema:
    """Columns and types, as Dagster shows them."""
    return dg.TableSchema([dg.TableColumn(name, str(dtype)) for name, dtype in schema.items()])


def preview(frame: pl.DataFrame) -> str:
    """The first rows as a markdown table, each cell cut where it is too long to read."""
    if frame.is_empty():
        return "no rows"
    head = frame.head(PREVIEW_ROWS)
    more = f"\n\n{head.height} of {frame.height:,} rows" if frame.height > head.height else ""
    return as_table(head) + more


def as_table(frame: pl.DataFrame) -> str:
    """All rows as a markdown table, each cell cut where it is too long to read."""
    return "\n".join(
        [
            "| " + " | ".join(frame.columns) + " |",
            "|" + "---|" * len(frame.columns),
            *("| " + " | ".join(_cell(value) for value in row) + " |" for row in frame.iter_rows()),
        ]
    )


def _cell(value: object) -> str:
    return "" if value is None else as_markdown_text(str(value), PREVIEW_CELL_CHARACTERS)
