"""What the tokens around a place tell of the word or number there: a side or a term, a list or its end.

Pure questions about neighbours; what follows from the answers stands in `fields`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from hive_core.signals.parser.call_parts import Number, Unit
from hive_core.signals.parser.counting import stands_alone, unit_of
from hive_core.signals.parser.text import normalise
from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind

_BETWEEN_WORDS = frozenset({"@", "se", "finally", "half", "rest", "partial"})
"""Join numbers too: "50% @ 90.60"; "se" is "to" in Hindi, "if" in Portuguese."""
_ORDINALS = frozenset(
    normalise(word)
    for word in (
        *("first", "second", "third", "fourth", "2nd", "3rd", "next", "final", "last"),
        *("primero", "segundo", "tercero", "primeiro", "terceiro", "primer", "tercer", "ultimo"),
        *("первая", "вторая", "третья", "первый", "второй", "третий", "الأول", "الثاني", "الثالث"),
    )
)
"""Join numbers, with words around them: "1.2680 first and 1.2725", "1.2720 and the second is 1.2650"."""
_AROUND_ORDINALS = frozenset({"is", "one", "target", "el", "o", "es", "e", "y"})
_BETWEEN_NUMBERS = frozenset({Kind.MARK, Kind.JOIN, Kind.LINE, Kind.UNIT_PIPS, Kind.UNIT_POINTS})
_ZONE_MARKS = frozenset("-/_:,&=+.")
_LISTED = frozenset("-/,&")
_BRACKETS = frozenset("()")
_BESIDE_A_SIDE = frozenset(
    {Kind.LINE, Kind.LIMIT, Kind.MARKET, Kind.STOP_ORDER, Kind.ENTRY, Kind.PLACE, Kind.JOIN, Kind.PENDING}
)
_BEFORE_A_SIDE = frozenset(":=-/")
_LABEL_MARKS = frozenset(":.-=_/(,'@")
_OWN_LABELS = frozenset({Kind.STOP, Kind.TARGET, Kind.ENTRY})
_PRICE_LENGTH = 3
_STOP_ORDER_LENGTHS = (len("stop"), len("stop at"))
_LOOK_AHEAD = 60
"""How many tokens on the next line, or the next call, is looked for."""


def joins(between: Sequence[Token]) -> bool:
    """Whether what stands between two numbers of a field makes one list of them."""
    words = [
        each for each in between if each.kind not in _BETWEEN_NUMBERS and each.text not in _BETWEEN_WORDS
    ]
    return not words or (
        any(each.text in _ORDINALS for each in words)
        and all(
            each.kind is Kind.ARTICLE or each.text in _ORDINALS or each.text in _AROUND_ORDINALS
            for each in words
        )
    )


def link(number: Number, between: Sequence[Token]) -> str:
    """Writes into a number how it hangs together with the one before it, by what stands between them; the
    last bracket there, or nothing."""
    marks = [each for each in between if each.kind is Kind.MARK or each.kind is Kind.JOIN]
    number.joined = joins(between)
    number.listed = bool(marks) and all(each.kind is Kind.JOIN or each.text in _LISTED for each in between)
    number.dashed = (
        number.joined
        and bool(marks)
        and all(each.kind is Kind.JOIN or each.text in _ZONE_MARKS for each in marks)
    )
    return next((each.text for each in reversed(marks) if each.text in _BRACKETS), "")


def stands_in_brackets(tokens: Sequence[Token], place: int) -> bool:
    """ "Entry (breakout): 1.1555" names the kind of entry, and no condition."""
    around = tokens[max(0, place - 1) : place + 2]
    return len(around) == 3 and around[0].text == "(" and around[2].text == ")"


def is_prose(tokens: Sequence[Token], place: int) -> bool:
    """Whether a side stands among words, with nothing of a call beside it and no end of a line."""
    near = (*tokens[max(0, place - 3) : place], *tokens[place + 1 : place + 4])
    if any(each.kind is Kind.SYMBOL or each.kind is Kind.NUMBER for each in near):
        return False
    beside = [tokens[at] for at in (place - 1, place + 1) if 0 <= at < len(tokens)]
    return len(beside) == 2 and not any(
        each.kind in _BESIDE_A_SIDE or each.text in _BEFORE_A_SIDE for each in beside
    )


def own_prices(tokens: Sequence[Token]) -> list[int]:
    """For each place, the first place behind it with a label of a stop, a target or an entry, or with a
    number long enough for a price; far away where there is none."""
    found = [0] * len(tokens)
    first = len(tokens) + _LOOK_AHEAD + 1
    for place in range(len(tokens) - 1, -1, -1):
        found[place] = first
        token = tokens[place]
        if token.kind in _OWN_LABELS or (token.kind is Kind.NUMBER and len(token.text) >= _PRICE_LENGTH):
            first = place
    return found


def begins_another(own: Sequence[int], place: int) -> bool:
    """Whether a side or symbol after a whole call has numbers of its own behind it (`own_prices`), before a
    third call would begin."""
    return own[place] - place <= _LOOK_AHEAD


def is_a_term(tokens: Sequence[Token], place: int) -> bool:
    """ "Long term", "short-term", "as long as": no direction."""
    if _piece(tokens, place) not in {"long", "short", "longs", "shorts"}:
        return False
    after = place + 1
    if after < len(tokens) and tokens[after].text == "-":
        after += 1
    if after < len(tokens) and tokens[after].text in {"term", "terms", "as", "time", "run"}:
        return True
    return place > 0 and tokens[place - 1].text == "as"


def _piece(tokens: Sequence[Token], place: int) -> str:
    """The word of a side as it was written, by its length: "buy" and "long" are one side."""
    token = tokens[place]
    length = token.end - token.start
    if token.text == "buy":
        return {4: "long", 5: "longs"}.get(length, "buy")
    return {5: "short", 6: "shorts"}.get(length, "sell")


def is_stop_order(tokens: Sequence[Token], place: int) -> bool:
    """ "Buy stop 1.77", "buy stop at 1.77": an order that waits. "Buy stop loss" is none, nor is a stop on a
    line of its own."""
    if tokens[place].end - tokens[place].start not in _STOP_ORDER_LENGTHS or place == 0:
        return False
    return tokens[place - 1].kind is Kind.SIDE


def is_moved(tokens: Sequence[Token], place: int) -> bool:
    """Whether a label is told to be moved: "move your stop"."""
    before = place - 1
    while before >= 0 and tokens[before].kind is Kind.ARTICLE:
        before -= 1
    return before >= 0 and tokens[before].kind is Kind.MOVING


def next_line(tokens: Sequence[Token], place: int) -> list[Token]:
    """The tokens of the next line with anything on it, behind the end of a line."""
    line: list[Token] = []
    for token in islice(tokens, place + 1, place + 1 + _LOOK_AHEAD):
        if token.kind is not Kind.LINE:
            line.append(token)
        elif line:
            break
    return line


def ends_sentence(tokens: Sequence[Token], place: int) -> bool:
    """Whether a full stop stands there with a blank behind it."""
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    return tokens[place].text == "." and (following is None or following.start > tokens[place].end)


def is_side_letter(tokens: Sequence[Token], place: int) -> bool:
    """Whether a letter stands between a symbol and a price: "xau b 2644"."""
    around = tokens[max(0, place - 1) : place + 2]
    return (
        len(around) == 3
        and around[0].kind is Kind.SYMBOL
        and around[2].kind is Kind.NUMBER
        and len(around[2].text) >= 3
        and around[2].start > around[1].end
    )


def says_there_is_none(before: Token) -> bool:
    """ "Without stop, add at 0.6250": the number behind is none."""
    return before.kind is Kind.WITHOUT or before.text == "no"


def behind_marks(tokens: Sequence[Token], place: int) -> int:
    """The first place behind a label that is neither a mark nor a word such as "at"."""
    after = place + 1
    while after < len(tokens) and (tokens[after].text in _LABEL_MARKS or tokens[after].kind is Kind.PLACE):
        after += 1
    return after


def leads_to_a_price(tokens: Sequence[Token], place: int) -> bool:
    """Whether a short word is a label: "in: 2650" and "out1: 2660" have one, "in 2025" has not; "e 2650" has
    where it begins a line."""
    near = tokens[place + 1 : place + 3]
    is_glued = bool(near) and near[0].kind is Kind.NUMBER and near[0].start == tokens[place].end
    is_line = tokens[place].text == "e" and stands_alone(tokens, place)
    return is_glued or is_line or any(each.text in {":", "="} for each in near)


def is_equated(tokens: Sequence[Token], place: int) -> bool:
    """Whether a number is told by the price behind it: "61.8 = 1.3435"."""
    at = place + 2
    if at >= len(tokens) or tokens[at].kind is not Kind.NUMBER or tokens[place + 1].text != "=":
        return False
    return unit_of(tokens, at, tokens[at]) is Unit.PRICE


def names_a_price(tokens: Sequence[Token], place: int) -> bool:
    """Whether a number long enough for a price follows a word: "risk 84.20", not "risk 2 %"."""
    at = behind_marks(tokens, place)
    if at >= len(tokens) or tokens[at].kind is not Kind.NUMBER:
        return False
    digits = sum(character.isdigit() for character in tokens[at].text)
    return digits > 3 and unit_of(tokens, at, tokens[at]) is Unit.PRICE


def number_follows(tokens: Sequence[Token], place: int) -> bool:
    """Whether another number stands behind one on its line, or begins the next line."""
    at = place + 1
    while at < len(tokens) and tokens[at].kind is not Kind.LINE:
        if tokens[at].kind is Kind.NUMBER:
            return True
        at += 1
    return at + 1 < len(tokens) and tokens[at + 1].kind is Kind.NUMBER
