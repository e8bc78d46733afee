"""TradingView alerts that are no JSON: `KEY=VALUE` on lines or with `;` between, and votes of strength.

The dialect of OctoBot's TradingView mode, the one that others speak too: EXCHANGE, SYMBOL, SIGNAL (BUY,
SELL, CLOSE, CANCEL), ORDER_TYPE, PRICE, STOP_PRICE, TAKE_PROFIT_PRICE(_n), TAKE_PROFIT_VOLUME_RATIO(_n),
REDUCE_ONLY, TAG, VOLUME. Only its reading belongs here; what the fields mean stands in `fields`.
Source: https://github.com/Drakkar-Software/OctoBot, TradingViewSignalsTradingMode.md.
"""

from __future__ import annotations

import re
from decimal import Decimal

from hive_core.signals.feeds.fields import is_number_field, verdict_of
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Refused, Span, Verdict

_PIECE = re.compile(r"[^;\n]+")
_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]{0,39})\s*=\s*(.*?)\s*", re.DOTALL)
_NAMES_AN_ORDER = re.compile(r"(?:^|[;\n])\s*(?:SYMBOL|SIGNAL|TICKER)\s*=", re.IGNORECASE)
_SIDE_NAMES = frozenset({"side", "direction", "action"})
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)
_VOTE = re.compile(
    r"\s*[A-Za-z0-9]{2,12}(?:[/_-][A-Za-z0-9]{2,12})?\s*\[\s*[+-]?[0-9.]{1,24}\s*\]\s*", re.ASCII
)


def read_alert(text: str) -> list[Verdict] | None:
    """What an alert says; None for a text that is none.

    An alert is a text of nothing but `KEY=VALUE` that names a symbol and a side, or a SIGNAL. One that
    names both SYMBOL and SIGNAL is an alert too when other words stand between: a broken one.
    """
    if not _NAMES_AN_ORDER.search(text):
        return None
    record: dict[str, str] = {}
    repeated = odd = None
    written: set[str] = set()
    for piece in _PIECE.finditer(text):
        if not piece[0].strip():
            continue
        pair = _PAIR.fullmatch(piece[0])
        if pair is None:
            odd = odd or piece
            continue
        name = pair[1].lower()
        if name in record:
            repeated = repeated or name
        written.add(pair[1])
        record[name] = pair[2]
    span = Span(0, len(text))
    if odd is not None:
        if not {"SYMBOL", "SIGNAL"} <= written:
            return None
        detail = "a line of the alert is no KEY=VALUE"
        return [Refused("text", SignalReason.UNREADABLE_RECORD, detail, span=Span(*odd.span()))]
    if "signal" not in record and not ({"symbol", "ticker"} & record.keys() and _SIDE_NAMES & record.keys()):
        return None
    if repeated is not None:
        return [Refused(repeated, SignalReason.REPEATED_FIELD, f"{repeated} stands twice", span=span)]
    return [verdict_of({name: value_of(name, value) for name, value in record.items()}, span)]


def read_vote(text: str) -> list[Verdict] | None:
    """A vote of strength, such as `EUR/USD[-0.4]`, refused as what it is; None for any other text."""
    if not _VOTE.fullmatch(text):
        return None
    detail = "a vote of strength from -1 to 1: without stop and target it is no call"
    return [Refused("text", SignalReason.STRENGTH_VOTE, detail, span=Span(0, len(text)))]


def value_of(name: str, written: str) -> str | bool | Decimal:
    """The value of a field that comes as text: a number or a flag where the field holds one and this
    is one; otherwise the text, which the field then refuses."""
    if is_number_field(name) and _NUMBER.fullmatch(written):
        return Decimal(written)
    if name in {"reduce_only", "has_runner"} and written.lower() in {"true", "false"}:
        return written.lower() == "true"
    return written
