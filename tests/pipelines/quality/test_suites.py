"""Every expectation of every suite: plausible rows pass it, and an implausible one is named."""

import json
import os
import subprocess
import sys
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from hive_core.calendars.news import Impact
from hive_core.calendars.sessions import Session
from hive_core.contracts.order import OrderState
from hive_core.market.bars import TIMEFRAME_SECONDS
from hive_core.signals.judging import ResolutionOutcome
from hive_core.signals.lifecycle.references import FoundBy
from hive_core.signals.lifecycle.states import SignalState
from hive_core.signals.verdicts import ActionKind
from hive_pipelines.project_files import project_file
from hive_pipelines.quality import suites
from hive_pipelines.quality.suites import run_suite, suite_document, suite_tables

pytestmark = pytest.mark.slow

EXPECTATIONS = [
    (table, number, expectation["type"])
    for table in suite_tables()
    for number, expectation in enumerate(suite_document(table)["expectations"])
]


def _columns(kwargs: dict) -> list[str]:
    if "column" in kwargs:
        return [kwargs["column"]]
    return kwargs.get("column_list") or [kwargs["column_A"], kwargs["column_B"]]


def _out_of_range(sound: pl.DataFrame, kwargs: dict) -> pl.DataFrame:
    column = kwargs["column"]
    dtype = sound.schema[column]
    if dtype.is_temporal():
        beyond = pl.lit(datetime.fromisoformat(kwargs["max_value"]) + timedelta(days=1))
        zone = getattr(dtype, "time_zone", None)
        bad = (beyond.dt.replace_time_zone(zone) if zone else beyond).cast(dtype)
    else:
        bad = pl.lit(kwargs["min_value"] - 1, dtype=dtype)
    return sound.with_columns(bad.alias(column))


def _not_above(sound: pl.DataFrame, kwargs: dict) -> pl.DataFrame:
    greater, less = kwargs["column_A"], kwargs["column_B"]
    if sound.schema[less].is_temporal():
        return sound.with_columns((pl.col(less) - pl.duration(seconds=1)).alias(greater))
    return sound.with_columns(pl.lit(1.0).alias(greater), pl.lit(2.0).alias(less))


def _twice(sound: pl.DataFrame, kwargs: dict) -> pl.DataFrame:
    return pl.concat([sound, sound])


def _of_other_length(sound: pl.DataFrame, kwargs: dict) -> pl.DataFrame:
    return sound.with_columns(pl.lit("x" * (kwargs["max_value"] + 1)).alias(kwargs["column"]))


def _set_to(value: str | None):
    def broken(sound: pl.DataFrame, kwargs: dict) -> pl.DataFrame:
        column = kwargs["column"]
        return sound.with_columns(pl.lit(value, dtype=sound.schema[column]).alias(column))

    return broken


BREAK = {
    "expect_column_values_to_be_between": _out_of_range,
    "expect_column_values_to_be_in_set": _set_to("nonsense"),
    "expect_column_values_to_match_regex": _set_to("   "),
    "expect_column_values_to_not_be_null": _set_to(None),
    "expect_column_values_to_be_unique": _twice,
    "expect_compound_columns_to_be_unique": _twice,
    "expect_column_pair_values_a_to_be_greater_than_b": _not_above,
    "expect_column_value_lengths_to_be_between": _of_other_length,
}
"""A frame that breaks an expectation, by its type; a type that is not here fails the test."""


@pytest.mark.parametrize("table", suite_tables())
def test_plausible_rows_pass(table, sound_tables):
    result = run_suite(table, sound_tables[table])
    assert result.failures == ()
    assert result.statistics["evaluated"] == len(suite_document(table)["expectations"])


ABOUT_TWO_ROWS = {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}
ABOUT_ONE_ROW = [entry for entry in EXPECTATIONS if entry[2] not in ABOUT_TWO_ROWS]


@pytest.fixture(scope="module")
def broken_tables(sound_tables):
    """Every table broken in each of its ways, one below the other, and what its suite says of it."""
    found = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(suites, "MAX_EXAMPLES", 10_000)
        for table in suite_tables():
            expectations = suite_document(table)["expectations"]
            frame = pl.concat(
                BREAK[kind](sound_tables[table], expectations[number]["kwargs"])
                for of, number, kind in ABOUT_ONE_ROW
                if of == table
            )
            found[table] = (frame, run_suite(table, frame))
    return found


@pytest.mark.parametrize(("table", "number", "kind"), ABOUT_ONE_ROW)
def test_an_implausible_row_is_named_with_its_columns_and_values(
    table, number, kind, sound_tables, broken_tables
):
    frame, result = broken_tables[table]
    columns = _columns(suite_document(table)["expectations"][number]["kwargs"])
    failures = [failure for failure in result.failures if failure.rule == kind]
    height = sound_tables[table].height
    start = height * [entry[:2] for entry in ABOUT_ONE_ROW if entry[0] == table].index((table, number))
    examples = [
        example
        for failure in failures
        if failure.column == ", ".join(columns)
        for example in failure.examples
        if start <= example.row < start + height
    ]
    assert examples, f"{kind} of {columns} is not among {result.failures}"
    assert examples[0].values == {name: str(frame.item(examples[0].row, name)) for name in columns}


@pytest.mark.parametrize(
    ("table", "number", "kind"), [entry for entry in EXPECTATIONS if entry[2] in ABOUT_TWO_ROWS]
)
def test_a_row_that_stands_twice_is_named_by_its_key(table, number, kind, sound_tables, monkeypatch):
    document = suite_document(table)
    alone = {**document, "expectations": [document["expectations"][number]]}
    monkeypatch.setattr(suites, "suite_document", lambda _: alone)
    kwargs = alone["expectations"][0]["kwargs"]
    failures = run_suite(table, _twice(sound_tables[table], kwargs)).failures
    assert (kind, ", ".join(_columns(kwargs))) in {(failure.rule, failure.column) for failure in failures}


def test_a_table_without_rows_is_skipped_and_says_so(sound_tables):
    result = run_suite("bars", sound_tables["bars"].clear())
    assert (result.passed, result.skipped, result.statistics["evaluated"]) == (True, "no rows", 0)


def test_an_expectation_about_a_column_that_is_not_there_fails_and_says_so(sound_tables):
    result = run_suite("bars", sound_tables["bars"].drop("volume"))
    (failure,) = result.failures
    assert (failure.column, failure.unexpected_count) == ("volume", sound_tables["bars"].height)
    assert "does not exist" in str(failure.examples[0])


def test_only_the_first_examples_are_kept_but_all_failures_are_counted(sound_tables):
    many = pl.concat([sound_tables["bars"]] * 5).with_columns(volume=-1.0)
    found = {failure.column: failure for failure in run_suite("bars", many).failures}["volume"]
    assert (found.unexpected_count, len(found.examples)) == (15, 5)


def test_a_table_without_a_suite_is_an_error_that_lists_those_that_have_one(sound_tables):
    with pytest.raises(KeyError, match=r"denials has no suite among account_equity, bars"):
        run_suite("denials", sound_tables["denials"])


def test_every_expectation_says_why_it_is_there():
    for table in suite_tables():
        document = suite_document(table)
        assert document["name"] == table
        for expectation in document["expectations"]:
            assert expectation["meta"]["notes"].endswith(".")


def test_the_sets_in_the_suites_are_those_of_the_domain():
    sets = {
        (table, expectation["kwargs"]["column"]): set(expectation["kwargs"]["value_set"])
        for table in suite_tables()
        for expectation in suite_document(table)["expectations"]
        if "value_set" in expectation["kwargs"]
    }
    assert sets["orders", "state"] == set(OrderState)
    assert sets["enriched_signals", "session"] == set(Session)
    assert sets["news_events", "impact"] == set(Impact)
    assert sets["resolutions", "outcome"] == set(ResolutionOutcome)
    assert sets["signal_updates", "action"] == set(ActionKind)
    assert sets["signal_updates", "found_by"] == set(FoundBy)
    assert sets["signal_states", "state"] == set(SignalState)
    assert sets["bars", "timeframe"] == sets["enriched_signals", "market_timeframe"] == set(TIMEFRAME_SECONDS)


@pytest.mark.slow
def test_nothing_is_imported_sent_or_written_before_or_beside_the_validation(tmp_path):
    """In a process of its own: no Great Expectations before the first suite, no socket, no file."""
    script = """
import json, socket, sys
def refuse(*arguments, **named):
    raise AssertionError("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import polars as pl
from hive_core.market.bars import RATE_SCHEMA
from hive_pipelines.quality.suites import run_suite
run_suite("reference_rates", pl.DataFrame(schema=RATE_SCHEMA))
before = "great_expectations" in sys.modules
rates = pl.DataFrame([(None, "USD", 1.1, "ab" * 32)], schema=RATE_SCHEMA, orient="row")
result = run_suite("reference_rates", rates)
print(json.dumps([before, "great_expectations" in sys.modules, result.statistics["evaluated"]]))
"""
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(project_file("expectations").parent)
    finished = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(finished.stdout) == [False, True, 5]
    assert finished.stderr == "", "a progress bar or a notice was printed"
    assert list(tmp_path.iterdir()) == []


def test_the_bundled_files_are_found_where_the_wheel_puts_them(tmp_path, monkeypatch):
    bundled = tmp_path / "bundled" / "expectations"
    bundled.mkdir(parents=True)
    monkeypatch.setattr("hive_pipelines.project_files._HERE", tmp_path)
    assert project_file("expectations") == bundled
    with pytest.raises(FileNotFoundError, match="dbt_project is neither at"):
        project_file("dbt_project")
    declared = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
    included = declared["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["expectations"] == "hive_pipelines/bundled/expectations"
    assert included["dbt_project"] == "hive_pipelines/bundled/dbt_project"
