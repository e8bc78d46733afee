"""The lake: the same frame is the same bytes, a side file says what they are, and whoever alters them
is found out. A folder and an address in memory behave alike."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import fsspec
import polars as pl
import pytest

from hive_core import __version__
from hive_core.evidence.canonical import sha256_hex
from hive_core.signals.tables import PARSED, empty
from hive_pipelines.lake import Lake, LakeFileChanged, SideFile

FRAME = pl.DataFrame(
    {
        "at": [datetime(2017, 3, 6, 8, tzinfo=UTC) + timedelta(hours=hour) for hour in range(3)],
        "price": [1.0601, None, 1.0603],
        "targets": [[1.06, 1.07], [], None],
    },
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)


@pytest.fixture(params=["folder", "memory"])
def lake(request, tmp_path) -> Lake:
    """A lake in a folder, and one behind an fsspec address."""
    return Lake(str(tmp_path / "lake") if request.param == "folder" else f"memory://{uuid4().hex}/lake")


def files_of(lake: Lake) -> dict[str, bytes]:
    """Every file under the lake by its path."""
    system, root = fsspec.core.url_to_fs(lake.address)
    return {str(path).removeprefix(str(root)): system.cat_file(path) for path in system.find(root)}


def overwrite(lake: Lake, table: str, name: str, payload: bytes, ending: str = "parquet") -> None:
    """Write a file behind the lake's back."""
    system, _ = fsspec.core.url_to_fs(lake.address)
    system.pipe_file(lake.path(table, name, ending), payload)


def test_a_frame_comes_back_as_it_went_in(lake):
    lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    assert lake.read("decisions", "2017-03-06").equals(FRAME)
    assert lake.read("decisions", "2017-03-06").schema == FRAME.schema


def test_the_side_file_tells_rows_hash_run_partition_time_and_size(lake):
    before = time.time_ns()
    told = lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    payload = files_of(lake)["/decisions/2017-03-06.parquet"]
    assert told == lake.side("decisions", "2017-03-06")
    assert told == SideFile(
        rows=3,
        sha256=sha256_hex(payload),
        run_id="run-1",
        partition="2017-03-06",
        written_ns=told.written_ns,
        code_version=__version__,
        size_bytes=len(payload),
    )
    assert before <= told.written_ns <= time.time_ns()
    assert set(json.loads(files_of(lake)["/decisions/2017-03-06.json"])) == set(SideFile.__slots__)


def test_the_same_frame_gives_the_same_bytes_whoever_writes_it_when(lake):
    first = lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    payload = files_of(lake)["/decisions/2017-03-06.parquet"]
    again = lake.write("decisions", "2017-03-06", FRAME.clone(), run_id="run-2")
    assert (again.sha256, again.run_id) == (first.sha256, "run-2")
    assert files_of(lake)["/decisions/2017-03-06.parquet"] == payload
    other = lake.write("decisions", "2017-03-07", FRAME.with_columns(price=1.5), run_id="run-1")
    assert other.sha256 != first.sha256


def test_chunks_of_a_frame_do_not_show_in_its_bytes(lake):
    whole = lake.write("bars", "a", FRAME, run_id="run-1")
    pieces = pl.concat([FRAME[:1], FRAME[1:]], rechunk=False)
    assert pieces.n_chunks() == 2
    assert lake.write("bars", "b", pieces, run_id="run-1").sha256 == whole.sha256


def test_a_frame_without_rows_keeps_its_shape(lake):
    assert lake.write("parsed_signals", "2017-03-06", empty(PARSED), run_id="run-1").rows == 0
    assert lake.read("parsed_signals", "2017-03-06").schema == PARSED


def test_nothing_but_the_two_files_is_left_of_a_write(lake):
    lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    lake.write("decisions", "2017-03-06", FRAME[:1], run_id="run-2")
    assert sorted(files_of(lake)) == ["/decisions/2017-03-06.json", "/decisions/2017-03-06.parquet"]
    assert lake.read_verified("decisions", "2017-03-06")[1].rows == 1


def test_what_is_not_there_reads_as_none(lake):
    assert lake.names("decisions") == []
    assert lake.read("decisions", "2017-03-06") is None
    assert lake.side("decisions", "2017-03-06") is None


def test_a_verified_read_gives_the_frame_and_what_its_side_file_says(lake):
    side = lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    frame, read_side = lake.read_verified("decisions", "2017-03-06")
    assert frame.equals(FRAME)
    assert read_side == side


def test_an_altered_file_is_found_out_and_names_the_run_that_wrote_it(lake):
    lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    other = Lake(f"memory://{uuid4().hex}")
    other.write("decisions", "x", FRAME.with_columns(price=9.9), run_id="run-2")
    overwrite(lake, "decisions", "2017-03-06", files_of(other)["/decisions/x.parquet"])
    with pytest.raises(LakeFileChanged, match=r"2017-03-06\.parquet: not the bytes that run run-1 wrote"):
        lake.read_verified("decisions", "2017-03-06")


def test_a_torn_file_is_found_out_before_anyone_reads_a_row_of_it(lake):
    lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    overwrite(lake, "decisions", "2017-03-06", files_of(lake)["/decisions/2017-03-06.parquet"][:-1])
    with pytest.raises(LakeFileChanged, match="not the bytes"):
        lake.read_verified("decisions", "2017-03-06")


def test_a_file_newer_than_its_side_file_is_being_written(lake):
    """A crash between the two: the data is published first, so the old side file does not fit it."""
    lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    old_side = files_of(lake)["/decisions/2017-03-06.json"]
    lake.write("decisions", "2017-03-06", FRAME[:1], run_id="run-2")
    overwrite(lake, "decisions", "2017-03-06", old_side, ending="json")
    with pytest.raises(LakeFileChanged, match="not the bytes that run run-1 wrote"):
        lake.read_verified("decisions", "2017-03-06")


@pytest.mark.parametrize("missing", ["parquet", "json"])
def test_half_of_the_pair_is_not_a_file(lake, missing):
    lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    system, _ = fsspec.core.url_to_fs(lake.address)
    system.rm_file(lake.path("decisions", "2017-03-06", missing))
    with pytest.raises(LakeFileChanged, match="the file or its side file is missing"):
        lake.read_verified("decisions", "2017-03-06")


def test_many_files_are_read_under_each_other_in_the_order_asked_for(lake):
    for name, rows in {"2017-03-06": FRAME[:1], "2017-03-07": FRAME[:0], "2017-03-08": FRAME[1:]}.items():
        lake.write("decisions", name, rows, run_id="run-1")
    assert lake.names("decisions") == ["2017-03-06", "2017-03-07", "2017-03-08"]
    assert lake.read_all("decisions", dict(FRAME.schema)).equals(FRAME)
    back_to_front = lake.read_many("decisions", ["2017-03-08", "2017-03-06"], dict(FRAME.schema))
    assert back_to_front.equals(pl.concat([FRAME[1:], FRAME[:1]]))


def test_files_that_are_not_there_have_no_rows_but_the_asked_shape(lake):
    found = lake.read_many("parsed_signals", ["2017-03-06"], PARSED)
    assert (found.height, found.schema) == (0, PARSED)


def test_a_reader_sees_the_old_file_or_the_new_one_when_a_write_breaks_off(lake, monkeypatch):
    lake.write("decisions", "2017-03-06", FRAME, run_id="run-1")
    system, _ = fsspec.core.url_to_fs(lake.address)

    def full_disk(*arguments: object, **named: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(type(system), "mv", full_disk)
    with pytest.raises(OSError, match="No space left"):
        lake.write("decisions", "2017-03-06", FRAME[:1], run_id="run-2")
    assert lake.read_verified("decisions", "2017-03-06")[0].equals(FRAME)
    assert lake.names("decisions") == ["2017-03-06"], "what is written beside has no table's file name"
