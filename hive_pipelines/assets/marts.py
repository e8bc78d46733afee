"""Marts: the dbt project over the lake as assets, its tests as asset checks."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_pipelines.marts_project import dbt_environment, dbt_executable, mart_path, prepare_marts_folder
from hive_pipelines.project_files import project_file
from hive_pipelines.showing import column_schema, preview

OWNERS = ["team:analytics"]


class _Translator(DagsterDbtTranslator):
    """Marts are their own group, with owners and kinds like every other asset."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return "marts"


def marts_of(manifest: Path) -> dg.AssetsDefinition:
    """The assets of a dbt manifest."""

    @dbt_assets(
        manifest=json.loads(manifest.read_text("utf-8")),
        name="marts",
        dagster_dbt_translator=_Translator(),
        pool="marts",
    )
    def marts(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """Build the marts from the lake and test them."""
        home = HiveHome.from_environment()
        prepare_marts_folder(home)
        # dbt is a process of its own: what it must know travels in its environment.
        os.environ.update(dbt_environment(home))
        dbt = DbtCliResource(
            project_dir=str(project_file("dbt_project")), dbt_executable=str(dbt_executable())
        )
        # What dbt leaves of a run is read from its events; nobody needs the folder afterwards.
        with tempfile.TemporaryDirectory(prefix="build-", dir=home.dbt_target) as target:
            invocation = dbt.cli(["build"], context=context, target_path=Path(target))
            for event in invocation.stream():
                if isinstance(event, dg.Output):
                    name = context.asset_key_for_output(event.output_name).path[-1]
                    yield event.with_metadata({**event.metadata, **_shown(mart_path(home, name))})
                else:
                    yield event

    return marts.map_asset_specs(
        lambda spec: spec.replace_attributes(owners=OWNERS, kinds={"dbt", "duckdb", "parquet"})
    )


def _shown(path: Path) -> dict[str, Any]:
    frame = pl.read_parquet(path)
    return {
        "dagster/row_count": frame.height,
        "dagster/column_schema": column_schema(frame.schema),
        "preview": dg.MetadataValue.md(preview(frame)),
        "data_sha256": sha256_hex(path.read_bytes()),
        "path": str(path),
    }
