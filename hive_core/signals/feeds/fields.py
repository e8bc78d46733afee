"""The fields of a machine's record: their names, their values, and what they say together.

Strict, for a machine that means something else than it says is broken: an unknown field, a field twice,
text in place of a number are refused, and nothing is guessed. The prices must make a trade, by the rule
for the prose of people. How a text is cut into fields stands in `json_signal` and `tradingview`; whether a
price makes sense at the market is the validator's question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hive_core.instruments.mapping import UnmappedSymbol, map_symbol
from hive_core.instruments.specification import specification_of
from hive_core.signals.parser.doubt import Unclear
from hive_core.signals.parser.geometry import require_geometry
from hive_core.signals.parser.tokens import symbol_of
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Action, ActionKind, ParsedSignal, ParsedUpdate, Refused, Span, Verdict

ACCEPTED_NAMES: dict[str, tuple[str, ...]] = {
    "symbol": ("symbol", "ticker", "instrument"),
    "side": ("side", "direction", "action", "signal"),
    "order_type": ("order_type",),
    "entry": ("entry", "entry_price", "price"),
    "entry_low": ("entry_low",),
    "entry_high": ("entry_high",),
    "stop_loss": ("stop_loss", "sl", "stop_price"),
    "take_profits": ("take_profits", "targets"),
    "take_profit": ("take_profit", "tp", "take_profit_price"),
    "target_shares": ("target_shares",),
    "has_runner": ("has_runner",),
    "valid_until": ("valid_until",),
    "confidence": ("confidence",),
    "reduce_only": ("reduce_only",),
    "cancel_side": ("param_side",),
    "share": ("share",),
    "volume": ("volume", "quantity", "lots"),
    "tag": ("tag",),
}
"""The fields that say something, each under any of its names (in lower case)."""

TOLD_ONLY = frozenset(
    {
        *("id", "signal_id", "ts", "timestamp", "time", "source", "message_sha256"),
        *("exchange", "interval", "timeframe", "strategy", "comment", "leverage"),
    }
)
"""Fields that change nothing of what is asked for. Leverage is the account's, as the size is."""

PRICES = frozenset({"entry", "entry_low", "entry_high", "stop_loss", "take_profit", "take_profits"})
MAX_TARGETS = 16
MAX_PRICE, MIN_PRICE = Decimal(10) ** 12, Decimal(1).scaleb(-8)

_FIELD_OF = {name: field for field, names in ACCEPTED_NAMES.items() for name in names}
_NUMBERED_TARGET = re.compile(r"(?:take_profit|take_profit_price|tp)_?([1-9][0-9]?)")
_TARGET_RATIO = re.compile(r"take_profit_volume_ratio(?:_([1-9][0-9]?))?")
_RELATIVE = re.compile(r"(?:[+-][0-9.,]+|[+-]?[0-9.,]+\s*(?:%|d|p|pips?|points?))", re.ASCII | re.IGNORECASE)
_SIDES = {"buy": "buy", "long": "buy", "sell": "sell", "short": "sell"}
_CLOSES = frozenset({"close", "exit", "flat"})
_BETWEEN_PAIRS = re.compile(r"[\s/_.-]")
_OTHER_SIDE = {"buy": "sell", "sell": "buy"}
_ORDER_TYPES = frozenset({"market", "limit", "stop"})


class _Refusal(ValueError):
    def __init__(self, field: str, reason: SignalReason, detail: str) -> None:
        super().__init__(detail)
        self.field, self.reason, self.detail = field, reason, detail


@dataclass(slots=True)
class _Fields:
    """A record's values by field, with the name each was written under."""

    values: dict[str, Any]
    names: dict[str, str]
    numbered_targets: dict[int, Any]
    ratios: dict[int, Any]


def is_known(name: str) -> bool:
    """Whether a record may have a field of this name (lower case)."""
    return (
        name in _FIELD_OF
        or name in TOLD_ONLY
        or _NUMBERED_TARGET.fullmatch(name) is not None
        or _TARGET_RATIO.fullmatch(name) is not None
    )


def is_number_field(name: str) -> bool:
    """Whether the field of this name (lower case) holds a number."""
    return (
        _FIELD_OF.get(name) in (PRICES - {"take_profits"}) | {"confidence", "share"}
        or _NUMBERED_TARGET.fullmatch(name) is not None
        or _TARGET_RATIO.fullmatch(name) is not None
    )


def verdict_of(record: Mapping[str, Any], span: Span) -> Verdict:
    """What a record says: a signal, a close or cancel, or a refusal with the field at fault.

    Args:
        record: values by name in lower case: text, `Decimal` or `int`, `bool`, None (as if it were not
            there), or a list of numbers.
        span: the piece of the message's text that the record is.
    """
    symbol = side = None
    try:
        fields = _fields(record)
        symbol = _symbol(fields)
        intent = _intent(fields)
        side = _SIDES.get(intent)
        if side is None:
            return _update(fields, symbol, intent, span)
        if _flag(fields, "reduce_only"):
            return _reduction(fields, symbol, side, span)
        return _signal(fields, symbol, side, span)
    except _Refusal as refusal:
        return Refused(refusal.field, refusal.reason, refusal.detail, symbol, side, span)


def _fields(record: Mapping[str, Any]) -> _Fields:
    found = _Fields({}, {}, {}, {})
    for name, value in record.items():
        if value is None or name in TOLD_ONLY:
            continue
        if field := _FIELD_OF.get(name):
            if field == "side" and str(found.values.get("side")).strip().lower() in {"cancel", *_CLOSES}:
                field = "cancel_side"  # SIGNAL=CANCEL;SIDE=SELL
            if field in found.values:
                detail = f"{found.names[field]} and {name} say the same twice"
                raise _Refusal(field, SignalReason.REPEATED_FIELD, detail)
            found.values[field], found.names[field] = value, name
        elif numbered := _NUMBERED_TARGET.fullmatch(name):
            if int(numbered[1]) in found.numbered_targets:
                detail = f"target {numbered[1]} stands twice"
                raise _Refusal("take_profits", SignalReason.REPEATED_FIELD, detail)
            found.numbered_targets[int(numbered[1])] = value
        elif ratio := _TARGET_RATIO.fullmatch(name):
            found.ratios[int(ratio[1] or 0)] = value
        else:
            raise _Refusal(name[:40], SignalReason.UNKNOWN_FIELD, f"{name[:40]} is no field Hive knows")
    return found


def _symbol(fields: _Fields) -> str:
    written = fields.values.get("symbol")
    if written is None or written == "":
        raise _Refusal("symbol", SignalReason.MISSING_SYMBOL, "no instrument is named")
    try:
        return map_symbol(_text("symbol", written))
    except UnmappedSymbol as error:
        # A pair that is none of ours is read all the same: whether it can trade, the validator says.
        if not error.meanings and (symbol := symbol_of(_BETWEEN_PAIRS.sub("", str(written).lower()))):
            return symbol
        reason = SignalReason.AMBIGUOUS_INSTRUMENT if error.meanings else SignalReason.UNKNOWN_INSTRUMENT
        raise _Refusal("symbol", reason, str(error)) from None


def _intent(fields: _Fields) -> str:
    written = fields.values.get("side")
    if written is None or written == "":
        raise _Refusal("side", SignalReason.MISSING_SIDE, "neither buy nor sell is said")
    said = _text("side", written).strip().lower()
    if said in _SIDES or said in _CLOSES or said == "cancel":
        return said
    raise _Refusal("side", SignalReason.MISSING_SIDE, f"{said[:40]} is none of buy, sell, close, cancel")


def _signal(fields: _Fields, symbol: str, side: str, span: Span) -> ParsedSignal:
    for field in ("share", "cancel_side"):
        if field in fields.values:
            detail = f"{fields.names[field]} belongs to a close or a cancel"
            raise _Refusal(field, SignalReason.UNKNOWN_FIELD, detail)
    entry = _entry(fields)
    order_type = _order_type(fields)
    if entry is None and order_type != "market":
        raise _Refusal("entry", SignalReason.MISSING_ENTRY, f"a {order_type} order without its price")
    if "stop_loss" not in fields.values:
        raise _Refusal("stop_loss", SignalReason.MISSING_STOP, "no stop is given")
    stop_loss = _price("stop_loss", fields.values["stop_loss"])
    targets = _targets(fields)
    try:
        require_geometry(side, entry, stop_loss, targets, specification_of(symbol), span)
    except Unclear as fault:
        raise _Refusal(fault.name, fault.reason, fault.detail) from None
    has_runner = _flag(fields, "has_runner")
    confidence = _share("confidence", fields.values.get("confidence", 1), SignalReason.UNCLEAR_NUMBER)
    return ParsedSignal(
        symbol=symbol,
        side=side,
        order_type=order_type,
        entry=entry,
        stop_loss=stop_loss,
        take_profits=targets,
        target_shares=_target_shares(fields, len(targets), has_runner=has_runner),
        has_runner=has_runner,
        valid_until=_valid_until(fields),
        confidence=float(confidence),
        grounds=() if confidence == 1 else (f"its sender is sure of it by {confidence}",),
        span=span,
    )


def _order_type(fields: _Fields) -> str:
    is_alert = fields.names["side"] == "signal"
    if "order_type" not in fields.values:
        if is_alert and "entry" in fields.values:
            detail = "a price without ORDER_TYPE: LIMIT waits for it, MARKET does not"
            raise _Refusal("order_type", SignalReason.UNCLEAR_ENTRY, detail)
        return "market"
    said = _text("order_type", fields.values["order_type"]).strip().lower()
    if said not in _ORDER_TYPES:
        detail = f"{said[:40]} is none of market, limit, stop"
        raise _Refusal("order_type", SignalReason.UNREADABLE_FIELD, detail)
    if said == "stop" and is_alert:
        detail = "ORDER_TYPE=STOP makes STOP_PRICE the order's own price, so the trade has no stop"
        raise _Refusal("order_type", SignalReason.UNCLEAR_STOP, detail)
    return said


def _entry(fields: _Fields) -> tuple[Decimal, Decimal] | None:
    given = [field for field in ("entry", "entry_low", "entry_high") if field in fields.values]
    if not given:
        return None
    prices = [_price(field, fields.values[field]) for field in given]
    if given == ["entry"]:
        return prices[0], prices[0]
    if given != ["entry_low", "entry_high"]:
        detail = f"{' and '.join(given)}: give entry, or entry_low and entry_high"
        raise _Refusal("entry", SignalReason.UNCLEAR_ENTRY, detail)
    if prices[0] > prices[1]:
        detail = f"entry_low {prices[0]} is over entry_high {prices[1]}"
        raise _Refusal("entry", SignalReason.UNCLEAR_ENTRY, detail)
    return prices[0], prices[1]


def _targets(fields: _Fields) -> tuple[Decimal, ...]:
    listed, single = fields.values.get("take_profits"), fields.values.get("take_profit")
    numbered = fields.numbered_targets
    if listed is not None and (single is not None or numbered):
        raise _Refusal(
            "take_profits", SignalReason.REPEATED_FIELD, "a list of targets, and targets beside it"
        )
    if listed is not None:
        found = listed if isinstance(listed, list) else [listed]
    elif isinstance(single, list):
        found = single
        if numbered:
            raise _Refusal(
                "take_profits", SignalReason.REPEATED_FIELD, "a list of targets, and others beside"
            )
    else:
        first = 1 if single is None or 1 in numbered else 2
        missing = [n for n in range(first, max(numbered, default=0)) if n not in numbered]
        if missing:
            detail = f"target {missing[0]} is missing before target {max(numbered)}"
            raise _Refusal("take_profits", SignalReason.UNCLEAR_TARGET, detail)
        found = [*([] if single is None else [single]), *(numbered[n] for n in sorted(numbered))]
    if not found:
        raise _Refusal("take_profits", SignalReason.MISSING_TARGET, "no target is given")
    if len(found) > MAX_TARGETS:
        detail = f"{len(found)} targets, at most {MAX_TARGETS} are taken"
        raise _Refusal("take_profits", SignalReason.TOO_MANY_TARGETS, detail)
    return tuple(_price("take_profits", target) for target in found)


def _target_shares(fields: _Fields, targets: int, *, has_runner: bool) -> tuple[Decimal, ...]:
    """Shares of the position, as given or in the given ratios. What no target takes is the runner's."""
    listed, ratios = fields.values.get("target_shares"), fields.ratios
    if listed is not None and ratios:
        raise _Refusal("target_shares", SignalReason.REPEATED_FIELD, "shares, and ratios beside them")
    if listed is None and not ratios:
        return ()
    given = listed if listed is not None else [ratios[number] for number in sorted(ratios)]
    if not isinstance(given, list) or len(given) != targets:
        detail = f"{targets} targets need {targets} shares"
        raise _Refusal("target_shares", SignalReason.UNCLEAR_TARGET, detail)
    if listed is None:
        parts = [_price("target_shares", ratio) for ratio in given]
        shares = [(part / sum(parts)).quantize(Decimal("0.000001")) for part in parts[:-1]]
        return (*shares, 1 - sum(shares, Decimal(0)))
    shares = [_share("target_shares", share, SignalReason.UNCLEAR_TARGET) for share in given]
    whole = sum(shares, Decimal(0))
    if min(shares) <= 0 or whole > 1 or (whole == 1 and has_runner):
        detail = f"the shares are {', '.join(map(str, shares))} of 1"
        raise _Refusal("target_shares", SignalReason.UNCLEAR_TARGET, detail)
    return tuple(shares)


def _update(fields: _Fields, symbol: str, intent: str, span: Span) -> ParsedUpdate:
    _refuse_plan(fields, intent)
    side = None
    if intent == "cancel":
        if "tag" in fields.values:
            # Hive does not know the sender's tags, and to cancel every order instead would be another thing.
            detail = "cancels the orders of one tag only"
            raise _Refusal("tag", SignalReason.UNKNOWN_FIELD, detail)
        if "cancel_side" in fields.values:
            side = _SIDES.get(_text("cancel_side", fields.values["cancel_side"]).strip().lower())
            if side is None:
                raise _Refusal("cancel_side", SignalReason.UNREADABLE_FIELD, "neither buy nor sell")
        return ParsedUpdate((Action(ActionKind.CANCEL),), symbol, side, span=span)
    if "share" not in fields.values:
        return ParsedUpdate((Action(ActionKind.CLOSE),), symbol, span=span)
    share = _share("share", fields.values["share"], SignalReason.UNCLEAR_NUMBER)
    if share <= 0:
        raise _Refusal("share", SignalReason.UNCLEAR_NUMBER, "closes nothing")
    if share == 1:
        return ParsedUpdate((Action(ActionKind.CLOSE),), symbol, span=span)
    return ParsedUpdate((Action(ActionKind.PARTIAL_CLOSE, share=share),), symbol, span=span)


def _reduction(fields: _Fields, symbol: str, side: str, span: Span) -> ParsedUpdate:
    """An order that may only reduce: without a price of its own it closes the other side."""
    _refuse_plan(fields, "reduce_only")
    return ParsedUpdate((Action(ActionKind.CLOSE),), symbol, _OTHER_SIDE[side], span=span)


def _refuse_plan(fields: _Fields, intent: str) -> None:
    """A close has no prices, and its size in the sender's units says nothing of our position."""
    for field in (*sorted(PRICES), "target_shares", "volume"):
        if field in fields.values:
            detail = f"{intent} with {fields.names[field]}: how much of our position that is is not known"
            if field != "volume":
                detail = (
                    f"{intent} with {fields.names[field]}: an order of its own, which Hive does not place"
                )
            raise _Refusal(field, SignalReason.UNKNOWN_FIELD, detail)
    if fields.numbered_targets or fields.ratios:
        raise _Refusal("take_profits", SignalReason.UNKNOWN_FIELD, f"{intent} with targets")
    if intent != "cancel" and "cancel_side" in fields.values:
        raise _Refusal(
            "cancel_side", SignalReason.UNKNOWN_FIELD, f"{intent} with {fields.names['cancel_side']}"
        )
    if intent in {"cancel", "reduce_only"} and "share" in fields.values:
        raise _Refusal("share", SignalReason.UNKNOWN_FIELD, f"{intent} with a share")


def _price(field: str, value: Any) -> Decimal:
    number = _number(field, value)
    if not MIN_PRICE <= number <= MAX_PRICE:
        raise _Refusal(field, SignalReason.NOT_A_PRICE, f"{shown(value)} is no price")
    return number


def _share(field: str, value: Any, reason: SignalReason) -> Decimal:
    number = _number(field, value)
    if not 0 <= number <= 1:
        raise _Refusal(field, reason, f"{shown(value)} is not from 0 to 1")
    return number


def _number(field: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise _Refusal(field, SignalReason.UNCLEAR_NUMBER, f"{shown(value)} is not a number")
    if isinstance(value, str):
        if field in PRICES and _RELATIVE.fullmatch(value.strip()):
            detail = f"{shown(value)} is counted from the market, not a price"
            raise _Refusal(field, SignalReason.RELATIVE_PRICE, detail)
        raise _Refusal(field, SignalReason.UNCLEAR_NUMBER, f"{shown(value)!r} is text, not a number")
    number = Decimal(value)
    if not number.is_finite():
        raise _Refusal(field, SignalReason.UNCLEAR_NUMBER, f"{shown(value)} is not a number")
    return number


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _Refusal(field, SignalReason.UNREADABLE_FIELD, f"{shown(value)} is not text")
    return value


def _flag(fields: _Fields, field: str) -> bool:
    value = fields.values.get(field, False)
    if not isinstance(value, bool):
        raise _Refusal(field, SignalReason.UNREADABLE_FIELD, f"{shown(value)} is neither true nor false")
    return value


def _valid_until(fields: _Fields) -> datetime | None:
    if "valid_until" not in fields.values:
        return None
    written = _text("valid_until", fields.values["valid_until"])
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    detail = f"{shown(written)} is no time with its zone (ISO 8601)"
    raise _Refusal("valid_until", SignalReason.UNREADABLE_FIELD, detail)


def shown(value: Any) -> str:
    """A value as a detail shows it: short and on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else text[:40] + "..."
