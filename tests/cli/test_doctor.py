"""`hive doctor`: each check with a condition that breaks it, and the next step it names."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hive_cli.services import checkup
from hive_cli.settings import load_settings
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import land


def verdict(hive, check: str) -> tuple[str, str, str]:
    findings = json.loads(hive("doctor", "--json").out)["findings"]
    (found,) = [each for each in findings if each["check"] == check]
    return found["verdict"], found["found"], found["next_step"]


def landed(home: HiveHome, payload: bytes = b"bars") -> str:
    receipt, _ = land(
        home,
        kind="bars",
        file_name="bars.csv",
        payload=payload,
        declaration={},
        facts={},
        rejected=(),
        received_ns=1,
    )
    return receipt.payload_sha256


def test_a_fresh_home_has_no_error(hive) -> None:
    said = hive("doctor")
    assert said.code == 0, said.out
    assert said.out.splitlines()[-1].endswith("ERROR 0")


def test_an_error_makes_the_code_1_and_stands_first(hive, home: HiveHome) -> None:
    landed(home)
    (home.landing / "receipts" / "00000001.json").rename(home.landing / "receipts" / "00000002.json")
    said = hive("doctor")
    assert said.code == 1
    first = next(line for line in said.out.splitlines() if line.split()[:1] in (["ERROR"], ["PASS"]))
    assert first.split()[0] == "ERROR"


def test_an_unsuitable_python(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkup.python_version().verdict == "PASS"
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    found = checkup.python_version()
    assert found.verdict == "ERROR"
    assert "make setup" in found.next_step


def test_a_missing_extra_names_its_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checkup.EXTRAS, "slack", ("slack_sdk_that_is_not_there",))
    found = checkup.extra_installed("slack")
    assert found.verdict == "WARN"
    assert 'pip install ".[slack]"' in found.next_step


def test_missing_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    def unknown(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {name}")

    monkeypatch.setattr(zoneinfo, "ZoneInfo", unknown)
    assert checkup.time_zones().verdict == "ERROR"


def test_no_chromium_is_only_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = checkup.chromium()
    assert (found.verdict, found.next_step) == ("WARN", "apt-get install chromium")


def test_every_fault_of_hive_toml(hive, tmp_path: Path) -> None:
    (tmp_path / "hive.toml").write_text("[ports]\nhive_exce = 1\n[resolution]\nthreshold = 0\n")
    said = hive("doctor", "--json")
    assert said.code == 1
    found = [each["found"] for each in json.loads(said.out)["findings"] if each["check"] == "hive.toml"]
    assert len(found) == 2
    assert "did you mean hive_exec?" in found[0]


def test_a_configuration_that_is_named_and_not_there(hive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_CONFIG", "elsewhere.toml")
    assert hive("doctor").code == 1
    found = verdict(hive, "hive.toml")
    assert found[0] == "ERROR"
    assert "elsewhere.toml:1:1: HIVE_CONFIG names it, and it is not there" in found[1]


@pytest.mark.parametrize(
    "command", ["status", "orders", "verify", "down", "up", "flow", "replay", "exec", "score x", "parse x"]
)
def test_no_command_goes_on_without_the_configuration_that_is_named(
    hive, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("HIVE_CONFIG", "elsewhere.toml")
    said = hive(*command.split())
    assert said.code == 2
    assert "elsewhere.toml:1:1: HIVE_CONFIG names it, and it is not there: write it, or unset" in said.err


def test_every_extra_of_the_live_feeds_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checkup.EXTRAS, "telegram", ("telethon_that_is_not_there",))
    assert "hive listen telegram" in checkup.extra_installed("telegram").next_step
    assert set(checkup.EXTRAS) == set(checkup.EXTRA_IS_FOR)


def test_a_home_that_is_a_file_is_a_finding(hive, home: HiveHome) -> None:
    home.root.write_text("not a folder")
    said = hive("doctor")
    assert said.code == 1
    assert "cannot be written" in said.out
    assert "where:" not in said.err


def test_a_home_that_cannot_be_written(home: HiveHome, monkeypatch: pytest.MonkeyPatch) -> None:
    # Access is asked of the system, which lets root write anywhere; a file where a folder should be is not.
    home.root.write_text("not a folder")
    found = checkup.home_writable(home)
    assert found.verdict == "ERROR"
    assert "HIVE_HOME" in found.next_step


def test_a_full_disk(home: HiveHome) -> None:
    assert checkup.disk_space(home).verdict == "PASS"
    assert checkup.disk_space(home, least_bytes=10**18).verdict == "ERROR"


def test_a_dagster_home_without_its_settings(hive, home: HiveHome) -> None:
    home.dagster.mkdir(parents=True)
    assert verdict(hive, "DAGSTER_HOME")[0] == "WARN"


def test_another_dagster_home_in_the_shell(hive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert "export DAGSTER_HOME=" in verdict(hive, "DAGSTER_HOME")[2]


def test_a_dead_service(hive, home: HiveHome) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    home.run.mkdir(parents=True)
    record = {"name": "hive-exec", "pid": gone.pid, "started_s": time.time(), "command": [], "port": 20001}
    (home.run / "hive-exec.json").write_text(json.dumps(record))
    found = verdict(hive, "hive-exec")
    assert found[0] == "ERROR"
    assert "hive up" in found[2]


def test_a_record_that_is_none(hive, home: HiveHome) -> None:
    home.run.mkdir(parents=True)
    (home.run / "hive-exec.json").write_text("{}")
    found = verdict(hive, "hive-exec")
    assert found[0] == "ERROR"
    assert "not a process record" in found[1]


def test_a_port_of_somebody_else(hive) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 20003))
        other.listen()
        found = verdict(hive, "port 20003")
    assert found[0] == "ERROR"
    assert f"(pid {os.getpid()})" in found[1]
    assert "ports.dagster_webserver" in found[2]


def test_landed_bytes_that_changed(hive, home: HiveHome) -> None:
    sha256 = landed(home)
    assert verdict(hive, "landing")[0] == "PASS"
    (home.landing / "payloads" / sha256[:2] / sha256).write_bytes(b"other")
    assert verdict(hive, "landing")[:2][0] == "ERROR"


def test_a_missing_receipt(hive, home: HiveHome) -> None:
    landed(home, b"1")
    landed(home, b"2")
    (home.landing / "receipts" / "00000001.json").unlink()
    assert "receipt 1 is missing" in verdict(hive, "landing")[1]


def test_a_lake_file_that_is_not_what_was_written(hive, home: HiveHome) -> None:
    folder = Path(home.lake) / "messages"
    folder.mkdir(parents=True)
    side = {"rows": 1, "sha256": "0" * 64, "run_id": "r", "partition": "d", "written_ns": 1}
    (folder / "2017-03-01.json").write_text(json.dumps(side))
    (folder / "2017-03-01.parquet").write_bytes(b"cut")
    found = verdict(hive, "lake")
    assert found[0] == "ERROR"
    assert "messages/2017-03-01.parquet" in found[1]


def test_a_side_file_that_is_none(hive, home: HiveHome) -> None:
    folder = Path(home.lake) / "messages"
    folder.mkdir(parents=True)
    (folder / "2017-03-01.json").write_text("{}")
    assert verdict(hive, "lake")[0] == "ERROR"


def test_a_journal_that_is_no_journal(hive, home: HiveHome) -> None:
    home.journal.parent.mkdir(parents=True)
    home.journal.write_bytes(b"this is no database, however long it may be" * 40)
    assert verdict(hive, "journal")[0] == "ERROR"


def test_the_same_settings_are_examined_that_commands_use(home: HiveHome) -> None:
    assert load_settings().configuration.ports.dagster_webserver == 20003


def test_what_a_firm_says_of_an_account_is_told_before_it_is_connected(hive, home: HiveHome) -> None:
    account = '[[accounts]]\nname = "{}"\nmode = "paper"\nsources = ["room_*"]\nrule_pack = "{}"\n'
    home.configuration_file.write_text(
        account.format("asks", "ftmo_2step_phase1")
        + account.format("dead", "e8_one_phase1").replace("room_*", "desk_*")
        + account.format("calm", "conservative_example_phase1").replace("room_*", "own_*"),
        "utf-8",
    )
    findings = json.loads(hive("doctor", "--json").out)["findings"]
    told: dict[tuple[str, str], str] = {}
    for one in findings:
        key = one["check"], one["verdict"]
        told[key] = f"{told.get(key, '')} {one['found']}"
    assert "follow signals of others (room_*): unknown" in told["asks at FTMO", "WARN"]
    assert "daily_loss.resets: unknown" in told["dead at E8 Markets", "ERROR"]
    assert "follow signals of others (desk_*): forbidden" in told["dead at E8 Markets", "ERROR"]
    assert "nothing that it says forbids this" in told["calm at Nobody", "PASS"]
