"""`hive exec`: the execution daemon in the foreground, as `hive up` starts it."""

from __future__ import annotations

import typer


def execute() -> None:
    """Run the execution daemon in the foreground, until SIGTERM or Ctrl-C."""
    from hive_cli.settings import load_settings

    load_settings()  # configuration faults are told here, all at once, before anything starts
    from hive_exec.main import run

    raise typer.Exit(run())
