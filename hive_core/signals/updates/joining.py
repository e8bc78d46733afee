"""The clauses of a sentence: what commas, "and" and "or" part, and what they do not."""

from __future__ import annotations

from hive_core.signals.updates.tokens import Token
from hive_core.signals.updates.vocabulary import Concept


def clauses_of(sentence: list[Token]) -> list[tuple[list[Token], str, str]]:
    """The clauses of a sentence, each with what joins it to the one before and to the one after."""
    found: list[tuple[list[Token], str, str]] = []
    clause: list[Token] = []
    joined_by = ""
    for position, token in enumerate(sentence):
        separates = token.concept in (Concept.AND, Concept.OR) or token.text == ","
        if separates and not _between_numbers(sentence, position) and not _goes_on(sentence, position):
            joins = "," if token.text == "," else token.concept.value
            if clause:
                found.append((clause, joined_by, joins))
            clause, joined_by = [], joins
        else:
            clause.append(token)
    if clause:
        found.append((clause, joined_by, ""))
    return found


def held_for_a_case(clauses: list[tuple[list[Token], str, str]]) -> int:
    """From which clause on a case counts: what is asked before "and hold until tp2" is asked now."""
    cases = []
    for index, (tokens, _, _) in enumerate(clauses):
        concepts = [token.concept for token in tokens]
        if Concept.IF in concepts:
            is_held = Concept.HOLD in concepts[: concepts.index(Concept.IF)]
            cases.append(index if is_held else 0)
    return min(cases, default=0)


_OF_A_RESULT = frozenset({Concept.LOSS, Concept.PROFIT, Concept.FILLER, Concept.EVEN, Concept.BREAKEVEN})


def _goes_on(sentence: list[Token], position: int) -> bool:
    """Whether what a comma or "or" is followed by only tells the result: "close at 23.02, +17", "at cost
    or small loss"."""
    behind = sentence[position + 1 : position + 6]
    if sentence[position].text == ",":
        before = sentence[max(0, position - 2) : position]
        return (
            [token.concept for token in before] == [Concept.AT, Concept.NUMBER]
            and len(behind) > 1
            and behind[0].concept is Concept.MARK
            and behind[0].text in "+-"
            and behind[1].concept is Concept.NUMBER
        )
    concepts = {token.concept for token in behind}
    is_result = bool(concepts) and concepts <= _OF_A_RESULT and Concept.LOSS in concepts
    return sentence[position].concept is Concept.OR and is_result


def _between_numbers(sentence: list[Token], position: int) -> bool:
    around = sentence[max(0, position - 1) : position + 2 : 2]
    return len(around) == 2 and all(token.concept is Concept.NUMBER for token in around)
