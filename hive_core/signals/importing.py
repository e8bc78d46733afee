"""Importing messages: a file is read as declared, then its bytes and what was found in them land."""

from __future__ import annotations

from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.landing.outcome import ImportOutcome
from hive_core.landing.receipts import Receipt, land, read_payload
from hive_core.signals.messages import MessageDeclaration, ParsedMessages, parse_message_file


def import_messages(
    home: HiveHome,
    file_name: str,
    payload: bytes,
    declaration: MessageDeclaration,
    *,
    received_ns: int,
) -> ImportOutcome:
    """Read a message file and land it. The same bytes and declaration land once.

    Raises:
        RefusedFile: nothing landed; the text says why and what to do next.
    """
    parsed = parse_message_file(
        payload, declaration, landing_sha256=sha256_hex(payload), received_ns=received_ns
    )
    receipt, is_new = land(
        home,
        kind="messages",
        file_name=file_name,
        payload=payload,
        declaration=declaration.model_dump(exclude_none=True),
        facts=parsed.facts,
        rejected=parsed.rejected,
        received_ns=received_ns,
    )
    return ImportOutcome(receipt, is_new, int(receipt.facts["messages"]), receipt.rejected)


def messages_of_receipt(home: HiveHome, receipt: Receipt) -> ParsedMessages:
    """The messages of a landed file, read again from its bytes as they were then.

    Raises:
        ValueError: the receipt is of another kind, or the stored bytes changed.
    """
    if receipt.kind != "messages":
        raise ValueError(f"receipt {receipt.number} is of {receipt.kind}, not of messages")
    return parse_message_file(
        read_payload(home, receipt.payload_sha256),
        MessageDeclaration.model_validate(dict(receipt.declaration)),
        landing_sha256=receipt.payload_sha256,
        received_ns=receipt.received_ns,
    )
