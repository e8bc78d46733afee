"""The parser against a real room whose calls all have one form, read beside it by one plain expression.

The expression knows that room only and nothing else; what it finds is what a person sees there. Updates
are held against a sample read by hand (`gold_updates`).
"""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal, Refused
from proofs.gold_updates import attached_updates
from proofs.reporting import Claim

ROOM = "signals/gold_room_2025-11_2025-12.jsonl.gz"
FOUND = 0.98
_NUMBER = r"([0-9]{4}(?:[.][0-9]+)?)"
_CALL = re.compile(
    rf"\W*GOLD\s+(BUY|SELL)\s+{_NUMBER}(?:\s*[-\u2022]\s*{_NUMBER})?\s+"
    rf"\W*TP\s+{_NUMBER}\s+\W*TP\s+{_NUMBER}\s+\W*SL\s+{_NUMBER}\W*",
    re.IGNORECASE,
)


def gold_room_parser_claims() -> list[Claim]:
    """Entries found with every field, none invented, and the sample of updates."""
    path = Path(os.environ["HIVE_REAL_DATA"]) / ROOM
    texts = [json.loads(line)["text"] for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    entries = whole = refused = invented = 0
    for text in texts:
        verdicts = read_text(text, SourceProfile())
        signals = [verdict for verdict in verdicts if isinstance(verdict, ParsedSignal)]
        call = _CALL.fullmatch(text.strip())
        if call is None:
            invented += bool(signals)
            continue
        side, *prices = call.groups()
        one, other, near, far, stop = (float(price or prices[0]) for price in prices)
        low, high = sorted((one, other))
        is_right = stop < low < high < near < far if side.lower() == "buy" else stop > high > low > near > far
        if not is_right:
            refused += any(isinstance(verdict, Refused) for verdict in verdicts) and not signals
            continue
        entries += 1
        told = [
            [signal.side, *map(float, (*(signal.entry or ()), signal.stop_loss, *signal.take_profits))]
            for signal in signals
        ]
        whole += told == [[side.lower(), low, high, stop, near, far]]
    right, total, disagreements = attached_updates()
    return [
        Claim(
            "the entries of the gold room are found, with every field",
            f">= {FOUND:.0%}",
            f"{whole} of {entries} ({whole / entries:.1%}); its {refused} wrong-sided call is refused",
            whole >= FOUND * entries and refused == 1,
            entries,
        ),
        Claim(
            "no entry is invented from the gold room's other messages",
            "0",
            f"{invented} of {len(texts) - entries}",
            invented == 0,
            len(texts) - entries,
        ),
        Claim(
            "updates of the gold room are attached to the right signal with the right actions",
            "all of a hand-read sample of 100",
            f"{right} of {total}" + "".join(f"; {told}" for told in disagreements[:3]),
            right == total == 100,
            total,
        ),
    ]
