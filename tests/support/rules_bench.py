"""Rule sets for tests: one with every kind stated, and changes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.rules.values import DailyLoss, MaximumLoss, Reset

PRAGUE = Reset(zone="Europe/Prague", time="00:00")
NEW_YORK = Reset(zone="America/New_York", time="17:00")


def daily(pct: str | None = "5", base: str = "initial", anchor: str = "balance", **more: Any) -> DailyLoss:
    """A daily loss limit, hard, by the tick, from 00:00 Prague."""
    told = {
        "pct": pct,
        "base": base,
        "anchor": anchor,
        "counts_open_profit": True,
        "counts_costs": True,
        "evaluation": "tick",
        "resets": (PRAGUE,),
        "effect": "hard",
    }
    return DailyLoss.model_validate({**told, **more})


def maximum(pct: str | None = "10", mode: str = "static", lock: Any = "none", **more: Any) -> MaximumLoss:
    """A maximum loss limit, hard, by the tick."""
    told = {
        "pct": pct,
        "mode": mode,
        "counts_open_profit": True,
        "counts_costs": True,
        "evaluation": "tick",
        "lock": lock,
        "resets": (PRAGUE,) if mode == "eod_trailing" else None,
        "effect": "hard",
    }
    return MaximumLoss.model_validate({**told, **more})


def rule_set(**changes: Any) -> RuleSet:
    """Both limits, and nothing else that the firm asks for."""
    told: dict[str, Any] = {
        "programme": "example",
        "firm": "Example",
        "title": "Example",
        "phase": "phase1",
        "day": date(2026, 11, 23),
        "daily_loss": daily(),
        "maximum_loss": maximum(),
        "profit_target": "none",
        "minimum_days": "none",
        "consistency": "none",
        "news": "none",
        "holding": "none",
        "order_limits": "none",
        "stop_required": "none",
        "inactivity": "none",
        "request_limits": "none",
        "policy": "unknown",
        "unverified": (),
        "contradictions": (),
    }
    return RuleSet.model_validate({**told, **changes})
