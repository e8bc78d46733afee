"""The asset checks: what Dagster shows of a schema and a suite."""

import dagster as dg
import polars as pl
import pytest

from hive_pipelines.quality.checks import check_specs, findings_table, run_checks
from hive_pipelines.quality.findings import Example, Finding
from hive_pipelines.quality.schemas import SCHEMAS
from hive_pipelines.quality.suites import suite_tables

pytestmark = pytest.mark.slow


def _materialise(frame: pl.DataFrame) -> dg.ExecuteInProcessResult:
    @dg.asset(check_specs=check_specs("bars"))
    def bars():
        yield dg.MaterializeResult(check_results=run_checks("bars", frame))

    @dg.asset(deps=[bars])
    def after() -> None:
        """What a blocking check keeps from running."""

    return dg.materialize([bars, after], raise_on_error=False)


def test_sound_bars_pass_both_checks_and_the_counts_are_in_the_metadata(sound_tables):
    result = _materialise(sound_tables["bars"])
    evaluations = {found.check_name: found for found in result.get_asset_check_evaluations()}
    assert result.success
    assert {name: found.passed for name, found in evaluations.items()} == {
        "schema": True,
        "plausibility": True,
    }
    assert evaluations["plausibility"].metadata["evaluated"].value == 20
    assert "| holds |" in evaluations["plausibility"].metadata["findings"].value


def test_a_broken_schema_stops_what_follows_in_the_run(sound_tables):
    result = _materialise(sound_tables["bars"].with_columns(bid_high=pl.lit(1.0)))
    schema = next(found for found in result.get_asset_check_evaluations() if found.check_name == "schema")
    assert not result.success
    assert schema.severity == dg.AssetCheckSeverity.ERROR
    assert r"bid\_high is the highest" in schema.metadata["findings"].value
    assert r"row 0: bid\_open=1.054, bid\_high=1.0" in schema.metadata["findings"].value
    assert not [
        event for event in result.get_asset_materialization_events() if event.asset_key.path == ["after"]
    ]


def test_an_implausible_table_warns_and_goes_on(sound_tables):
    result = _materialise(sound_tables["bars"].with_columns(pl.lit(2e12).alias("volume")))
    suite = next(
        found for found in result.get_asset_check_evaluations() if found.check_name == "plausibility"
    )
    assert result.success
    assert (suite.passed, suite.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert suite.description.startswith("bars: expect_column_values_to_be_between fails for volume in 3 rows")


@pytest.mark.parametrize("table", sorted({*SCHEMAS, *suite_tables()}))
def test_a_table_has_exactly_the_results_that_its_specs_promise(table, sound_tables):
    specs = check_specs(table, asset="another_name")
    results = run_checks(table, sound_tables[table].clear(), asset="another_name")
    assert [(spec.asset_key, spec.name) for spec in specs] == [
        (result.asset_key, result.check_name) for result in results
    ]
    assert all(result.passed for result in results)


def test_a_suite_that_was_not_asked_says_so(sound_tables):
    suite = run_checks("bars", sound_tables["bars"].clear())[-1]
    assert suite.metadata["skipped"].value == "no rows"
    assert suite.description == "bars has no rows: not asked"


def test_a_value_cannot_break_the_table_that_shows_it():
    finding = Finding("rule", "text", 1, (Example(3, {"text": "a|b\nc" + "x" * 500}),))
    lines = findings_table([finding]).splitlines()
    assert len(lines) == 3
    assert lines[-1].replace("\\|", "").count("|") == 6
    assert len(lines[-1]) < 250
