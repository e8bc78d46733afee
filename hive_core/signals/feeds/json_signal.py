"""A signal as a JSON object, or several in a list, in the text of a message.

`{"symbol": "EURUSD", "side": "buy", "entry": 1.0512, "stop_loss": 1.0480, "take_profits": [1.0560]}`.
The names of the fields stand in `fields`; letters' case in them does not matter. Only JSON's reading and
writing belongs here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hive_core.contracts.base import ContractError, strict_json
from hive_core.signals.feeds.fields import ACCEPTED_NAMES, verdict_of
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Noise, Refused, Span, Verdict

MAX_SIGNALS = 64
MAX_TEXT_BYTES = 64 * 1024

_BEGINS = re.compile(r"\s*(?:\[\s*)?\{\s*\"")
_NOT_FINITE = re.compile(r'"([^"\\]{1,64})"\s*:\s*(?:\[[^\]]*?)?(-?(?:NaN|Infinity))\b')
_ASKS = frozenset(ACCEPTED_NAMES["symbol"] + ACCEPTED_NAMES["side"])


def is_json(text: str) -> bool:
    """Whether a text can only be JSON: it begins as an object with a key, or as a list of such."""
    return _BEGINS.match(text) is not None


def read_json(text: str) -> list[Verdict]:
    """What a JSON text says. An object without symbol and side asks for nothing: noise."""
    span = Span(0, len(text))
    try:
        value = strict_json(text.encode("utf-8", "surrogatepass"), max_bytes=MAX_TEXT_BYTES)
    except ContractError as error:
        return [_refused(text, error.field, error.reason, span)]
    except ValueError as error:  # Python refuses integers of thousands of digits
        return [_refused(text, "", str(error), span)]
    items = value if isinstance(value, list) else [value]
    if len(items) > MAX_SIGNALS:
        return [_refused(text, "", f"{len(items)} objects, at most {MAX_SIGNALS} are taken", span)]
    verdicts = [_verdict(item, span) for item in items]
    return [verdict for verdict in verdicts if verdict != Noise()] or [Noise()]


def canonical_text(record: Mapping[str, Any]) -> str:
    """A record as the one JSON text that stands for it: sorted keys, no blanks, numbers as numbers.

    Args:
        record: text, `Decimal`, finite `float`, `int`, `bool`, and lists of them; what is None is left out.

    Raises:
        ValueError: a float that is not finite.
    """
    given = {name: value for name, value in record.items() if value is not None}
    pairs = (f"{_written(name)}:{_written(given[name])}" for name in sorted(given))
    return "{" + ",".join(pairs) + "}"


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _verdict(item: Any, span: Span) -> Verdict:
    if not isinstance(item, dict):
        return Refused(
            "text", SignalReason.UNREADABLE_RECORD, "a list of other things than objects", span=span
        )
    record: dict[str, Any] = {}
    for name, value in item.items():
        if name.lower() in record:
            detail = f"{name[:40]} stands twice"
            return Refused(name.lower()[:40], SignalReason.REPEATED_FIELD, detail, span=span)
        record[name.lower()] = value
    if not _ASKS & record.keys():
        return Noise()
    return verdict_of(record, span)


def _refused(text: str, field: str, reason: str, span: Span) -> Refused:
    if field:
        return Refused(field[:40], SignalReason.REPEATED_FIELD, reason, span=span)
    if "is not a number" in reason and (named := _NOT_FINITE.search(text)):
        detail = f"{named[2]} is not a number"
        return Refused(named[1].lower()[:40], SignalReason.UNCLEAR_NUMBER, detail, span=span)
    return Refused("text", SignalReason.UNREADABLE_RECORD, reason, span=span)
