"""Labels apart from their prices: a heading over rows ("PAIR SIDE ENTRY SL TP1 TP2"), or a list of them in
brackets behind the prices ("1858, 1852, 1868 (entry, stop, t1)"). Each price gets its label before it.

Only where a row has exactly as many prices as there are labels; everything else is left as it stands.
"""

from __future__ import annotations

from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind

_LABELS = {
    Kind.ENTRY: Kind.ENTRY,
    Kind.STOP: Kind.STOP,
    Kind.TARGET: Kind.TARGET,
    Kind.WEAK_STOP: Kind.STOP,
    Kind.WEAK_TARGET: Kind.TARGET,
    Kind.WEAK_ENTRY: Kind.ENTRY,
}
_FEWEST_LABELS = 3
_FEWEST_DIGITS = 3
_MOST_INDEX_DIGITS = 2


def labelled(tokens: list[Token]) -> list[Token]:
    """The tokens with a label before each price of such a row; the same list where there is none."""
    if not _has_labels_in_a_row(tokens):
        return tokens
    lines = _lines(tokens)
    found: list[Token] = []
    heading: list[Token] | None = None
    is_changed = False
    for line in lines:
        labels = _labels_of(line)
        prices = _prices_of(line)
        if labels and not prices:
            is_heading = len(labels) >= _FEWEST_LABELS
            heading = labels if is_heading else None
            found += [] if is_heading else line
            continue
        row = _row(line, heading) or _bracketed(line)
        is_changed |= row is not None
        found += row or line
    return found if is_changed else tokens


def _has_labels_in_a_row(tokens: list[Token]) -> bool:
    """Whether three labels stand in a row without a price between: told at once of most texts."""
    count = 0
    for token in tokens:
        if token.kind in _LABELS:
            count += 1
            if count == _FEWEST_LABELS:
                return True
        elif token.kind is Kind.NUMBER and len(token.text) >= _FEWEST_DIGITS:
            count = 0
    return False


def _lines(tokens: list[Token]) -> list[list[Token]]:
    lines: list[list[Token]] = [[]]
    for token in tokens:
        lines[-1].append(token)
        if token.kind is Kind.LINE:
            lines.append([])
    return lines


def _labels_of(line: list[Token]) -> list[Token]:
    """The labels of a line, each as a clear one; none where it does not name stop and target."""
    labels = [token._replace(kind=_LABELS[token.kind]) for token in line if token.kind in _LABELS]
    return labels if {token.kind for token in labels} >= {Kind.STOP, Kind.TARGET} else []


def _prices_of(line: list[Token]) -> list[Token]:
    return [token for token in line if token.kind is Kind.NUMBER and len(token.text) >= _FEWEST_DIGITS]


def _row(line: list[Token], heading: list[Token] | None) -> list[Token] | None:
    """A line with the labels of a heading put before its prices."""
    prices = _prices_of(line)
    if heading is None or len(prices) != len(heading) or _has_label(line):
        return None
    labels = iter(heading)
    found: list[Token] = []
    for token in line:
        if token in prices:
            label = next(labels)
            found.append(label._replace(start=token.start, end=token.start))
        found.append(token)
    return found


def _has_label(line: list[Token]) -> bool:
    """Whether a line has labels of its own; "buy stop" has none."""
    return any(
        token.kind in _LABELS and not (token.kind is Kind.STOP and at and line[at - 1].kind is Kind.SIDE)
        for at, token in enumerate(line)
    )


def _bracketed(line: list[Token]) -> list[Token] | None:
    """A line with the labels that stand in brackets behind its prices put before them."""
    opened = next((at for at, token in enumerate(line) if token.text == "("), None)
    if opened is None:
        return None
    labels = _labels_of(line[opened:])
    before = line[:opened]
    is_list = all(token.kind is not Kind.NUMBER or _is_index(token) for token in line[opened:])
    if not labels or not is_list or _has_label(before):
        return None
    row = _row(before, labels)
    return None if row is None else row + [token for token in line[opened:] if token.kind is Kind.LINE]


def _is_index(token: Token) -> bool:
    return len(token.text) <= _MOST_INDEX_DIGITS
