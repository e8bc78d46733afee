"""Dagster over the domain: thin assets, checks, sensors and resources. It decides nothing itself."""

import warnings

from dagster import BetaWarning

# Single-run backfills and mappings to missing partitions are Dagster's own words for what is done here;
# they are marked beta, and every process would say so a dozen times.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=BetaWarning)
warnings.filterwarnings("ignore", message="Parameter `allow_nonexistent", category=BetaWarning)
# dagster_dbt imports a parser that announces the end of its Rust half.
warnings.filterwarnings("ignore", message=".*sqlglotrs.*", category=DeprecationWarning)
