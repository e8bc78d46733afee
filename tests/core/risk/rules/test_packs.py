"""Every programme's figures, written down a second time from the sources and not from the files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hive_core.risk.rules.as_of import RuleSet, rules_as_of
from hive_core.risk.rules.reading import programme, programme_names
from hive_core.risk.rules.values import (
    Consistency,
    DailyLoss,
    Holding,
    MaximumLoss,
    MinimumDays,
    NewsWindow,
    Policy,
    Share,
)

TODAY = date(2026, 11, 23)

SERVER = "Europe/Athens@00:00|America/New_York@17:00"
THE5ERS = "America/New_York@17:00|Europe/Athens@00:00"
PIPS = "Etc/GMT-3@00:00|Europe/Athens@00:00"
TOPSTEP = "50000:2000,100000:3000,150000:4500"
APEX = "25000:1000,50000:2000,100000:3000,150000:4000"
APEX_DAY = "25000:500,50000:1000,100000:1500,150000:2000"

# programme, phase: daily loss; maximum loss; target; minimum days; consistency
LIMITS = {
    "ftmo_2step": {
        "phase1": ("5 initial balance hard Europe/Prague@00:00", "10 static", "10", "4 opened", "none"),
        "phase2": ("5 initial balance hard Europe/Prague@00:00", "10 static", "5", "4 opened", "none"),
        "funded": ("5 initial balance hard Europe/Prague@00:00", "10 static", "none", "none", "none"),
    },
    "ftmo_2step_swing": {
        "phase1": ("5 initial balance hard Europe/Prague@00:00", "10 static", "10", "4 opened", "none"),
        "phase2": ("5 initial balance hard Europe/Prague@00:00", "10 static", "5", "4 opened", "none"),
        "funded": ("5 initial balance hard Europe/Prague@00:00", "10 static", "none", "none", "none"),
    },
    "ftmo_1step": {
        "phase1": (
            "3 initial balance hard Europe/Prague@00:00",
            "10 eod_trailing lock unknown Europe/Prague@00:00",
            "10", "unknown", "50 total_profit pass",
        ),
        "funded": (
            "3 initial balance hard Europe/Prague@00:00",
            "10 eod_trailing lock unknown Europe/Prague@00:00",
            "unknown", "unknown", "unknown",
        ),
    },
    "fundednext_stellar_2step": {
        "phase1": (f"5 initial balance hard {SERVER}", "10 static", "8", "5 opened 5 trades", "unknown"),
        "phase2": (f"5 initial balance hard {SERVER}", "10 static", "5", "5 opened 5 trades", "unknown"),
        "funded": (f"5 initial balance hard {SERVER}", "10 static", "unknown", "none", "unknown"),
    },
    "fundednext_stellar_1step": {
        "phase1": (f"3 initial balance hard {SERVER}", "6 static", "10", "2 opened 2 trades", "unknown"),
        "funded": (f"3 initial balance hard {SERVER}", "6 static", "none", "none", "unknown"),
    },
    "fundednext_stellar_lite": {
        "phase1": (f"4 initial balance hard {SERVER}", "8 static", "8", "5 opened", "unknown"),
        "phase2": (f"4 initial balance hard {SERVER}", "8 static", "4", "5 opened", "unknown"),
        "funded": (f"4 initial balance hard {SERVER}", "8 static", "none", "none", "unknown"),
    },
    "the5ers_high_stakes": {
        "phase1": (f"5 reference higher hard {THE5ERS}", "10 static", "8", "3 profitable 0.5", "unknown"),
        "phase2": (f"5 reference higher hard {THE5ERS}", "10 static", "5", "3 profitable 0.5", "unknown"),
        "funded": (
            f"5 reference higher hard {THE5ERS}", "10 static", "unknown", "3 profitable 0.5", "unknown",
        ),
    },
    "the5ers_hyper_growth": {
        "phase1": (f"3 reference higher pause {THE5ERS}", "6 static", "10", "unknown", "unknown"),
        "funded": (f"3 reference higher pause {THE5ERS}", "6 static", "unknown", "unknown", "unknown"),
    },
    "the5ers_bootcamp": {
        "phase1": ("unknown", "5 static", "6", "unknown", "unknown"),
        "phase2": ("unknown", "5 static", "6", "unknown", "unknown"),
        "phase3": ("unknown", "5 static", "6", "unknown", "unknown"),
        "funded": (f"3 reference higher pause {THE5ERS}", "4 static", "unknown", "unknown", "unknown"),
    },
    "fundingpips_2step": {
        "phase1": (f"5 reference higher hard {PIPS}", "10 static", "10", "3 unknown", "unknown"),
        "phase2": (f"5 reference higher hard {PIPS}", "10 static", "5", "3 unknown", "unknown"),
        "funded": (f"5 reference higher hard {PIPS}", "10 static", "unknown", "unknown", "unknown"),
    },
    "fundingpips_2step_3pct": {
        "phase1": (f"3 reference higher hard {PIPS}", "10 static", "10", "3 unknown", "unknown"),
        "phase2": (f"3 reference higher hard {PIPS}", "10 static", "5", "3 unknown", "unknown"),
        "funded": (f"3 reference higher hard {PIPS}", "10 static", "unknown", "unknown", "unknown"),
    },
    "fundingpips_zero": {
        "funded": (
            f"3 reference higher hard {PIPS}|Europe/Prague@00:00",
            "5 intraday_trailing lock 0",
            "none", "unknown", "15 total_profit payout",
        ),
    },
    "e8_one": {
        "phase1": ("4 initial balance hard unknown", "6 closed_trailing lock 0", "10", "none", "unknown"),
        "funded": (
            "4 initial balance hard unknown", "6 closed_trailing lock 0",
            "unknown", "none", "40 total_profit payout",
        ),
    },
    "e8_signature": {
        "phase1": ("2 initial balance pause unknown", "unknown", "unknown", "none", "unknown"),
        "funded": (
            "2 initial balance pause unknown", "unknown", "unknown", "none", "35 total_profit payout",
        ),
    },
    "topstep_combine": {
        "phase1": (
            "none", f"{TOPSTEP} eod_trailing lock 0 America/Chicago@17:00",
            "50000:3000,100000:6000,150000:9000", "unknown", "50 total_profit pass",
        ),
    },
    "apex_eod": {
        "phase1": (
            f"{APEX_DAY} initial balance pause America/New_York@18:00",
            f"{APEX} eod_trailing lock unknown America/New_York@18:00",
            "unknown", "unknown", "unknown",
        ),
    },
    "apex_intraday": {
        "phase1": ("none", f"{APEX} intraday_trailing lock unknown", "unknown", "unknown", "unknown"),
    },
    "tft_standard": {
        "phase1": (
            "5 initial higher hard America/New_York@17:00", "10 static", "10", "3 unknown", "unknown",
        ),
        "phase2": (
            "5 initial higher hard America/New_York@17:00", "10 static", "5", "3 unknown", "unknown",
        ),
        "funded": (
            "5 initial higher hard America/New_York@17:00", "10 static", "unknown", "unknown", "unknown",
        ),
    },
    "tft_knight": {
        "phase1": (
            "3 initial balance strikes 3 America/New_York@17:00",
            "8 static", "10", "5 profitable 1", "unknown",
        ),
        "funded": (
            "3 initial balance strikes 3 America/New_York@17:00",
            "8 static", "unknown", "unknown", "unknown",
        ),
    },
    "alpha_pro_10": {
        "phase1": (f"5 reference balance hard {SERVER}", "10 static", "10", "3 opened_and_closed", "unknown"),
        "phase2": (f"5 reference balance hard {SERVER}", "10 static", "5", "3 opened_and_closed", "unknown"),
        "funded": (
            f"5 reference balance hard {SERVER}", "10 static",
            "unknown", "unknown", "40 total_profit payout",
        ),
    },
    "alpha_pro_8": {
        "phase1": (
            f"4 reference balance hard {SERVER}", "8 static", "unknown", "3 opened_and_closed", "unknown",
        ),
        "phase2": (
            f"4 reference balance hard {SERVER}", "8 static", "unknown", "3 opened_and_closed", "unknown",
        ),
        "funded": (
            f"4 reference balance hard {SERVER}", "8 static",
            "unknown", "unknown", "40 total_profit payout",
        ),
    },
    "blue_guardian_2step": {
        "phase1": (
            "4 initial higher hard America/New_York@17:00", "8 static", "8", "5 profitable 0.5", "unknown",
        ),
        "phase2": (
            "4 initial higher hard America/New_York@17:00", "8 static", "4", "5 profitable 0.5", "unknown",
        ),
        "funded": (
            "4 initial higher hard America/New_York@17:00", "8 static", "unknown", "unknown", "unknown",
        ),
    },
    "conservative_example": {
        "phase1": ("1.5 initial balance hard America/New_York@17:00", "4 static", "8", "5 opened", "none"),
        "funded": ("1.5 initial balance hard America/New_York@17:00", "4 static", "none", "none", "none"),
    },
}  # fmt: skip

EVERYTHING = "open close stop_or_target pending"
# programme: the policies of its phases as signals, copying, robots, robots of others, cloud copiers, servers
# (? for unknown), news of the first and of the last phase, weekend of the first and of the last phase
CONDUCT = {
    "ftmo_2step": (
        ["? ? allowed restricted ? ?"],
        ("none", f"2/2 affected {EVERYTHING} breach"), ("True", "False"),
    ),
    "ftmo_2step_swing": (["? ? allowed restricted ? ?"], ("none", "none"), ("True", "True")),
    "ftmo_1step": (
        ["? ? allowed restricted ? ?"],
        ("none", f"2/2 affected {EVERYTHING} breach"), ("True", "False"),
    ),
    "fundednext_stellar_2step": (
        ["? own_accounts_only restricted ? forbidden allowed", "? forbidden restricted ? forbidden allowed"],
        ("none", f"5/5 all {EVERYTHING} profit_cut 40"), ("True", "True"),
    ),
    "fundednext_stellar_1step": (
        ["? own_accounts_only allowed ? forbidden allowed", "? forbidden ? ? forbidden ?"],
        ("none", f"5/5 all {EVERYTHING} profit_cut 40"), ("True", "True"),
    ),
    "fundednext_stellar_lite": (
        ["? own_accounts_only ? ? forbidden allowed", "? forbidden ? ? forbidden ?"],
        ("none", f"5/5 all {EVERYTHING} profit_cut 40"), ("True", "True"),
    ),
    "the5ers_high_stakes": (
        ["? own_accounts_only ? ? ? ?"],
        (f"2/2 all {EVERYTHING} unknown", f"2/2 all {EVERYTHING} unknown"), ("True", "True"),
    ),
    "the5ers_hyper_growth": (
        ["? own_accounts_only ? ? ? ?"], ("unknown", "unknown"), ("unknown", "unknown"),
    ),
    "the5ers_bootcamp": (["? restricted ? ? ? ?"], ("unknown", "unknown"), ("unknown", "unknown")),
    "fundingpips_2step": (
        ["? restricted restricted restricted ? ?"],
        ("none", f"5/5 affected {EVERYTHING} excluded"), ("unknown", "unknown"),
    ),
    "fundingpips_2step_3pct": (
        ["? restricted restricted restricted ? ?"],
        ("none", f"5/5 affected {EVERYTHING} excluded"), ("unknown", "unknown"),
    ),
    "fundingpips_zero": (
        ["? restricted restricted restricted ? ?"],
        (f"5/5 all {EVERYTHING} unknown", f"5/5 all {EVERYTHING} unknown"), ("False", "False"),
    ),
    "e8_one": (
        ["forbidden own_accounts_only restricted restricted allowed ?"],
        ("none", f"5/5 all {EVERYTHING} unknown"), ("unknown", "unknown"),
    ),
    "e8_signature": (
        ["forbidden own_accounts_only restricted restricted allowed ?"],
        ("unknown", "unknown"), ("unknown", "unknown"),
    ),
    "topstep_combine": (
        ["? own_accounts_only restricted ? forbidden forbidden"], ("none", "none"), ("False", "False"),
    ),
    "apex_eod": (["? ? forbidden forbidden ? restricted"], ("none", "none"), ("False", "False")),
    "apex_intraday": (["? ? forbidden forbidden ? restricted"], ("none", "none"), ("False", "False")),
    "tft_standard": (["? restricted restricted ? ? ?"], ("unknown", "unknown"), ("False", "False")),
    "tft_knight": (["? allowed allowed ? ? ?"], ("none", "none"), ("unknown", "unknown")),
    "alpha_pro_10": (
        ["? own_accounts_only restricted restricted ? ?"],
        ("none", f"2/2 affected {EVERYTHING} excluded"), ("True", "False"),
    ),
    "alpha_pro_8": (
        ["? own_accounts_only restricted restricted ? ?"],
        ("none", f"2/2 affected {EVERYTHING} excluded"), ("True", "False"),
    ),
    "blue_guardian_2step": (
        ["? own_accounts_only allowed ? allowed allowed"],
        ("unknown", "unknown"), ("unknown", "unknown"),
    ),
    "conservative_example": (
        ["allowed allowed allowed allowed allowed allowed"],
        ("60/30 all open pending breach", "60/30 all open pending breach"), ("False", "False"),
    ),
}  # fmt: skip


def amount(value: Share) -> str:
    if value.pct is not None:
        return str(value.pct)
    return ",".join(f"{size}:{each}" for size, each in (value.amount_by_initial or {}).items())


def resets(value: DailyLoss | MaximumLoss) -> str:
    if isinstance(value.resets, tuple):
        return "|".join(f"{one.zone}@{one.time}" for one in value.resets)
    return value.resets or ""


def said(value: object) -> str:
    """A value in the table's words."""
    words: list[object] = [value]
    if isinstance(value, DailyLoss):
        words = [
            amount(value), value.base, value.anchor, value.effect, value.strikes or "", resets(value),
        ]  # fmt: skip
    elif isinstance(value, MaximumLoss):
        lock = value.lock if isinstance(value.lock, str) else value.lock.over_initial
        words = [amount(value), value.mode, "" if lock == "none" else f"lock {lock}", resets(value)]
    elif isinstance(value, MinimumDays):
        trades = f"{value.least_trades} trades" if value.least_trades else ""
        words = [value.days, value.counts, value.least_profit_pct or "", trades]
    elif isinstance(value, Consistency):
        words = [value.best_day_max_pct, value.base, value.gate]
    elif isinstance(value, NewsWindow):
        kept = value.profit_kept_pct
        times = f"{value.minutes_before}/{value.minutes_after}"
        words = [times, value.instruments, *value.forbids, value.effect, "" if kept is None else kept]
    elif isinstance(value, Policy):
        words = ["?" if getattr(value, one) == "unknown" else getattr(value, one) for one in POLICY]
    elif isinstance(value, Share):
        words = [amount(value)]
    return " ".join(str(word) for word in words if word != "")


POLICY = tuple(Policy.model_fields)


def today(name: str, phase: str) -> RuleSet:
    return rules_as_of(programme(name), phase, TODAY)


def test_the_tables_have_every_programme_and_phase():
    assert {name: tuple(phases) for name, phases in LIMITS.items()} == {
        name: programme(name).phases for name in programme_names()
    }
    assert set(CONDUCT) == set(programme_names())


@pytest.mark.parametrize(("name", "phase"), [(name, phase) for name in LIMITS for phase in LIMITS[name]])
def test_the_limits_are_those_of_the_sources(name, phase):
    rules = today(name, phase)
    found = (
        rules.daily_loss, rules.maximum_loss, rules.profit_target, rules.minimum_days, rules.consistency,
    )  # fmt: skip
    assert tuple(said(value) for value in found) == LIMITS[name][phase]


@pytest.mark.parametrize("name", CONDUCT)
def test_policy_news_and_weekend_are_those_of_the_sources(name):
    sets = [today(name, phase) for phase in programme(name).phases]
    policies = list(dict.fromkeys(said(rules.policy) for rules in sets))
    news = tuple(said(rules.news) for rules in (sets[0], sets[-1]))
    weekend = tuple(
        str(rules.holding.weekend) if isinstance(rules.holding, Holding) else rules.holding
        for rules in (sets[0], sets[-1])
    )
    assert (policies, news, weekend) == CONDUCT[name]


@pytest.mark.parametrize("name", programme_names())
def test_open_profit_and_costs_count_and_every_tick_does(name):
    for phase in programme(name).phases:
        rules = today(name, phase)
        for limit in (rules.daily_loss, rules.maximum_loss):
            if isinstance(limit, DailyLoss | MaximumLoss):
                assert (limit.counts_open_profit, limit.counts_costs, limit.evaluation) == (
                    True, True, "tick",
                )  # fmt: skip


def test_a_programme_that_is_sold_is_no_example_and_the_example_is_none_that_is_sold():
    standing = {name: programme(name).standing for name in programme_names()}
    assert {name for name, how in standing.items() if how == "withdrawn"} == {"tft_standard", "tft_knight"}
    assert {name for name, how in standing.items() if how == "made_up"} == {"conservative_example"}
    for name in programme_names():
        publishers = {source.publisher for source in programme(name).sources.values()}
        assert ("made_up" in publishers) == (name == "conservative_example")


def test_five_in_new_york_is_midnight_in_athens_or_at_utc_plus_3_on_every_day():
    """Why FundingPips' files need no third reset: they say so, and this is the proof, 2020 to 2030."""
    day = date(2020, 1, 1)
    while day.year < 2031:
        in_new_york = datetime(day.year, day.month, day.day, 17, tzinfo=ZoneInfo("America/New_York"))
        instant = in_new_york.astimezone(UTC)
        clocks = [instant.astimezone(ZoneInfo(zone)) for zone in ("Etc/GMT-3", "Europe/Athens")]
        assert any((clock.hour, clock.minute) == (0, 0) for clock in clocks), day
        day += timedelta(days=1)
