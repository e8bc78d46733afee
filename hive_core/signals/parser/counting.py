"""What one number of a text counts: a price, the number of a target, pips, thousands, a size.

Told from the tokens around it; which label it belongs to stands in `fields`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hive_core.signals.parser.call_parts import Field, Label, Unit
from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind

_UNIT_OF = {
    Kind.UNIT_PIPS: Unit.PIPS,
    Kind.UNIT_POINTS: Unit.POINTS,
    Kind.UNIT_OTHER: Unit.OTHER,
}
_MOST_PIPS_LISTED = 8
_GLUED_UNITS = frozenset({"p", "m", "x", "r", "h", "d", "w", "st", "nd", "rd", "th", "min"})
_COUNTED = frozenset({"layer", "layers", "position", "positions", "trades", "signals", "bars", "candles"})
_MOST_COUNTED_DIGITS = 2
_MOST_TARGETS = 20
_LISTED = frozenset("-/,&")
_LIST_MARKS = frozenset(")-.:/")
_MOST_INDEX_DIGITS = 2


def is_cut_off(tokens: Sequence[Token], place: int, token: Token) -> bool:
    """ "1.08xx": digits that are not told."""
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    return after is not None and after.start == token.end and set(after.text) == {"x"} and len(after.text) > 1


def has_a_letter(tokens: Sequence[Token], place: int, token: Token) -> bool:
    """ "33O1", "331O": a letter for a digit."""
    after, beyond = (*tokens[place + 1 : place + 3], None, None)[:2]
    if after is None or after.start != token.end or set(after.text) != {"o"} or len(token.text) < 2:
        return False
    return len(token.text) > 2 or (
        beyond is not None and beyond.kind is Kind.NUMBER and beyond.start == after.end
    )


def counts_thousands(tokens: Sequence[Token], place: int, token: Token) -> bool:
    """ "62k" and "60.5k"."""
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is None or after.text != "k" or after.start != token.end:
        return False
    return token.text.replace(".", "", 1).isdigit() and not token.text.startswith(".")


def adds_an_edge(tokens: Sequence[Token], place: int) -> bool:
    """ "5360+5350": two whole prices with a plus between."""
    first = tokens[place - 2] if place > 1 else None
    token = tokens[place]
    return first is not None and first.kind is Kind.NUMBER and len(first.text) == len(token.text) > 3


def stands_alone(tokens: Sequence[Token], place: int) -> bool:
    """Whether only marks, or the number of a list, stand before it on its line."""
    at = place - 1
    while at >= 0 and (
        tokens[at].kind is Kind.MARK or (len(tokens[at].text) <= 2 and tokens[at + 1].text in {")", "."})
    ):
        at -= 1
    return at < 0 or tokens[at].kind is Kind.LINE


def is_index(tokens: Sequence[Token], place: int, token: Token, unit: Unit) -> bool:
    """Whether a label's first number counts ("tp 2 1.0850", "tp1", "target 3: open"): small, and glued
    to the label or before another number, or with no price behind it on its line."""
    if unit not in {Unit.PRICE, Unit.OTHER} or not token.text.isdigit() or len(token.text) > 2:
        return False
    if not 1 <= int(token.text) <= _MOST_TARGETS:
        return False
    if len(token.text) == 2 and unit is Unit.PRICE and _is_whole_price(tokens, place, token):
        return False
    after = place + 1
    if after < len(tokens) and tokens[after].text == "%":
        return False
    if unit == Unit.OTHER:  # 1st, 2nd
        return tokens[after].text in {"st", "nd", "rd", "th"}
    return True


def _is_whole_price(tokens: Sequence[Token], place: int, token: Token) -> bool:
    """ "tp 16" of a coin: behind a blank, and with no other number near."""
    if place == 0 or tokens[place - 1].end == token.start:
        return False
    for following in tokens[place + 1 : place + 4]:
        if following.kind is Kind.NUMBER or following.kind is Kind.RUNNER:
            return False
    return True


def unit_of(tokens: Sequence[Token], place: int, token: Token, listed: int = 0) -> Unit:
    """What a number counts, as the word behind it says: a price where none does.

    Args:
        listed: how many numbers of one list were looked through before it ("20-50-100 pips").
    """
    after = place + 1
    if after >= len(tokens):
        return Unit.PRICE
    following = tokens[after]
    if following.kind is Kind.MARK and following.text == "+" and after + 1 < len(tokens):
        after += 1
        following = tokens[after]
    if following.text == "%":
        return Unit.SHARE
    if following.kind in _UNIT_OF or following.kind is Kind.OTHER:
        glued = following.start == token.end
        if following.text in _GLUED_UNITS and not glued:
            return Unit.PRICE
        if following.text in _COUNTED and len(token.text) > _MOST_COUNTED_DIGITS:
            return Unit.PRICE  # "tp 1798, layers"
        if following.kind is Kind.OTHER:
            is_word = following.end - following.start == len(following.text)
            is_size = is_word and following.text in {"lot", "lots"} and not _names_size(tokens, after)
            is_ratio = following.text == "rr" and glued
            return Unit.OTHER if is_size or is_ratio else Unit.PRICE
        if following.kind is Kind.UNIT_POINTS and "." in token.text and len(token.text) > 5:
            return Unit.PRICE
        return _UNIT_OF[following.kind]
    # "20-50-100 pips": the unit is of all three.
    if following.text in _LISTED and len(token.text) <= 3 and listed < _MOST_PIPS_LISTED:
        later = after + 1
        if later < len(tokens) and tokens[later].kind is Kind.NUMBER and token.text.isdigit():
            unit = unit_of(tokens, later, tokens[later], listed + 1)
            return unit if unit in {Unit.PIPS, Unit.POINTS} else Unit.PRICE
    return Unit.PRICE


def _names_size(tokens: Sequence[Token], place: int) -> bool:
    """Whether "lot" begins "lot size 0.2", and is no unit of the number before it."""
    after = place + 1
    if after >= len(tokens):
        return False
    following = tokens[after]
    return following.kind is Kind.NUMBER or following.text in {"size", ":", "@", "="}


def with_what_is_glued(tokens: Sequence[Token], place: int, token: Token) -> tuple[Token, bool]:
    """A number with what is glued to it, and whether that is part of the number: "60.5k". With digits that
    are not told, or a letter for a digit, it becomes a text that is no number."""
    if is_cut_off(tokens, place, token):
        return token._replace(text=token.text + "x"), False
    if has_a_letter(tokens, place, token):
        return token._replace(text=token.text + "o00"), False  # long enough for a price
    if counts_thousands(tokens, place, token):
        return token._replace(text=f"{Decimal(token.text) * 1000:f}"), True
    return token, False


def is_list_number(tokens: Sequence[Token], place: int, field: Field) -> bool:
    """ "1) 4080" or "2. 4090": the number of a line in a list."""
    token = tokens[place]
    if len(token.text) > _MOST_INDEX_DIGITS or not token.text.isdigit():
        return False
    if not stands_alone(tokens, place):
        return False
    if field.label is not Label.NONE and not field.numbers:
        return False  # the label's own index, or its price
    after = tokens[place + 1 : place + 3]
    counted = len(field.numbers) + 1
    if field.label is Label.TARGET and field.index == "1" and int(token.text) == counted:
        # "1 4080", "2 4090" on lines of their own, under one heading
        price = next((each for each in after if each.text not in _LIST_MARKS), None)
        return price is not None and price.kind is Kind.NUMBER and len(price.text) > len(token.text)
    return len(after) == 2 and after[0].text in {")", "."} and after[1].kind is Kind.NUMBER
