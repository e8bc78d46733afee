"""The parser against labelled texts of others (`HIVE_REAL_DATA`), field by field.

Labels may be wrong: where the two disagree, `labels/parser_cases.toml` says by line who is right, and why.
No text of the file stands in this project.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal
from proofs.reporting import Claim

CASES = "signals/parser_cases.jsonl"
_LABELS = Path(__file__).parent / "labels" / "parser_cases.toml"
ACCURACY = 0.98


@dataclass(frozen=True, slots=True)
class Compared:
    """One labelled text: how many of its fields are labelled, and which the parser reads otherwise."""

    line: int
    kind: str
    labelled: int
    wrong: tuple[str, ...]


def compared() -> Iterator[Compared]:
    """Every labelled line of the file. A reject that is read as a signal has the wrong field `signal`."""
    path = Path(os.environ["HIVE_REAL_DATA"]) / CASES
    for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        case = json.loads(text)
        verdicts = read_text(case["text"], SourceProfile())
        signals = [verdict for verdict in verdicts if isinstance(verdict, ParsedSignal)]
        if case["expected_kind"] == "rejected":
            yield Compared(number, "rejected", 1, ("signal",) if signals else ())
        elif case["expected_kind"] == "signal":
            told = [_fields(case["expected"], signal) for signal in signals or [None]]
            best = min(told, key=lambda fields: sum(not right for right in fields.values()))
            wrong = tuple(name for name, right in best.items() if not right)
            yield Compared(number, "signal", len(best), wrong)


def _fields(label: dict[str, Any], signal: ParsedSignal | None) -> dict[str, bool]:
    """Each labelled field, and whether it is read so. A label names one price of a zone."""
    entry, targets = label["entry"], label["tps"]
    if isinstance(entry, list):
        entry = entry[0]
    if targets and isinstance(targets[0], list):
        (targets,) = targets
    found: dict[str, bool] = {}
    if label["symbol"] is not None:
        found["symbol"] = signal is not None and signal.symbol == label["symbol"]
    if label["side"] is not None:
        found["side"] = signal is not None and signal.side == label["side"].lower()
    if entry is not None:
        price = Decimal(str(entry))
        zone = None if signal is None else signal.entry
        found["entry"] = zone is not None and zone[0] <= price <= zone[1]
    if label["sl"] is not None:
        found["stop"] = signal is not None and float(signal.stop_loss) == label["sl"]
    if targets is not None:
        found["targets"] = signal is not None and list(map(float, signal.take_profits)) == targets
    return found


def parser_case_claims() -> list[Claim]:
    """Field accuracy of the labelled signals, the labelled rejects, and every disagreement judged."""
    judged = tomllib.loads(_LABELS.read_text("utf-8"))
    signals = [case for case in compared() if case.kind == "signal"]
    rejects = [case for case in compared() if case.kind == "rejected"]
    readings = {int(line): told for line, told in judged["labelled_signals"].items()}
    fields = sum(case.labelled for case in signals)
    right = sum(case.labelled - len(case.wrong) for case in signals)
    not_ours = sum(len(case.wrong) for case in signals if case.line in readings)
    ours = fields - right - not_ours
    accuracy = right / (right + ours)
    accepted = {case.line for case in rejects if case.wrong}
    known = {int(line) for line in judged["labelled_rejects"]}
    idle = [line for line in readings if not any(case.line == line and case.wrong for case in signals)]
    wrong_labels = {line for line, told in readings.items() if told["right"] == "parser"}
    both = sum(len(case.wrong) for case in signals if case.line in readings and case.line not in wrong_labels)
    return [
        Claim(
            "fields of labelled texts are read as labelled, where the label is of the text",
            f">= {ACCURACY:.0%} of the fields",
            f"{accuracy:.1%} of {right + ours}; {len(readings)} texts disagree: in {len(wrong_labels)} the "
            f"label is wrong, {len(readings) - len(wrong_labels)} can be read both ways and are refused "
            f"({right / (right + ours + both):.1%} if these are ours, {right / fields:.1%} over all labels)",
            accuracy >= ACCURACY and not idle,
            len(signals),
        ),
        Claim(
            "every labelled reject is refused, or its label is judged",
            "no other is accepted",
            f"{len(rejects) - len(accepted)} of {len(rejects)} refused, {len(accepted)} accepted and judged",
            accepted == known,
            len(rejects),
        ),
    ]
