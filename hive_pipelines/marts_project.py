"""How the dbt project of the marts is run: where its files stand and which environment it needs.

What the marts are stands in `dbt_project/`; the asset that runs it belongs to the assets.
"""

from __future__ import annotations

from pathlib import Path

from hive_core.landing.home import HiveHome
from hive_pipelines.project_files import project_file


def dbt_environment(home: HiveHome) -> dict[str, str]:
    """What dbt must find in its environment to read this home's lake and write nowhere else."""
    return {
        "HIVE_LAKE": home.lake,
        "DBT_PROFILES_DIR": str(project_file("dbt_project")),
        "DBT_TARGET_PATH": str(home.dbt_target),
        "DBT_LOG_PATH": str(home.dbt_target / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def mart_path(home: HiveHome, name: str) -> Path:
    """Where a mart's Parquet file stands, in a lake that is a folder."""
    return Path(home.lake) / "marts" / f"{name}.parquet"


def prepare_marts_folder(home: HiveHome) -> None:
    """Make the folder that DuckDB writes the marts into; DuckDB makes none."""
    (Path(home.lake) / "marts").mkdir(parents=True, exist_ok=True)
