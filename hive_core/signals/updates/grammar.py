"""What one clause of an update asks: its verbs with what they are said of.

A clause is what stands between commas, "and", "or" and the ends of a sentence. How each verb is read
stands in `closes`, `endings` and `levels`; how a sentence is parted, in `joining`; whether a text is an
update at all, and what its clauses make together, in `reading`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hive_core.signals.updates.clause import Clause, Found
from hive_core.signals.updates.closes import read_close, read_cut, read_ended
from hive_core.signals.updates.endings import (
    read_cancel,
    read_cancelled,
    read_partial,
    read_secure,
)
from hive_core.signals.updates.levels import (
    read_breakeven,
    read_hold,
    read_move,
    read_stop,
    read_stopped,
    read_target,
)
from hive_core.signals.updates.tokens import Token
from hive_core.signals.updates.vocabulary import Concept

MAX_CLAUSE_TOKENS = 80
"""Nobody says what is to be done in more words without a comma or a full stop."""


def read_clause(tokens: Sequence[Token]) -> list[Found]:
    """The actions of a clause, in the order of their verbs; none of one that goes on and on."""
    if len(tokens) > MAX_CLAUSE_TOKENS:
        return []
    clause = Clause(tokens)
    position = 0
    while position < len(tokens):
        if clause.concepts[position] is Concept.ADD:
            break  # what follows is another entry
        reader = _READERS.get(clause.concepts[position])
        position = max(position + 1, reader(clause, position) if reader else 0)
    return clause.found


_READERS: dict[Concept, Callable[[Clause, int], int]] = {
    Concept.CLOSE: read_close,
    Concept.CLOSING: read_close,
    Concept.CUT: read_cut,
    Concept.ENDED: read_ended,
    Concept.CANCEL: read_cancel,
    Concept.REMOVE: read_cancel,
    Concept.CANCELLED: read_cancelled,
    Concept.STOP: read_stop,
    Concept.MOVE: read_move,
    Concept.BREAKEVEN: read_breakeven,
    Concept.HOLD: read_hold,
    Concept.TARGET: read_target,
    Concept.SECURE: read_secure,
    Concept.SECURED: read_secure,
    Concept.PARTIAL: read_partial,
    Concept.STOPPED: read_stopped,
}


VERBS = frozenset(_READERS)
"""The concepts without which a sentence asks nothing."""
