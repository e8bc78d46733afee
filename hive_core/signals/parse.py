"""The parser: messages to parsed signals, one pure step after another.

text (ornaments away) -> tokens (instruments known) -> clauses (labels and their numbers) -> calls (what
the block is). Here a message is cut into blocks, and the verdicts become the PARSED table.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from hive_core.configuration.model import Configuration, Resolution, SourceProfile
from hive_core.evidence.canonical import short_id
from hive_core.signals.calls import Other, Refused, Signal, judge
from hive_core.signals.tables import PARSED
from hive_core.signals.text import normalise
from hive_core.signals.tokens import Token, tokenise
from hive_core.signals.words import REPORT_HEADING, SIDES, STOP_LABELS, TARGET_LABELS

Verdict = Signal | Other | Refused


def parse_signals(messages: pl.DataFrame, configuration: Configuration) -> pl.DataFrame:
    """Parse a MESSAGES frame to a PARSED frame.

    A message gives a row for every signal, update and refused call in it, or one row of noise. The same
    messages and settings give the same rows, whatever else is in the frame.
    """
    rows: list[dict[str, Any]] = []
    for message in messages.iter_rows(named=True):
        profile = configuration.sources.get(message["source"], SourceProfile())
        for index, verdict in enumerate(parse_text(message["text"], profile)):
            rows.append(_row(message, index, verdict, configuration.resolution))
    return pl.DataFrame(rows, schema=PARSED, orient="row")


def parse_text(text: str, profile: SourceProfile) -> list[Verdict]:
    """Everything that one text says, in its order; a single noise verdict when it says nothing."""
    verdicts: list[Verdict] = []
    reported = False
    for block, tokens in _blocks(normalise(text)):
        verdicts.append(judge(block, tokens, profile, after_report=reported))
        reported |= bool(REPORT_HEADING.search(block))
    telling = [verdict for verdict in verdicts if verdict != Other("noise")]
    return telling or [Other("noise")]


def _blocks(text: str) -> Iterator[tuple[str, list[Token]]]:
    """Cut a normalised text where another call begins: a paragraph that names a symbol and a side again,
    or a line that does so when the call before it has its stop and its target."""
    lines: list[str] = []
    seen: set[str] = set()
    for paragraph in _paragraphs(text):
        begins = _features(paragraph) >= {"symbol", "side"} and seen >= {"symbol", "side"}
        for line in paragraph:
            features = _features([line])
            complete = features >= {"symbol", "side"} and seen >= {"symbol", "side", "stop", "target"}
            if begins or complete:
                yield _block(lines)
                lines, seen, begins = [], set(), False
            lines.append(line)
            seen |= features
        lines.append("")
    yield _block(lines)


def _paragraphs(text: str) -> Iterator[list[str]]:
    paragraph: list[str] = []
    for line in text.split("\n"):
        if line:
            paragraph.append(line)
        elif paragraph:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _block(lines: list[str]) -> tuple[str, list[Token]]:
    text = "\n".join(lines)
    return text, tokenise(text)


def _features(lines: list[str]) -> set[str]:
    found = set()
    for token in tokenise("\n".join(lines)):
        if token.kind in {"symbol", "unknown_symbol"}:
            found.add("symbol")
        elif token.text in SIDES:
            found.add("side")
        elif token.text in STOP_LABELS:
            found.add("stop")
        elif token.text in TARGET_LABELS:
            found.add("target")
    return found


def _row(message: dict[str, Any], index: int, verdict: Verdict, resolution: Resolution) -> dict[str, Any]:
    identity = {
        "source": message["source"],
        "message_id": message["message_id"],
        "version": message["version"],
        "index": index,
    }
    row: dict[str, Any] = dict.fromkeys(PARSED)
    for name in ("source", "message_id", "version", "ts_event", "message_sha256"):
        row[name] = message[name]
    row["signal_id"] = short_id("sig", identity)
    match verdict:
        case Other(kind):
            row["kind"] = kind
        case Refused(field, reason, detail, symbol, side):
            row |= {"kind": "refused", "field": field, "reason": reason.value, "detail": detail}
            row |= {"symbol": symbol, "side": side}
        case Signal(symbol, side, order_type, entry, stop_loss, take_profits):
            row |= {"kind": "signal", "symbol": symbol, "side": side, "order_type": order_type}
            row["entry_low"], row["entry_high"] = map(float, entry) if entry else (None, None)
            row["stop_loss"] = float(stop_loss)
            row["take_profits"] = [float(target) for target in take_profits]
            row["valid_until"] = _valid_until(message["ts_event"], order_type, resolution)
    return row


def _valid_until(ts_event: datetime, order_type: str, resolution: Resolution) -> datetime:
    lifetime_s = resolution.market_valid_s if order_type == "market" else resolution.pending_valid_s
    return ts_event + timedelta(seconds=lifetime_s)
