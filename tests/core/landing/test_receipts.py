"""Landing: numbered without gaps by any number of processes, once for the same bytes, never in parts."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hive_core.contracts.rejection import RejectedRow
from hive_core.evidence.canonical import sha256_hex
from hive_core.landing import home as home_module
from hive_core.landing import receipts as receipts_module
from hive_core.landing.home import HiveHome, publish
from hive_core.landing.receipts import land, read_payload, receipts


@pytest.fixture
def home(tmp_path) -> HiveHome:
    return HiveHome(tmp_path / "hive")


def put(home: HiveHome, payload: bytes = b"bytes", **changes):
    told = {
        "kind": "messages",
        "file_name": "result.json",
        "declaration": {"source": "room", "format": "telegram"},
        "facts": {"rows": 3},
        "rejected": (RejectedRow(2, "ts", "yesterday", "not a time"),),
        "received_ns": 5,
    }
    return land(home, payload=payload, **{**told, **changes})


def test_what_landed_is_read_back_whole(home):
    receipt, is_new = put(home)
    assert is_new
    assert list(receipts(home)) == [receipt]
    assert receipt.number == 1
    assert receipt.rejected == (RejectedRow(2, "ts", "yesterday", "not a time"),)
    assert read_payload(home, receipt.payload_sha256) == b"bytes"


def test_the_same_bytes_land_once_however_they_are_called(home):
    first, _ = put(home)
    again, is_new = put(home, file_name="copy.json", received_ns=99, facts={}, rejected=())
    assert not is_new
    assert again == first
    assert len(list(receipts(home))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": b"other"},
        {"kind": "bars"},
        {"declaration": {"source": "another", "format": "telegram"}},
        {"declaration": {"source": "room", "format": "telegram", "time_zone": "UTC"}},
    ],
    ids=repr,
)
def test_other_bytes_or_another_declaration_land_of_their_own(home, changes):
    put(home)
    receipt, is_new = put(home, **changes)
    assert is_new
    assert receipt.number == 2


def test_a_reader_goes_on_after_the_number_it_knows_and_stops_at_a_gap(home):
    for number in range(1, 5):
        put(home, payload=b"%d" % number)
    assert [receipt.number for receipt in receipts(home, after=2)] == [3, 4]
    (home.landing / "receipts" / "00000003.json").unlink()
    assert [receipt.number for receipt in receipts(home)] == [1, 2]


def test_bytes_that_changed_since_they_landed_are_refused(home):
    receipt, _ = put(home)
    path = home.landing / "payloads" / receipt.payload_sha256[:2] / receipt.payload_sha256
    path.write_bytes(b"bytez")
    with pytest.raises(ValueError, match="the bytes changed since they landed"):
        read_payload(home, receipt.payload_sha256)


def test_bytes_that_never_landed_are_not_there(home):
    with pytest.raises(FileNotFoundError):
        read_payload(home, sha256_hex(b"never"))


LAND_MANY = """
import sys
from pathlib import Path
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import land
home, worker = HiveHome(Path(sys.argv[1])), sys.argv[2]
told = dict(kind="messages", file_name="f", declaration={}, facts={}, rejected=(), received_ns=1)
print("ready", flush=True)
sys.stdin.readline()
for number in range(25):
    land(home, payload=f"{number} of {worker}".encode(), **told)
    land(home, payload=f"shared {number}".encode(), **told)
"""


def test_many_processes_at_once_leave_no_gap_and_no_double(home):
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", LAND_MANY, str(home.root), str(worker)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for worker in range(4)
    ]
    for worker in workers:
        assert worker.stdout.readline() == b"ready\n"
    for worker in workers:
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=60)
    assert [worker.returncode for worker in workers] == [0] * 4
    found = list(receipts(home))
    assert [receipt.number for receipt in found] == list(range(1, 126))
    assert len({receipt.payload_sha256 for receipt in found}) == 125
    assert len(list((home.landing / "receipts").iterdir())) == 125  # nothing half-made is left


@pytest.mark.parametrize("write", range(1, 4))
def test_a_crash_at_any_write_of_a_landing_loses_and_doubles_nothing(home, monkeypatch, write):
    put(home, payload=b"before")
    done = []

    def failing(path: Path, payload: bytes) -> None:
        if len(done) + 1 == write:
            raise KeyboardInterrupt
        done.append(path)
        publish(path, payload)

    with monkeypatch.context() as crash:
        crash.setattr(receipts_module, "publish", failing)
        with pytest.raises(KeyboardInterrupt):
            put(home, payload=b"mine")
    put(home, payload=b"another")
    put(home, payload=b"mine")
    put(home, payload=b"mine")
    payloads = [read_payload(home, receipt.payload_sha256) for receipt in receipts(home)]
    assert payloads == [b"before", b"another", b"mine"]


def test_a_receipt_is_canonical_json_that_names_everything(home):
    put(home)
    written = json.loads((home.landing / "receipts" / "00000001.json").read_bytes())
    assert written == {
        "number": 1,
        "kind": "messages",
        "file_name": "result.json",
        "payload_sha256": sha256_hex(b"bytes"),
        "received_ns": 5,
        "declaration": {"source": "room", "format": "telegram"},
        "facts": {"rows": 3},
        "rejected": [{"row": 2, "column": "ts", "value": "yesterday", "reason": "not a time"}],
    }


def test_a_reader_sees_the_old_file_or_the_new_one_never_a_part(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([letter]) * 200_000 for letter in b"ab"]
    publish(path, contents[0])
    seen, finished = set(), threading.Event()

    def read() -> None:
        while not finished.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(40):
        publish(path, contents[number % 2])
    finished.set()
    reader.join()
    assert seen <= set(contents)


def test_a_publication_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    publish(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(home_module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        publish(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_publication_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    real_fsync, real_replace = home_module.os.fsync, Path.replace
    monkeypatch.setattr(home_module.os, "fsync", lambda handle: (calls.append("fsync"), real_fsync(handle)))
    monkeypatch.setattr(
        Path, "replace", lambda this, target: (calls.append("replace"), real_replace(this, target))[1]
    )
    publish(tmp_path / "file", b"x")
    assert calls == ["fsync", "replace"]


def test_the_home_is_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "there"))
    monkeypatch.delenv("HIVE_CONFIG", raising=False)
    monkeypatch.delenv("HIVE_LAKE", raising=False)
    home = HiveHome.from_environment()
    assert home.root == tmp_path / "there"
    assert home.configuration_file == tmp_path / "hive.toml"
    assert home.lake == str(tmp_path / "there" / "lake")
    assert not home.root.exists()
    monkeypatch.setenv("HIVE_LAKE", "memory://lake")
    monkeypatch.setenv("HIVE_CONFIG", str(tmp_path / "other.toml"))
    assert home.lake == "memory://lake"
    assert home.configuration_file == tmp_path / "other.toml"
    folders = (home.landing, home.inbox, home.journal, home.lineage_file, home.run, home.logs)
    assert all(folder.is_relative_to(home.root) for folder in (*folders, home.dagster, home.dbt_target))
    assert len(set(folders)) == len(folders)
