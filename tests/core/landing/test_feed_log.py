"""The log of a live feed: durable, handed on in pieces, and the same after a crash at any place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hive_core.landing import feed_log
from hive_core.landing.feed_log import WHOLE_MARK, FeedDamaged, FeedInUse, FeedLog
from hive_core.landing.home import HiveHome


@pytest.fixture
def home(tmp_path: Path) -> HiveHome:
    return HiveHome(tmp_path)


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{"id": str(number), "text": f"línea {number}\n"} for number in numbers]


def dropped(home: HiveHome) -> list[list[dict[str, object]]]:
    """The rows of each file in the inbox, in order of their names."""
    files = sorted((home.inbox / "messages" / "room").glob("*"))
    return [[json.loads(line) for line in file.read_text("utf-8").splitlines()] for file in files]


def test_what_was_written_is_there_at_the_next_start(home: HiveHome) -> None:
    with FeedLog(home, "room") as log:
        assert log.rows == []
        log.append(rows(1, 2))
        log.append(rows(3))
    with FeedLog(home, "room") as log:
        assert log.rows == rows(1, 2, 3)


def test_what_is_new_is_handed_over_once_in_order(home: HiveHome) -> None:
    with FeedLog(home, "room") as log:
        assert log.hand_over() is None
        log.append(rows(1, 2))
        place = log.hand_over()
        assert place is not None
        assert WHOLE_MARK in place.name
        assert log.hand_over() is None
        log.append(rows(3))
    with FeedLog(home, "room") as log:
        log.hand_over()
        assert log.hand_over() is None
    assert dropped(home) == [rows(1, 2), rows(3)]


def test_a_crash_before_the_piece_is_ticked_off_publishes_it_again(
    home: HiveHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish_and_die(path: Path, payload: bytes) -> None:
        if path.suffix == ".handed":
            raise OSError("the power is gone")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(payload)

    with FeedLog(home, "room") as log:
        log.append(rows(1))
        with monkeypatch.context() as patch:
            patch.setattr(feed_log, "publish", publish_and_die)
            with pytest.raises(OSError, match="power"):
                log.hand_over()
    with FeedLog(home, "room") as log:
        log.append(rows(2))
        log.hand_over()
    # Twice in the inbox: landing takes a message once.
    assert dropped(home) == [rows(1), rows(1, 2)]


def test_a_write_that_was_cut_short_never_counted(home: HiveHome) -> None:
    with FeedLog(home, "room") as log:
        log.append(rows(1))
    path = home.feeds / "room.jsonl"
    path.write_bytes(path.read_bytes() + b'{"id": "2", "te')
    with FeedLog(home, "room") as log:
        assert log.rows == rows(1)
        log.append(rows(3))
        log.hand_over()
    assert dropped(home) == [rows(1, 3)]


def test_a_write_that_fails_leaves_nothing_behind(home: HiveHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("no space left")

    with FeedLog(home, "room") as log:
        log.append(rows(1))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="no space"):
                log.append(rows(2))
        log.append(rows(3))
    with FeedLog(home, "room") as log:
        assert log.rows == rows(1, 3)


@pytest.mark.parametrize("line", [b"not json\n", b"[1]\n", b"\xff\n"])
def test_a_log_that_somebody_wrote_into_is_not_used(home: HiveHome, line: bytes) -> None:
    with FeedLog(home, "room") as log:
        log.append(rows(1))
    path = home.feeds / "room.jsonl"
    path.write_bytes(line + path.read_bytes())
    with pytest.raises(FeedDamaged, match="line 1"):
        FeedLog(home, "room")


def test_a_source_has_one_listener(home: HiveHome) -> None:
    with FeedLog(home, "room"), pytest.raises(FeedInUse, match="room"):
        FeedLog(home, "room")
    with FeedLog(home, "room"), FeedLog(home, "other"):
        pass


WRITER = """
import sys
from pathlib import Path
from hive_core.landing.feed_log import FeedLog
from hive_core.landing.home import HiveHome
with FeedLog(HiveHome(Path(sys.argv[1])), "room") as log:
    number = len(log.rows)
    while True:
        log.append([{"id": str(number)}])
        print(number, flush=True)
        number += 1
        if number % 3 == 0:
            log.hand_over()
"""


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_when_the_writer_is_killed(home: HiveHome) -> None:
    told = -1
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(home.root)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(20):
            told = int(writer.stdout.readline())
        writer.kill()
        told = max([told, *map(int, writer.stdout.read().split())])
        writer.stdout.close()
        writer.wait()
    with FeedLog(home, "room") as log:
        assert [row["id"] for row in log.rows][: told + 1] == [str(number) for number in range(told + 1)]
        log.hand_over()
    handed = [str(row["id"]) for piece in dropped(home) for row in piece]
    assert set(handed) >= {str(number) for number in range(told + 1)}
