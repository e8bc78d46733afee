"""Everything that the gate knows of an account: rules, money, positions in sum, prices, news, risk model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hive_core.risk.account import Quote, SentOrders
from hive_core.risk.gating.news_times import NewsTimes
from hive_core.risk.gating.rates import Rates
from hive_core.risk.gating.risk_model import RiskModel
from hive_core.risk.gating.settings import GateSettings
from hive_core.risk.gating.totals import Totals
from hive_core.risk.ledger import Ledger
from hive_core.risk.rules.as_of import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """An account at one instant. `sent` is in order of time; `requests_of_day` what was asked of the venue
    since the reset; `model` how instruments move, where somebody estimated it."""

    rules: RuleSet
    settings: GateSettings
    ledger: Ledger
    totals: Totals
    quotes: Mapping[str, Quote]
    rates: Rates
    breached_rule: str | None = None
    day_known_from_ns: int = 0
    is_peak_unknown: bool = False
    unprotected: Mapping[str, str] = field(default_factory=dict)
    traded_signals: Mapping[str, str] = field(default_factory=dict)
    sent: tuple[SentOrders, ...] = ()
    requests_of_day: int = 0
    news: NewsTimes | None = None
    model: RiskModel | None = None
