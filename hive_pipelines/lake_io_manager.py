"""The IO manager: frames to the lake's Parquet files and back, a file a partition. Never pickle."""

from typing import Any

import dagster as dg
import polars as pl

from hive_core.evidence.canonical import content_hash
from hive_pipelines.lake import WHOLE, SideFile
from hive_pipelines.resources import HiveResource

DAY_COLUMN = "hive/day_column"
"""Asset metadata: the time column by which a range of days is cut into partitions."""


def frame_by_day(frame: pl.DataFrame, column: str, keys: list[str]) -> dict[str, pl.DataFrame]:
    """Cut a frame into its UTC days; every key gets a frame, also an empty one.

    Raises:
        ValueError: a row has no time, or lies outside the days asked for: it would be lost.
    """
    days = frame.get_column(column).dt.strftime("%Y-%m-%d")
    if days.null_count():
        raise ValueError(f"{days.null_count()} rows have no {column}: they belong to no partition")
    outside = set(days.unique()) - set(keys)
    if outside:
        raise ValueError(f"rows of {', '.join(sorted(outside)[:3])} are outside the partitions of this run")
    parts = frame.with_columns(days.alias("_day")).partition_by(
        "_day", as_dict=True, include_key=False, maintain_order=True
    )
    return {key: parts.get((key,), frame.clear()) for key in keys}


class LakeIOManager(dg.ConfigurableIOManager):
    """One table an asset. A run over a range of days writes a file a day."""

    hive: dg.ResourceDependency[HiveResource]

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """Write a frame. Raises TypeError for anything else."""
        if not isinstance(obj, pl.DataFrame):
            raise TypeError(
                f"{context.asset_key.to_user_string()}: a polars frame is stored, not {type(obj)}"
            )
        lake, table = self.hive.lake(), context.asset_key.path[-1]
        if not context.has_asset_partitions:
            parts = {WHOLE: obj}
        else:
            keys = list(context.asset_partition_keys)
            column = (context.definition_metadata or {}).get(DAY_COLUMN)
            parts = frame_by_day(obj, str(column), keys) if column else {keys[0]: obj}
            if len(parts) != len(keys):
                raise ValueError(f"{table}: {len(keys)} partitions in one run, but no column to cut by")
        sides = [lake.write(table, name, part, run_id=context.run_id) for name, part in parts.items()]
        context.add_output_metadata(
            _written(lake.path(table, WHOLE).removesuffix(f"/{WHOLE}.parquet"), sides)
        )

    def load_input(self, context: dg.InputContext) -> pl.DataFrame:
        """Read the partitions an input asks for; a day that was never written has no rows.

        Raises:
            FileNotFoundError: the table was never written at all.
        """
        lake, table = self.hive.lake(), context.asset_key.path[-1]
        names = list(context.asset_partition_keys) if context.has_asset_partitions else [WHOLE]
        present = set(lake.names(table))
        frames = [lake.read(table, name) for name in names if name in present]
        found = [frame for frame in frames if frame is not None]
        if not found:
            raise FileNotFoundError(f"{table}: none of {names[0]} to {names[-1]} was ever materialised")
        filled = [frame for frame in found if frame.height]
        return pl.concat(filled) if filled else found[0]


def _written(path: str, sides: list[SideFile]) -> dict[str, Any]:
    hashes = [side.sha256 for side in sides]
    size_bytes = sum(side.size_bytes for side in sides)
    if len(sides) == 1:
        return {"path": path, "size_bytes": size_bytes, "data_sha256": hashes[0]}
    # The same metadata stands at every partition of a range: what is of the run is named so.
    return {
        "path": path,
        "files_in_run": len(sides),
        "bytes_in_run": size_bytes,
        "data_sha256": content_hash(hashes),
    }
