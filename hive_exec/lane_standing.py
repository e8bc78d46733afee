"""How the lanes beside a cell stand: what the face tells of them without knowing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LaneStanding:
    """`live_alarm` says why the live lane cannot answer, `kafka_alarm` why the Kafka lane reads nothing or
    holds its topic back; "" where all is well, or the lane is not in use. `waiting` are signals that are
    durable and not judged yet. `kafka_messages` counts messages since the start, by what became of them."""

    live_alarm: str = ""
    waiting: int = 0
    kafka_alarm: str = ""
    kafka_messages: Mapping[str, int] = field(default_factory=dict)
