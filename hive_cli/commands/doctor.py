"""`hive doctor`: what is missing or misconfigured, with the next step."""

from __future__ import annotations

from typing import Annotated

import typer

STYLES = {"PASS": "green", "WARN": "yellow", "ERROR": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Check the installation, the configuration and the data, and tell the next step."""
    from dataclasses import asdict

    from hive_cli.console import facts, marked, print_json, print_plain, table, totals_line
    from hive_cli.services.checkup import examine

    findings = list(examine())
    count = {verdict: sum(f.verdict == verdict for f in findings) for verdict in STYLES}
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        order = list(reversed(STYLES))
        findings.sort(key=lambda finding: order.index(finding.verdict))
        rows = [
            (
                marked(finding.verdict, STYLES[finding.verdict]),
                finding.check,
                finding.found,
                finding.next_step,
            )
            for finding in findings
        ]
        facts().print(table("", ("", "check", "found", "next step"), rows))
        print_plain([totals_line({"checks": count["PASS"]}, warnings=count["WARN"], errors=count["ERROR"])])
    if count["ERROR"]:
        raise typer.Exit(1)
