"""Fifth step of the parser: what a block of a message is: a signal, an update, noise, or refused.

Nothing is repaired and nothing is guessed: what is missing or has two readings is refused with its
field and reason. Whether a clear signal makes sense at the market is the validator's question.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from hive_core.configuration.model import SourceProfile
from hive_core.instruments.specification import InstrumentSpecification, alias_table, instruments
from hive_core.signals.clauses import Call, Clause, read_call
from hive_core.signals.prices import UnclearNumber, is_plausible, prices_of, zone_of
from hive_core.signals.reasons import SignalReason
from hive_core.signals.tokens import Token
from hive_core.signals.words import (
    ENTRY_CONDITIONS,
    NEGATED_SIDE,
    REPORT_HEADING,
    STOP_CONDITIONS,
    manages_trade,
    reports_result,
)

MAX_TARGETS = 16
_MISSPELLING_LIKENESS = 0.8


@dataclass(frozen=True, slots=True)
class Signal:
    """A clear call. `entry` is its zone (equal edges for one price), None for the market's own price."""

    symbol: str
    side: str
    order_type: str
    entry: tuple[Decimal, Decimal] | None
    stop_loss: Decimal
    take_profits: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A block that is no call: an update (recognised as such only) or noise."""

    kind: Literal["update", "noise"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A block that looks like a call and is not clear: the field at fault, the code, and the words."""

    field: str
    reason: SignalReason
    detail: str
    symbol: str | None = None
    side: str | None = None


class _Refusal(ValueError):
    def __init__(self, field: str, reason: SignalReason, detail: str) -> None:
        super().__init__(detail)
        self.field, self.reason, self.detail = field, reason, detail


def judge(
    text: str, tokens: list[Token], profile: SourceProfile, *, after_report: bool = False
) -> Signal | Other | Refused:
    """Say what one block is.

    Args:
        text: the block's normalised text; `tokens` are its tokens.
        profile: what is known of the source.
        after_report: a heading of results stands before it in the message. Then a call is refused, for
            it may be a result too.
    """
    call = read_call(tokens)
    has_stop = any(clause.has_number for clause in call.of("stop"))
    has_target = any(clause.has_number for clause in call.of("target"))
    has_geometry = has_stop and has_target
    if has_geometry and REPORT_HEADING.search(text):
        return Other("noise")
    if not has_geometry:
        if manages_trade(text):
            return Other("update")
        if after_report or reports_result(text) or REPORT_HEADING.search(text):
            return Other("noise")
        if not _looks_like_call(call, profile, has_stop, has_target):
            return Other("noise")
    symbol = call.symbols[0] if len(call.symbols) == 1 else None
    side = call.sides[0] if len(call.sides) == 1 else None
    try:
        if after_report or reports_result(text):
            raise _Refusal("text", SignalReason.RESULT_IN_ENTRY, "the post tells the results of trades")
        return _signal(call, text, tokens, profile)
    except _Refusal as refusal:
        return Refused(refusal.field, refusal.reason, refusal.detail, symbol, side)


def _looks_like_call(call: Call, profile: SourceProfile, has_stop: bool, has_target: bool) -> bool:
    has_entry = any(clause.prices for clause in call.of("call", "entry"))
    names_instrument = bool(call.symbols or call.unknown_symbols or profile.default_symbol)
    if call.sides and names_instrument:
        return has_entry or has_stop or has_target or bool(call.order_types)
    return sum((has_entry, has_stop, has_target, bool(call.sides))) >= 2 and (has_stop or has_target)


def _signal(call: Call, text: str, tokens: list[Token], profile: SourceProfile) -> Signal:
    specification = instruments()[_symbol(call, tokens, profile)]
    side = _side(call, text)
    order_type = _order_type(call)
    entry = _entry(call, specification)
    if entry is None and order_type != "market":
        raise _Refusal("entry", SignalReason.MISSING_ENTRY, f"a {order_type} order without its price")
    pip = _pip(specification, profile)
    stop_loss = _stop(call, specification, side, entry, pip)
    targets = _targets(call, specification, side, entry, pip)
    return Signal(specification.symbol, side, order_type, entry, stop_loss, targets)


def _symbol(call: Call, tokens: list[Token], profile: SourceProfile) -> str:
    named = [*call.symbols, *call.unknown_symbols]
    if len(named) > 1:
        raise _Refusal("symbol", SignalReason.SEVERAL_SYMBOLS, f"names {', '.join(named)}")
    if call.unknown_symbols:
        detail = f"{call.unknown_symbols[0]} is not an instrument Hive knows"
        raise _Refusal("symbol", SignalReason.UNKNOWN_INSTRUMENT, detail)
    if call.symbols:
        return call.symbols[0]
    names = [name for name in alias_table() if len(name) >= 6]
    for token in tokens:
        if token.kind == "word" and len(token.text) >= 6:
            near = difflib.get_close_matches(token.text.upper(), names, n=1, cutoff=_MISSPELLING_LIKENESS)
            if near:
                detail = f"{token.text.upper()} is not an instrument Hive knows; {near[0]} is"
                raise _Refusal("symbol", SignalReason.UNKNOWN_INSTRUMENT, detail)
    if profile.default_symbol is None:
        raise _Refusal("symbol", SignalReason.MISSING_SYMBOL, "no instrument is named")
    if profile.default_symbol not in instruments():
        detail = f"the source's default {profile.default_symbol} is not an instrument Hive knows"
        raise _Refusal("symbol", SignalReason.UNKNOWN_INSTRUMENT, detail)
    return profile.default_symbol


def _side(call: Call, text: str) -> str:
    if not call.sides:
        raise _Refusal("side", SignalReason.MISSING_SIDE, "neither buy nor sell is said")
    if len(call.sides) > 1:
        raise _Refusal("side", SignalReason.CONTRADICTORY_SIDES, "says both buy and sell")
    if negated := NEGATED_SIDE.search(text):
        raise _Refusal("side", SignalReason.NEGATED, f"says {negated.group()!r}")
    return call.sides[0]


def _order_type(call: Call) -> str:
    if len(call.order_types) > 1:
        detail = f"says {' and '.join(call.order_types)}"
        raise _Refusal("order_type", SignalReason.CONTRADICTORY_ORDER_TYPES, detail)
    return call.order_types[0] if call.order_types else "market"


def _entry(call: Call, specification: InstrumentSpecification) -> tuple[Decimal, Decimal] | None:
    zones: list[tuple[Decimal, Decimal]] = []
    asides: list[_Refusal] = []
    clauses = call.of("call", "entry")
    has_price = any(clause.prices for clause in clauses)
    for clause in clauses:
        if not clause.prices and has_price and not clause.sided:
            continue
        try:
            zone = _zone(clause, specification)
        except _Refusal as refusal:
            # Numbers after a mere symbol ("XAUUSD setup 11") may be none of the entry's.
            if clause.label == "entry" or clause.sided:
                raise
            asides.append(refusal)
        else:
            if zone is not None and zone not in zones:
                zones.append(zone)
    likely = [zone for zone in zones if is_plausible(zone[0], specification)] or zones
    if not likely and asides:
        raise asides[0]
    if len(likely) > 1:
        told = " and ".join(str(low) if low == high else f"{low}-{high}" for low, high in likely)
        raise _Refusal("entry", SignalReason.UNCLEAR_ENTRY, f"several entries: {told}")
    return likely[0] if likely else None


def _zone(clause: Clause, specification: InstrumentSpecification) -> tuple[Decimal, Decimal] | None:
    if condition := ENTRY_CONDITIONS.intersection(clause.words_before):
        detail = f"depends on a condition ({', '.join(sorted(condition))})"
        raise _Refusal("entry", SignalReason.UNCLEAR_ENTRY, detail)
    if clause.pips or clause.points:
        raise _Refusal("entry", SignalReason.UNCLEAR_ENTRY, "the entry is given in pips")
    if clause.apart:
        detail = f"{' and '.join(clause.prices)} stand apart"
        raise _Refusal("entry", SignalReason.UNCLEAR_ENTRY, detail)
    try:
        return zone_of(clause.prices, specification) if clause.prices else None
    except UnclearNumber as error:
        raise _Refusal("entry", SignalReason.UNCLEAR_ENTRY, str(error)) from None


def _pip(specification: InstrumentSpecification, profile: SourceProfile) -> Decimal | None:
    """What this source calls a pip of this instrument; unknown where senders differ, unless declared."""
    declared = profile.pip.get(specification.symbol)
    if declared is None and specification.has_agreed_pip:
        return specification.pip
    return declared


def _stop(
    call: Call,
    specification: InstrumentSpecification,
    side: str,
    entry: tuple[Decimal, Decimal] | None,
    pip: Decimal | None,
) -> Decimal:
    clauses = call.of("stop")
    if any(clause.points for clause in clauses):
        raise _Refusal("stop_loss", SignalReason.UNCLEAR_PIP, "given in points, whose size senders differ on")
    condition = STOP_CONDITIONS.intersection(word for clause in clauses for word in clause.words_before)
    if condition:
        detail = f"depends on a condition ({', '.join(sorted(condition))})"
        raise _Refusal("stop_loss", SignalReason.CONDITIONAL_STOP, detail)
    prices = _distinct_prices(clauses, specification, "stop_loss")
    distances = {number for clause in clauses for number in clause.pips}
    if not prices and not distances:
        raise _Refusal("stop_loss", SignalReason.MISSING_STOP, "no stop is given")
    if len(prices) > 1 or (not prices and len(distances) > 1):
        told = " and ".join(map(str, prices)) or " and ".join(sorted(distances)) + " pips"
        raise _Refusal("stop_loss", SignalReason.UNCLEAR_STOP, f"several stops: {told}")
    if prices:
        return prices[0]
    sign = -1 if side == "buy" else 1
    return _at_distance(distances.pop(), sign, specification, entry, pip, "stop_loss")


def _targets(
    call: Call,
    specification: InstrumentSpecification,
    side: str,
    entry: tuple[Decimal, Decimal] | None,
    pip: Decimal | None,
) -> tuple[Decimal, ...]:
    clauses = call.of("target")
    if any(clause.points for clause in clauses):
        raise _Refusal(
            "take_profits", SignalReason.UNCLEAR_PIP, "given in points, whose size senders differ on"
        )
    if any(clause.runner_first and clause.has_number for clause in clauses):
        detail = "an open target with a price after it"
        raise _Refusal("take_profits", SignalReason.UNCLEAR_TARGET, detail)
    targets = _distinct_prices(clauses, specification, "take_profits")
    if not targets:
        sign = 1 if side == "buy" else -1
        for clause in clauses:
            for number in clause.pips:
                if len(clause.pips) > 1 and is_plausible(Decimal(number), specification):
                    detail = f"{number} may be a price or a number of pips"
                    raise _Refusal("take_profits", SignalReason.UNCLEAR_TARGET, detail)
                target = _at_distance(number, sign, specification, entry, pip, "take_profits")
                if target not in targets:
                    targets.append(target)
    if not targets:
        runner = any(clause.runner for clause in clauses)
        detail = "the only target is left open" if runner else "no target is given"
        raise _Refusal("take_profits", SignalReason.MISSING_TARGET, detail)
    if len(targets) > MAX_TARGETS:
        detail = f"{len(targets)} targets, at most {MAX_TARGETS} are taken"
        raise _Refusal("take_profits", SignalReason.TOO_MANY_TARGETS, detail)
    return tuple(targets)


def _distinct_prices(
    clauses: list[Clause], specification: InstrumentSpecification, field: str
) -> list[Decimal]:
    found: list[Decimal] = []
    try:
        for clause in clauses:
            if clause.broken:
                raise UnclearNumber(f"{' '.join(clause.prices)} has a blank inside a number")
            for number in clause.prices:
                for price in prices_of(number, specification):
                    if price not in found:
                        found.append(price)
    except UnclearNumber as error:
        raise _Refusal(field, SignalReason.UNCLEAR_NUMBER, str(error)) from None
    return found


def _at_distance(
    number: str,
    sign: int,
    specification: InstrumentSpecification,
    entry: tuple[Decimal, Decimal] | None,
    pip: Decimal | None,
    field: str,
) -> Decimal:
    if pip is None:
        detail = f"given in pips, and what this source calls a pip of {specification.symbol} is not declared"
        raise _Refusal(field, SignalReason.UNCLEAR_PIP, detail)
    if entry is None or entry[0] != entry[1]:
        detail = f"{field} in pips needs one entry price to count from"
        raise _Refusal(
            "entry", SignalReason.MISSING_ENTRY if entry is None else SignalReason.UNCLEAR_ENTRY, detail
        )
    try:
        distance = Decimal(number) * pip
    except ArithmeticError:
        raise _Refusal(field, SignalReason.UNCLEAR_NUMBER, f"{number} is not a number of pips") from None
    price = specification.round_to_tick(entry[0] + sign * distance)
    if distance <= 0 or price <= 0:
        raise _Refusal(field, SignalReason.UNCLEAR_NUMBER, f"{number} pips from {entry[0]} is no price")
    return price
