"""When heads are signed, where they go, and what a start does when they are gone or damaged."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from journal_bench import KEY, Clock, a_record, keeper, signed

from hive_core.evidence.signature import SignatureFault, new_signing_key
from hive_core.landing.home import HiveHome
from hive_exec.journal import witnesses as witnesses_module
from hive_exec.journal.errors import JournalCorrupt, JournalFailed
from hive_exec.journal.head_file import HeadFileDamaged, append_line, holds_line, read_heads
from hive_exec.journal.home import Signing, heads_file, keys_folder, open_journal, trusted_keys
from hive_exec.journal.witnesses import MAX_WAITING, Witnesses, WitnessReport
from hive_exec.journal.writing import Journal


def sizes(path):
    return [head.head.tree_size for head in read_heads(path)]


@pytest.fixture
def heads(path):
    return path.parent / "heads.jsonl"


def test_heads_are_signed_at_the_start_every_so_many_records_and_at_the_end(path, heads):
    journal = signed(path, every_records=3)
    assert sizes(heads) == [0]
    for number in range(1, 9):
        journal.append(a_record(number))
        journal.flush()
    assert sizes(heads) == [0, 3, 6]
    root, last_hash, epoch, journal_id = journal.root, journal.head_hash, journal.epoch, journal.journal_id
    journal.close()
    assert sizes(heads) == [0, 3, 6, 8]
    last = read_heads(heads)[-1]
    assert last.fault({KEY.public.key_id: KEY.public}) is None
    head = last.head
    assert (head.root, head.chain_hash, head.epoch, head.journal_id) == (
        root.hex(),
        last_hash,
        epoch,
        journal_id,
    )
    assert (head.environment, head.code_hash, head.ts_ns) == ("local", "code-1", 7)


def test_heads_are_signed_every_so_many_seconds_when_there_is_something_new(path, heads):
    clock = Clock()
    journal = signed(path, every_s=60, monotonic_ns=clock)
    clock.ns = 100 * 10**9
    journal.flush()
    assert sizes(heads) == [0]  # nothing new
    journal.append(a_record())
    journal.flush()
    assert sizes(heads) == [0, 1]
    clock.ns += 59 * 10**9
    journal.append(a_record())
    journal.flush()
    assert sizes(heads) == [0, 1]
    clock.ns += 10**9
    journal.flush()
    assert sizes(heads) == [0, 1, 2]
    journal.close()
    assert sizes(heads) == [0, 1, 2]


def test_a_head_never_tells_of_what_is_not_durable(path, heads):
    journal = signed(path)
    journal.append(a_record())
    journal.abandon()
    assert sizes(heads) == [0]
    signed(path).close()
    assert sizes(heads) == [0, 0]


def test_a_torn_line_is_neither_read_nor_in_the_way(path, heads):
    signed(path).close()
    line = heads.read_bytes()
    heads.write_bytes(line + line[:100])
    journal = signed(path)
    journal.append(a_record())
    journal.close()
    assert sizes(heads) == [0, 0, 1]


def test_a_start_reads_the_end_of_a_long_file_only(path, heads, monkeypatch):
    monkeypatch.setattr("hive_exec.journal.head_file.TAIL_BYTES", 2_000)
    journal = signed(path, every_records=1)
    for number in range(1, 20):
        journal.append(a_record(number))
        journal.flush()
    journal.close()
    assert [head.head.tree_size for head in read_heads(heads, tail_only=True)] == [17, 18, 19]
    assert sizes(heads) == list(range(20))
    lines = heads.read_bytes().splitlines(keepends=True)
    heads.write_bytes(b"".join([b"damaged\n", *lines[1:]]))
    signed(path).close()  # a start does not look there
    with pytest.raises(HeadFileDamaged, match="line 1: not JSON"):
        read_heads(heads)
    heads.write_bytes(b"".join([*lines[:-2], b"damaged\n", *lines[-1:]]))
    with pytest.raises(
        JournalCorrupt, match=r"cannot be read: .*heads.jsonl, line -2 from its end: not JSON"
    ):
        signed(path)


def test_lines_are_found_whole_only(heads):
    append_line(heads, b"one")
    append_line(heads, b"two")
    assert heads.read_bytes() == b"one\ntwo\n"
    assert (holds_line(heads, b"one"), holds_line(heads, b"on")) == (True, False)


def test_heads_that_are_gone_are_missed(path, heads):
    journal = signed(path)
    journal.append(a_record())
    journal.close()
    heads.unlink()
    with pytest.raises(JournalCorrupt, match="with its signed heads is gone; restore it from a witness"):
        signed(path)
    heads.write_bytes(b"")
    with pytest.raises(JournalCorrupt, match="is gone"):
        signed(path)
    Journal(path, lambda: 7, heads=keeper(path.parent, is_first_start=True)).close()  # a new key begins anew
    signed(path).close()


def test_an_empty_journal_needs_no_heads(path, heads):
    signed(path).close()
    heads.unlink()
    signed(path).close()


@pytest.mark.parametrize(
    ("changes", "key", "told"),
    [
        (
            {"tree_size": 0, "root": "d" * 64},
            KEY,
            "heads.jsonl: two heads of 0 records differ: the journal fork",
        ),
        ({"tree_size": 1}, KEY, "the journal shrank from 2 to 1 records"),
        ({"epoch": 0}, KEY, "the epoch fell from 1 to 0"),
        ({"tree_size": 9}, KEY, "record 3: missing; a signed head tells of 9 records; 2 records"),
        ({}, new_signing_key(), "heads.jsonl, last line: signed by a key that is not trusted here"),
        ({"journal_id": "d" * 32}, KEY, "it is another journal"),
    ],
    ids=range(6),
)
def test_a_last_head_that_cannot_be_true_stops_the_start(path, heads, changes, key, told):
    journal = signed(path)
    journal.append(a_record(1)), journal.append(a_record(2))
    journal.close()
    last = read_heads(heads)[-1].head
    append_line(heads, replace(last, **changes).sign(key).as_line())
    with pytest.raises(JournalCorrupt, match=told):
        signed(path)


def test_a_head_whose_signature_was_changed_stops_the_start(path, heads):
    signed(path).close()
    append_line(heads, replace(read_heads(heads)[-1], signature="0" * 128).as_line())
    with pytest.raises(JournalCorrupt, match=r"last line: the signature of key .* does not fit"):
        signed(path)


def test_heads_that_cannot_be_written_fail_the_journal(path, heads):
    journal = signed(path, every_records=1)
    heads.unlink()
    heads.mkdir()
    journal.append(a_record())
    with pytest.raises(JournalFailed, match=r"the signed head could not be written to .*heads.jsonl"):
        journal.flush()
    with pytest.raises(JournalFailed, match="nothing more is written: the signed head"):
        journal.append(a_record())
    journal.close()
    with pytest.raises(JournalCorrupt, match="its signed heads cannot be read"):
        signed(path)


class Told:
    """What was told of witnesses."""

    def __init__(self) -> None:
        self.reports: list[WitnessReport] = []

    def __call__(self, report: WitnessReport) -> None:
        self.reports.append(report)

    @property
    def faults(self) -> list[str]:
        return [report.fault for report in self.reports if report.fault is not None]


def test_witnesses_keep_what_is_signed_here_files_and_folders(path, heads, tmp_path):
    folder, file, told = tmp_path / "share", tmp_path / "usb" / "heads.jsonl", Told()
    folder.mkdir()
    journal = signed(path, witnesses=(folder, file), on_witness=told, every_records=1)
    journal.append(a_record())
    journal.close()
    for copy in (folder / f"{journal.journal_id}.heads.jsonl", file):
        assert copy.read_bytes() == heads.read_bytes()
    assert told.faults == []
    assert {report.witness for report in told.reports} == {str(folder), str(file)}
    journal = signed(path, witnesses=(folder, file), on_witness=told)  # and they agree
    journal.close()


def test_two_journals_may_share_a_witness(tmp_path):
    witness = tmp_path / "heads.jsonl"
    for name in ("a", "b", "a", "b"):
        journal = signed(tmp_path / name / "journal.sqlite", witnesses=(witness,))
        journal.append(a_record())
        journal.close()
    assert len(read_heads(witness)) == 8


def test_a_witness_that_fails_is_told_of_and_holds_nothing_up(path, heads, tmp_path):
    blocked, told = tmp_path / "file" / "heads.jsonl", Told()
    blocked.parent.write_bytes(b"not a folder")
    journal = signed(path, witnesses=(blocked,), on_witness=told)
    journal.append(a_record())
    journal.close()
    assert len(told.faults) >= 2
    assert all(each.startswith(("cannot be written: ", "cannot be read: ")) for each in told.faults)
    assert sizes(heads) == [0, 1]


@pytest.mark.parametrize("case", ["damaged", "unknown key", "contradicts"])
def test_what_a_witness_says_at_a_start(path, tmp_path, case):
    witness, told = tmp_path / "usb.jsonl", Told()
    journal = signed(path, witnesses=(witness,))
    journal.append(a_record())
    journal.close()
    last = read_heads(witness)[-1].head
    if case == "damaged":
        witness.write_bytes(b"no head\n")
    elif case == "unknown key":
        append_line(witness, last.sign(new_signing_key()).as_line())
    else:
        append_line(witness, replace(last, root="d" * 64).sign(KEY).as_line())
        with pytest.raises(JournalCorrupt, match="record 1: it or one before it was written anew"):
            signed(path, witnesses=(witness,))
        return
    signed(path, witnesses=(witness,), on_witness=told).close()
    assert {
        "damaged": "cannot be read: ",
        "unknown key": "its last head does not count: signed by a key that is not trusted here",
    }[case] in told.faults[0]


def test_a_head_of_another_host_counts_when_its_key_is_trusted(path, tmp_path):
    witness, other = tmp_path / "usb.jsonl", new_signing_key()
    journal = signed(path)
    journal.append(a_record())
    journal.close()
    longer = replace(read_heads(path.parent / "heads.jsonl")[-1].head, tree_size=5)
    append_line(witness, longer.sign(other).as_line())
    with pytest.raises(JournalCorrupt, match="record 2: missing; a signed head tells of 5 records"):
        signed(path, witnesses=(witness,), trusted=(other,))


def test_a_witness_that_hangs_loses_heads_loudly_and_not_the_journal(tmp_path, monkeypatch, path):
    told, released, entered = Told(), threading.Event(), threading.Event()

    def hangs(*_):
        entered.set()
        released.wait(30)

    monkeypatch.setattr(witnesses_module, "append_line", hangs)
    monkeypatch.setattr(witnesses_module, "CLOSE_WAIT_S", 0.05)
    journal = signed(path)
    journal.close()
    head = read_heads(path.parent / "heads.jsonl")[-1]
    watching = Witnesses([tmp_path / "usb.jsonl"], told)
    watching.pass_on(head)
    entered.wait(30)
    for _ in range(MAX_WAITING):
        watching.pass_on(head)
    assert told.faults == []
    watching.pass_on(head)
    assert told.faults == [f"{MAX_WAITING} signed heads wait for a slow witness"]
    watching.close()  # no room for the end of the queue
    assert told.faults[1:] == ["did not take the last signed head in time"]
    released.set()
    watching._thread.join(0.2)
    slow = Witnesses([tmp_path / "usb.jsonl"], told)
    released.clear(), entered.clear()
    slow.pass_on(head)
    entered.wait(30)
    slow.close()
    assert told.faults[2:] == ["did not take the last signed head in time"]
    released.set()
    slow._thread.join(30)
    watching._waiting.put(None)
    watching._thread.join(30)


def test_a_home_has_its_key_and_its_heads(tmp_path):
    home = HiveHome(tmp_path / "hive")
    witness = tmp_path / "usb.jsonl"
    signing = Signing("local", "code-1", witnesses=(witness,), every_records=1)
    told = Told()
    for count in (1, 2):
        journal = open_journal(home, lambda: 7, signing, on_witness=told)
        journal.append(a_record(count))
        journal.close()
    key = keys_folder(home) / "journal.key"
    assert key.stat().st_mode & 0o777 == 0o600
    trusted = trusted_keys(keys_folder(home))
    assert [head.fault(trusted) for head in read_heads(heads_file(home))] == [None] * 4
    assert witness.read_bytes() == heads_file(home).read_bytes()
    assert told.faults == []
    (keys_folder(home) / "journal-old.pub").write_text("no key")
    with pytest.raises(SignatureFault, match="not a key"):
        open_journal(home, lambda: 7, signing)
