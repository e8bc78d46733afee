"""The tables of a journal in PostgreSQL, and what guards them; made when a lease is taken.

The triggers are against mistakes. Who owns the database can drop them: that shows in the chain and in
the signed heads.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

JOURNAL = Table(
    "hive_journal",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("record_hash", Text, nullable=False),
)
INBOX = Table(
    "hive_inbox",
    METADATA,
    Column("idempotency_key", Text, primary_key=True),
    Column("content_sha256", Text, nullable=False),
    Column("response", LargeBinary, nullable=False),
)
SNAPSHOT = Table(
    "hive_snapshot",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("code_version", Text, nullable=False),
    Column("chain_hash", Text, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("signature", Text, nullable=False),
)
LEASE = Table(
    "hive_lease",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("journal_id", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("format", Integer, nullable=False),
)
"""One row. Whoever leads has raised `epoch`; every append proves that it still is the writer's."""

_REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION hive_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the % is append-only', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$
"""


def _guards(table: str, name: str) -> list[str]:
    return [
        f"CREATE OR REPLACE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION hive_refuse_change('{name}')",
        f"CREATE OR REPLACE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION hive_refuse_change('{name}')",
    ]


GUARDS = [_REFUSE_CHANGE, *_guards("hive_journal", "journal"), *_guards("hive_inbox", "inbox")]
"""Statements that may be run again and again. `CREATE OR REPLACE TRIGGER` needs PostgreSQL 14."""
