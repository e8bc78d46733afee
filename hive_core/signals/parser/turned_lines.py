"""Labels behind their prices, turned into the usual order: lines such as "2025 sl" and "2036 tp1", and whole
calls on one line, "buy 2030 // 2025 sl // 2036 2040 tp".

Only where all labels are written so; a text that mixes both is left as it stands.
"""

from __future__ import annotations

from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind

_LABELS = frozenset({Kind.STOP, Kind.TARGET})
_LINE_LABELS = _LABELS | {Kind.ENTRY}
_PRICES = frozenset({Kind.NUMBER, Kind.MARK, Kind.JOIN})
_ORDERS = tuple(
    [Kind.NUMBER, Kind.SIDE, order] for order in (Kind.LIMIT, Kind.STOP_ORDER, Kind.STOP, Kind.MARKET)
)
_ENTRY_WORDS = frozenset({Kind.ENTRY, Kind.LIMIT, Kind.STOP_ORDER, Kind.MARKET})
_ORDINALS = frozenset({"first", "second", "third", "1st", "2nd", "3rd"})
_PARTING = frozenset({"/", ","})
_ENTRY_AND_TARGET = 2
_FEWEST_DIGITS = 3
_MOST_INDEX_DIGITS = 2


def turned(tokens: list[Token]) -> list[Token]:
    """The tokens, each "price label" as "label price"; the same list where nothing is to be turned."""
    kinds = {token.kind for token in tokens}
    if not kinds >= _LABELS:
        return tokens
    if kinds & _ENTRY_WORDS:
        tokens = _with_entries_turned(tokens)
    return _turned_lines(tokens) or _turned_call(tokens) or tokens


def _with_entries_turned(tokens: list[Token]) -> list[Token]:
    """Lines that are nothing but "3272 second entry" or "3272 buy limit" turned."""
    found: list[Token] = []
    line: list[Token] = []
    for token in (*tokens, None):
        if token is not None and token.kind is not Kind.LINE:
            line.append(token)
            continue
        is_entry = len(line) in (2, 3) and line[-1].kind is Kind.ENTRY and _has_price(line[:1])
        if is_entry and all(each.text in _ORDINALS for each in line[1:-1]):
            line = line[::-1]
        elif [each.kind for each in line] in _ORDERS and _has_price(line[:1]):
            line = [*line[1:], line[0]]
        found += line
        if token is not None:
            found.append(token)
        line = []
    return found


def _turned_lines(tokens: list[Token]) -> list[Token] | None:
    """All lines with a label turned, or None where one of them is not to be."""
    found: list[Token] = []
    line: list[Token] = []
    count = 0
    called = False
    for token in (*tokens, None):
        if token is not None and token.kind is not Kind.LINE:
            line.append(token)
            continue
        if any(each.kind in _LINE_LABELS for each in line) and _has_price(line):
            at = _label_behind_price(line)
            is_exit = any(each.kind in _LABELS for each in line)
            if at is None and is_exit:
                return None
            if at is not None:
                line = [*line[at:], *line[:at]]
                count += is_exit
        elif not called and (at := _side_behind_price(line)) is not None:
            line = [*line[at:], *line[:at]]
            called = True
        found += line
        if token is not None:
            found.append(token)
        line = []
    return found if count > 1 else None


def _turned_call(tokens: list[Token]) -> list[Token] | None:
    """A call on one line turned, or None where it is written in the usual order or no entry is in it.

    Of the prices before the first label the last is the stop, or those behind the last mark are targets: one
    at least is left for the entry. So a call in the usual order, turned by mistake, would have its stop on
    the wrong side.
    """
    first = next(at for at, token in enumerate(tokens) if token.kind in _LABELS)
    if not first or tokens[first - 1].kind is not Kind.NUMBER:
        return None  # told at once of most texts
    places = [at for at, token in enumerate(tokens) if token.kind in _LABELS]
    ends = [at for at, token in enumerate(tokens) if token.kind is Kind.LINE]
    begin = max((at + 1 for at in ends if at < places[0]), default=0)
    end = min((at for at in ends if at > places[0]), default=len(tokens))
    if places[-1] > end or {tokens[at].kind for at in places} != _LABELS or len(places) != len(_LABELS):
        return None
    if any(token.kind is Kind.NUMBER for token in tokens[places[-1] : end]):
        return None
    found = tokens[:begin]
    for at in places:
        group = _prices_before(tokens, begin, at, is_first=at == places[0])
        if group is None:
            return None
        found += [*tokens[begin:group], tokens[at], *tokens[group:at]]
        begin = at + 1
    return found + tokens[begin:]


def _prices_before(tokens: list[Token], begin: int, label: int, *, is_first: bool) -> int | None:
    """Where the prices of a label begin that stands behind them."""
    at = label
    while at > begin and tokens[at - 1].kind in _PRICES:
        at -= 1
    numbers = [place for place in range(at, label) if tokens[place].kind is Kind.NUMBER]
    is_whole = numbers and all(len(tokens[place].text) >= _FEWEST_DIGITS for place in numbers[-1:])
    if not is_whole or tokens[label - 1].kind is not Kind.NUMBER:
        return None
    if not is_first:
        return numbers[0]
    parted = [place for place in range(at, label) if tokens[place].text in _PARTING]
    own = [place for place in numbers if not parted or place > parted[-1]]
    if tokens[label].kind is Kind.TARGET and not parted and len(numbers) != _ENTRY_AND_TARGET:
        return None  # "2030 2036 2040 tp": which of them are targets?
    if tokens[label].kind is Kind.STOP or not parted:
        own = own[-1:]
    return own[0] if own and len(own) < len(numbers) else None


def _side_behind_price(line: list[Token]) -> int | None:
    """Where the words of "2032 buy gold" begin, of a line whose numbers all stand before its side."""
    at = next((at for at, token in enumerate(line) if token.kind not in _PRICES), 0)
    if not at or line[0].kind is not Kind.NUMBER or len(line[0].text) < _FEWEST_DIGITS:
        return None
    rest = line[at:]
    says_side = any(token.kind is Kind.SIDE for token in rest)
    return at if says_side and not any(token.kind is Kind.NUMBER for token in rest) else None


def _has_price(line: list[Token]) -> bool:
    return any(token.kind is Kind.NUMBER and len(token.text) >= _FEWEST_DIGITS for token in line)


def _label_behind_price(line: list[Token]) -> int | None:
    """Where the label of a line begins that has its price before it, and nothing but an index and marks
    behind it."""
    labels = [at for at, token in enumerate(line) if token.kind in _LINE_LABELS]
    if len(labels) != 1 or not labels[0]:
        return None
    at = labels[0]
    before, behind = line[:at], line[at + 1 :]
    prices = [token for token in before if token.kind is Kind.NUMBER]
    if not prices or any(token.kind not in _PRICES for token in before):
        return None
    if before[0].kind is not Kind.NUMBER or len(prices[0].text) < _FEWEST_DIGITS:
        return None
    for token in behind:
        is_index = token.kind is Kind.NUMBER and len(token.text) <= _MOST_INDEX_DIGITS
        if not is_index and token.kind is not Kind.MARK:
            return None
    return at
