"""A real room on real prices, when `HIVE_REAL_DATA` names them: from messages to fills, and what the
room says of itself beside what its signals earned."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.landing.receipts import receipts
from hive_core.market.importing import bars_of_receipt
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.importing import messages_of_receipt
from hive_core.signals.parse import parse_signals
from hive_core.signals.resolve import resolve_decisions
from hive_core.signals.scorecards.outcomes import score_signals
from hive_core.signals.scorecards.records import score_sources
from hive_core.signals.validate import validate_signals
from proofs.daemon_process import Cursor, Installation, run_hive
from proofs.reporting import Claim

MESSAGES = "signals/gold_room_2025-11_2025-12.jsonl.gz"
BARS = "demo_seed_2025H2/bars_h1/XAUUSD.csv.gz"
SOURCE = "gold_room"

_CLAIMED_HIT = re.compile(
    r"\bTP\s*\d?\s*HIT\b|\bHIT\s+TP\b|\d+\s*\+?\s*PIPS?\s+(RUNNING|PROFIT)", re.IGNORECASE
)
_CLAIMED_STOP = re.compile(r"\b(SL|STOP\s*LOSS)\s*HIT\b|\bHIT\s+SL\b", re.IGNORECASE)


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
    # A pip of this room is 0.1 dollars: "30 pips" stand beside moves of 3 dollars.
    configuration = Configuration(sources={SOURCE: SourceProfile(pip={"XAUUSD": "0.1"})})  # type: ignore[dict-item]
    parsed = parse_signals(messages, configuration)
    valid, quarantined = validate_signals(parsed, bars.frame, messages)
    decisions = resolve_decisions(enrich_signals(valid, bars.frame), configuration)

    days = installation.fill_lake(bars.frame, decisions)
    installation.start()
    installation.deliver(days, Cursor())
    installation.settle()
    orders = installation.orders()
    (account,) = installation.get("/accounts")["accounts"]
    installation.stop()
    records, fault = installation.verify()

    filled = [order for order in orders if order["fill_price"] is not None]
    score = score_sources(score_signals(valid, bars.frame)).row(0, named=True)
    texts = messages["text"].to_list()
    hits, stops = (
        sum(bool(_CLAIMED_HIT.search(t)) for t in texts),
        sum(bool(_CLAIMED_STOP.search(t)) for t in texts),
    )
    claimed = hits / (hits + stops) if hits + stops else 0.0
    kinds = dict(parsed.group_by("kind").len().iter_rows())
    counts = (
        f"{messages.height} messages: {kinds}; {valid.height} valid, {quarantined.height} quarantined, "
        f"{decisions.height} decisions, {account['denied']} denied, {len(orders)} orders, "
        f"{len(filled)} filled; equity {account['equity']}"
    )
    own = (
        f"its posts: {hits} targets hit, {stops} stops hit ({claimed:.0%}); measured: "
        f"{score['wins']} of {score['traded']} won ({score['hit_rate']:.0%}, 95 % "
        f"{score['hit_rate_low']:.0%} to {score['hit_rate_high']:.0%}), mean R {score['mean_r']:+.2f} "
        f"({score['mean_r_low']:+.2f} to {score['mean_r_high']:+.2f})"
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
        Claim(
            "the gold room's own word stands beside its measured result",
            "both are told",
            own,
            score["traded"] > 0 and hits > 0,
            int(score["traded"]),
        ),
    ]
