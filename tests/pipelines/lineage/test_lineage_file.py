"""The lineage file: whole lines only, whoever is killed or writes at the same time."""

from __future__ import annotations

import json
import logging
import multiprocessing
from pathlib import Path

import pytest

from hive_pipelines.lineage.emit import FilePosition, append_lines, refused_file, send_backlog
from hive_pipelines.lineage.naming import dataset_name, parent_run_id, run_id


def test_a_torn_last_line_is_cut_off_before_the_next_is_written(tmp_path):
    file = tmp_path / "events.jsonl"
    append_lines(file, ["one", "two"])
    with file.open("ab") as handle:
        handle.write(b'{"half": ')
    append_lines(file, ["three"])
    assert file.read_text("utf-8") == "one\ntwo\nthree\n"


def test_a_file_that_is_nothing_but_a_torn_line_becomes_empty(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"x" * 200_000)
    append_lines(file, ["one"])
    assert file.read_text("utf-8") == "one\n"


def test_no_lines_make_no_file(tmp_path):
    append_lines(tmp_path / "deep" / "events.jsonl", [])
    assert not (tmp_path / "deep").exists()


def _write(file: Path, name: str) -> None:
    for number in range(200):
        append_lines(file, [f"{name}{number}" + "x" * 5_000] * 2)


def test_lines_of_two_writers_do_not_mix(tmp_path):
    file = tmp_path / "events.jsonl"
    context = multiprocessing.get_context("forkserver")
    writers = [context.Process(target=_write, args=(file, name)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) == 800
    assert all(line.endswith("x" * 5_000) for line in lines)


def test_a_torn_line_is_not_sent(tmp_path, collector):
    file = tmp_path / "events.jsonl"
    append_lines(file, ['{"n": 1}'])
    with file.open("ab") as handle:
        handle.write(b'{"n": 2}')
    sending = send_backlog(
        file, FilePosition(), url=collector.url, timeout_s=1, api_key=None, log=logging.getLogger("t")
    )
    assert (sending.sent, sending.position.offset) == (1, len('{"n": 1}\n'))


def test_a_line_that_is_not_json_is_put_beside(tmp_path, collector):
    file = tmp_path / "events.jsonl"
    append_lines(file, ["edited by hand", '{"n": 1}'])
    sending = send_backlog(
        file, FilePosition(), url=collector.url, timeout_s=1, api_key=None, log=logging.getLogger("t")
    )
    assert (sending.sent, sending.refused) == (1, 1)
    (entry,) = refused_file(file).read_text("utf-8").splitlines()
    assert json.loads(entry)["line"] == "edited by hand"


@pytest.mark.parametrize(
    ("lake", "expected"),
    [
        ("/data/lake", ("file", "/data/lake/bars")),
        ("file:///data/lake/", ("file", "/data/lake/bars")),
        ("s3://bucket/some/lake/", ("s3://bucket", "some/lake/bars")),
        ("s3://bucket", ("s3://bucket", "bars")),
    ],
)
def test_datasets_are_named_by_the_naming_specification(lake, expected):
    assert dataset_name(lake, ("bars",)) == expected


def test_a_run_id_that_is_no_uuid_gets_one():
    assert parent_run_id("5f6be1b6-6b0f-4a0c-9c3e-0a1d8b1c2d3e") == "5f6be1b6-6b0f-4a0c-9c3e-0a1d8b1c2d3e"
    assert len(parent_run_id("by hand")) == 36


def test_run_ids_differ_by_run_and_by_job():
    assert len({run_id(run, job) for run in ("1", "2") for job in ("bars", "bars.checks")}) == 4
