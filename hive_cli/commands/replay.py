"""`hive replay`: make decisions again from the votes they record, and compare byte for byte."""

from __future__ import annotations

from typing import Annotated

import typer


def replay(
    decision_id: Annotated[
        str, typer.Argument(help="A decision's id, or the beginning of it; every decision when not given.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Make decisions again from the votes that journal and lake recorded: are the bytes the same?"""
    from hive_cli.console import print_json, print_plain, totals_line
    from hive_cli.facts.replaying import replayed
    from hive_cli.settings import load_settings

    found = replayed(load_settings(), decision_id)
    different = [each for each in found if not each["same"]]
    if as_json:
        print_json(found)
    else:
        if decision_id:
            print_plain(
                [f"{each['decision_id']} in {each['where']}: same bytes" for each in found if each["same"]]
            )
        for each in different:
            print_plain(
                [
                    f"ERROR {each['decision_id']} is not what its votes make",
                    f"  where: {each['where']}",
                    *(f"  {difference}" for difference in each["differences"]),
                ],
                stderr=True,
            )
        print_plain([totals_line({"same": len(found) - len(different)}, errors=len(different))])
    if different:
        raise typer.Exit(1)
