"""`hive replay`: make decisions again from the votes they record, and compare byte for byte."""

from __future__ import annotations

from typing import Annotated, Any

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
                [f"{each['decision_id']} in {each['where']}: {_same(each)}" for each in found if each["same"]]
            )
        others = {each["other_code"]: None for each in found if each["other_code"]}
        if not decision_id:
            print_plain([f"another code: {other}" for other in others])
        for each in different:
            print_plain(
                [
                    f"ERROR {each['decision_id']} is not what its votes make",
                    f"  where: {each['where']}",
                    *([f"  {each['other_code']}"] if each["other_code"] else []),
                    *(f"  {difference}" for difference in each["differences"]),
                ],
                stderr=True,
            )
        same = [each for each in found if each["same"]]
        in_journal = sum(each["where"] == "journal" for each in same)
        passed = {
            "decisions": len({each["decision_id"] for each in same}),
            "same in the journal": in_journal,
            "same in the lake": len(same) - in_journal,
        }
        print_plain([totals_line(passed, errors=len(different))])
    if different:
        raise typer.Exit(1)


def _same(found: dict[str, Any]) -> str:
    other = found["other_code"]
    return "same bytes" if other is None else f"same apart from the code's version ({other})"
