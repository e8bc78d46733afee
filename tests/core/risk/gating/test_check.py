"""The gate: every rule has an intent that only it holds back, with the numbers that it used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from gate_bench import MINUTE_NS, NOW_NS, PER_EUR, PERMITTED, QUOTES, a_book, an_intent, held, judged
from rules_bench import NEW_YORK, PRAGUE, daily, maximum

from hive_core.calendars.trading_day import NS_PER_SECOND, to_ns
from hive_core.contracts.base import decimal_text
from hive_core.contracts.reasons import DenialReason
from hive_core.risk.account import Quote, SentOrders
from hive_core.risk.gating.check import check
from hive_core.risk.gating.news_times import NewsEvent, NewsTimes
from hive_core.risk.gating.risk_model import RiskModel
from hive_core.risk.gating.verdict import Outcome, Verdict
from hive_core.risk.ledger import EventOutOfOrder, open_ledger
from hive_core.risk.rules.values import (
    Holding,
    NewsWindow,
    OrderLimits,
    Policy,
    RequestLimits,
    Reset,
    StopRequired,
)

HOUR_NS = 60 * MINUTE_NS
FTMO_NEWS = NewsWindow(
    minutes_before=2, minutes_after=2, impacts=("high",), instruments="affected", forbids=("open", "close"),
    effect="breach",
)  # fmt: skip
PENDING_NEWS = FTMO_NEWS.model_copy(update={"forbids": ("pending",)})
NO_DAILY_LIMIT = {"daily_loss": "none", "maximum_loss": maximum(mode="eod_trailing")}
MODEL = RiskModel(
    {
        ("EURUSD", "EURUSD"): Decimal("0.000036"),
        ("EURUSD", "GBPUSD"): Decimal("0.000030"),
        ("GBPUSD", "GBPUSD"): Decimal("0.000036"),
    }
)


def news(*minutes: float, currency: str = "USD", impact: str = "high") -> NewsTimes:
    events = [NewsEvent(NOW_NS + int(m * MINUTE_NS), currency, impact, "NFP") for m in minutes]
    return NewsTimes.of(events, NOW_NS - 96 * HOUR_NS, NOW_NS + 24 * HOUR_NS, ("EUR", "USD"))


def sent(*ages_s: int, symbol: str = "GBPUSD", side: str = "buy") -> tuple[SentOrders, ...]:
    return tuple(
        SentOrders(NOW_NS - age * NS_PER_SECOND, symbol, side) for age in sorted(ages_s, reverse=True)
    )


def quoted(bid: str, ask: str, ts_ns: int) -> dict[str, Quote]:
    return {"EURUSD": Quote(Decimal(bid), Decimal(ask), ts_ns)}


def accepting(*kinds: str) -> dict[str, object]:
    return {"accepted_unknowns": frozenset(kinds)}


READ_UP = accepting("policy.automation")
ASKING = {"asks_where_firm_forbids": True}


def policy(**changes: str) -> dict[str, Policy]:
    return {"policy": PERMITTED.model_copy(update=changes)}


def with_risk(*positions: tuple[str, str], **settings: object) -> Verdict:
    exposures = [held(symbol, side, "1", "1.1", "1.095" if side == "buy" else "1.105",
                      "1.11" if side == "buy" else "1.09") for symbol, side in positions]  # fmt: skip
    return judged(a_book(*exposures, settings=settings, model=MODEL))


def test_a_calm_account_allows_and_says_why():
    verdict = judged()
    assert (verdict.outcome, verdict.reasons, verdict.lots) == (Outcome.ALLOW, (), Decimal("0.97"))
    # 500 / (50.5 pips of 10 USD + 7) = 0.976; at worst 75.8 and 3 pips of 10 and 12 of costs, a lot
    assert [finding.rule for finding in verdict.findings] == [
        "account_not_breached", "every_position_has_a_stop", "loss_limits_known", "history_known",
        "rules_known", "firm_permits", "signals_not_traded_before", "not_from_the_future", "fresh",
        "still_valid", "orders_per_hour", "repeats", "requests_of_day", "no_news", "not_before_a_break",
        "certain_enough", "instrument_known", "quote_known", "quote_fresh", "quote_not_crossed",
        "price_collar", "stop_on_right_side", "targets_on_right_side",
        "stop_outside_spread", "open_positions", "size", "maximum_lots", "every_position_has_a_target",
        "daily_loss_limit", "maximum_loss_limit", "currency_exposure_EUR", "correlation", "value_at_risk",
    ]  # fmt: skip
    daily_limit = verdict.of("daily_loss_limit")
    assert daily_limit.as_body() == {
        "rule": "daily_loss_limit",
        "verdict": "allow",
        "reason_code": None,
        "numbers": {
            "worst_case_equity": "99223.98",
            "floor": "95000",
            "balance": "100000",
            "book_loss": "0",
            "loss_per_lot": "800",
            "lots": "0.97",
        },
        "headroom": "4223.98",
    }
    with pytest.raises(KeyError):
        verdict.of("no such rule")


DENIALS: dict[str, tuple[Callable[[], Verdict], DenialReason, dict[str, str]]] = {
    "account_not_breached": (
        lambda: judged(a_book(breached_rule="daily_loss")),
        DenialReason.ACCOUNT_BREACHED,
        {"breached_rule": "daily_loss"},
    ),
    "every_position_has_a_stop": (
        lambda: judged(a_book(unprotected={"b": "ord_b", "a": "ord_a"})),
        DenialReason.POSITION_WITHOUT_STOP,
        {"without": "ord_a; ord_b"},
    ),
    "loss_limits_known": (
        lambda: judged(a_book(rules={"maximum_loss": "unknown"}, settings=accepting("maximum_loss"))),
        DenialReason.RULE_UNKNOWN,
        {"unknown": "maximum_loss"},
    ),
    "loss_limits_known, resets": (
        lambda: judged(a_book(rules={"daily_loss": daily(resets="unknown")})),
        DenialReason.RULE_UNKNOWN,
        {"unknown": "daily_loss.resets"},
    ),
    "loss_limits_known, of the ledger": (
        lambda: judged(a_book(rules={"daily_loss": daily(resets=(PRAGUE, NEW_YORK))})),
        DenialReason.RULE_UNKNOWN,
        {"unknown": "none", "programme": "example_phase1"},
    ),
    "loss_limits_known, of this size": (
        lambda: judged(a_book(rules={"maximum_loss": maximum(None, amount_by_initial={"50000": "2000"})})),
        DenialReason.RULE_UNKNOWN,
        {"problem": "no amount is stated for an initial balance of 100000; for: 50000"},
    ),
    "history_known": (
        lambda: judged(a_book(day_known_from_ns=NOW_NS + 1)),
        DenialReason.ACCOUNT_HISTORY_UNKNOWN,
        {"unknown": "the balance at the last reset"},
    ),
    "history_known, of a limit that trails": (
        lambda: judged(a_book(rules={"maximum_loss": maximum(mode="eod_trailing", resets=(PRAGUE,))},
                              is_peak_unknown=True)),
        DenialReason.ACCOUNT_HISTORY_UNKNOWN,
        {"unknown": "peak_balance"},
    ),
    "firm_permits": (
        lambda: judged(a_book(rules=policy(third_party_signals="forbidden", automation="restricted"))),
        DenialReason.FIRM_FORBIDS,
        {"forbidden": "third_party_signals", "restricted": "automation"},
    ),
    "firm_permits, own accounts only": (
        lambda: judged(a_book(rules=policy(copying="own_accounts_only"))),
        DenialReason.FIRM_FORBIDS,
        {"forbidden": "copying"},
    ),
    "firm_permits, no machines": (
        lambda: judged(a_book(rules=policy(third_party_automation="forbidden")), is_third_party=False),
        DenialReason.FIRM_FORBIDS,
        {"forbidden": "third_party_automation"},
    ),
    "signals_not_traded_before": (
        lambda: judged(a_book(traded_signals={"sig_1": "dec_0"})),
        DenialReason.SIGNAL_TRADED_BEFORE,
        {"traded": "sig_1 by dec_0"},
    ),
    "not_from_the_future": (
        lambda: judged(ts_decided_ns=NOW_NS + 1),
        DenialReason.FROM_THE_FUTURE,
        {"age_s": "-0.000000001"},
    ),
    "fresh": (
        lambda: judged(ts_decided_ns=NOW_NS - 300 * NS_PER_SECOND - 1),
        DenialReason.STALE,
        {"age_s": "300.000000001", "max_decision_age_s": "300"},
    ),
    "still_valid": (lambda: judged(valid_until_ns=NOW_NS), DenialReason.EXPIRED, {}),
    "orders_per_hour": (
        lambda: judged(a_book(sent=sent(1, 3_599), settings={"max_orders_per_hour": 2})),
        DenialReason.TOO_MANY_ORDERS,
        {"with_this": "3"},
    ),
    "repeats": (
        lambda: judged(a_book(sent=sent(1, 100, 299, symbol="EURUSD"))),
        DenialReason.TOO_MANY_REPEATS,
        {"repeats": "3", "max_repeats": "3", "window_s": "300"},
    ),
    "requests_of_day": (
        lambda: judged(
            a_book(rules={"request_limits": RequestLimits(requests_per_day=2_000)}, requests_of_day=2_000)
        ),
        DenialReason.TOO_MANY_REQUESTS,
        {"requests_of_day": "2000", "limit": "2000"},
    ),
    "news_known": (
        lambda: judged(a_book(rules={"news": FTMO_NEWS})),
        DenialReason.NEWS_UNKNOWN,
        {"has_calendar": "False"},
    ),
    "news_known, too short": (
        lambda: judged(
            a_book(
                rules={"news": FTMO_NEWS},
                news=NewsTimes.of([], 0, NOW_NS + 2 * MINUTE_NS - 1, ("EUR", "USD")),
            )
        ),
        DenialReason.NEWS_UNKNOWN,
        {"from": "2026-03-04T11:58:00Z", "until": "2026-03-04T12:02:00Z"},
    ),
    "no_news": (
        lambda: judged(a_book(rules={"news": FTMO_NEWS}, news=news(2))),
        DenialReason.NEWS_WINDOW,
        {"event": "USD NFP at 2026-03-04T12:02:00Z", "minutes_before": "2"},
    ),
    "no_news, just over": (
        lambda: judged(a_book(rules={"news": FTMO_NEWS}, news=news(-2, currency="EUR"))),
        DenialReason.NEWS_WINDOW,
        {"event": "EUR NFP at 2026-03-04T11:58:00Z"},
    ),
    "no_news, while a limit order waits": (
        lambda: judged(
            a_book(rules={"news": PENDING_NEWS}, news=news(45)), order_type="limit", entry=Decimal("1.098")
        ),
        DenialReason.NEWS_WINDOW,
        {"event": "USD NFP at 2026-03-04T12:45:00Z"},
    ),
    "no_news, of all instruments": (
        lambda: judged(
            a_book(
                rules={"news": FTMO_NEWS.model_copy(update={"instruments": "all"})},
                news=news(1, currency="NZD"),
            )
        ),
        DenialReason.NEWS_WINDOW,
        {"event": "NZD NFP at 2026-03-04T12:01:00Z"},
    ),
    "no_news, of impacts that nobody states": (
        lambda: judged(
            a_book(
                rules={"news": FTMO_NEWS.model_copy(update={"impacts": "unknown"})},
                news=news(1, impact="low"),
                settings=accepting("news"),
            )
        ),
        DenialReason.NEWS_WINDOW,
        {},
    ),
    "instrument_known": (
        lambda: judged(symbol="EURXXX"),
        DenialReason.UNKNOWN_INSTRUMENT,
        {"symbol": "EURXXX"},
    ),
    "quote_known": (lambda: judged(symbol="AUDUSD"), DenialReason.NO_QUOTE, {"symbol": "AUDUSD"}),
    "quote_fresh": (
        lambda: judged(a_book(quotes=quoted("1.1", "1.1", NOW_NS - 30 * NS_PER_SECOND - 1))),
        DenialReason.QUOTE_TOO_OLD,
        {"quote_age_s": "30.000000001"},
    ),
    "quote_fresh, from the future": (
        lambda: judged(a_book(quotes=quoted("1.1", "1.1", NOW_NS + 1))),
        DenialReason.QUOTE_TOO_OLD,
        {},
    ),
    "quote_not_crossed": (
        lambda: judged(a_book(quotes=quoted("1.1001", "1.1", NOW_NS))),
        DenialReason.QUOTE_CROSSED,
        {"bid": "1.1001", "ask": "1.1"},
    ),
    "price_collar": (
        lambda: judged(reference_price=Decimal("1.1111")),
        DenialReason.PRICE_COLLAR,
        {"price_collar_pct": "1"},
    ),
    "price_collar, of the entry": (
        lambda: judged(order_type="stop", entry=Decimal("1.1111"), take_profits=(Decimal("1.2"),)),
        DenialReason.PRICE_COLLAR,
        {},
    ),
    "stop_on_right_side": (
        lambda: judged(stop_loss=Decimal("1.10005")),
        DenialReason.STOP_ON_WRONG_SIDE,
        {"entry": "1.10005", "stop_loss": "1.10005"},
    ),
    "targets_on_right_side": (
        lambda: judged(take_profits=(Decimal("1.11"), Decimal("1.10005"))),
        DenialReason.TARGET_ON_WRONG_SIDE,
        {},
    ),
    "targets_on_right_side, none": (lambda: judged(take_profits=()), DenialReason.TARGET_ON_WRONG_SIDE, {}),
    "stop_outside_spread": (
        lambda: judged(stop_loss=Decimal("1.09995")),
        DenialReason.STOP_INSIDE_SPREAD,
        {"spread": "0.0001"},
    ),
    "open_positions": (
        lambda: judged(
            a_book(settings={"max_open_positions": 1}), take_profits=(Decimal("1.11"), Decimal("1.12"))
        ),
        DenialReason.TOO_MANY_POSITIONS,
        {"with_this": "2", "limit": "1"},
    ),
    "open_positions, of the firm": (
        lambda: judged(
            a_book(
                held("GBPUSD", "buy", "0.01", "1.3", "1.29", "1.31"),
                rules={"order_limits": OrderLimits(max_open_positions=3, max_open_orders=1)},
            )
        ),
        DenialReason.TOO_MANY_POSITIONS,
        {"with_this": "2", "limit": "1"},
    ),
    "conversion_known": (
        lambda: judged(
            a_book(
                held("EURGBP", "buy", "0.01", "0.85", "0.84", "0.86"),
                quotes={"EURUSD": QUOTES["EURUSD"]},
                per_eur={},
            )
        ),
        DenialReason.NO_CONVERSION_RATE,
        {},
    ),
    "size": (
        lambda: judged(a_book(settings={"risk_per_trade_pct": Decimal("0.0025")})),
        DenialReason.BELOW_MINIMUM_LOTS,
        {"risk_amount": "2.5", "lots": "0"},
    ),
    "risk_of_a_trade": (
        lambda: judged(
            a_book(rules={"stop_required": StopRequired(is_required=True, max_risk_pct=Decimal("0.001"))})
        ),
        DenialReason.RISK_PER_TRADE,
        {"room": "1"},
    ),
    "every_position_has_a_target": (
        lambda: judged(
            a_book(
                held("GBPUSD", "buy", "0.01", "1.3", "1.29", None),
                rules={"daily_loss": daily(anchor="higher")},
            )
        ),
        DenialReason.POSITION_WITHOUT_TARGET,
        {"without": "ord_GBPUSD_buy_0.01", "trails_equity": "True"},
    ),
    "daily_loss_limit": (
        lambda: judged(a_book(held("GBPUSD", "buy", "10", "1.3", "1.2953", "1.31"))),
        DenialReason.DAILY_LOSS_LIMIT,
        {"floor": "95000", "book_loss": "5050"},
    ),
    "maximum_loss_limit": (
        lambda: judged(a_book(held("GBPUSD", "buy", "10", "1.3", "1.2903", "1.31"), rules=NO_DAILY_LIMIT)),
        DenialReason.MAXIMUM_LOSS_LIMIT,
        {"floor": "90000", "book_loss": "10050"},
    ),
    "currency_exposure_EUR": (
        lambda: judged(
            a_book(
                held("EURUSD", "buy", "1", "1.1", "1.095", "1.11"),
                settings={"max_currency_exposure_pct": Decimal(10)},
            )
        ),
        DenialReason.CURRENCY_EXPOSURE,
        {"limit": "10000"},
    ),
    "correlation": (
        lambda: with_risk(("GBPUSD", "buy"), ("EURUSD", "buy"), max_correlated_positions=2),
        DenialReason.CORRELATION,
        {"positions_with_it": "2", "limit": "2"},
    ),
    "risk_model_known": (
        lambda: judged(a_book(settings={"max_correlated_positions": 2})),
        DenialReason.RISK_MODEL_UNKNOWN,
        {},
    ),
    "risk_model_known, for value at risk": (
        lambda: judged(a_book(settings={"max_value_at_risk_pct": Decimal(2)})),
        DenialReason.RISK_MODEL_UNKNOWN,
        {},
    ),
    "risk_model_known, for volatility": (
        lambda: judged(a_book(settings={"scale_by_volatility": True}, model=MODEL)),
        DenialReason.RISK_MODEL_UNKNOWN,
        {"problem": "the risk model does not hold the volatility of EURUSD"},
    ),
    "value_at_risk": (
        lambda: with_risk(("EURUSD", "buy"), max_value_at_risk_pct=Decimal("1.5")),
        DenialReason.VALUE_AT_RISK,
        {"limit": "1500"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DENIALS)
def test_each_rule_denies_what_it_is_there_for_and_leaves_its_numbers(name):
    made, reason, numbers = DENIALS[name]
    verdict = made()
    assert (verdict.outcome, verdict.lots) == (Outcome.DENY, 0)
    last = verdict.findings[-1]
    assert (last.rule, last.reason) == (name.partition(",")[0], reason)
    told = last.as_body()["numbers"]
    assert {key: told[key] for key in numbers} == numbers


@pytest.mark.parametrize(
    ("made", "rule", "reason"),
    [
        (lambda: judged(a_book(rules={"news": "unknown"})), "rules_known", DenialReason.RULE_UNKNOWN),
        (lambda: judged(a_book(rules={"holding": "unknown"})), "rules_known", DenialReason.RULE_UNKNOWN),
        (lambda: judged(a_book(rules={"policy": "unknown"})), "rules_known", DenialReason.RULE_UNKNOWN),
        (lambda: judged(a_book(rules=policy(copying="unknown"))), "rules_known", DenialReason.RULE_UNKNOWN),
        (lambda: judged(a_book(rules=policy(automation="restricted"))), "firm_permits",
         DenialReason.FIRM_FORBIDS),
        (lambda: judged(a_book(rules=policy(copying="forbidden"), settings=ASKING)), "firm_permits",
         DenialReason.FIRM_FORBIDS),
        (lambda: judged(uncertainty=Decimal("0.51")), "certain_enough", DenialReason.UNCERTAINTY),
    ],
)  # fmt: skip
def test_what_a_person_has_to_decide_keeps_its_size(made, rule, reason):
    verdict = made()
    assert (verdict.outcome, verdict.lots, verdict.reasons) == (Outcome.REVIEW, Decimal("0.97"), (reason,))
    assert verdict.of(rule).outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    "made",
    [
        lambda: judged(a_book(rules={"news": "unknown"}, settings=accepting("news"))),
        lambda: judged(a_book(rules=policy(automation="unknown"), settings=READ_UP)),
        lambda: judged(a_book(rules=policy(automation="restricted"), settings=READ_UP)),
        lambda: judged(a_book(rules=policy(third_party_signals="forbidden")), is_third_party=False),
        lambda: judged(a_book(rules=policy(copying="own_accounts_only")), is_third_party=False),
        lambda: judged(a_book(rules={"profit_target": "unknown", "minimum_days": "unknown"})),
        lambda: judged(uncertainty=Decimal("0.5")),
        lambda: judged(ts_decided_ns=NOW_NS - 300 * NS_PER_SECOND),
        lambda: judged(a_book(sent=sent(3_600, 300, 1), settings={"max_orders_per_hour": 3})),
        lambda: judged(a_book(sent=sent(1, 2, symbol="EURUSD") + sent(3, symbol="EURUSD", side="sell"))),
        lambda: judged(a_book(traded_signals={"sig_1": "dec_1"})),
        lambda: judged(a_book(rules={"news": FTMO_NEWS}, news=news(2.01, -2.01))),
        lambda: judged(a_book(rules={"news": FTMO_NEWS}, news=news(1, currency="JPY"))),
        lambda: judged(a_book(rules={"news": FTMO_NEWS}, news=news(1, impact="medium"))),
        lambda: judged(a_book(rules={"news": PENDING_NEWS}, news=news(1))),
        lambda: judged(a_book(rules={"holding": Holding(overnight=True, weekend=False)})),
        lambda: judged(a_book(rules={"request_limits": RequestLimits(requests_per_day=1)})),
    ],
)  # fmt: skip
def test_what_lies_just_inside_a_rule_is_allowed(made):
    verdict = made()
    assert (verdict.outcome, verdict.lots) == (Outcome.ALLOW, Decimal("0.97"))


def test_what_is_not_limited_is_not_counted_and_says_so():
    verdict = judged(
        a_book(
            sent=sent(3, 2, 1, symbol="EURUSD"), settings={"max_orders_per_hour": None, "max_repeats": None}
        )
    )
    assert verdict.outcome is Outcome.ALLOW
    assert verdict.of("orders_per_hour").as_body()["numbers"] == {
        "with_this": "not counted",
        "max_orders_per_hour": "none",
    }
    assert verdict.of("repeats").as_body()["numbers"]["repeats"] == "not counted"


@pytest.mark.parametrize(
    ("made", "rule", "reason", "lots"),
    [
        (
            lambda: judged(a_book(held("GBPUSD", "buy", "10", "1.3", "1.2957", "1.31"))),
            "daily_loss_limit", DenialReason.DAILY_LOSS_LIMIT, "0.43",
        ),
        (
            lambda: judged(
                a_book(held("GBPUSD", "buy", "10", "1.3", "1.2907", "1.31"), rules=NO_DAILY_LIMIT)
            ),
            "maximum_loss_limit", DenialReason.MAXIMUM_LOSS_LIMIT, "0.43",
        ),
        (
            lambda: judged(a_book(rules={"order_limits": OrderLimits(max_lots=Decimal("0.305"))})),
            "maximum_lots", DenialReason.MAXIMUM_LOTS, "0.3",
        ),
        (
            lambda: judged(a_book(rules={"order_limits": OrderLimits(max_risk_pct=Decimal("0.4"))})),
            "risk_of_a_trade", DenialReason.RISK_PER_TRADE, "0.5",
        ),
        (
            lambda: judged(
                a_book(
                    held("GBPUSD", "buy", "1", "1.3", "1.2953", "1.31"),
                    rules={"order_limits": OrderLimits(max_open_loss_pct=Decimal(1))},
                )
            ),
            "open_loss", DenialReason.OPEN_LOSS, "0.61",
        ),
        (
            lambda: judged(a_book(settings={"max_currency_exposure_pct": Decimal(30)})),
            "currency_exposure_EUR", DenialReason.CURRENCY_EXPOSURE, "0.27",
        ),
        (
            lambda: with_risk(("GBPUSD", "buy"), max_value_at_risk_pct=Decimal(2)),
            "value_at_risk", DenialReason.VALUE_AT_RISK, "0.34",
        ),
    ],
)  # fmt: skip
def test_a_size_is_cut_to_what_is_left_and_one_step_more_would_be_too_much(made, rule, reason, lots):
    verdict = made()
    assert (verdict.outcome, verdict.lots, verdict.reasons) == (Outcome.REDUCE, Decimal(lots), (reason,))
    finding = verdict.of(rule)
    assert finding.lots == Decimal(lots)
    assert finding.headroom is None or finding.headroom >= 0


@pytest.mark.parametrize(("ratio", "lots"), [("0.5", "0.97"), ("1", "0.97"), ("2", "0.48"), ("9.75", "0.1")])
def test_what_moves_more_than_usual_is_traded_smaller_and_never_larger(ratio, lots):
    model = RiskModel({}, {"EURUSD": Decimal(ratio)})
    scaled = judged(a_book(settings={"scale_by_volatility": True}, model=model))
    assert (scaled.lots, scaled.of("size").as_texts()["volatility_ratio"]) == (Decimal(lots), ratio)
    assert judged(a_book(model=model)).lots == Decimal("0.97")


@pytest.mark.parametrize(("may_charge_exits", "owed"), [(False, "14"), (True, "21")])
def test_where_a_venue_may_charge_the_exit_what_is_open_still_owes_its_commission(may_charge_exits, owed):
    # Two lots that work and one that is open, each at the worst of 100 pips and no slippage; 7 a lot.
    positions = [held("EURUSD", "buy", lots, "1.1", "1.09", "1.11", is_open=is_open)
                 for lots, is_open in (("2", False), ("1", True))]  # fmt: skip
    settings = {"commission_per_lot": Decimal(7), "may_charge_exits": may_charge_exits,
                "swap_reserve_per_lot": Decimal(0), "slippage_buffer_pips": Decimal(0)}  # fmt: skip
    verdict = judged(a_book(*positions, settings=settings))
    assert Decimal(verdict.of("daily_loss_limit").as_texts()["book_loss"]) == 3_000 + Decimal(owed)


def test_a_past_that_no_floor_hangs_on_holds_nothing_back():
    since = a_book(day_known_from_ns=NOW_NS, is_peak_unknown=True)
    assert judged(since).outcome is Outcome.ALLOW
    undated = a_book(rules={"daily_loss": "none"}, day_known_from_ns=NOW_NS + 1)
    assert judged(undated).outcome is Outcome.ALLOW


def test_a_review_does_not_hide_a_denial_after_it():
    verdict = judged(a_book(breached_rule=None, rules={"news": "unknown"}), valid_until_ns=NOW_NS)
    assert (verdict.outcome, verdict.lots) == (Outcome.DENY, 0)
    assert verdict.reasons == (DenialReason.RULE_UNKNOWN, DenialReason.EXPIRED)


def test_contradicting_sources_are_for_a_person():
    found = {"rule": "news", "said": (("a", "1"), ("b", "2")), "taken": "nothing"}
    verdict = judged(a_book(rules={"contradictions": (found,)}))
    assert verdict.outcome is Outcome.REVIEW
    assert verdict.of("rules_known").as_texts()["contradicted"] == "news"
    accepted = judged(a_book(rules={"contradictions": (found,)}, settings=accepting("news")))
    assert accepted.outcome is Outcome.ALLOW


def test_a_hedge_of_an_exposure_over_its_limit_is_allowed_until_it_overshoots():
    over = a_book(
        held("EURUSD", "sell", "1", "1.1", "1.105", "1.09"),
        settings={"max_currency_exposure_pct": Decimal(10)},
    )
    assert judged(over).outcome is Outcome.ALLOW
    assert (
        judged(over, side="sell", stop_loss=Decimal("1.105"), take_profits=(Decimal("1.09"),)).outcome
        is Outcome.DENY
    )


def test_the_day_is_that_of_the_order_not_of_the_last_event():
    """The floor of the day that began while nothing happened."""
    book = a_book(held("GBPUSD", "buy", "1", "1.3", "1.29", "1.31"))
    ledger = open_ledger(Decimal(100_000), (PRAGUE,), NOW_NS - 24 * HOUR_NS)
    lost = replace(book, ledger=replace(ledger, balance=Decimal(94_000)))
    verdict = check(an_intent(), lost, NOW_NS)
    # Of the day before 95,000; of this one 89,000, and 90,000 for good.
    assert verdict.of("daily_loss_limit").numbers["floor"] == 89_000
    assert verdict.outcome is Outcome.ALLOW
    with pytest.raises(EventOutOfOrder):
        check(an_intent(), replace(book, ledger=open_ledger(Decimal(1), (PRAGUE,), NOW_NS + 1)), NOW_NS)


@pytest.mark.parametrize(
    ("when", "denied"),
    [
        ("2026-03-06T20:59:59", False),
        ("2026-03-06T21:00", True),
        ("2026-03-07T12:00", True),
        ("2026-03-08T21:00", False),
    ],
)  # fmt: skip
def test_nothing_is_opened_shortly_before_a_weekend_that_must_be_flat(when, denied):
    at = to_ns(datetime.fromisoformat(when).replace(tzinfo=UTC))
    book = a_book(rules={"holding": Holding(overnight=True, weekend=False)}, quotes={
        "EURUSD": replace(QUOTES["EURUSD"], ts_ns=at)})  # fmt: skip
    moved = an_intent(ts_decided_ns=at, valid_until_ns=at + HOUR_NS)
    verdict = check(moved, book, at)
    assert (DenialReason.WEEKEND in verdict.reasons) is denied
    assert (verdict.outcome is Outcome.DENY) is denied
    free = replace(book, rules=a_book(rules={"holding": Holding(overnight=True, weekend=True)}).rules)
    assert check(moved, free, at).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    ("when", "denied"),
    [("2026-03-06T19:59:59", False), ("2026-03-06T20:00", True), ("2026-03-05T20:00", False)],
)
def test_nothing_is_opened_within_hours_of_a_long_break_where_that_is_forbidden(when, denied):
    at = to_ns(datetime.fromisoformat(when).replace(tzinfo=UTC))
    book = a_book(
        rules={"holding": Holding(overnight=True, weekend=True, no_opening_before_break_h=2)},
        quotes={"EURUSD": replace(QUOTES["EURUSD"], ts_ns=at)},
    )
    verdict = check(an_intent(ts_decided_ns=at, valid_until_ns=at + HOUR_NS), book, at)
    assert (verdict.outcome is Outcome.DENY, DenialReason.WEEKEND in verdict.reasons) == (denied, denied)


@pytest.mark.parametrize(
    ("when", "denied"),
    [("2026-03-04T20:09:59", False), ("2026-03-04T20:10", True), ("2026-03-04T21:10", False)],
)
def test_nothing_is_opened_shortly_before_the_firm_closes_the_day(when, denied):
    at = to_ns(datetime.fromisoformat(when).replace(tzinfo=UTC))
    flat = Holding(overnight=False, weekend=False, flat_by=Reset(zone="America/Chicago", time="15:10"))
    book = a_book(rules={"holding": flat}, quotes={"EURUSD": replace(QUOTES["EURUSD"], ts_ns=at)})
    verdict = check(an_intent(ts_decided_ns=at, valid_until_ns=at + HOUR_NS), book, at)
    assert (verdict.outcome is Outcome.DENY, DenialReason.CLOSE_OF_DAY in verdict.reasons) == (denied, denied)


def test_a_day_that_must_end_flat_at_an_hour_that_nobody_states_is_for_a_person():
    rules = {"holding": Holding(overnight=False, weekend=True)}
    assert judged(a_book(rules=rules)).outcome is Outcome.REVIEW
    assert judged(a_book(rules=rules, settings=accepting("holding.overnight"))).outcome is Outcome.ALLOW


def test_conversion_is_taken_at_its_worse_side():
    usdjpy = {"symbol": "USDJPY", "reference_price": Decimal("145.41"), "stop_loss": Decimal("144.92"),
              "take_profits": (Decimal("147"),)}  # fmt: skip
    quoted = judged(**usdjpy).of("daily_loss_limit").numbers["loss_per_lot"]
    # bound 145.67, stop 144.92, 3 pips: 0.78 JPY of 100,000 at 1 / 145.40 and 1 % more, and 12 of costs
    assert round(quoted, 4) == round(Decimal(78_000) / Decimal("145.40") * Decimal("1.01") + 12, 4)
    fixed = judged(a_book(rates=replace(a_book().rates, quotes={})), **usdjpy).of("daily_loss_limit")
    assert round(fixed.numbers["loss_per_lot"], 4) == round(
        Decimal(78_000) * PER_EUR["USD"] / PER_EUR["JPY"] * Decimal("1.01") + 12, 4
    )


def test_a_locked_in_gain_is_no_room_and_an_unfilled_order_costs_its_entry():
    locked = held("GBPUSD", "buy", "10", "1.3", "1.31", "1.32")
    assert judged(a_book(locked)).of("daily_loss_limit").numbers["book_loss"] == 50  # swap of ten lots
    waiting = replace(locked, is_open=False)
    assert judged(a_book(waiting)).of("daily_loss_limit").numbers["book_loss"] == 120


def test_numbers_become_text_when_they_are_written_down():
    body = judged().findings[-1].as_body()
    assert decimal_text(judged().lots) == "0.97"
    assert all(isinstance(value, str) for value in body["numbers"].values())
