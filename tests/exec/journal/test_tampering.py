"""Whoever changes a stored journal is found out at the next start, and the record is named (J2, J3)."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from journal_bench import KEY, a_record, as_a_vandal, keeper, signed

from hive_core.evidence.chain import GENESIS_HASH, link_hash
from hive_exec.journal.audit import JournalAudit
from hive_exec.journal.errors import JournalCorrupt
from hive_exec.journal.head_file import read_heads
from hive_exec.journal.snapshots import _digest
from hive_exec.journal.writing import Journal


def rows_of(path: Path) -> list[list]:
    connection = sqlite3.connect(path)
    rows = [list(row) for row in connection.execute("SELECT * FROM journal ORDER BY seq")]
    connection.close()
    return rows


class Tampered:
    """A stopped journal whose rows are exchanged for others, over and over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with as_a_vandal(path) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            # Without its constraints: a vandal may put in anything.
            connection.execute("ALTER TABLE journal RENAME TO honest")
            connection.execute("CREATE TABLE journal (seq, body, previous_hash, record_hash)")
            connection.execute("INSERT INTO journal SELECT * FROM honest ORDER BY seq")
        self.rows = rows_of(path)
        self._heads = (path.parent / "heads.jsonl").read_bytes()

    def fault(self, rows: list[list], *, has_heads: bool = True) -> str:
        """What a start says of these rows; empty when it takes them."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("BEGIN")
        connection.execute("DELETE FROM journal")
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
        connection.close()
        (self.path.parent / "heads.jsonl").write_bytes(self._heads)
        try:
            heads = keeper(self.path.parent) if has_heads else None
            Journal(self.path, lambda: 7, heads=heads).abandon()
        except JournalCorrupt as corrupt:
            return str(corrupt)
        return ""


@pytest.fixture
def small(path):
    journal = signed(path)
    for number in range(1, 6):
        journal.append(a_record(number))
    journal.close()
    return Tampered(path)


@pytest.fixture
def large(path):
    journal = signed(path, every_records=100)
    for number in range(1, 501):
        journal.append(a_record(number))
        if number % 7 == 0:
            journal.flush()
    journal.close()
    return Tampered(path)


def changed(value: object, place: int, bit: int) -> object:
    if isinstance(value, int):
        return value ^ (1 << place)
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[place] ^= bit
    return raw.decode("latin-1") if isinstance(value, str) else bytes(raw)


@pytest.mark.slow
def test_every_bit_of_every_field_of_every_record_counts(small):
    """Each is found where it is, or at the record after it (a hash is held in two places)."""
    assert small.fault(small.rows) == ""
    tried = 0
    for at, row in enumerate(small.rows):
        for column in range(4):
            size = 4 if isinstance(row[column], int) else len(row[column])
            for place in range(size):
                # SQLite gives rows back in the order of seq, so a changed one is missed where it stood.
                rows = [list(each) for each in small.rows]
                rows[at][column] = changed(row[column], place, 1 << (place % 7))
                told = re.match(r"record (\d+): ", small.fault(rows))
                assert told, (row, column, place)
                assert int(told[1]) == at + 1 or (column == 0 and int(told[1]) <= at + 1)
                tried += 1
    assert tried > 1_000


@pytest.mark.slow
def test_a_thousand_random_tampers_of_a_large_journal_are_all_found(large):
    chance = random.Random(20_261_122)  # noqa: S311
    kinds = ["byte", "insert", "delete", "reorder", "swap", "renumber", "copy"]
    found = dict.fromkeys(kinds, 0)
    for number in range(1_000):
        kind = kinds[number % len(kinds)]
        rows = [list(row) for row in large.rows]
        at, other = chance.sample(range(len(rows)), 2)
        if kind == "byte":
            column = chance.choice([1, 2, 3])
            rows[at][column] = changed(rows[at][column], chance.randrange(len(rows[at][column])), 1)
        elif kind == "insert":
            previous = rows[at][2]
            body = rows[other][1]
            rows.insert(at, [at + 1, body, previous, link_hash(at + 1, previous, body)])
            for seq, row in enumerate(rows, start=1):
                row[0] = seq
        elif kind == "delete":
            del rows[at]
        elif kind == "reorder":
            rows[at][0], rows[other][0] = rows[other][0], rows[at][0]
        elif kind == "swap":
            rows[at][1], rows[other][1] = rows[other][1], rows[at][1]
        elif kind == "renumber":
            rows[at][0] += chance.choice([-1, 1]) * 1_000
        else:
            rows[at] = list(rows[other])
        if kind != "byte" and sorted(rows) == sorted(large.rows):
            raise AssertionError("nothing was tampered with")
        told = large.fault(sorted(rows, key=lambda row: row[0]))
        assert re.match(r"record -?\d+: ", told), (kind, at, other, told)
        found[kind] += 1
    assert sum(found.values()) == 1_000


def anew(rows: list[list], start: int, body: bytes) -> list[list]:
    """The journal as an able forger writes it: from a place on other content, and every hash right."""
    made = [list(row) for row in rows[:start]]
    previous = made[-1][3] if made else GENESIS_HASH
    for seq in range(start + 1, len(rows) + 1):
        own = link_hash(seq, previous, body)
        made.append([seq, body, previous, own])
        previous = own
    return made


def test_a_journal_cut_to_any_prefix_is_found_by_its_heads_alone(large):
    for size in [*range(0, 30), *range(30, 500, 23), 499]:
        prefix = large.rows[:size]
        assert large.fault(prefix) == (
            f"record {size + 1}: missing; a signed head tells of 500 records; {size} records before it hold"
        )
        assert large.fault(prefix, has_heads=False) == ""  # the chain alone cannot see it


def test_a_history_that_forked_and_a_chain_written_anew_are_found_by_their_heads_alone(large):
    for start in (0, 1, 250, 499):
        forged = anew(large.rows, start, b'{"forged":1}')
        assert "it or one before it was written anew: a signed head differs" in large.fault(forged)
        assert large.fault(forged, has_heads=False) == ""


def test_a_longer_forgery_does_not_hide_behind_its_length(large):
    forged = anew([*large.rows, *large.rows], 400, b"{}")
    assert large.fault(forged).startswith("record 500: it or one before it was written anew")


def test_another_journal_in_its_place_is_found(small, path):
    shutil.move(path, path.with_name("old"))
    with pytest.raises(JournalCorrupt, match=r"it is another journal .* than the one of 5 records"):
        Journal(path, lambda: 7, heads=keeper(path.parent))


def test_with_the_heads_beside_it_cut_too_the_witness_finds_it(path, tmp_path):
    """Who owns the machine can cut both; the copy elsewhere is out of reach."""
    witness = tmp_path / "usb.jsonl"
    journal = signed(path, witnesses=(witness,), every_records=1)
    for number in range(1, 4):
        journal.append(a_record(number))
        journal.flush()
    journal.close()
    heads = path.parent / "heads.jsonl"
    heads.write_bytes(b"".join(heads.read_bytes().splitlines(keepends=True)[:2]))
    with as_a_vandal(path) as connection:
        connection.execute("DELETE FROM journal WHERE seq > 1")
    signed(path).abandon()  # nothing here tells
    with pytest.raises(JournalCorrupt, match="record 2: missing; a signed head tells of 3 records"):
        signed(path, witnesses=(witness,))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE snapshot SET state = x'7b7d'", "its content is not what was written"),
        ("UPDATE snapshot SET code_version = 'v2'", "its content is not what was written"),
        ("UPDATE snapshot SET digest = 'd'", "its content is not what was written"),
        ("UPDATE snapshot SET seq = seq - 1", "its content is not what was written"),
        ("UPDATE snapshot SET signature = ''", "its signature is malformed"),
        ("UPDATE snapshot SET signature = replace(signature, '1', '2')", "the signature of key"),
        ("UPDATE snapshot SET key_id = ''", "it is not signed by a key that is trusted here"),
    ],
)
def test_a_snapshot_that_does_not_hold_is_left_aside_and_told(path, caplog, statement, told):
    journal = signed(path)
    for number in range(1, 4):
        journal.append(a_record(number))
    journal.save_snapshot(b'{"n":3}', "v1")
    journal.close()
    with as_a_vandal(path) as connection:
        connection.execute(statement)
    again = signed(path)
    assert (again.verified_from, again.head_seq, again.load_snapshot("v1")) == (0, 3, None)
    assert f"is left aside, more is verified: {told}" in caplog.text
    again.close()


def test_before_a_snapshot_the_audit_finds_what_the_start_did_not_look_at(path):
    journal = signed(path, every_records=4)
    for number in range(1, 21):
        journal.append(a_record(number))
    journal.save_snapshot(b"{}", "v1")
    journal.append(a_record(21))
    journal.close()
    honest = signed(path)
    audit = JournalAudit(honest, read_heads(path.parent / "heads.jsonl"))
    steps = 1
    while not audit.step(4):
        steps += 1
    assert (steps, audit.verified) == (6, 21)
    assert audit.step()
    honest.close()
    with as_a_vandal(path) as connection:
        connection.execute("UPDATE journal SET body = x'00' WHERE seq = 9")
    opened = signed(path)
    assert opened.verified_from == 20  # a start is quick because it does not look there
    audit = JournalAudit(opened, ())
    assert not audit.step(8)
    with pytest.raises(JournalCorrupt, match="record 9: its content is not what was written; 8 records"):
        audit.step(8)
    # Nor is it folded: what was not verified when opening is when it is handed out.
    with pytest.raises(JournalCorrupt, match="record 9: its content"):
        list(opened.replay())
    opened.close()


def test_an_audit_misses_records_that_are_gone(path):
    journal = signed(path)
    for number in range(1, 6):
        journal.append(a_record(number))
    journal.flush()
    audit = JournalAudit(journal, ())
    connection = journal._store._connection
    connection.execute("DROP TRIGGER journal_is_append_only_delete")
    connection.execute("DELETE FROM journal WHERE seq > 3")
    with pytest.raises(JournalCorrupt, match="record 4: missing; 3 records before it hold"):
        audit.step()
    journal.abandon()


def test_a_snapshot_of_records_that_are_gone_is_left_aside(path, caplog):
    journal = Journal(path, lambda: 7)
    for number in (1, 2, 3):
        journal.append(a_record(number))
        journal.save_snapshot(b"%d" % number, "v1")
    journal.close()
    with as_a_vandal(path) as connection:
        connection.execute("DELETE FROM journal WHERE seq = 3")
    again = Journal(path, lambda: 7)
    assert (again.verified_from, again.load_snapshot("v1").state) == (2, b"2")
    assert "the journal does not have the record that it follows" in caplog.text
    again.close()


def test_a_head_older_than_the_snapshot_makes_the_start_look_further_back(path, tmp_path):
    """A witness that was away for a while: what it last saw is compared, from an older snapshot or all."""
    witness = tmp_path / "usb.jsonl"
    journal = signed(path, witnesses=(witness,))
    journal.append(a_record(1))
    journal.save_snapshot(b"1", "v1")
    journal.append(a_record(2))
    journal.close()
    lagging = witness.read_bytes()
    journal = signed(path)
    journal.append(a_record(3))
    journal.save_snapshot(b"3", "v1")
    journal.close()
    local = path.parent / "heads.jsonl"
    assert signed_once(path, witness) == 3  # its head stands in our own file too
    local.write_bytes(b"".join(local.read_bytes().splitlines(keepends=True)[-1:]))
    witness.write_bytes(lagging)
    assert signed_once(path, witness) == 1


def signed_once(path: Path, witness: Path) -> int:
    journal = signed(path, witnesses=(witness,))
    journal.abandon()
    return journal.verified_from


def test_a_snapshot_whose_tree_cannot_be_is_left_aside_though_its_digest_is_right(path, caplog):
    """Without a key its digest can be made by anybody."""
    journal = Journal(path, lambda: 7)
    for number in (1, 2, 3):
        journal.append(a_record(number))
    journal.save_snapshot(b"{}", "v1")
    (row,) = journal._store.snapshots()
    journal_id = journal.journal_id
    journal.close()
    digest = _digest(replace(row, peaks=row.peaks[32:]), journal_id)
    with as_a_vandal(path) as connection:
        connection.execute("UPDATE snapshot SET peaks = ?, digest = ?", (row.peaks[32:], digest))
    again = Journal(path, lambda: 7)
    assert (again.verified_from, again.load_snapshot("v1")) == (0, None)
    assert "1 peaks are not the frontier of a log of 3 entries" in caplog.text
    again.close()


def test_a_snapshot_damaged_after_the_start_is_not_loaded(path, caplog):
    journal = Journal(path, lambda: 7)
    for number in (1, 2):
        journal.append(a_record(number))
        journal.save_snapshot(b"%d" % number, "v1")
    journal.close()
    again = Journal(path, lambda: 7)
    connection = again._store._connection
    connection.execute("UPDATE snapshot SET state = x'00' WHERE seq = 2")
    assert again.load_snapshot("v1").seq == 1
    assert "the snapshot at record 2 is left aside: its content" in caplog.text
    connection.execute("DROP TRIGGER journal_is_append_only_update")
    connection.execute("UPDATE journal SET record_hash = '' WHERE seq = 1")
    assert again.load_snapshot("v1") is None
    assert "the snapshot at record 1 is left aside: the journal has another record there" in caplog.text
    again.abandon()


def test_a_signed_head_is_held_against_the_snapshot_that_a_start_begins_at(path):
    """Whoever has the key can sign another head of just that place: two signed things disagree then."""
    journal = signed(path)
    journal.append(a_record(1))
    journal.save_snapshot(b"{}", "v1")
    journal.close()
    heads = path.parent / "heads.jsonl"
    other = replace(read_heads(heads)[-1].head, root="d" * 64).sign(KEY)
    heads.write_bytes(other.as_line() + b"\n")
    with pytest.raises(JournalCorrupt, match="record 1: it or one before it was written anew"):
        signed(path)
