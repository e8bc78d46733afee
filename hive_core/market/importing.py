"""Bringing market files in: parse first, then keep the bytes with a receipt, or refuse the file.

Nothing lands of a file that is refused. Whatever reads the receipts parses the kept bytes again.
"""

from __future__ import annotations

import polars as pl

from hive_core.contracts.rejection import RejectedRow
from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.landing.outcome import ImportOutcome
from hive_core.landing.receipts import Receipt, land, read_payload
from hive_core.market.declaration import BarDeclaration, declare_bars
from hive_core.market.parse import ParsedBars, parse_bars
from hive_core.market.rates import parse_ecb_rates

ECB_DECLARATION = {"format": "ecb", "time_zone": "Europe/Berlin"}
"""The rates are fixed at 14:15 of this clock; the file has dates only."""


def import_bars(
    home: HiveHome, file_name: str, payload: bytes, declaration: BarDeclaration, *, received_ns: int
) -> ImportOutcome:
    """Parse a file of bars and land it.

    Args:
        file_name: its name, for people.
        received_ns: when it came, in nanoseconds since 1970 UTC.

    Raises:
        RefusedFile: as `parse_bars`; nothing has landed.
    """
    parsed = parse_bars(payload, declaration, landing_sha256=sha256_hex(payload))
    receipt, is_new = land(
        home,
        kind="bars",
        file_name=file_name,
        payload=payload,
        declaration=declaration.as_text(),
        facts=parsed.facts,
        rejected=parsed.rejected,
        received_ns=received_ns,
    )
    return ImportOutcome(receipt, is_new, len(parsed.frame), parsed.rejected)


def bars_of_receipt(home: HiveHome, receipt: Receipt) -> ParsedBars:
    """Parse a landed file of bars again, by the declaration that its receipt keeps.

    Raises:
        RefusedFile: as `parse_bars`.
        ValueError, FileNotFoundError: as `read_payload`.
    """
    payload = read_payload(home, receipt.payload_sha256)
    declaration = declare_bars(receipt.declaration)
    return parse_bars(payload, declaration, landing_sha256=receipt.payload_sha256)


def import_rates(home: HiveHome, file_name: str, payload: bytes, *, received_ns: int) -> ImportOutcome:
    """Parse the ECB's reference rates and land them; arguments and errors as `import_bars`."""
    frame, rejected = parse_ecb_rates(payload, landing_sha256=sha256_hex(payload))
    receipt, is_new = land(
        home,
        kind="rates",
        file_name=file_name,
        payload=payload,
        declaration=ECB_DECLARATION,
        facts={
            "rows": len(frame),
            "first_ts": frame["date"][0].isoformat(),
            "last_ts": frame["date"][-1].isoformat(),
            "currencies": frame["currency"].n_unique(),
        },
        rejected=rejected,
        received_ns=received_ns,
    )
    return ImportOutcome(receipt, is_new, len(frame), rejected)


def rates_of_receipt(home: HiveHome, receipt: Receipt) -> tuple[pl.DataFrame, tuple[RejectedRow, ...]]:
    """Parse landed reference rates again; errors as `bars_of_receipt`."""
    payload = read_payload(home, receipt.payload_sha256)
    return parse_ecb_rates(payload, landing_sha256=receipt.payload_sha256)
