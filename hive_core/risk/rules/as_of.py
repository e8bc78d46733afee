"""What held for a phase on a day: one value a kind of rule, what is unknown, and where sources disagree.

A firm's own page outranks what others say of it. Where the best sources disagree among themselves nothing is
known, and a person has to look. Floors and gates work on the `RuleSet` made here.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Literal

from hive_core.contracts.base import Contract
from hive_core.risk.rules.programme import Dated, Entry, Name, Programme, Stated, Text
from hive_core.risk.rules.values import (
    Consistency,
    DailyLoss,
    Holding,
    Inactivity,
    MaximumLoss,
    MinimumDays,
    NewsWindow,
    OrderLimits,
    Policy,
    ProfitTarget,
    RequestLimits,
    Reset,
    StopRequired,
)

KINDS = (
    "daily_loss",
    "maximum_loss",
    "profit_target",
    "minimum_days",
    "consistency",
    "news",
    "holding",
    "order_limits",
    "stop_required",
    "inactivity",
    "request_limits",
    "policy",
)

_ENFORCED: dict[str, type[Contract]] = {
    "news": NewsWindow,
    "holding": Holding,
    "order_limits": OrderLimits,
    "stop_required": StopRequired,
    "request_limits": RequestLimits,
    "policy": Policy,
}
ENFORCED = tuple(_ENFORCED)
"""Kinds that hold an order back; the others tell how a phase goes on, and concern no single order."""
ASKABLE = (
    "daily_loss",
    "maximum_loss",
    *(
        name
        for kind, value in _ENFORCED.items()
        for name in (kind, *(f"{kind}.{field}" for field in value.model_fields))
    ),
)
"""What a person may be asked of a firm's rules: a kind, or one field of it. Of the loss limits he is asked
which source to believe where they disagree; what nobody states of them nobody can accept."""


class UnknownPhase(KeyError):
    """The programme has no such phase."""


class Contradiction(Contract):
    """Sources that say different things of one rule on one day: an item for a person to review."""

    rule: str
    said: tuple[tuple[str, str], ...]
    """(source, value as JSON), as the file has them."""
    taken: Literal["the firm's", "nothing"]


class RuleSet(Contract):
    """The rules of a phase on a day. A kind that is `none` is one that the firm says there is not."""

    programme: Name
    firm: Text
    title: Text
    phase: Name
    day: date
    daily_loss: DailyLoss | Stated
    maximum_loss: MaximumLoss | Stated
    profit_target: ProfitTarget | Stated
    minimum_days: MinimumDays | Stated
    consistency: Consistency | Stated
    news: NewsWindow | Stated
    holding: Holding | Stated
    order_limits: OrderLimits | Stated
    stop_required: StopRequired | Stated
    inactivity: Inactivity | Stated
    request_limits: RequestLimits | Stated
    policy: Policy | Stated
    unverified: tuple[str, ...]
    """Rules that no page of the firm confirms."""
    contradictions: tuple[Contradiction, ...]

    @property
    def name(self) -> str:
        """The programme and the phase."""
        return f"{self.programme}_{self.phase}"

    @cached_property
    def unknown_limits(self) -> tuple[str, ...]:
        """What is unknown of the loss limits, so that there is no floor."""
        limits = ("daily_loss", "maximum_loss", "daily_loss.resets", "maximum_loss.resets")
        return tuple(name for name in self.unknown if name in limits)

    @cached_property
    def stated_resets(self) -> tuple[Reset, ...]:
        """Every reset that the loss limits name, that of the daily one first."""
        found: list[Reset] = []
        for rule in (self.daily_loss, self.maximum_loss):
            if not isinstance(rule, str) and not isinstance(rule.resets, str):
                found += [reset for reset in rule.resets or () if reset not in found]
        return tuple(found)

    @cached_property
    def trails_equity(self) -> bool:
        """Whether profit that is only open can lift a floor."""
        daily, maximum = self.daily_loss, self.maximum_loss
        return (isinstance(daily, DailyLoss) and daily.anchor != "balance") or (
            isinstance(maximum, MaximumLoss) and maximum.mode == "intraday_trailing"
        )

    @cached_property
    def trails_the_past(self) -> bool:
        """Whether the maximum loss hangs on the most that the account ever had."""
        return isinstance(self.maximum_loss, MaximumLoss) and self.maximum_loss.mode != "static"

    @cached_property
    def unknown_enforced(self) -> tuple[str, ...]:
        """What is unknown of the kinds that hold an order back."""
        return tuple(name for name in self.unknown if name.partition(".")[0] in ENFORCED)

    @cached_property
    def contradicted(self) -> tuple[str, ...]:
        """The kinds that concern an order, and of which sources disagree."""
        concerned = (*ENFORCED, "daily_loss", "maximum_loss")
        return tuple(item.rule for item in self.contradictions if item.rule in concerned)

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """The kinds, and the fields of kinds, that nobody knows."""
        found: list[str] = []
        for kind in KINDS:
            value = getattr(self, kind)
            if value == "unknown":
                found.append(kind)
            elif isinstance(value, Contract):
                found += [
                    f"{kind}.{field}"
                    for field in type(value).model_fields
                    if getattr(value, field) == "unknown"
                ]
        return tuple(found)


def rules_as_of(programme: Programme, phase: str, day: date) -> RuleSet:
    """The rules of a phase as they held on a day.

    Raises:
        UnknownPhase: with the phases there are.
    """
    if phase not in programme.phases:
        raise UnknownPhase(f"{programme.name} has no phase {phase!r}; it has: {', '.join(programme.phases)}")
    values: dict[str, object] = {}
    unverified: list[str] = []
    contradictions: list[Contradiction] = []
    for kind in KINDS:
        entries = [
            entry
            for entry in programme.rules
            if entry.rule == kind and phase in entry.phases and entry.held_on(day)
        ]
        best = _best(programme, entries)
        agree = len({_json(entry) for entry in best}) == 1
        values[kind] = best[0].value if agree else "unknown"
        if agree and _rank(programme, best[0]) > 0 and best[0].value != "unknown":
            unverified.append(kind)
        if len({_json(entry) for entry in entries if entry.value != "unknown"}) > 1:
            said = tuple((", ".join(entry.sources), _json(entry)) for entry in entries)
            contradictions.append(
                Contradiction(rule=kind, said=said, taken="the firm's" if agree else "nothing")
            )
    return RuleSet(
        programme=programme.name,
        firm=programme.firm,
        title=programme.title,
        phase=phase,
        day=day,
        unverified=tuple(unverified),
        contradictions=tuple(contradictions),
        **values,  # type: ignore[arg-type]
    )


def _rank(programme: Programme, entry: Dated) -> int:
    """0 where a page of the firm says it, or where the programme is made up and says so itself."""
    publishers = [programme.sources[name].publisher for name in entry.sources]
    return 0 if "firm" in publishers or "made_up" in publishers else 1


def _best(programme: Programme, entries: list[Entry]) -> list[Entry]:
    known = [entry for entry in entries if entry.value != "unknown"] or entries
    highest = min((_rank(programme, entry) for entry in known), default=0)
    return [entry for entry in known if _rank(programme, entry) == highest]


def _json(entry: Entry) -> str:
    return entry.value if isinstance(entry.value, str) else entry.value.model_dump_json()
