"""The folders and settings that the services expect before they start."""

from __future__ import annotations

from hive_cli.failure import Failure
from hive_cli.services.bundled import bundled_file
from hive_core.landing.home import HiveHome, publish


def prepare(home: HiveHome) -> None:
    """Make HIVE_HOME's folders and give DAGSTER_HOME its settings; a file that stands there is kept.

    Raises:
        Failure: the home cannot be written.
    """
    try:
        for folder in (home.root, home.run, home.logs, home.dagster, home.inbox / "messages"):
            folder.mkdir(parents=True, exist_ok=True)
        settings = home.dagster / "dagster.yaml"
        if not settings.exists():
            publish(settings, bundled_file("dagster.yaml").read_bytes())
    except OSError as error:
        raise Failure(
            f"the home folder cannot be written: {error.strerror}",
            where=str(error.filename or home.root),
            next_step="set HIVE_HOME to a folder of yours",
        ) from None
