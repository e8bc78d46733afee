"""A real room on real prices, when `HIVE_REAL_DATA` names them: from messages to fills, and what the
room says of itself beside what its signals earned."""

from __future__ import annotations

import os
from pathlib import Path

from hive_core.landing.receipts import receipts
from hive_core.market.importing import bars_of_receipt
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.importing import messages_of_receipt
from hive_core.signals.parse import parse_signals
from hive_core.signals.resolve import resolve_decisions
from hive_core.signals.scorecards.claims import claims_of
from hive_core.signals.scorecards.outcomes import score_signals
from hive_core.signals.scorecards.records import score_sources
from hive_core.signals.validate import validate_signals
from proofs.daemon_process import Cursor, Installation, run_hive
from proofs.reporting import Claim
from proofs.source_scorecards import BARS, CONFIGURATION, MESSAGES, SOURCE, score_claims


def gold_room_claims(folder: Path) -> list[Claim]:
    """The room through every stage. `HIVE_REAL_DATA` names the folder of real data."""
    root = os.environ["HIVE_REAL_DATA"]
    installation = Installation(folder)
    bar_options = ["--symbol", "XAUUSD", "--timeframe", "H1", "--format", "csv", "--time-zone", "UTC"]
    imported = [
        run_hive(folder, ["import", "bars", str(Path(root) / BARS), *bar_options, "--side", "bid"]),
        run_hive(
            folder,
            ["import", "messages", str(Path(root) / MESSAGES), "--source", SOURCE, "--format", "jsonl"],
        ),
    ]
    landed = {receipt.kind: receipt for receipt in receipts(installation.home)}
    bars = bars_of_receipt(installation.home, landed["bars"])
    messages = messages_of_receipt(installation.home, landed["messages"]).frame
    parsed = parse_signals(messages, CONFIGURATION)
    valid, quarantined = validate_signals(parsed, bars.frame, messages)
    decisions = resolve_decisions(enrich_signals(valid, bars.frame), CONFIGURATION)

    days = installation.fill_lake(bars.frame, decisions)
    installation.start()
    installation.deliver(days, Cursor())
    installation.settle()
    orders = installation.orders()
    (account,) = installation.get("/accounts")["accounts"]
    installation.stop()
    records, fault = installation.verify()

    filled = [order for order in orders if order["fill_price"] is not None]
    card = score_sources(score_signals(valid, bars.frame), claims_of(messages)).row(0, named=True)
    kinds = dict(parsed.group_by("kind").len().iter_rows())
    counts = (
        f"{messages.height} messages: {kinds}; {valid.height} valid, {quarantined.height} quarantined, "
        f"{decisions.height} decisions, {account['denied']} denied, {len(orders)} orders, "
        f"{len(filled)} filled; equity {account['equity']}"
    )
    return [
        Claim(
            "the gold room is imported and flows to fills without an error",
            "1,919 messages in, fills out",
            counts,
            all(ran.returncode == 0 for ran in imported)
            and messages.height == 1_919
            and len(filled) > 0
            and not fault
            and records > 0,
            messages.height,
        ),
        *score_claims(card),
    ]
