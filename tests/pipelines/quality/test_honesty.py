"""The honesty check warns of a source whose claims lie outside what was measured, and of no other."""

import dagster as dg
import polars as pl

from hive_pipelines.quality.honesty import honesty_check


def carded(sound_tables, **change):
    card = sound_tables["source_scorecards"]
    return card.with_columns(
        pl.lit(value, dtype=card.schema[name]).alias(name) for name, value in change.items()
    )


def test_a_source_that_claims_more_than_was_measured_is_named(sound_tables):
    boaster = carded(sound_tables, source="boaster", honesty="claims_more", claimed_rate=0.96)
    both = pl.concat([sound_tables["source_scorecards"], boaster])
    found = honesty_check("source_scorecards", both)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    told = found.metadata["findings"].value
    assert told.startswith(
        "- boaster: it claims more than the prices allow: 96% of 4 signals claimed, 50% of 3"
    )
    assert "room" not in told


def test_a_source_that_claims_less_is_named_too(sound_tables):
    assert not honesty_check("source_scorecards", carded(sound_tables, honesty="claims_less")).passed


def test_claims_that_fit_or_are_not_there_pass(sound_tables):
    for verdict in ("fits", "claims_nothing", "not_measured"):
        assert honesty_check("source_scorecards", carded(sound_tables, honesty=verdict)).passed
    assert honesty_check("source_scorecards", sound_tables["source_scorecards"].clear()).passed
