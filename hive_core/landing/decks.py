"""Decks on disk: manifests under `decks/`, tables under `decks/tables/`, each file named by its hash.

A manifest is published after its tables, and read as a whole or not at all; nothing of a table is looked at
before the signature over its hash held. What a deck holds is `signals.lane_context`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hive_core.contracts.base import ContractError, parse_contract
from hive_core.contracts.deck import PURPOSE, Deck, DeckTableName, SignedDeck
from hive_core.evidence.canonical import canonical_bytes
from hive_core.evidence.signature import PublicKey, SignatureFault, SigningKey
from hive_core.landing.home import HiveHome, publish
from hive_core.signals.code_version import code_version
from hive_core.signals.lane_context import ContextFault, LaneContext, read_table
from hive_core.signals.lane_version import lane_version

KEY_NAME = "deck"
"""The key that signs decks, among those of the home."""

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
KEPT_AFTER_END_NS = 8 * 86_400 * 1_000_000_000
"""For so long a deck is kept once it has ended: what was decided by it is made again a day later."""

_NAME = re.compile(r"(?P<made_at_ns>[0-9]{19})-(?P<sha256>[0-9a-f]{64})\.json", re.ASCII)


class DeckFault(ValueError):
    """A deck that must not be used. The text says why and what to do next."""


def folder(home: HiveHome) -> Path:
    """Where manifests stand."""
    return home.root / "decks"


def keys_folder(home: HiveHome) -> Path:
    """Where the keys of the home stand."""
    return home.root / "keys"


def publish_deck(
    home: HiveHome, deck: Deck, payloads: Mapping[DeckTableName, bytes], key: SigningKey
) -> Path:
    """Sign a deck and put it where the daemon looks; its tables first.

    Returns:
        the manifest's path.
    """
    for table in deck.tables:
        path = _table_path(home, table.sha256)
        if not path.exists():
            publish(path, payloads[table.name])
    signed = SignedDeck(deck=deck, signature=key.sign(PURPOSE, canonical_bytes(deck)))
    path = folder(home) / f"{deck.made_at_ns:019d}-{deck.sha256()}.json"
    publish(path, canonical_bytes(signed))
    return path


def manifests(home: HiveHome) -> list[Path]:
    """The manifests there are, the newest first; files of other names are none."""
    return sorted(
        (path for path in folder(home).glob("*.json") if _NAME.fullmatch(path.name)),
        key=lambda path: path.name,
        reverse=True,
    )


def manifest_of(home: HiveHome, sha256: str) -> Path | None:
    """The manifest of a deck by its hash, or None when it is not there."""
    return next((path for path in manifests(home) if path.stem.endswith(f"-{sha256}")), None)


def read_manifest(path: Path, key: PublicKey) -> Deck:
    """The deck that a manifest tells of, once its signature held.

    Raises:
        DeckFault: too long, no manifest, wrongly signed, or not the deck that its name says.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        payload = file.read(MAX_MANIFEST_BYTES + 1)
    try:
        signed = parse_contract(SignedDeck, payload, max_bytes=MAX_MANIFEST_BYTES)
        key.verify(PURPOSE, canonical_bytes(signed.deck), signed.signature)
    except (ContractError, SignatureFault) as fault:
        raise DeckFault(f"{path.name}: {fault}") from None
    named = _NAME.fullmatch(path.name)
    if named is None or named["sha256"] != signed.deck.sha256():
        raise DeckFault(f"{path.name}: not the deck that its name says; publish it anew")
    return signed.deck


def fault_of(deck: Deck, now_ns: int) -> str:
    """Why this code must not use a deck at a time, or nothing."""
    if deck.lane_version != lane_version() or deck.resolver_version != code_version():
        return (
            f"made by {deck.lane_version} and {deck.resolver_version}, this is {lane_version()} and "
            f"{code_version()}: run the same version on both sides, and publish a new deck"
        )
    if deck.made_at_ns > now_ns:
        return "made in the future: one of the two clocks is wrong"
    if now_ns >= deck.valid_until_ns:
        return "has ended; publish a new one"
    return ""


def read_context(home: HiveHome, deck: Deck) -> LaneContext:
    """A deck's tables. The deck's signature was verified by whoever read its manifest.

    Raises:
        DeckFault: a table is missing, or is not the one that the deck names.
    """
    tables = {}
    for table in deck.tables:
        try:
            with _table_path(home, table.sha256).open("rb") as file:
                payload = file.read(table.size_bytes + 1)
            tables[table.name] = read_table(table, payload)
        except FileNotFoundError:
            raise DeckFault(f"{table.name}: its file is missing; publish the deck anew") from None
        except ContextFault as fault:
            raise DeckFault(str(fault)) from None
    return LaneContext(deck, tables)


def prune_decks(home: HiveHome, key: PublicKey, now_ns: int) -> int:
    """Remove decks that ended long ago, unreadable ones among them, and tables that no deck names any more.

    Returns:
        how many manifests were removed. The newest is always kept.
    """
    kept: set[str] = set()
    removed = 0
    for number, path in enumerate(manifests(home)):
        try:
            deck = read_manifest(path, key)
        except DeckFault:
            deck = None
        made_at_ns = int(path.name.split("-")[0])
        ended_ns = made_at_ns if deck is None else deck.valid_until_ns
        if number and ended_ns + KEPT_AFTER_END_NS < now_ns:
            path.unlink()
            removed += 1
        elif deck is not None:
            kept |= {table.sha256 for table in deck.tables}
    for path in (folder(home) / "tables").glob("*.parquet"):
        # A table without a manifest may be one whose manifest is about to come.
        is_old = path.stat().st_mtime_ns + KEPT_AFTER_END_NS < now_ns
        if path.stem not in kept and is_old:
            path.unlink()
    return removed


def _table_path(home: HiveHome, sha256: str) -> Path:
    return folder(home) / "tables" / f"{sha256}.parquet"
