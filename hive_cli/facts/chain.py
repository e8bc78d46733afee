"""Whether a journal holds: chain, tree, signed heads, snapshots, and what the lake was told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hive_cli.failure import Failure

if TYPE_CHECKING:
    from hive_cli.settings import Settings
    from hive_core.evidence.record_proof import RecordProof
    from hive_core.evidence.signature import PublicKey
    from hive_core.evidence.signed_head import SignedHead
    from hive_exec.journal.reading import JournalReader

SERVER = "postgresql"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a journal is held against: files of signed heads, and the keys whose heads count, by key id."""

    heads_files: tuple[Path, ...]
    keys: Mapping[str, PublicKey]

    @classmethod
    def of_home(cls, settings: Settings) -> Evidence:
        """The heads that the home's daemon signed, under the keys of its folder.

        Raises:
            Failure: a key there cannot be used.
        """
        from hive_exec.journal.home import heads_file

        file = heads_file(settings.home)
        return cls((file,) if file.exists() else (), home_keys(settings))


def home_keys(settings: Settings) -> dict[str, PublicKey]:
    """The keys that the home's daemon signs its journal with, or did, or trusts.

    Raises:
        Failure: one of them cannot be used.
    """
    from hive_core.evidence.signature import SignatureFault
    from hive_exec.journal.home import keys_folder, trusted_keys

    try:
        return trusted_keys(keys_folder(settings.home))
    except SignatureFault as error:
        raise Failure("a key of the journal cannot be used", details=[str(error)]) from None


def read_keys(files: Sequence[Path]) -> dict[str, PublicKey]:
    """Public keys given by name.

    Raises:
        Failure: one cannot be read.
    """
    from hive_core.evidence.signature import SignatureFault
    from hive_core.landing.keys import public_key

    try:
        keys = [public_key(file.parent, file.stem) for file in files]
    except (OSError, SignatureFault) as error:
        raise Failure("a key cannot be used", details=[str(error)], exit_code=2) from None
    return {key.key_id: key for key in keys}


@contextmanager
def opened(where: str) -> Iterator[JournalReader]:
    """A journal to read: a copy of a file, or a PostgreSQL database by its address.

    Raises:
        Failure: it cannot be read.
    """
    from hive_exec.journal.errors import JournalFailed
    from hive_exec.sqlite_file import FileDamaged, OtherFormat

    try:
        with _server(where) if where.startswith(SERVER) else _file(Path(where)) as reader:
            yield reader
    except (JournalFailed, FileDamaged, OtherFormat) as error:
        raise Failure("the journal cannot be read", where=name_of(where), details=[str(error)]) from None


@contextmanager
def _file(path: Path) -> Iterator[JournalReader]:
    from hive_cli.facts.journal import snapshot
    from hive_exec.journal.reading import journal_file

    with snapshot(path) as copy, journal_file(copy) as reader:
        yield reader


@contextmanager
def _server(address: str) -> Iterator[JournalReader]:
    from hive_exec.journal.postgres import AddressRefused
    from hive_exec.journal.postgres_store import PostgresReader

    try:
        server = PostgresReader(address)
    except AddressRefused as error:
        raise Failure("the journal cannot be read", details=[str(error)], exit_code=2) from None
    try:
        yield server
    finally:
        server.close()


def name_of(where: str) -> str:
    """A journal's place as it may be shown: an address can hold a password."""
    return "PostgreSQL" if where.startswith(SERVER) else where


def examine(where: str, evidence: Evidence, settings: Settings | None = None) -> dict[str, Any]:
    """Walk a journal against its signed heads and snapshots; with settings, compare it with the reports in
    the lake too.

    Returns:
        `journal`, `journal_id`, `records` that hold, `head_hash` and `root` over them, `heads` and
        `snapshots` that were compared, `in_lake`, and `fault` (`seq`, `reason`) or None.

    Raises:
        Failure: journal, heads or keys cannot be read.
    """
    with opened(where) as reader:
        journal_id = reader.journal_id
        told, heads = _heads(evidence, journal_id)
        found = (
            _walk(reader, heads, evidence, wants_hashes=settings is not None) if told is None else _NOTHING
        )
    told = told or found.fault
    in_lake = 0
    if settings is not None and told is None:
        in_lake, told = _compare(settings, found.hashes)
    return {
        "journal": name_of(where),
        "journal_id": journal_id,
        "records": found.records,
        "head_hash": found.head_hash,
        "root": found.root,
        "heads": len(heads),
        "snapshots": found.snapshots,
        "in_lake": in_lake,
        "fault": told,
    }


def proof_of(where: str, seq: int, evidence: Evidence) -> RecordProof:
    """The proof that a record stands in the journal, up to the last head that was signed.

    Raises:
        Failure: there is no such record, or no signed head that covers it.
    """
    from hive_core.evidence.merkle import inclusion_ranges, subtree_roots
    from hive_core.evidence.record_proof import RecordProof
    from hive_core.evidence.walk import record_leaf

    with opened(where) as reader:
        told, heads = _heads(evidence, reader.journal_id)
        covering = [each for each in heads if each.head.tree_size >= seq]
        if told is not None or seq < 1 or not covering:
            raise Failure(
                f"no signed head covers record {seq}",
                where=name_of(where),
                details=[] if told is None else [told["reason"]],
                next_step="hive verify shows what is signed; a running daemon signs every minute",
                exit_code=2,
            )
        head = covering[-1]
        link = next(reader.rows(seq - 1, 1))
        leaves = (record_leaf(each.record_hash) for each in reader.rows(0, head.head.tree_size))
        path = subtree_roots(leaves, inclusion_ranges(seq - 1, head.head.tree_size))
    return RecordProof(link, tuple(path), head)


@dataclass(frozen=True, slots=True)
class _Walked:
    records: int
    head_hash: str
    root: str
    snapshots: int
    hashes: list[str]
    fault: dict[str, Any] | None


_NOTHING = _Walked(0, "", "", 0, [], None)


def _heads(evidence: Evidence, journal_id: str) -> tuple[dict[str, Any] | None, list[SignedHead]]:
    """The first fault among the files of heads, and this journal's heads of all of them."""
    from hive_core.evidence.signed_head import first_contradiction
    from hive_exec.journal.head_file import HeadFileDamaged, read_heads

    all_of_them: list[SignedHead] = []
    for file in evidence.heads_files:
        try:
            found = read_heads(file)
        except (OSError, HeadFileDamaged) as error:
            return {"seq": 0, "reason": f"its signed heads cannot be read: {error}"}, []
        ours = [each for each in found if each.head.journal_id == journal_id]
        if not ours:
            return {"seq": 0, "reason": f"{file} has no signed head of this journal ({journal_id})"}, []
        for head in ours:
            if (fault := head.fault(evidence.keys)) is not None:
                size = head.head.tree_size
                return {"seq": size, "reason": f"{file}, the head of {size} records: {fault}"}, []
        if (fork := first_contradiction(ours)) is not None:
            return {"seq": ours[fork[0]].head.tree_size, "reason": f"{file}: {fork[1]}"}, []
        all_of_them += ours
    return None, all_of_them


def _walk(
    reader: JournalReader, heads: Sequence[SignedHead], evidence: Evidence, *, wants_hashes: bool
) -> _Walked:
    from hive_core.evidence.walk import JournalWalk
    from hive_exec.journal.snapshots import snapshot_fault

    journal_id = reader.journal_id
    snapshots = {row.seq: row for row in reader.snapshots()}
    # Where nothing is signed, only a snapshot's own digest can be asked for.
    keys = evidence.keys if heads else None
    walk, hashes, compared, told = JournalWalk(heads), [], 0, None
    fault = walk.differs()
    for link in reader.rows(0, None):
        if fault is not None or (fault := walk.take(link)) is not None:
            break
        if wants_hashes:
            hashes.append(link.record_hash)
        if (row := snapshots.pop(link.seq, None)) is not None:
            why = snapshot_fault(row, journal_id, keys)
            if (row.chain_hash, row.peaks) != (walk.head_hash, b"".join(walk.frontier.peaks)):
                why = why or "it was made of other records"
            if why is not None and told is None:
                told = {"seq": link.seq, "reason": f"the snapshot there does not hold: {why}"}
            compared += 1
    fault = fault or walk.cut_off()
    if fault is not None:
        told = {"seq": fault.seq, "reason": fault.reason}
    elif told is None and snapshots:
        told = {"seq": min(snapshots), "reason": "there is a snapshot of it, the journal does not have it"}
    return _Walked(walk.seq, walk.head_hash, walk.frontier.root().hex(), compared, hashes, told)


def _compare(settings: Settings, hashes: list[str]) -> tuple[int, dict[str, Any] | None]:
    from hive_cli.facts.lake import LakeFacts

    reports = LakeFacts.of(settings.home).read("execution_reports")
    if reports is None:
        return 0, None
    for seq, sha256 in reports.sort("seq").select("seq", "record_sha256").iter_rows():
        if seq > len(hashes):
            return 0, {"seq": seq, "reason": "the lake was told of it, the journal does not have it"}
        if hashes[seq - 1] != sha256:
            return 0, {"seq": seq, "reason": "the lake was told another content"}
    return reports.height, None
