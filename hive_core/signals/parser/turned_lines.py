"""Lines with their label behind the price: "2025 sl", "2036 tp1". They are turned into the usual order.

Only where all lines with such labels are written so; a text that mixes both is left as it stands.
"""

from __future__ import annotations

from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind

_LABELS = frozenset({Kind.STOP, Kind.TARGET})
_PRICES = frozenset({Kind.NUMBER, Kind.MARK, Kind.JOIN})
_FEWEST_DIGITS = 3
_MOST_INDEX_DIGITS = 2


def turned(tokens: list[Token]) -> list[Token]:
    """The tokens, each line "price label" as "label price"; the same list where no line is to be turned."""
    kinds = {token.kind for token in tokens}
    if not kinds >= _LABELS or Kind.LINE not in kinds:
        return tokens
    found: list[Token] = []
    line: list[Token] = []
    count = 0
    called = False
    for token in (*tokens, None):
        if token is not None and token.kind is not Kind.LINE:
            line.append(token)
            continue
        if any(each.kind in _LABELS for each in line):
            at = _label_behind_price(line)
            if at is None:
                return tokens
            line = [*line[at:], *line[:at]]
            count += 1
        elif not called and (at := _side_behind_price(line)) is not None:
            line = [*line[at:], *line[:at]]
            called = True
        found += line
        if token is not None:
            found.append(token)
        line = []
    return found if count > 1 else tokens


def _side_behind_price(line: list[Token]) -> int | None:
    """Where the words of "2032 buy gold" begin, of a line whose numbers all stand before its side."""
    at = next((at for at, token in enumerate(line) if token.kind not in _PRICES), 0)
    if not at or line[0].kind is not Kind.NUMBER or len(line[0].text) < _FEWEST_DIGITS:
        return None
    rest = line[at:]
    says_side = any(token.kind is Kind.SIDE for token in rest)
    return at if says_side and not any(token.kind is Kind.NUMBER for token in rest) else None


def _label_behind_price(line: list[Token]) -> int | None:
    """Where the label of a line begins that has its price before it, and nothing but an index and marks
    behind it."""
    labels = [at for at, token in enumerate(line) if token.kind in _LABELS]
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
