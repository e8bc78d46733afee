"""`hive verify` against signed heads, over files and PostgreSQL, and proofs of single records."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

import psycopg
import pytest
from journal_bench import a_record, as_a_vandal
from postgres_server import create_database, shared_server

from hive_core.evidence.chain import GENESIS_HASH, link_hash
from hive_exec.journal.home import Signing, heads_file, keys_folder, open_journal
from hive_exec.journal.lease import Standby


def written(home, lease=None, count: int = 6):
    signing = Signing("local", "code-1", witnesses=(home.root.parent / "usb.jsonl",), every_records=2)
    journal = open_journal(home, lambda: 7, signing, lease=lease)
    for number in range(1, count + 1):
        journal.append(a_record(number))
        journal.flush()
        if number == 4:
            journal.save_snapshot(b"{}", "v1")
    journal.close()
    return journal


@pytest.fixture
def signed(home) -> Path:
    """A home's journal of six records, heads beside it and at a witness, and a snapshot."""
    written(home)
    return home.journal


def written_anew(path: Path) -> None:
    """As who may do everything writes it: other content, every hash right."""
    with as_a_vandal(path) as connection:
        previous = GENESIS_HASH
        for (seq,) in connection.execute("SELECT seq FROM journal ORDER BY seq").fetchall():
            own = link_hash(seq, previous, b"{}")
            connection.execute(
                "UPDATE journal SET body=?, previous_hash=?, record_hash=? WHERE seq=?",
                (b"{}", previous, own, seq),
            )
            previous = own
        connection.execute("DELETE FROM snapshot")


def test_a_signed_journal_verifies_against_all_its_heads_and_its_snapshot(hive, home, signed):
    said = hive("verify", "--json")
    found = json.loads(said.out)
    assert (said.code, found["fault"], found["records"], found["heads"], found["snapshots"]) == (
        0,
        None,
        6,
        4,
        1,
    )
    said = hive("verify", "--heads", str(home.root.parent / "usb.jsonl"))
    assert said.code == 0
    assert found["root"] in said.out
    assert said.out.splitlines()[-1] == "PASS 6 records  SKIP 0  ERROR 0"


def test_a_cut_end_is_found_by_the_heads(hive, home, signed):
    with as_a_vandal(signed) as connection:
        connection.execute("DELETE FROM journal WHERE seq >= 5")
    said = hive("verify")
    assert said.code == 1
    assert "ERROR record 5: missing; a signed head tells of 6 records" in said.err


def test_a_journal_written_anew_is_found_by_the_heads_and_not_without(hive, home, signed, tmp_path):
    written_anew(signed)
    said = hive("verify")
    assert said.code == 1
    assert "ERROR record 2: it or one before it was written anew: a signed head differs" in said.err
    copy = tmp_path / "copy.sqlite"
    shutil.copyfile(signed, copy)
    said = hive("verify", "--journal", str(copy))
    assert said.code == 0
    assert "none: that its end was not cut off is not shown" in said.out
    said = hive("verify", "--journal", str(copy), "--heads", str(home.root.parent / "usb.jsonl"))
    assert said.code == 1
    assert "record 2: it or one before it was written anew" in said.err


def test_heads_are_checked_by_the_key_that_an_auditor_holds(hive, home, signed, tmp_path):
    copy, key = tmp_path / "copy.sqlite", tmp_path / "auditor.pub"
    shutil.copyfile(signed, copy)
    shutil.copyfile(keys_folder(home) / "journal.pub", key)
    shutil.rmtree(keys_folder(home))
    arguments = ("verify", "--journal", str(copy), "--heads", str(home.root.parent / "usb.jsonl"))
    said = hive(*arguments)
    assert said.code == 1
    assert "the head of 0 records: signed by a key that is not trusted here" in said.err
    assert hive(*arguments, "--key", str(key)).code == 0
    said = hive(*arguments, "--key", str(tmp_path / "none.pub"))
    assert (said.code, "a key cannot be used" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no head\n", "its signed heads cannot be read: .*line 1: not JSON"),
        (b"", "has no signed head of this journal"),
        ("forked", "two heads of 6 records differ: the journal forked"),
    ],
)
def test_files_of_heads_that_cannot_be_right(hive, home, signed, tmp_path, content, told):
    import re
    from dataclasses import replace

    from hive_core.landing.keys import signing_key
    from hive_exec.journal.head_file import read_heads

    given = tmp_path / "given.jsonl"
    if content == "forked":
        last = read_heads(heads_file(home))[-1]
        other = replace(last.head, root="d" * 64).sign(signing_key(keys_folder(home), "journal"))
        content = last.as_line() + b"\n" + other.as_line() + b"\n"
    given.write_bytes(content)
    said = hive("verify", "--heads", str(given))
    assert said.code == 1
    assert re.search(told, said.err)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE snapshot SET state = x'00'", "record 4: the snapshot there does not hold: its content"),
        ("UPDATE snapshot SET seq = 9", "record 9: there is a snapshot of it, the journal does not have it"),
    ],
)
def test_a_snapshot_that_does_not_hold_is_found(hive, home, signed, statement, told):
    with as_a_vandal(signed) as connection:
        connection.execute(statement)
    said = hive("verify")
    assert said.code == 1
    assert told in said.err


def test_a_file_that_is_no_journal_is_told(hive, home, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 5_000)
    said = hive("verify", "--journal", str(tmp_path / "file"))
    assert said.code == 1
    assert "ERROR the journal cannot be read" in said.err


def test_a_proof_of_a_record_is_checked_without_the_journal(hive, home, signed, tmp_path):
    proof = tmp_path / "proof.json"
    said = hive("verify", "--record", "5", "--proof", str(proof))
    assert said.code == 0, said.err
    assert "proof of record 5 in 6 records" in said.out
    signed.unlink()
    said = hive("verify", "--check-proof", str(proof))
    assert said.code == 0, said.err
    assert "until_ns" in said.out
    assert said.out.splitlines()[-1] == "PASS the record stands in the journal that was signed"
    found = json.loads(hive("verify", "--check-proof", str(proof), "--json").out)
    assert (found["record"], found["tree_size"], found["fault"]) == (5, 6, None)
    body = b'until_ns\\":5'
    assert body in proof.read_bytes()
    proof.write_bytes(proof.read_bytes().replace(body, b'until_ns\\":6'))
    said = hive("verify", "--check-proof", str(proof))
    assert said.code == 1
    assert "ERROR its record is not the one that was hashed" in said.err
    proof.write_bytes(b"{}")
    assert "the proof cannot be read" in hive("verify", "--check-proof", str(proof)).err


def test_a_journal_that_does_not_hold_gives_no_proof(hive, home, signed, tmp_path):
    written_anew(signed)
    said = hive("verify", "--record", "5", "--proof", str(tmp_path / "proof.json"))
    assert said.code == 1
    assert "the journal does not hold" in said.err
    assert not (tmp_path / "proof.json").exists()


@pytest.mark.parametrize("seq", ["7", "-1"])
def test_a_record_that_no_head_covers_has_no_proof(hive, home, signed, tmp_path, seq):
    said = hive("verify", "--record", seq, "--proof", str(tmp_path / "proof.json"))
    assert said.code == 2
    assert f"no signed head covers record {seq}" in said.err


@pytest.mark.parametrize(
    "arguments",
    [("--record", "5"), ("--proof", "x"), ("--check-proof", "x", "--record", "5", "--proof", "y")],
)
def test_half_a_request_for_a_proof_is_refused(hive, home, arguments):
    said = hive("verify", *arguments)
    assert said.code == 2
    assert "a proof is written with --record and --proof" in said.err


def test_a_proof_that_cannot_be_written_is_told(hive, home, signed, tmp_path):
    said = hive("verify", "--record", "5", "--proof", str(tmp_path / "no" / "proof.json"))
    assert said.code == 1
    assert "the proof cannot be written" in said.err


@pytest.mark.slow
def test_a_journal_in_postgres_is_verified_by_its_address(hive, home, monkeypatch):
    with shared_server() as server:
        name = f"hive_{uuid.uuid4().hex}"
        create_database(server, name)
        address = f"{server.rsplit('/', 1)[0]}/{name}"
        written(home, Standby(address).try_lead())
        heads = ("--heads", str(heads_file(home)))
        found = json.loads(hive("verify", "--journal", address, *heads, "--json").out)
        assert (found["records"], found["heads"], found["journal"], found["fault"]) == (
            6,
            4,
            "PostgreSQL",
            None,
        )
        monkeypatch.setenv("HIVE_JOURNAL_URL", address)
        said = hive("verify")
        assert said.code == 0, said.err
        assert "PASS 6 records" in said.out
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as superuser:
            superuser.execute("DROP TRIGGER hive_journal_is_append_only ON hive_journal")
            superuser.execute("UPDATE hive_journal SET body = '{}' WHERE seq = 3")
        said = hive("verify")
        assert said.code == 1
        assert "ERROR record 3: its content is not what was written" in said.err
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as superuser:
            superuser.execute("DELETE FROM hive_journal WHERE seq >= 3")
            superuser.execute("DELETE FROM hive_snapshot")
        assert "ERROR record 3: missing; a signed head tells of 6 records" in hive("verify").err
        assert hive("verify", "--journal", "postgresql://user:secret@127.0.0.1/x").code == 2
        said = hive("verify", "--journal", "postgresql+psycopg://user:secret@127.0.0.1:1/x")
        assert (said.code, "secret" in said.err) == (1, False)


def test_two_addresses_in_the_environment_are_refused(hive, home, monkeypatch):
    monkeypatch.setenv("HIVE_JOURNAL_URL", "postgresql+psycopg://one")
    monkeypatch.setenv("HIVE_JOURNAL_URL_FILE", "two")
    said = hive("verify")
    assert said.code == 2
    assert "both HIVE_JOURNAL_URL and HIVE_JOURNAL_URL_FILE are set" in said.err
