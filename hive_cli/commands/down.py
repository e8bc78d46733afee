"""`hive down`: stop what `hive up` started, and all that it started."""

from __future__ import annotations

from typing import Annotated

import typer


def down(
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Stop every service; no process of theirs is left."""
    from hive_cli.console import print_json, print_plain, totals_line
    from hive_cli.services.roster import NAMES
    from hive_cli.services.supervisor import bring_down
    from hive_cli.settings import load_settings

    settings = load_settings()
    stopped, killed = bring_down(settings.home, NAMES)
    if as_json:
        print_json({"stopped": stopped, "killed": killed})
        return
    told = f"stopped {', '.join(stopped)}" if stopped else "nothing was running"
    forced = [f"had to be killed: {', '.join(killed)}"] if killed else []
    print_plain([told, *forced, totals_line({"services": len(stopped)})])
