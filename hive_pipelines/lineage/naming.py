"""Names in OpenLineage: run ids, jobs, and datasets by OpenLineage's naming specification
(https://openlineage.io/docs/spec/naming). What is said under these names belongs to `events`.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

JOB_NAMESPACE = "hive"
_RUN_IDS = uuid5(NAMESPACE_URL, "hive-trading:openlineage")


def job_name(asset_path: tuple[str, ...]) -> str:
    """The job that makes an asset: its key, joined with dots."""
    return ".".join(asset_path)


def run_id(dagster_run_id: str, job: str) -> str:
    """The id of one job in one Dagster run: always the same, so that a collector can de-duplicate."""
    return str(uuid5(_RUN_IDS, f"{dagster_run_id}/{job}"))


def parent_run_id(dagster_run_id: str) -> str:
    """The Dagster run's own id, which is a UUID unless somebody chose another."""
    try:
        return str(UUID(dagster_run_id))
    except ValueError:
        return str(uuid5(_RUN_IDS, dagster_run_id))


def dataset_name(lake: str, asset_path: tuple[str, ...]) -> tuple[str, str]:
    """(namespace, name) of the table of an asset in the lake.

    A folder: ("file", absolute path). A store, such as s3://bucket/prefix: ("s3://bucket",
    "prefix/table").
    """
    table = "/".join(asset_path)
    address = urlsplit(lake)
    if address.scheme in ("", "file"):
        folder = address.path if address.scheme else lake
        return "file", (Path(folder).resolve() / table).as_posix()
    prefix = address.path.strip("/")
    return f"{address.scheme}://{address.netloc}", f"{prefix}/{table}" if prefix else table
