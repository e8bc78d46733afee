"""Where the files that Dagster's processes read stand: `workspace.yaml` and the `dagster.yaml` template.

In a checkout they stand beside the packages, in an installed wheel inside the pipelines' package, which
is found here but never imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hive_cli.failure import Failure


def bundled_file(name: str) -> Path:
    """The path of a file that Hive ships.

    Raises:
        Failure: the pipelines are not installed, or not whole.
    """
    spec = find_spec("hive_pipelines")
    missing = [name for name in ("dagster", "dagster_webserver") if find_spec(name) is None]
    if missing or spec is None or not spec.submodule_search_locations:
        raise Failure(
            f"the pipelines are not installed: {', '.join(missing) or 'hive_pipelines'} is missing",
            next_step='pip install ".[pipelines,demo]"',
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    for place in (package / "bundled" / name, package.parent / name):
        if place.is_file():
            return place
    raise Failure(f"{name} is missing from the installation", where=str(package), next_step="install again")
