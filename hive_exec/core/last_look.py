"""The last look before an order leaves: facts that may have changed since it was intended.

Asked in the desk's thread; it reads and changes nothing.
"""

from __future__ import annotations

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.order import BracketOrder
from hive_exec.core.controls import Mode
from hive_exec.core.state import Bot, CellState


def reason_not_to_send(state: CellState, bot: Bot, order: BracketOrder, now_ns: int) -> str:
    """Why an intended order must not leave any more, or "".

    While it waited for its turn the kill switch or a breaker may have been thrown, something on which the
    account depends may have become unwell (R6), or the process may have slept (O7).
    """
    if state.controls.kill is not None:
        return "the kill switch is thrown"
    standing = state.standing(bot)
    if standing.is_shadow or standing.mode is not Mode.NORMAL:
        return "; ".join(standing.reasons)
    age_s = (now_ns - order.submitted_ns) / NS_PER_SECOND
    if age_s > bot.settings.max_decision_age_s or now_ns >= order.good_till_ns:
        return f"{age_s:.0f} s after it was decided it is too old to be sent"
    return ""
