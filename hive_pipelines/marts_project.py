"""How the dbt project of the marts is run: its program, its environment, its manifest.

What the marts are stands in `dbt_project/`; the asset that runs it belongs to the assets.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from hive_core.evidence.canonical import content_hash, sha256_hex
from hive_core.landing.home import HiveHome, publish
from hive_pipelines.project_files import project_file


class MartsProjectError(RuntimeError):
    """dbt cannot read its project; the text is what dbt says."""


class LakeIsNoFolder(ValueError):
    """The marts are written by DuckDB, into folders only."""


def dbt_executable() -> str:
    """The dbt of this environment, wherever it was started from."""
    return str(Path(sys.executable).parent / "dbt")


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
    """Where a mart's Parquet file stands. Raises LakeIsNoFolder."""
    return _marts_folder(home) / f"{name}.parquet"


def prepare_marts_folder(home: HiveHome) -> None:
    """Make the folder that DuckDB writes the marts into; DuckDB makes none. Raises LakeIsNoFolder."""
    _marts_folder(home).mkdir(parents=True, exist_ok=True)


def _marts_folder(home: HiveHome) -> Path:
    if "://" in home.lake:
        raise LakeIsNoFolder(
            f"the marts can only be written to a lake that is a folder, not to HIVE_LAKE={home.lake}; the "
            "other tables are not concerned. Next step: set HIVE_LAKE to the path of a folder, or leave the "
            "marts out"
        )
    return Path(home.lake) / "marts"


def manifest_path(home: HiveHome) -> Path:
    """dbt's manifest of the project as it stands, parsed only if that was not done before.

    The file is named by the hash of the project's files, the lake's address and dbt's versions, so a
    process that finds it need not start dbt (seconds), and several may look at once.

    Raises:
        MartsProjectError: dbt cannot parse the project.
    """
    project = project_file("dbt_project")
    content = {
        str(path.relative_to(project)): sha256_hex(path.read_bytes())
        for path in sorted(project.rglob("*"))
        if path.suffix in {".sql", ".yml"}
    }
    versions = {name: version(name) for name in ("dbt-core", "dbt-duckdb")}
    digest = content_hash({"project": content, "lake": home.lake, "versions": versions})
    manifest = home.dbt_target / f"manifest-{digest[:16]}.json"
    if not manifest.exists():
        _parse(home, project, manifest)
    return manifest


def _parse(home: HiveHome, project: Path, manifest: Path) -> None:
    home.dbt_target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.dbt_target, prefix=".parse.") as folder:
        here = {"DBT_TARGET_PATH": folder, "DBT_LOG_PATH": folder}
        finished = subprocess.run(  # noqa: S603 - our own program, with paths of our own
            [dbt_executable(), "parse", "--quiet", "--project-dir", str(project)],
            env={**os.environ, **dbt_environment(home), **here},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode != 0:
            raise MartsProjectError(
                f"dbt cannot parse {project}: {finished.stdout}{finished.stderr}".rstrip()
            )
        # Later runs start from this parse instead of their own.
        publish(
            home.dbt_target / "partial_parse.msgpack", (Path(folder) / "partial_parse.msgpack").read_bytes()
        )
        publish(manifest, (Path(folder) / "manifest.json").read_bytes())
