"""`hive import`: good rows are kept, bad ones are told by row, column, value and reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import receipts

DECLARED = (
    *("--symbol", "EURUSD", "--timeframe", "H1"),
    *("--format", "csv", "--time-zone", "UTC", "--side", "bid"),
)
GOOD = (
    "time,open,high,low,close,volume\n"
    "2017-03-01 00:00:00,1.05,1.06,1.04,1.055,10\n"
    "2017-03-01 01:00:00,1.05,1.06,1.04,1.055,10\n"
)
CROSSED = GOOD + "2017-03-01 02:00:00,1.05,1.03,1.04,1.055,10\n"


def bars(tmp_path: Path, text: str, name: str = "bars.csv") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_a_good_file_lands_and_the_totals_say_so(hive, home: HiveHome, tmp_path: Path) -> None:
    said = hive("import", "bars", bars(tmp_path, GOOD), *DECLARED)
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == "PASS 1 file, 2 rows  SKIP 0  ERROR 0"
    assert [receipt.file_name for receipt in receipts(home)] == ["bars.csv"]


def test_a_bad_row_is_named_the_rest_is_kept_and_the_code_is_1(hive, home: HiveHome, tmp_path: Path) -> None:
    said = hive("import", "bars", bars(tmp_path, CROSSED), *DECLARED)
    assert said.code == 1
    row = next(line for line in said.out.splitlines() if "high" in line and "1.03" in line)
    assert row.split()[:3] == ["4", "high", "1.03"]
    assert said.out.splitlines()[-1] == "PASS 1 file, 2 rows  SKIP 1 row  ERROR 0"
    assert [receipt.facts["rows"] for receipt in receipts(home)] == [2]


CALENDAR = (
    "date,time,currency,impact,name\n"
    "2017-03-10,13:30,USD,High,Own Payrolls\n"
    "2017-03-10,46 min,USD,High,Own Rate\n"
)


def test_a_calendar_lands_without_its_countdowns(hive, home: HiveHome, tmp_path: Path) -> None:
    said = hive("import", "news", bars(tmp_path, CALENDAR, "calendar.csv"), "--format", "csv", "--time-zone",
                "Europe/London")  # fmt: skip
    assert said.code == 1
    assert "a countdown, not a time" in said.out
    assert said.out.splitlines()[-1] == "PASS 1 file, 1 row  SKIP 1 row  ERROR 0"
    (receipt,) = receipts(home)
    assert (receipt.kind, receipt.facts["first_ts"]) == ("news", "2017-03-10T13:30:00Z")


def test_what_is_not_declared_of_a_calendar_is_told(hive, home: HiveHome, tmp_path: Path) -> None:
    path = bars(tmp_path, CALENDAR, "calendar.csv")
    assert "not declared: --format" in hive("import", "news", path).err
    wrong = hive("import", "news", path, "--format", "xml", "--time-zone", "London", "--known-ahead-h", "-1")
    assert wrong.code == 2
    for fault in ("--format: ", "--time-zone: 'London' is not an IANA time zone", "--known-ahead-h: "):
        assert fault in wrong.err
    without_zone = hive("import", "news", path, "--format", "csv")
    assert without_zone.code == 1
    assert "declare the time zone" in without_zone.err
    assert list(receipts(home)) == []


def test_a_refused_file_loses_nothing_of_the_others(hive, home: HiveHome, tmp_path: Path) -> None:
    points = GOOD.replace("1.05,1.06,1.04,1.055", "105000,106000,104000,105500")
    files = [bars(tmp_path, points, "points.csv"), bars(tmp_path, GOOD, "good.csv")]
    said = hive("import", "bars", *files, str(tmp_path / "none.csv"), *DECLARED)
    assert said.code == 1
    assert "points.csv: refused" in said.err
    assert "none.csv: refused" in said.err
    assert "--price-scale" in said.err
    assert said.out.splitlines()[-1] == "PASS 1 file, 2 rows  SKIP 0  ERROR 2"
    assert [receipt.file_name for receipt in receipts(home)] == ["good.csv"]


def test_a_file_that_is_too_large_to_read_is_refused_and_the_others_land(
    hive, home: HiveHome, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as sparse:
        sparse.truncate(2**36)
    said = hive("import", "bars", str(large), bars(tmp_path, GOOD), *DECLARED)
    assert said.code == 1
    assert "large.csv: refused" in said.err
    assert "68,719,476,736 bytes are more than the 536,870,912 that one file may have" in said.err
    assert [receipt.file_name for receipt in receipts(home)] == ["bars.csv"]


def test_bars_on_a_saturday_are_a_wrong_clock(hive, home: HiveHome, tmp_path: Path) -> None:
    prices = "1.05,1.06,1.04,1.055,10"
    rows = [f"2017-03-{4 + hour // 24:02d} {hour % 24:02d}:00:00,{prices}" for hour in range(40)]
    text = "time,open,high,low,close,volume\n" + "\n".join(rows)
    said = hive("import", "bars", bars(tmp_path, text), *DECLARED)
    assert said.code == 1
    assert "saturday" in (said.err + said.out).lower()


def test_everything_that_is_not_declared_is_told_at_once(hive, home: HiveHome, tmp_path: Path) -> None:
    said = hive("import", "bars", bars(tmp_path, GOOD), "--symbol", "EURUSD")
    assert said.code == 2
    assert said.err.splitlines()[0] == "ERROR not declared: --format, --timeframe, --time-zone"
    assert "hive import bars EURUSD_H1.csv" in said.err.splitlines()[-1]
    assert len(said.err.splitlines()) <= 6
    assert list(receipts(home)) == []


def test_every_wrong_declaration_is_told_at_once(hive, tmp_path: Path) -> None:
    wrong = ("--symbol", "EURUS", "--timeframe", "H9", "--format", "csv", "--time-zone", "Mars/Base")
    said = hive("import", "bars", bars(tmp_path, GOOD), *wrong)
    assert said.code == 2
    assert "did you mean EURUSD" in said.err
    for option in ("--symbol", "--timeframe", "--time-zone"):
        assert option in said.err


def test_the_same_file_again_is_told_and_lands_once(hive, home: HiveHome, tmp_path: Path) -> None:
    file = bars(tmp_path, GOOD)
    hive("import", "bars", file, *DECLARED)
    said = hive("import", "bars", file, *DECLARED)
    assert said.code == 0
    assert "landed before" in said.out
    assert len(list(receipts(home))) == 1


def test_good_lines_are_kept_of_a_file_with_broken_ones(hive, home: HiveHome, tmp_path: Path) -> None:
    path = tmp_path / "room.jsonl"
    good = '{"id": 1, "ts": "2017-03-01T10:00:00Z", "text": "BUY EURUSD SL 1.05 TP 1.06"}\n'
    path.write_bytes(good.encode() + b'\xff\xfe{"id": 2}\n')
    said = hive("import", "messages", str(path), "--source", "my_room", "--format", "jsonl", "--json")
    assert said.code == 1
    (file,) = json.loads(said.out)["files"]
    assert file["accepted_rows"] == 1
    assert file["rejected"][0]["row"] == 2
    assert "UTF-8" in file["rejected"][0]["reason"]


def test_a_truncated_export_is_refused_with_a_next_step(hive, home: HiveHome, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"name": "room", "messages": [{"id": 1, "type": "mess')
    said = hive("import", "messages", str(path), "--source", "my_room", "--format", "telegram")
    assert said.code == 1
    assert "breaks off" in said.err
    assert list(receipts(home)) == []


def test_the_clock_of_a_room_comes_from_the_configuration(hive, home: HiveHome, tmp_path: Path) -> None:
    with (tmp_path / "hive.toml").open("a") as file:
        file.write('[sources.my_room]\ntime_zone = "Europe/London"\n')
    path = tmp_path / "room.csv"
    path.write_text("id,ts,text\n1,2017-07-03 10:00:00,BUY EURUSD\n")
    said = hive("import", "messages", str(path), "--source", "my_room", "--format", "csv")
    assert said.code == 0, said.err + said.out
    assert "2017-07-03T09:00:00" in said.out


def test_samples_are_dropped_where_the_sensor_looks(hive, home: HiveHome) -> None:
    said = hive("import", "samples")
    assert said.code == 0, said.err
    dropped = sorted(path.parent.name for path in home.inbox.glob("messages/*/*"))
    assert dropped == ["sample_edge", "sample_random", "sample_wrong"]
    assert sorted(receipt.kind for receipt in receipts(home)) == ["bars", "rates"]
    assert "samples" in said.out


def test_a_name_that_is_none_is_told_in_words_not_as_a_pattern(hive, home: HiveHome, tmp_path: Path) -> None:
    said = hive("import", "messages", str(tmp_path / "a.jsonl"), "--source", "Gold Room", "--format", "jsonl")
    assert said.code == 2
    assert "'Gold Room' is no room's name: lower case, digits, _ and -" in said.err


def test_what_follows_is_told_once_something_new_has_landed(hive, home: HiveHome, tmp_path: Path) -> None:
    path = bars(tmp_path, GOOD)
    assert "hive up" in hive("import", "bars", path, *DECLARED).out
    assert "hive up" not in hive("import", "bars", path, *DECLARED).out


SIGNALS = (
    "ts,symbol,side,sl,tp1\n"
    "2017-03-01T10:00:00Z,EURUSD,buy,1.04,1.06\n"
    "2017-03-01T11:00:00Z,EURUSD,buy,soon,1.06\n"
)


def test_signals_are_imported_by_the_files_ending_and_a_bad_row_is_named(
    hive, home: HiveHome, tmp_path: Path
) -> None:
    said = hive("import", "signals", bars(tmp_path, SIGNALS, "calls.csv"), "--source", "desk", "--json")
    assert said.code == 1
    (file,) = json.loads(said.out)["files"]
    assert (file["accepted_rows"], file["rejected"][0]["row"]) == (1, 3)
    assert file["rejected"][0]["column"] == "stop_loss"
    assert [receipt.declaration["format"] for receipt in receipts(home)] == ["signals_csv"]


def test_alerts_need_their_format_said(hive, home: HiveHome, tmp_path: Path) -> None:
    file = bars(tmp_path, "2017-03-01T10:00:00Z SYMBOL=EURUSD;SIGNAL=CLOSE\n", "alerts.log")
    said = hive("import", "signals", file, "--source", "desk")
    assert said.code == 2
    assert said.err.splitlines()[:2] == [
        "ERROR log is no format of signals",
        "  there are: avro, csv, jsonl, tradingview",
    ]
    assert hive("import", "signals", file, "--source", "desk", "--format", "tradingview").code == 0
    assert [receipt.kind for receipt in receipts(home)] == ["messages"]


def test_signals_need_their_sender(hive, tmp_path: Path) -> None:
    said = hive("import", "signals", bars(tmp_path, SIGNALS, "calls.csv"))
    assert said.code == 2
    assert said.err.splitlines()[0] == "ERROR not declared: --source"


@pytest.mark.parametrize("named", ["xml", "signals_csv", "signals_avro", "tradingview"])
def test_messages_come_in_formats_of_messages_only(hive, home: HiveHome, tmp_path: Path, named: str) -> None:
    said = hive("import", "messages", bars(tmp_path, GOOD), "--source", "room", "--format", named)
    assert said.code == 2
    assert said.err.splitlines()[:2] == [
        f"ERROR {named} is no format of messages",
        "  there are: csv, jsonl, telegram",
    ]
    assert list(receipts(home)) == []
