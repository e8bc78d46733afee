"""The check that holds a source's own word against its measured record."""

from __future__ import annotations

import dagster as dg
import polars as pl

from hive_core.signals.scorecards.honesty import Honesty
from hive_pipelines.markdown_text import as_markdown_text

HONESTY_CHECK = "honesty"
_OUTSIDE = (Honesty.CLAIMS_MORE.value, Honesty.CLAIMS_LESS.value)


def honesty_spec(asset: str) -> dg.AssetCheckSpec:
    """The check of the scorecards' claims. It warns: what a room says of itself stops nothing."""
    return dg.AssetCheckSpec(
        HONESTY_CHECK,
        asset=asset,
        description="The share of won signals that a source claims lies within what the prices allow: "
        "between the 95 % bounds of the first target's rate with every doubt against it, and for it.",
    )


def honesty_check(asset: str, scorecards: pl.DataFrame) -> dg.AssetCheckResult:
    """Which sources claim more, or less, than was measured of them (SCORECARDS)."""
    outside = scorecards.filter(pl.col("honesty").is_in(_OUTSIDE)).sort("source")
    lines = [
        f"- {as_markdown_text(row['source'], 64)}: {Honesty(row['honesty']).in_words}: "
        f"{row['claimed_rate']:.0%} of {row['claimed_won'] + row['claimed_lost']} signals claimed, "
        f"{row['first_target_rate']:.0%} of {row['traded']} trades measured, "
        f"{row['first_target_rate_at_best']:.0%} of {row['signals']} signals at best "
        f"(bounds {row['first_target_rate_low']:.0%} and {row['first_target_rate_at_best_high']:.0%}); "
        f"{row['claims_contradicted']} claims contradicted"
        for row in outside.iter_rows(named=True)
    ]
    return dg.AssetCheckResult(
        passed=not lines,
        asset_key=dg.AssetKey(asset),
        check_name=HONESTY_CHECK,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{outside.height} of {scorecards.height} sources claim what was not measured",
        metadata={
            "sources": scorecards.height,
            "outside": outside.height,
            "findings": dg.MetadataValue.md("\n".join(lines) or "Nothing was found."),
        },
    )
