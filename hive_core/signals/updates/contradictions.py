"""Actions of one text that cannot all be done."""

from __future__ import annotations

from hive_core.signals.verdicts import Action, ActionKind

ENDS = frozenset({ActionKind.CLOSE, ActionKind.CANCEL})
"""What ends a trade."""

_GOING_ON = frozenset(
    {ActionKind.PARTIAL_CLOSE, ActionKind.BREAKEVEN, ActionKind.MOVE_STOP, ActionKind.MOVE_TARGET}
)
"""What is asked only of a trade that goes on."""


def contradiction_of(actions: tuple[Action, ...]) -> str:
    """Why the actions cannot all be done, or nothing."""
    stops = {str(action.price) for action in actions if action.kind is ActionKind.MOVE_STOP}
    if len(stops) > 1:
        return f"two new stops are named: {' and '.join(sorted(stops))}"
    kinds = {action.kind for action in actions}
    if stops and ActionKind.BREAKEVEN in kinds:
        return "the stop goes to the entry and to another price"
    ends = [action for action in actions if action.kind in ENDS and action.entry_price is None]
    left = kinds & _GOING_ON
    if ends and left:
        return f"it is to be ended, and {min(left).value.replace('_', ' ')} is asked of it too"
    targets: dict[int | None, set[str]] = {}
    for action in actions:
        if action.kind is ActionKind.MOVE_TARGET:
            targets.setdefault(action.target_number, set()).add(str(action.price))
    if any(len(prices) > 1 for prices in targets.values()):
        return "one target goes to two prices"
    return ""
