"""The risk engine's claims: at no programme a floor is met through an order that the gate let pass; days are
those of the zones' clocks; value at risk is exceeded as often as it says; and what lies outside the promise.

`HIVE_PROOF_ATTEMPTS` sets the attempts at each phase of each programme (1,000; the full size is 100,000),
`HIVE_PROOF_SEED` the seed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from rich.progress import track

from hive_core.calendars.trading_day import to_ns
from hive_core.risk.rules.as_of import RuleSet, rules_as_of
from hive_core.risk.rules.reading import programme, programme_names
from hive_core.risk.rules.values import Reset
from hive_core.risk.standing import RuleUnknown, resets_of
from proofs.portfolio_risk import portfolio_claims
from proofs.reporting import Claim, report
from proofs.risk_parity import parity_claims
from proofs.risk_paths import Course, run_attempts

AS_OF = date(2026, 11, 23)
JANUARY_2015 = Decimal(340)
"""Of the buffer of 5 pips: 1,700 pips, about what USDCHF fell within the hour on 2015-01-15."""


def every_phase() -> Iterator[RuleSet]:
    """The rules of every phase of every programme."""
    for name in programme_names():
        found = programme(name)
        for phase in found.phases:
            yield rules_as_of(found, phase, AS_OF)


def judgeable(rules: RuleSet) -> str | None:
    """Why the gate cannot let any order pass under these rules; None where it can."""
    unknown = [name for name in rules.unknown if name.partition(".")[0] in {"daily_loss", "maximum_loss"}]
    decisive = [name for name in unknown if name != "maximum_loss.lock"]
    if decisive:
        return f"not stated: {', '.join(decisive)}"
    try:
        resets_of(rules)
    except RuleUnknown as error:
        return str(error)
    return None


def path_claims(attempts: int, seed: int) -> list[Claim]:
    """One claim a phase: 0 breaches through an order that passed."""
    known = [rules for rules in every_phase() if judgeable(rules) is None]
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        courses = track(
            pool.map(partial(_course, attempts, seed), known), "adversaries", total=len(known), transient=True
        )
        claims = [_path_claim(rules, course) for rules, course in zip(known, courses, strict=True)]
    return [*claims, *(_refusal_claim(rules) for rules in every_phase() if judgeable(rules) is not None)]


def _course(attempts: int, seed: int, rules: RuleSet) -> Course:
    return run_attempts(rules, attempts, seed)


def _path_claim(rules: RuleSet, course: Course) -> Claim:
    return Claim(
        f"{rules.firm} {rules.title} {rules.phase}: every stop hit at its buffer, at the worst rate, over "
        "resets, meets no floor through an order that passed",
        f"0 breaches of {course.attempts:,} attempts",
        f"{len(course.breaches)} breaches on {course.paths:,} paths of {course.accounts:,} accounts; "
        f"{course.passed:,} passed, {course.reduced:,} of them reduced, {course.denied:,} denied"
        + "".join(f"; {text}" for text in course.breaches[:1]),
        not course.breaches and course.passed > 0 and course.reduced > 0,
        course.attempts,
    )


def _refusal_claim(rules: RuleSet) -> Claim:
    return Claim(
        f"{rules.firm} {rules.title} {rules.phase}: no order passes while its limits are not known",
        "refused, and why",
        judgeable(rules) or "",
        judgeable(rules) is not None,
        1,
    )


def caveat_claim(seed: int) -> Claim:
    """What is not promised, in numbers: a gap as of January 2015 through every stop."""
    rules = rules_as_of(programme("ftmo_2step"), "phase1", AS_OF)
    broken = [
        run_attempts(rules, 60, seed + number, beyond_the_buffer=JANUARY_2015).breaches
        for number in range(50)
    ]
    lost = sum(bool(found) for found in broken)
    worst = next((found[0] for found in broken if found), "")
    return Claim(
        "outside of the promise: stops that fill 1,700 pips late, as on 2015-01-15, lose accounts",
        "the promise ends at the buffer, and this shows it",
        f"{lost} of {len(broken)} accounts met a floor; first: {worst}",
        lost > 0,
        len(broken),
    )


def reset_claims() -> list[Claim]:
    """Every reset of 2020 to 2030, against the zones' own clocks; and a fixed offset, which is wrong."""
    resets = sorted(
        {reset for rules in every_phase() if judgeable(rules) is None for reset in resets_of(rules)},
        key=lambda reset: (reset.zone, reset.time),
    )
    claims = []
    for reset in resets:
        wrong, seen, shifts = 0, 0, 0
        day, last = date(2020, 1, 1), 0
        while day <= date(2030, 12, 31):
            expected = _on_the_clock(reset, day)
            wrong += reset.trading_day.start_ns(day) != expected
            shifts += bool(last) and expected - last != 86_400 * 10**9
            last, seen, day = expected, seen + 1, day + timedelta(days=1)
        claims.append(
            Claim(
                f"days from {reset.time} {reset.zone} begin by the zone's own clock, 2020 to 2030",
                "0 differ",
                f"{wrong} of {seen:,} differ; {shifts} days have 23 or 25 hours",
                wrong == 0,
                seen,
            )
        )
    return claims


def _on_the_clock(reset: Reset, day: date) -> int:
    """The reset found by walking UTC minutes until the zone's clock shows it: not how Hive computes it."""
    zone, shown = ZoneInfo(reset.zone), time.fromisoformat(reset.time)
    moment = datetime.combine(day, shown, tzinfo=UTC) - timedelta(hours=14)
    for _ in range(28 * 60):
        local = moment.astimezone(zone)
        if local.date() == day and local.time() == shown:
            return to_ns(moment)
        moment += timedelta(minutes=15)
    raise AssertionError(f"{reset.zone} never shows {shown} on {day}")


def main() -> int:
    """Run every claim; 1 if one fails."""
    attempts = int(os.environ.get("HIVE_PROOF_ATTEMPTS", "1000"))
    seed = int(os.environ.get("HIVE_PROOF_SEED", "20170101"))
    claims = [
        *path_claims(attempts, seed),
        caveat_claim(seed),
        *reset_claims(),
        *parity_claims(seed),
        *portfolio_claims(seed),
    ]
    return report("risk", [seed], claims)


if __name__ == "__main__":
    sys.exit(main())
