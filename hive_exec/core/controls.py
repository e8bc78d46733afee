"""What holds the daemon back: kill switch, breakers, health; and the mode that follows from them.

The mode is a pure function of these facts. Latched ones (kill, breakers) end by persons only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from hive_exec.core.events import Fallback, Health

GLOBAL = "global"

STRICTNESS: dict[Fallback, int] = {"reduced": 0, "shadow": 1, "safe": 2, "halt": 3}
"""An open breaker that trips again keeps the stricter of the two: only a reset loosens it."""


class Mode(StrEnum):
    """What may leave: everything, only what lessens risk, nothing that adds any and no new order at all."""

    NORMAL = "normal"
    REDUCE_ONLY = "reduce_only"
    HALT = "halt"


@dataclass(frozen=True, slots=True)
class Breaker:
    """An open breaker. It stays open over restarts."""

    scope: str
    fallback: Fallback
    reason: str
    principal: str
    ts_ns: int


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """That the kill switch was thrown, and who has agreed to resume."""

    reason: str
    principal: str
    ts_ns: int
    confirmed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """The health of one dependency, and why."""

    health: Health
    reason: str


@dataclass(slots=True)
class Controls:
    """Everything of this kind that concerns the whole daemon. `conditions` is by account (or "cell") and
    dependency."""

    kill: KillSwitch | None = None
    breakers: dict[str, Breaker] = field(default_factory=dict)
    resets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Who has agreed to close a breaker that needs two."""
    conditions: dict[str, dict[str, Condition]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account may do now. `share` is the part of size and rate that is left to it."""

    mode: Mode = Mode.NORMAL
    is_latched: bool = False
    is_shadow: bool = False
    share: Decimal = Decimal(1)
    reasons: tuple[str, ...] = ()


_HALTED_BY: dict[str, Mode] = {"down": Mode.HALT, "suspect": Mode.REDUCE_ONLY}
REQUIRED_OF_BROKERS = ("broker", "reconciliation")
"""Unknown is down: an account at a broker does nothing before both are known to be well."""
_RANK = {Mode.NORMAL: 0, Mode.REDUCE_ONLY: 1, Mode.HALT: 2}


def standing_of(controls: Controls, account: str, *, has_broker: bool, reduced_share: Decimal) -> Standing:
    """The standing of an account: the strictest of kill switch, breakers and the health of what it needs."""
    mode, is_latched, is_shadow, share = Mode.NORMAL, False, False, Decimal(1)
    reasons: list[str] = []
    if controls.kill is not None:
        mode, is_latched = Mode.HALT, True
        reasons.append(f"kill switch by {controls.kill.principal}: {controls.kill.reason}")
    for scope in (GLOBAL, "cell", f"bot:{account}"):
        breaker = controls.breakers.get(scope)
        if breaker is None:
            continue
        reasons.append(f"breaker {scope} ({breaker.fallback}): {breaker.reason}")
        if breaker.fallback == "shadow":
            is_shadow = True
        elif breaker.fallback == "reduced":
            share = reduced_share
        else:
            is_latched = True
            mode = max(
                mode, Mode.HALT if breaker.fallback == "halt" else Mode.REDUCE_ONLY, key=_RANK.__getitem__
            )
    known = {**controls.conditions.get("cell", {}), **controls.conditions.get(account, {})}
    if has_broker:
        for dependency in REQUIRED_OF_BROKERS:
            known.setdefault(dependency, Condition("down", "not known yet"))
    for dependency in sorted(known):
        condition = known[dependency]
        if condition.health != "ok":
            mode = max(mode, _HALTED_BY[condition.health], key=_RANK.__getitem__)
            reasons.append(f"{dependency} {condition.health}: {condition.reason}")
    return Standing(mode, is_latched, is_shadow, share, tuple(reasons))
