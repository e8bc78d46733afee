"""Landing: keep the bytes of an input under their hash and number its arrival.

A receipt says what arrived, how it was declared, and what was refused in it. Receipts are numbered
1, 2, 3 ... without gaps, so that a reader's cursor cannot pass one. The same bytes with the same
declaration land once.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hive_core.contracts.rejection import RejectedRow
from hive_core.evidence.canonical import canonical_bytes, content_hash, sha256_hex
from hive_core.landing.home import HiveHome, publish

LandingKind = Literal["bars", "rates", "news", "messages"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One arrival. `declaration` is what the user said of it; `facts` is what was found in it."""

    number: int
    kind: LandingKind
    file_name: str
    payload_sha256: str
    received_ns: int
    declaration: Mapping[str, str]
    facts: Mapping[str, str | int]
    rejected: tuple[RejectedRow, ...]


def _folder(home: HiveHome) -> Path:
    return home.landing / "receipts"


def _payload_path(home: HiveHome, sha256: str) -> Path:
    return home.landing / "payloads" / sha256[:2] / sha256


def _from_json(payload: bytes) -> Receipt:
    raw = json.loads(payload)
    raw["rejected"] = tuple(RejectedRow(**row) for row in raw["rejected"])
    return Receipt(**raw)


def receipts(home: HiveHome, *, after: int = 0) -> Iterator[Receipt]:
    """Every receipt with a number over `after`, in order, up to the first gap."""
    number = after + 1
    while (path := _folder(home) / f"{number:08d}.json").exists():
        yield _from_json(path.read_bytes())
        number += 1


def read_payload(home: HiveHome, sha256: str) -> bytes:
    """The bytes that landed under a hash.

    Raises:
        ValueError: the file no longer has that hash.
        FileNotFoundError: it never landed here.
    """
    payload = _payload_path(home, sha256).read_bytes()
    if sha256_hex(payload) != sha256:
        raise ValueError(f"{_payload_path(home, sha256)}: the bytes changed since they landed")
    return payload


def land(
    home: HiveHome,
    *,
    kind: LandingKind,
    file_name: str,
    payload: bytes,
    declaration: Mapping[str, str],
    facts: Mapping[str, str | int],
    rejected: tuple[RejectedRow, ...],
    received_ns: int,
) -> tuple[Receipt, bool]:
    """Store bytes and write the next receipt.

    Returns:
        (the receipt, whether it is new). The same bytes, kind and declaration return the old one.
    """
    sha256 = sha256_hex(payload)
    with _one_at_a_time(home):
        marker = home.landing / "fingerprints" / _fingerprint(kind, sha256, declaration)
        if marker.exists():
            number = int(marker.read_text("ascii"))
            found = next(receipts(home, after=number - 1), None)
            if found and _fingerprint(found.kind, found.payload_sha256, found.declaration) == marker.name:
                return found, False
        target = _payload_path(home, sha256)
        if not target.exists():
            publish(target, payload)
        number = 1 + max((int(path.stem) for path in _folder(home).glob("[0-9]*.json")), default=0)
        receipt = Receipt(
            number, kind, file_name, sha256, received_ns, dict(declaration), dict(facts), rejected
        )
        # The marker first: after a crash between the two it leads to no receipt of this fingerprint,
        # and the bytes land again under the number that stayed free.
        publish(marker, str(number).encode("ascii"))
        publish(_folder(home) / f"{number:08d}.json", _to_json(receipt))
        return receipt, True


def _fingerprint(kind: str, payload_sha256: str, declaration: Mapping[str, str]) -> str:
    return content_hash({"kind": kind, "payload": payload_sha256, "declaration": dict(declaration)})


def _to_json(receipt: Receipt) -> bytes:
    rejected = [
        {"row": r.row, "column": r.column, "value": r.value, "reason": r.reason} for r in receipt.rejected
    ]
    whole = {name: getattr(receipt, name) for name in Receipt.__slots__}
    return canonical_bytes({**whole, "rejected": rejected})


@contextmanager
def _one_at_a_time(home: HiveHome) -> Iterator[None]:
    """No two processes land at once: the command and a sensor may well be given the same file."""
    home.landing.mkdir(parents=True, exist_ok=True)
    with (home.landing / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go by closing, and by the kernel if the process dies
        yield
