"""What about the daemon needs a person, worst first, in words that anybody on this machine may read.

No account, order or reason stands here, for `/health` asks nobody who he is; `/modes` tells those.
"""

from __future__ import annotations

from hive_core.contracts.order import OrderState
from hive_exec.cell import Cell
from hive_exec.facts import mode_of


def attention(cell: Cell) -> list[str]:
    """In any thread: it reads what the last round of the cell left."""
    told: list[str] = []
    if cell.is_killed_at_once or cell.kill_file.is_thrown or cell.state.controls.kill is not None:
        told.append("the kill switch is thrown: no order leaves")
    breakers = len(cell.state.controls.breakers)
    if breakers:
        told.append(f"open breakers: {breakers}")
    unresolved = sum(
        line.state is OrderState.UNRESOLVED
        for bot in list(cell.bots.values())
        if bot.settings.has_broker
        for line in list(bot.orders.values())
    )
    if unresolved:
        told.append(f"unresolved orders: {unresolved}; each counts in full until its venue says what it did")
    reviews = sum(len(bot.reviews) for bot in list(cell.bots.values()))
    if reviews:
        told.append(f"decisions that wait for a person: {reviews}")
    silent = sum(fault is not None for fault in list(cell.witness_faults.values()))
    if silent:
        told.append(f"witnesses that the journal's heads do not reach: {silent}")
    lanes = cell.lane_standing()
    if lanes.live_alarm:
        told.append(f"the live lane refuses messages: {lanes.live_alarm}")
    if lanes.kafka_alarm:
        told.append("the Kafka lane takes no messages")
    mode = mode_of(cell).value
    if not told and mode != "normal":
        told.append(f"the strictest mode of any account is {mode}")
    return told
