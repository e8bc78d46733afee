"""The IO manager: frames in and out of the lake, a file a partition, and nothing that is not a frame."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
import polars as pl
import pytest

from hive_core.evidence.canonical import content_hash
from hive_pipelines.lake import Lake
from hive_pipelines.lake_io_manager import DAY_COLUMN, LakeIOManager, frame_by_day
from hive_pipelines.resources import HiveResource

DAYS = dg.DailyPartitionsDefinition(start_date="2017-03-01", end_date="2017-04-01")
SERIES = dg.StaticPartitionsDefinition(["EURUSD.H1", "XAUUSD.M5"])
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
SINGLE_RUN = dg.BackfillPolicy.single_run()


def at(*moments: str) -> pl.DataFrame:
    """Rows at these moments, numbered."""
    times = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in moments]
    shape = {"number": pl.Int64(), "ts": pl.Datetime("us", "UTC")}
    return pl.DataFrame({"number": range(len(times)), "ts": times}, schema=shape)


MADE: dict[str, object] = {}
"""What the toy assets return, by asset: each test sets it."""
SEEN: dict[str, pl.DataFrame] = {}
"""What the toy assets were given."""


@dg.asset
def whole() -> object:
    return MADE["whole"]


@dg.asset
def after_whole(whole: pl.DataFrame) -> pl.DataFrame:
    SEEN["after_whole"] = whole
    return whole


@dg.asset(partitions_def=DAYS, metadata={DAY_COLUMN: "ts"}, backfill_policy=SINGLE_RUN)
def daily() -> object:
    return MADE["daily"]


@dg.asset(partitions_def=DAYS, metadata={DAY_COLUMN: "ts"}, backfill_policy=SINGLE_RUN)
def after_daily(daily: pl.DataFrame) -> pl.DataFrame:
    SEEN["after_daily"] = daily
    return daily


@dg.asset(partitions_def=DAYS, backfill_policy=SINGLE_RUN)
def uncut() -> object:
    return MADE["uncut"]


@dg.asset(partitions_def=SERIES)
def series() -> object:
    return MADE["series"]


@pytest.fixture
def lake(tmp_path, monkeypatch) -> Lake:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HIVE_LAKE", raising=False)
    return HiveResource().lake()


@pytest.fixture(scope="module")
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def run(lake, instance) -> Callable[..., dg.ExecuteInProcessResult]:
    """Materialise toy assets through the IO manager, errors raised."""

    def materialise(*assets, key: str | None = None, days: tuple[str, str] | None = None):
        return dg.materialize(
            [*assets, *(other for other in (whole, daily) if other not in assets)],
            selection=list(assets),
            resources={"io_manager": LakeIOManager(hive=HiveResource())},
            instance=instance,
            partition_key=key,
            tags={RANGE_START: days[0], RANGE_END: days[1]} if days else None,
        )

    return materialise


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> list[dict]:
    events = result.asset_materializations_for_node(asset)
    return [{name: value.value for name, value in event.metadata.items()} for event in events]


def test_a_table_without_partitions_is_one_file_called_all(run, lake):
    MADE["whole"] = at("2017-03-01 10:00")
    result = run(whole, after_whole)
    assert lake.names("whole") == ["all"]
    assert SEEN["after_whole"].equals(MADE["whole"])
    side = lake.side("whole", "all")
    assert side.run_id == result.run_id
    (told,) = metadata_of(result, "whole")
    assert (told["data_sha256"], told["size_bytes"]) == (side.sha256, side.size_bytes)
    assert told["path"].endswith("lake/whole")


def test_a_range_of_days_is_cut_into_a_file_a_day_and_an_empty_day_has_its_file_too(run, lake):
    MADE["daily"] = at("2017-03-01 00:00", "2017-03-03 00:00", "2017-03-01 23:59:59.999999")
    result = run(daily, days=("2017-03-01", "2017-03-03"))
    assert lake.names("daily") == ["2017-03-01", "2017-03-02", "2017-03-03"]
    assert lake.read("daily", "2017-03-01")["number"].to_list() == [0, 2]
    assert lake.read("daily", "2017-03-02").equals(MADE["daily"].clear())
    assert lake.read("daily", "2017-03-03").columns == ["number", "ts"]
    sides = [lake.side("daily", name) for name in lake.names("daily")]
    told = metadata_of(result, "daily")
    assert len(told) == 3
    assert {each["data_sha256"] for each in told} == {content_hash([side.sha256 for side in sides])}
    assert {each["bytes_in_run"] for each in told} == {sum(side.size_bytes for side in sides)}
    assert {each["files_in_run"] for each in told} == {3}


def test_the_lake_may_be_at_any_address(run, monkeypatch):
    monkeypatch.setenv("HIVE_LAKE", f"memory://{uuid4().hex}/lake")
    MADE["daily"] = at("2017-03-01 10:00", "2017-03-02 10:00")
    run(daily, days=("2017-03-01", "2017-03-02"))
    run(after_daily, key="2017-03-02")
    elsewhere = HiveResource().lake()
    assert elsewhere.names("daily") == ["2017-03-01", "2017-03-02"]
    assert elsewhere.read("after_daily", "2017-03-02")["number"].to_list() == [1]


def test_a_single_day_tells_its_own_hash(run, lake):
    MADE["daily"] = at("2017-03-02 10:00")
    result = run(daily, key="2017-03-02")
    (told,) = metadata_of(result, "daily")
    assert told["data_sha256"] == lake.side("daily", "2017-03-02").sha256


def test_a_series_is_a_file_by_its_key(run, lake):
    MADE["series"] = at("2017-03-02 10:00", "2020-01-01 00:00")
    run(series, key="EURUSD.H1")
    assert lake.names("series") == ["EURUSD.H1"]
    assert lake.read("series", "EURUSD.H1").height == 2


def test_rows_outside_the_days_asked_for_are_refused_and_nothing_is_written(run, lake):
    MADE["daily"] = at("2017-03-01 10:00", "2017-03-04 10:00", "2017-02-28 23:59")
    with pytest.raises(ValueError, match=r"rows of 2017-02-28, 2017-03-04 are outside the partitions"):
        run(daily, days=("2017-03-01", "2017-03-03"))
    assert lake.names("daily") == []


def test_rows_without_a_time_are_refused_by_name():
    frame = at("2017-03-01 10:00", "2017-03-01 11:00").with_columns(
        pl.when(pl.col("number") == 0).then("ts").alias("ts")
    )
    with pytest.raises(ValueError, match="1 rows have no ts"):
        frame_by_day(frame, "ts", ["2017-03-01"])


def test_a_range_without_a_column_to_cut_by_is_refused(run, lake):
    MADE["uncut"] = at("2017-03-01 10:00")
    with pytest.raises(ValueError, match="2 partitions in one run, but no column to cut by"):
        run(uncut, days=("2017-03-01", "2017-03-02"))
    assert lake.names("uncut") == []


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, None, at("2017-03-01 10:00").lazy()])
def test_what_is_no_frame_is_refused_never_pickled(run, lake, value, monkeypatch):
    def never(*arguments: object, **named: object) -> None:
        raise AssertionError("something was pickled")

    monkeypatch.setattr(pickle, "dump", never)
    monkeypatch.setattr(pickle, "dumps", never)
    MADE["whole"] = value
    with pytest.raises(TypeError, match="whole: a polars frame is stored, not"):
        run(whole)
    assert lake.names("whole") == []


def test_an_input_reads_the_days_of_its_run(run, lake):
    MADE["daily"] = at("2017-03-01 10:00", "2017-03-02 10:00", "2017-03-03 10:00")
    run(daily, days=("2017-03-01", "2017-03-03"))
    run(after_daily, days=("2017-03-02", "2017-03-03"))
    assert SEEN["after_daily"]["number"].to_list() == [1, 2]


def test_a_day_that_was_never_written_has_no_rows(run, lake):
    MADE["daily"] = at("2017-03-01 10:00")
    run(daily, key="2017-03-01")
    run(after_daily, days=("2017-03-01", "2017-03-02"))
    assert SEEN["after_daily"].equals(MADE["daily"])
    assert lake.read("after_daily", "2017-03-02").height == 0


def test_days_without_rows_still_tell_their_columns(run, lake):
    MADE["daily"] = at()
    run(daily, days=("2017-03-01", "2017-03-02"))
    run(after_daily, days=("2017-03-01", "2017-03-02"))
    assert SEEN["after_daily"].schema == MADE["daily"].schema


def test_a_table_that_was_never_made_is_an_error_that_names_it(run, lake):
    with pytest.raises(FileNotFoundError, match="daily: none of 2017-03-01 to 2017-03-02 was ever material"):
        run(after_daily, days=("2017-03-01", "2017-03-02"))
    with pytest.raises(FileNotFoundError, match="whole: none of all to all"):
        run(after_whole)
