"""A phase by the one name that settings give it: `ftmo_2step_phase1` is phase1 of the programme ftmo_2step.

Reading files belongs in `reading`, what held on a day in `as_of`.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

from hive_core.risk.rules.as_of import RuleSet, rules_as_of
from hive_core.risk.rules.reading import programme, programme_names


class UnknownPhaseName(KeyError):
    """No programme has such a phase."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def phase_named(name: str) -> tuple[str, str]:
    """The programme and the phase of a name.

    Raises:
        UnknownPhaseName: with the names there are.
    """
    # Only files of which the name may speak are read: a start reads one, not all.
    for candidate in programme_names():
        phase = name.removeprefix(f"{candidate}_")
        if phase != name and phase in programme(candidate).phases:
            return candidate, phase
    raise UnknownPhaseName(f"no rule pack {name!r}; there are: {', '.join(phase_names())}")


@cache
def phase_names() -> tuple[str, ...]:
    """The name of every phase of every programme."""
    return tuple(f"{name}_{phase}" for name in programme_names() for phase in programme(name).phases)


@lru_cache(maxsize=4_096)
def rules_on(name: str, day: date) -> RuleSet:
    """The rules of a phase on a day.

    Raises:
        UnknownPhaseName: as `phase_named`.
    """
    of, phase = phase_named(name)
    return rules_as_of(programme(of), phase, day)
