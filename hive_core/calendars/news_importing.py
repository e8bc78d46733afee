"""Bringing calendars in: parse first, then keep the bytes with a receipt, or refuse the file.

Whatever reads the receipts parses the kept bytes again, as they were received.
"""

from __future__ import annotations

from hive_core.calendars.news_file import NewsDeclaration, ParsedNews, parse_news_file
from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.landing.outcome import ImportOutcome
from hive_core.landing.receipts import Receipt, land, read_payload


def import_news(
    home: HiveHome, file_name: str, payload: bytes, declaration: NewsDeclaration, *, received_ns: int
) -> ImportOutcome:
    """Parse a calendar and land it. The same bytes and declaration land once.

    Raises:
        RefusedFile: as `parse_news_file`; nothing has landed.
    """
    parsed = parse_news_file(
        payload, declaration, landing_sha256=sha256_hex(payload), received_ns=received_ns
    )
    receipt, is_new = land(
        home,
        kind="news",
        file_name=file_name,
        payload=payload,
        declaration=declaration.as_text(),
        facts=parsed.facts,
        rejected=parsed.rejected,
        received_ns=received_ns,
    )
    return ImportOutcome(receipt, is_new, int(receipt.facts["rows"]), receipt.rejected)


def news_of_receipt(home: HiveHome, receipt: Receipt) -> ParsedNews:
    """The events of a landed calendar, read again from its bytes as they were then.

    Raises:
        ValueError: the receipt is of another kind, or the stored bytes changed.
        FileNotFoundError: they are gone.
    """
    if receipt.kind != "news":
        raise ValueError(f"receipt {receipt.number} is of {receipt.kind}, not of news")
    return parse_news_file(
        read_payload(home, receipt.payload_sha256),
        NewsDeclaration.model_validate(dict(receipt.declaration)),
        landing_sha256=receipt.payload_sha256,
        received_ns=receipt.received_ns,
    )
