"""The journal of a home folder: which database keeps it, and whose key signs it.

`HIVE_JOURNAL_URL`, or the file that `HIVE_JOURNAL_URL_FILE` names, holds the address of a PostgreSQL
database; without either the journal is a SQLite file under the home. An address can hold a password: it
comes from the environment only, and is never logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hive_core.evidence.signature import PublicKey
from hive_core.landing.home import HiveHome
from hive_core.landing.keys import key_file, public_key, signing_key
from hive_exec.journal.heads import HEAD_EVERY_RECORDS, HEAD_EVERY_S, HeadKeeper, nobody_listens
from hive_exec.journal.sqlite_store import SqliteStore
from hive_exec.journal.store import JournalStore
from hive_exec.journal.witnesses import WitnessReport
from hive_exec.journal.writing import Journal

if TYPE_CHECKING:
    from hive_exec.journal.lease import Lease

ADDRESS = "HIVE_JOURNAL_URL"
ADDRESS_FILE = "HIVE_JOURNAL_URL_FILE"
KEY_NAME = "journal"


@dataclass(frozen=True, slots=True)
class Signing:
    """How a journal's heads are signed: what they name, how often, and who keeps copies."""

    environment: str
    code_hash: str
    witnesses: tuple[Path, ...] = ()
    every_records: int = HEAD_EVERY_RECORDS
    every_s: int = HEAD_EVERY_S


def heads_file(home: HiveHome) -> Path:
    """Where the signed heads of the home's journal stand."""
    return home.journal.with_name("heads.jsonl")


def keys_folder(home: HiveHome) -> Path:
    """Where the daemon's keys stand."""
    return home.journal.with_name("keys")


def trusted_keys(folder: Path) -> dict[str, PublicKey]:
    """The keys of a folder whose signed heads count, by key id: `journal.pub`, and those of other hosts or
    earlier times as `journal-<name>.pub`.

    Raises:
        SignatureFault: one of them is no key.
    """
    keys = [public_key(folder, path.stem) for path in sorted(folder.glob(f"{KEY_NAME}*.pub"))]
    return {key.key_id: key for key in keys}


def journal_address(environment: Mapping[str, str]) -> str | None:
    """The PostgreSQL address that the environment names, or None for a file under the home.

    Raises:
        hive_exec.journal.postgres.AddressRefused: it names two, or one that cannot be read.
    """
    given, file = environment.get(ADDRESS), environment.get(ADDRESS_FILE)
    if not given and not file:
        return None
    from hive_exec.journal.postgres import AddressRefused, read_address

    if given and file:
        raise AddressRefused(f"both {ADDRESS} and {ADDRESS_FILE} are set; unset one")
    return given or read_address(Path(file or ""))


def open_journal(
    home: HiveHome,
    wall_clock_ns: Callable[[], int],
    signing: Signing,
    *,
    lease: Lease | None = None,
    on_witness: Callable[[WitnessReport], None] = nobody_listens,
) -> Journal:
    """The home's journal with its signed heads: its file, or with a lease the PostgreSQL that it leads.

    Raises:
        SignatureFault: the key cannot be used.
        FileInUse, FileDamaged, OtherFormat, NotDurable: the database cannot be.
        JournalCorrupt: the journal does not hold.
        JournalFailed: it cannot be read, or the first head not be written.
    """
    folder = keys_folder(home)
    is_first_start = not key_file(folder, KEY_NAME).exists()
    key = signing_key(folder, KEY_NAME)
    store: JournalStore
    if lease is None:
        store = SqliteStore(home.journal)
    else:
        from hive_exec.journal.postgres_store import PostgresStore

        store = PostgresStore(lease)
    heads = HeadKeeper(
        heads_file(home),
        key,
        trusted_keys(folder),
        environment=signing.environment,
        code_hash=signing.code_hash,
        is_first_start=is_first_start,
        witnesses=signing.witnesses,
        on_witness=on_witness,
        every_records=signing.every_records,
        every_s=signing.every_s,
    )
    return Journal(store, wall_clock_ns, heads=heads)
