"""Where the files stand that are not Python: the dbt project, the suites, Dagster's settings.

In a checkout they are at the top of the repository; in an installed wheel they are bundled beside this
module. Nothing else may guess where they are.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def project_file(name: str) -> Path:
    """The path of `name` (`dbt_project`, `expectations`, `dagster.yaml`, `workspace.yaml`).

    Raises:
        FileNotFoundError: neither the checkout nor the installed package has it.
    """
    bundled, checkout = _HERE / "bundled" / name, _HERE.parent / name
    for candidate in (bundled, checkout):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{name} is neither at {bundled} nor at {checkout}: install hive-trading again")
