"""`hive verify`: walk the journal's hash chain, and compare it with what the lake was told."""

from __future__ import annotations

from typing import Annotated

import typer


def verify(
    journal: Annotated[str, typer.Option(help="A journal file; this home's when not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Check that no record of the journal was changed, removed or put in between."""
    from pathlib import Path

    from hive_cli.console import print_json, print_plain, totals_line
    from hive_cli.facts.chain import examine
    from hive_cli.settings import load_settings

    settings = load_settings()
    path = Path(journal) if journal else settings.home.journal
    found = examine(path, None if journal else settings)
    if as_json:
        print_json(found)
    elif found["fault"] is None:
        print_plain(
            [
                f"journal: {path}",
                f"head: {found['head_hash']}",
                *(
                    [f"the lake holds {found['in_lake']:,} of the records, all the same"]
                    if found["in_lake"]
                    else []
                ),
                totals_line({"records": found["records"]}),
            ]
        )
    else:
        fault = found["fault"]
        print_plain(
            [
                f"ERROR record {fault['seq']}: {fault['reason']}",
                f"  where: {path}",
                f"  the {found['records']:,} records before it hold",
                "  next: keep the file as it is; compare it with a backup",
                totals_line({"records": found["records"]}, errors=1),
            ],
            stderr=True,
        )
    if found["fault"] is not None:
        raise typer.Exit(1)
