"""Schemas and suites as Dagster asset checks: their specs, and their results with what was found.

What is checked stands in `schemas` and in `expectations/`; what becomes of a failure (a stopped run, an
alert) is for the assets and sensors.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg
import polars as pl

from hive_pipelines.markdown_text import as_markdown_text, without_markup
from hive_pipelines.quality.findings import Finding
from hive_pipelines.quality.schemas import SCHEMAS, schema_findings
from hive_pipelines.quality.suites import run_suite, suite_tables

SCHEMA_CHECK = "schema"
SUITE_CHECK = "plausibility"
_MAX_TEXT = 160


def pandera_check_spec(asset: dg.AssetKey | str) -> dg.AssetCheckSpec:
    """The blocking check of an asset's shape and row rules."""
    return dg.AssetCheckSpec(
        SCHEMA_CHECK,
        asset=asset,
        blocking=True,
        description="Columns, types, keys and row rules that must hold (pandera); stops what follows.",
    )


def gx_check_spec(asset: dg.AssetKey | str, blocking: bool = False) -> dg.AssetCheckSpec:
    """The check of an asset against its suite in `expectations/`."""
    return dg.AssetCheckSpec(
        SUITE_CHECK,
        asset=asset,
        blocking=blocking,
        description="What is plausible of the values (Great Expectations); warns, and says where.",
    )


def check_specs(table: str, asset: dg.AssetKey | str | None = None) -> list[dg.AssetCheckSpec]:
    """The specs of the results that `run_checks` gives for a table; `asset` where it has another name."""
    key = table if asset is None else asset
    specs = [pandera_check_spec(key)] if table in SCHEMAS else []
    return [*specs, *([gx_check_spec(key)] if table in suite_tables() else [])]


def run_checks(
    table: str, frame: pl.DataFrame, asset: dg.AssetKey | str | None = None
) -> list[dg.AssetCheckResult]:
    """Hold a collected frame against its table's schema and suite.

    A failed schema is an ERROR, a failed suite a WARN; both are asked, so that all is said at once.

    Raises:
        TypeError: the frame is lazy.
    """
    key = dg.AssetKey.from_coercible(table if asset is None else asset)
    results = []
    if table in SCHEMAS:
        broken = schema_findings(table, frame)
        results.append(
            dg.AssetCheckResult(
                passed=not broken,
                asset_key=key,
                check_name=SCHEMA_CHECK,
                severity=dg.AssetCheckSeverity.ERROR,
                description=_summary(table, frame, broken),
                metadata={
                    "rows": frame.height,
                    "broken_rules": len(broken),
                    "findings": dg.MetadataValue.md(findings_table(broken)),
                },
            )
        )
    if table in suite_tables():
        suite = run_suite(table, frame)
        results.append(
            dg.AssetCheckResult(
                passed=suite.passed,
                asset_key=key,
                check_name=SUITE_CHECK,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{table} has no rows: not asked"
                if suite.skipped
                else _summary(table, frame, suite.failures),
                metadata={
                    "rows": frame.height,
                    **suite.statistics,
                    **({"skipped": suite.skipped} if suite.skipped else {}),
                    "findings": dg.MetadataValue.md(findings_table(suite.findings)),
                },
            )
        )
    return results


def findings_table(findings: Iterable[Finding]) -> str:
    """Findings as a markdown table, those that fail first, each with its first failing places."""
    ordered = sorted(findings, key=lambda found: found.holds)
    if not ordered:
        return "Nothing was found."
    rows = [
        (
            "holds" if found.holds else "**fails**",
            *(
                as_markdown_text(text, _MAX_TEXT)
                for text in (
                    found.rule,
                    found.column,
                    str(found.unexpected_count),
                    "; ".join(str(example) for example in found.examples),
                )
            ),
        )
        for found in ordered
    ]
    header = "| | rule | column | unexpected | first places |\n|---|---|---|---|---|"
    return "\n".join([header, *("| " + " | ".join(row) + " |" for row in rows)])


def _summary(table: str, frame: pl.DataFrame, failures: tuple[Finding, ...]) -> str:
    """One line: the first failure by name, and how many more there are."""
    if not failures:
        return f"{table}: {frame.height} rows, nothing to say"
    first = failures[0]
    place = f" ({without_markup(str(first.examples[0]), _MAX_TEXT)})" if first.examples else ""
    more = f", and {len(failures) - 1} more" if len(failures) > 1 else ""
    column = first.column or "the rows"
    return f"{table}: {first.rule} fails for {column} in {first.unexpected_count} rows{place}{more}"
