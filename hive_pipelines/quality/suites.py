"""What is plausible of a table: the suites in `expectations/`, run by Great Expectations.

The suites are data and stand there, one a table; here is how one is run on a frame, in memory, without
a file written, a progress bar or a word to anyone's server. Great Expectations takes seconds to import,
so that happens at the first suite of a process and not before.
"""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
import polars.selectors as cs

from hive_pipelines.project_files import project_file
from hive_pipelines.quality.findings import MAX_EXAMPLES, Example, Finding


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """How a table did: a finding for each expectation. `skipped` says why when nothing was asked."""

    table: str
    findings: tuple[Finding, ...]
    skipped: str | None = None

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The expectations that do not hold."""
        return tuple(found for found in self.findings if not found.holds)

    @property
    def passed(self) -> bool:
        """Whether every expectation that was asked holds."""
        return not self.failures

    @property
    def statistics(self) -> dict[str, int]:
        """Counts of expectations, for metadata."""
        evaluated, unsuccessful = len(self.findings), len(self.failures)
        return {
            "evaluated": evaluated,
            "successful": evaluated - unsuccessful,
            "unsuccessful": unsuccessful,
        }


def suite_tables() -> tuple[str, ...]:
    """The tables that have a suite."""
    return tuple(sorted(path.stem for path in project_file("expectations").glob("*.json")))


def suite_document(table: str) -> dict[str, Any]:
    """A table's suite as it stands in its file.

    Raises:
        KeyError: the table has no suite.
    """
    path = project_file("expectations") / f"{table}.json"
    if not path.exists():
        raise KeyError(f"{table} has no suite among {', '.join(suite_tables())}")
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def run_suite(table: str, frame: pl.DataFrame) -> SuiteResult:
    """Hold a table's frame against its suite.

    A frame without rows is skipped, and the result says so. List columns are left out: Great
    Expectations reads flat values only, and the schemas check the lists.

    Raises:
        KeyError: the table has no suite.
    """
    document = suite_document(table)
    if frame.is_empty():
        return SuiteResult(table, (), skipped="no rows")
    source, expectation_suite = _great_expectations()
    # pandas compares neither dates with times nor, without a warning, times that have a zone: UTC is said.
    flat = frame.select(
        (cs.all() - cs.nested() - cs.temporal()),
        cs.date().cast(pl.Datetime("us")),
        cs.datetime().dt.replace_time_zone(None),
    )
    batch = (
        source.add_dataframe_asset(table)
        .add_batch_definition_whole_dataframe("whole")
        .get_batch({"dataframe": flat.to_pandas()})
    )
    try:
        validated = batch.validate(
            expectation_suite(**document),
            result_format={"result_format": "SUMMARY", "partial_unexpected_count": MAX_EXAMPLES},
        )
    finally:
        source.delete_asset(table)
    return SuiteResult(table, tuple(_finding(frame, result) for result in validated.results))


@cache
def _great_expectations() -> tuple[Any, Any]:
    """The one in-memory data source of this process, and the class of suites."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # It imports modules that Python has deprecated; nobody here can mend that.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context.data_sources.add_pandas("frames"), gx.ExpectationSuite


def _finding(frame: pl.DataFrame, result: Any) -> Finding:
    """An expectation's result, or the error that it could not be asked for, as people want to read it."""
    kwargs, rule = result.expectation_config.kwargs, result.expectation_config.type
    if "column" in kwargs:
        columns = [kwargs["column"]]
    else:
        columns = kwargs.get("column_list") or [kwargs["column_A"], kwargs["column_B"]]
    column = ", ".join(columns)
    error = _exception_message(result.exception_info)
    if error is not None:
        return Finding(rule, column, frame.height, (Example(None, {column: error}),))
    rows = result.result["partial_unexpected_index_list"][:MAX_EXAMPLES]
    examples = tuple(Example(row, {name: str(frame.item(row, name)) for name in columns}) for row in rows)
    return Finding(rule, column, result.result["unexpected_count"], examples, holds=bool(result.success))


def _exception_message(info: dict[str, Any]) -> str | None:
    """The first error of an expectation: it stands alone, or under the id of each metric."""
    for entry in [info, *(value for value in info.values() if isinstance(value, dict))]:
        if entry.get("raised_exception"):
            return str(entry["exception_message"])
    return None
