"""What a call names: its instrument, its side, its kind of order. Prices stand in `prices`."""

from __future__ import annotations

import difflib
from decimal import Decimal

from hive_core.configuration.model import SourceProfile
from hive_core.instruments.specification import alias_table, specification_of
from hive_core.signals.parser.call_parts import Call, Label, Mention, Unit
from hive_core.signals.parser.context import NAMED_BEFORE, ONLY_ONE_CALLED, Context
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.entries import entry_of
from hive_core.signals.parser.prices import distinct, prices_of
from hive_core.signals.parser.scale import Scale
from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Span

_SYMBOL_LETTERS = (6, 7)
_MOST_STRANGE_WORDS = 6
"""How many words are compared to symbols, to name the one that is misspelt."""
HABIT_PCT = 3
"""How far from its source's last stop a call without a symbol may stand, in percent."""
_MISSPELLING_LIKENESS = 0.8


def whole_span(call: Call) -> Span:
    """The span of a whole call."""
    return Span(call.start, max(call.end, call.start))


def _mention_span(mention: Mention) -> Span:
    return Span(mention.start, mention.end)


def symbol_named(
    call: Call, tokens: list[Token], profile: SourceProfile, context: Context, grounds: Grounds
) -> str:
    """The one instrument of a call.

    Raises:
        Unclear: none is named or known, or several are, or one that may be several.
    """
    named = distinct(mention.value for mention in call.symbols)
    if set(named) == {"USOIL", "UKOIL"}:
        named = ["UKOIL"]  # "oil Brent": the word for oil is no second instrument
    if len(named) > 1:
        named = _beside_the_side(call) or named
        if len(named) == 1:
            grounds.less(0.05, "another instrument is named too")
    if len(named) > 1:
        detail = f"names {', '.join(named)}"
        raise Unclear("symbol", SignalReason.SEVERAL_SYMBOLS, detail, _mention_span(call.symbols[-1]))
    if named:
        return named[0]
    if call.unknown:
        mention = call.unknown[0]
        detail = f"{mention.value} may be several instruments"
        raise Unclear("symbol", SignalReason.AMBIGUOUS_INSTRUMENT, detail, _mention_span(mention))
    if (nickname := _nickname(call, tokens)) is not None:
        grounds.less(0.1, "the instrument is told by a nickname")
        return nickname
    strange = [token for token in tokens if token.kind == Kind.WORD and len(token.text) in _SYMBOL_LETTERS]
    for token in strange[:_MOST_STRANGE_WORDS]:
        if token.text.isascii():
            near = difflib.get_close_matches(
                token.text.upper(), alias_table(), n=1, cutoff=_MISSPELLING_LIKENESS
            )
            if near:
                detail = f"{token.text.upper()} is no instrument Hive knows; {near[0]} is"
                raise Unclear("symbol", SignalReason.UNKNOWN_INSTRUMENT, detail, Span(token.start, token.end))
    if context.symbol is not None:
        grounds.less(0.05, NAMED_BEFORE)
        return context.symbol
    if profile.default_symbol is not None:
        if specification_of(profile.default_symbol) is None:
            detail = f"the source's default {profile.default_symbol} is no instrument Hive knows"
            raise Unclear("symbol", SignalReason.UNKNOWN_INSTRUMENT, detail, whole_span(call))
        grounds.less(0.05, "the instrument is the source's default")
        return profile.default_symbol
    if context.habit is not None and _is_near(call, *context.habit):
        grounds.less(0.2, ONLY_ONE_CALLED)
        return context.habit[0]
    raise Unclear("symbol", SignalReason.MISSING_SYMBOL, "no instrument is named", whole_span(call))


_NICKNAMES = {
    "eu": "EURUSD",
    "au": "AUDUSD",
    "nu": "NZDUSD",
    "uc": "USDCAD",
    "ea": "EURAUD",
    "eg": "EURGBP",
    "ga": "GBPAUD",
    "gc": "GBPCAD",
    "ec": "EURCAD",
    "aj": "AUDJPY",
    "cj": "CADJPY",
    "nj": "NZDJPY",
    **{
        coin: f"{coin.upper()}USD"
        for coin in ("sol", "doge", "xrp", "ada", "bnb", "ltc", "avax", "trx", "bch")
    },
}
"""Short names that are words too: taken beside the side only, and where no other instrument is named."""


def _nickname(call: Call, tokens: list[Token]) -> str | None:
    """The instrument that a nickname right before or behind a side tells, or None where none or two do."""
    starts = {mention.start for mention in call.sides}
    beside = {at + step for at, token in enumerate(tokens) if token.start in starts for step in (-1, 1)}
    found = {_NICKNAMES.get(tokens[at].text) for at in beside if 0 <= at < len(tokens)} - {None}
    return found.pop() if len(found) == 1 else None


def _is_near(call: Call, symbol: str, price: Decimal) -> bool:
    """Whether the stop that a call names stands where the instrument was lately."""
    scale = Scale.of(call, specification_of(symbol))
    for each in call.of(Label.STOP):
        for number in each.of(Unit.PRICE):
            fitting = scale.fitting(number.raw)
            return bool(fitting) and abs(fitting[0] - price) * 100 <= HABIT_PCT * price
    return False


def _beside_the_side(call: Call) -> list[str]:
    """The symbols on the lines where a side is said, or the one nearest to the first side."""
    sides = call.sides or call.weak_sides
    first_price = min(
        (each.start for each in call.of(Label.STOP, Label.TARGET) if each.has_number), default=call.end
    )
    early = distinct(mention.value for mention in call.symbols if mention.start < first_price)
    if len(early) == 1:
        return early
    lines = {side.line for side in sides}
    beside = distinct(mention.value for mention in call.symbols if mention.line in lines)
    if len(beside) == 1 or not sides:
        return beside
    first = sides[0]
    return distinct(mention.value for mention in call.symbols if mention.line == first.line) or beside


def side_named(call: Call, forbidden: str | None, context: Context, symbol: str, grounds: Grounds) -> str:
    """Buy or sell; `forbidden` are the words of the text that forbid a direction.

    Raises:
        Unclear: neither is said, or both are, or the text forbids it.
    """
    said = distinct(mention.value for mention in call.sides)
    if len(said) > 1:
        said = distinct(mention.value for mention in call.sides if not mention.is_prose) or said
        if len(said) == 1:
            grounds.less(0.1, "another side is spoken of in its words")
    if not said:
        said = distinct(mention.value for mention in call.weak_sides)
        if said:
            grounds.less(0.1, "the side is told by a mood word only")
    if not said and context.side is not None and symbol == context.symbol:
        grounds.less(0.05, "the side is named in the message before")
        said = [context.side]
    if not said:
        said = _side_by_prices(call, symbol, grounds)
    if not said:
        raise Unclear("side", SignalReason.MISSING_SIDE, "neither buy nor sell is said", whole_span(call))
    if len(said) > 1:
        span = _mention_span((call.sides or call.weak_sides)[-1])
        raise Unclear("side", SignalReason.CONTRADICTORY_SIDES, "says both buy and sell", span)
    if forbidden is not None and not _forbids_another(forbidden, said[0]):
        raise Unclear("side", SignalReason.NEGATED, f"says {forbidden!r}", whole_span(call))
    return said[0]


def _forbids_another(negated: str, side: str) -> bool:
    """ "Holders are not selling" in a call to buy."""
    others = {"buy": ("sell", "short"), "sell": ("buy", "long")}[side]
    return any(word in negated for word in others)


def _side_by_prices(call: Call, symbol: str, grounds: Grounds) -> list[str]:
    """The one side for which a labelled entry, stop and targets make a trade; rooms write it as a picture."""
    scale = Scale.of(call, specification_of(symbol))
    try:
        entry = entry_of(call, scale, Grounds())
        stops = [
            price
            for each in call.of(Label.STOP)
            for price in prices_of(each, scale, "stop_loss", Grounds(), upward=0)
        ]
    except Unclear:
        return []
    is_called = bool(call.orders) or any(each.label is Label.ENTRY for each in call.fields)
    if entry is None or len(stops) != 1 or not is_called:
        return []
    grounds.less(0.25, "the side is told by the prices only")
    return ["buy"] if stops[0] < entry[0] else ["sell"]


def order_type_named(call: Call) -> str:
    """Market, limit or stop.

    Raises:
        Unclear: several kinds are named.
    """
    orders = list(call.orders)
    if not orders:
        return _triggered(call) or ("limit" if call.is_pending else "market")
    if len(orders) > 1:
        detail = f"says {' and '.join(orders)}"
        raise Unclear("order_type", SignalReason.CONTRADICTORY_ORDER_TYPES, detail, whole_span(call))
    return orders[0]


def _triggered(call: Call) -> str | None:
    """ "Buy above 1.10" waits for a rise, "sell above" too, each with its own kind of order."""
    if any(each.sided and each.of(Unit.PRICE) for each in call.of(Label.CALL)):
        return None  # "buy 4080, if below 4070 ..."
    entries = [each for each in call.of(Label.ENTRY) if each.of(Unit.PRICE)]
    for each in [each for each in entries if each.sided] or entries[:1]:
        side = call.sides[0].value if call.sides else None
        if side and "above" in each.place_words:
            return "stop" if side == "buy" else "limit"
        if side and ("below" in each.place_words or "under" in each.place_words):
            return "limit" if side == "buy" else "stop"
    return None
