"""docs/claims.md, made from what `make prove` and `make bench` wrote; never by hand.

It reads every suite's JSON under HIVE_HOME and words nothing itself: a figure stands on the page as it was
measured, with its commit and day. A suite that was not measured again keeps the section that it has.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hive_core.landing.home import HiveHome, publish

PAGE = Path(__file__).resolve().parent.parent / "docs" / "claims.md"
INTRODUCTION = """\
# Claims

<!-- Made by `make claims` from the results of `make prove` and `make bench`. Do not edit. -->

What Hive says of itself in figures stands here and nowhere else, as it was measured. Rerun it with
`make prove ONLY=<suite>` and `make bench ONLY=<suite>`; `make claims` writes this page from the results.
Times depend on the machine. A `+` behind a commit says that the tree differed from it.
"""

_FOLDERS = re.compile(r"(?<![\w:/])/(?:[^\s/|]+/)+(?=[^\s/|]*)")
"""A machine's folders mean nothing to a reader; the file's name stays."""


def results(home: HiveHome, kind: str) -> list[tuple[dict[str, Any], datetime]]:
    """The suites of a kind (`proofs` or `bench`), each with the time at which it was measured."""
    return [
        (json.loads(path.read_text("utf-8")), datetime.fromtimestamp(path.stat().st_mtime, UTC))
        for path in sorted((home.root / kind).glob("*.json"))
    ]


def claims_page(
    proofs: list[tuple[dict[str, Any], datetime]],
    benches: list[tuple[dict[str, Any], datetime]],
    held: str = "",
) -> str:
    """The whole page as markdown; `held` is the page so far, whose other sections stay as they are."""
    sections = {**_sections(held), **_sections(_made(proofs, benches))}
    # Proofs first, each kind by name.
    order = sorted(sections, key=lambda title: (not title.startswith("Proofs"), title))
    return INTRODUCTION + "".join(f"\n## {title}\n{sections[title]}" for title in order)


def _sections(page: str) -> dict[str, str]:
    found = {}
    for part in page.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        found[title] = body.rstrip("\n") + "\n"
    return found


def _made(
    proofs: list[tuple[dict[str, Any], datetime]], benches: list[tuple[dict[str, Any], datetime]]
) -> str:
    parts = [""]
    for suite, when in proofs:
        parts.append(f"## Proofs: {suite['suite']}\n\n{_measured(suite, when)}\n")
        rows = [
            ("holds" if c["holds"] else "**FAILS**", c["claim"], c["target"], c["measured"], f"{c['n']:,}")
            for c in suite["claims"]
        ]
        parts.append(_table(("", "claim", "target", "measured", "n"), rows))
    for suite, when in benches:
        parts.append(f"## Bench: {suite['suite']}\n\n{_measured(suite, when)}\n")
        parts.append(
            _table(
                ("work", "subject", "metric", "median", "lowest to highest", "n", "ratio", "goal"),
                _rows(suite),
            )
        )
    return "\n".join(parts)


def _measured(suite: dict[str, Any], when: datetime) -> str:
    facts = [
        f"Commit `{suite['commit'][:12]}{'+' if suite['commit'].endswith('+') else ''}`",
        f"{when:%Y-%m-%d}",
    ]
    if "machine" in suite:
        facts.append(suite["machine"])
    if "seeds" in suite:
        facts.append("seed " + ", ".join(map(str, suite["seeds"])))
    return ", ".join(facts) + "."


def _rows(suite: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for row in suite["rows"]:
        unit = f" {row['unit']}" if row["unit"] else ""
        spread = "" if row["n"] == 1 else f"{row['lowest']:,.4g} to {row['highest']:,.4g}{unit}"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:g} x {row['ratio_to']}"
        goal = "" if row["is_met"] is None else f"{row['goal']}: {_met(row)}"
        median = f"{row['value']:,.4g}{unit}"
        rows.append((row["work"], row["subject"], row["metric"], median, spread, str(row["n"]), ratio, goal))
    return rows


def _met(row: dict[str, Any]) -> str:
    return "met" if row["is_met"] else "**missed**"


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return _FOLDERS.sub("", " ".join(text.split())).replace("|", "\\|")


def main() -> int:
    """Write the page; 1 when there is nothing to write it from."""
    home = HiveHome.from_environment()
    proofs, benches = results(home, "proofs"), results(home, "bench")
    if not proofs and not benches:
        print(f"ERROR {home.root} has no results: make prove, make bench")
        return 1
    held = PAGE.read_text("utf-8") if PAGE.exists() else ""
    publish(PAGE, claims_page(proofs, benches, held).encode("utf-8"))
    PAGE.chmod(0o644)
    print(f"{len(proofs)} suites of proofs, {len(benches)} of bench: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
