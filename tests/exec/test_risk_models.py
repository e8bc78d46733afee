"""How instruments move, before the gate: by the lake's rates and bars as they were known, and nothing where
they are not."""

from __future__ import annotations

import logging
import os
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from broker_bench import BrokerBench, account
from exec_bench import a_decision
from risk_bench import NOW, NOW_NS

from hive_core.calendars.trading_day import to_ns
from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS, RATE_SCHEMA
from hive_core.market.embedded import embedded_ecb_rates
from hive_core.market.rates import parse_ecb_rates
from hive_core.risk.portfolio.ewma import ewma_covariance
from hive_core.risk.portfolio.gate_model import gate_model_at
from hive_core.risk.portfolio.history import DAILY_PRICES, pair_prices, price_history
from hive_exec.core.records import Kind
from hive_exec.replay.feed import LakeFeed
from hive_exec.risk_models import RiskModels, last_publication

BERLIN = ZoneInfo("Europe/Berlin")
NO_OTHERS = pl.DataFrame(schema=DAILY_PRICES)
LAST_DAY = date(2017, 3, 3)
"""The Friday before the bench's Monday morning: the last rates that were out."""


@cache
def ecb() -> pl.DataFrame:
    frame, _ = parse_ecb_rates(embedded_ecb_rates(), landing_sha256="0" * 64)
    return frame.filter(pl.col("date").is_between(date(2015, 1, 1), date(2017, 6, 30)))


def write(folder, table: pl.DataFrame, path="reference_rates/all.parquet") -> None:
    place = folder / path
    place.parent.mkdir(exist_ok=True)
    made = place.with_suffix(".new")
    table.write_parquet(made)
    os.replace(made, place)


def models(folder) -> RiskModels:
    return RiskModels(str(folder), LakeFeed(str(folder)))


def bench_of(folder, **settings) -> BrokerBench:
    bench = BrokerBench(account(**settings))
    bench.engine.risk_models = models(folder)
    return bench


def last_body(bench) -> dict:
    return bench.journal.records[-1].body


def finding(body, rule) -> dict:
    (found,) = (one for one in body["checks"] if one["rule"] == rule)
    return found


# --- what the gate says -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"max_correlated_positions": 1},
        {"max_value_at_risk_pct": Decimal(50)},
        {"scale_by_volatility": True},
    ],
)
def test_who_asks_for_it_gets_no_order_while_it_is_not_known(tmp_path, settings):
    bench = bench_of(tmp_path, **settings)
    assert bench.decide() == [Kind.DECISION_DENIED]
    assert last_body(bench)["reason_code"] == "risk_model_unknown"
    write(tmp_path, ecb())
    assert bench.decide(a_decision(stop="1.05790")) == [Kind.ORDER_INTENDED]
    assert bench_of(tmp_path).decide() == [Kind.ORDER_INTENDED]


def test_positions_that_win_and_lose_together_are_counted(tmp_path):
    write(tmp_path, ecb())
    bench = bench_of(tmp_path, max_correlated_positions=1)
    assert bench.decide() == [Kind.ORDER_INTENDED]
    said = finding(last_body(bench), "correlation")
    assert said["numbers"] == {
        "as_of": str(LAST_DAY), "correlation_threshold": "0.7", "limit": "1", "positions_with_it": "0",
    }  # fmt: skip
    assert bench.decide(a_decision(stop="1.05790")) == [Kind.DECISION_DENIED]
    assert last_body(bench)["reason_code"] == "correlation"
    assert finding(last_body(bench), "correlation")["numbers"]["positions_with_it"] == "1"


def test_value_at_risk_cuts_to_what_the_limit_leaves(tmp_path):
    write(tmp_path, ecb())
    whole = bench_of(tmp_path, max_value_at_risk_pct=Decimal(50))
    whole.decide()
    lots = Decimal(last_body(whole)["order"]["lots"])
    said = finding(last_body(whole), "value_at_risk")["numbers"]
    returns = pair_prices(ecb().filter(pl.col("date") <= LAST_DAY), ["EURUSD"])
    prices = returns.sort("date")["price"].tail(262).to_numpy()
    sigma = float(ewma_covariance((prices[1:] / prices[:-1] - 1)[:, None])[0, 0]) ** 0.5
    assert float(said["value_at_risk"]) == pytest.approx(2.326 * sigma * 106_115 * float(lots), rel=1e-3)
    cut = bench_of(tmp_path, max_value_at_risk_pct=Decimal("0.5"))
    assert cut.decide() == [Kind.ORDER_INTENDED]
    assert Decimal(last_body(cut)["order"]["lots"]) == pytest.approx(
        Decimal(500) / (Decimal(said["value_at_risk"]) / lots), abs=Decimal("0.01")
    )


def test_what_moves_more_than_usual_is_traded_smaller(tmp_path):
    write(tmp_path, ecb())
    model = models(tmp_path).shown_at(NOW_NS)
    ratio = model.volatility_ratio("EURUSD")
    wild = ecb().with_columns(
        pl.when((pl.col("date") > date(2017, 2, 20)) & (pl.col("date").dt.day() % 2 == 0))
        .then(pl.col("per_eur") * 1.03)
        .otherwise("per_eur")
        .alias("per_eur")
    )
    (tmp_path / "wild").mkdir()
    write(tmp_path / "wild", wild)
    sizes = []
    for folder in (tmp_path, tmp_path / "wild"):
        bench = bench_of(folder, scale_by_volatility=True)
        bench.decide()
        sizes.append(finding(last_body(bench), "size")["numbers"])
    assert Decimal(sizes[0]["volatility_ratio"]) == ratio < 1
    assert sizes[0]["risk_amount"] == "500"
    moved = Decimal(sizes[1]["volatility_ratio"])
    assert moved > 2
    assert Decimal(sizes[1]["risk_amount"]) == pytest.approx(500 / moved)


def test_where_nobody_asks_nothing_is_read():
    class Fails:
        def shown_at(self, now_ns):
            raise AssertionError("nobody asked")

    bench = BrokerBench()
    bench.engine.risk_models = Fails()
    assert bench.decide() == [Kind.ORDER_INTENDED]


# --- what is known when -----------------------------------------------------------------------------------


def test_rates_count_from_when_they_come_out(tmp_path):
    write(tmp_path, ecb())
    shown, out = models(tmp_path), datetime.combine(date(2017, 3, 6), time(16), tzinfo=BERLIN)
    assert shown.shown_at(to_ns(out) - 1).as_of == LAST_DAY
    assert shown.shown_at(to_ns(out)).as_of == date(2017, 3, 6)
    assert last_publication(out) == out
    assert last_publication(out - timedelta(microseconds=1)) == out - timedelta(days=1)


@pytest.mark.parametrize("day", [date(2017, 1, 2), date(2017, 3, 27), date(2017, 6, 1)])
def test_cutting_off_the_future_changes_no_model(day):
    now = datetime.combine(day, time(12), tzinfo=UTC)
    cut = ecb().filter(pl.col("date") < day)
    assert gate_model_at(ecb(), NO_OTHERS, now) == gate_model_at(cut, NO_OTHERS, now)


def test_old_rates_and_too_few_are_nothing():
    cut = ecb().filter(pl.col("date") <= LAST_DAY)
    noon = datetime.combine(LAST_DAY, time(20), tzinfo=UTC)
    assert gate_model_at(cut, NO_OTHERS, noon + timedelta(days=7)) is not None
    assert gate_model_at(cut, NO_OTHERS, noon + timedelta(days=8)) is None
    days = cut["date"].unique().sort()
    assert gate_model_at(cut.filter(pl.col("date") >= days[-75]), NO_OTHERS, noon) is not None
    assert gate_model_at(cut.filter(pl.col("date") >= days[-74]), NO_OTHERS, noon) is None
    assert gate_model_at(pl.DataFrame(schema=RATE_SCHEMA), NO_OTHERS, noon) is None
    hole = cut.filter(~pl.col("date").is_between(date(2017, 1, 9), date(2017, 1, 20)))
    assert gate_model_at(hole, NO_OTHERS, noon) is None
    only_dollars = cut.filter(pl.col("currency") == "ZZZ")
    assert gate_model_at(only_dollars, NO_OTHERS, noon) is None


def test_a_currency_that_misses_a_day_is_left_out_and_the_others_stay():
    now = datetime.combine(LAST_DAY, time(20), tzinfo=UTC)
    lacking = ecb().filter(~((pl.col("currency") == "JPY") & (pl.col("date") == date(2017, 1, 10))))
    whole, found = gate_model_at(ecb(), NO_OTHERS, now), gate_model_at(lacking, NO_OTHERS, now)
    assert "USDJPY" in whole.volatility_ratios
    assert "USDJPY" not in found.volatility_ratios
    assert found.covariance("EURUSD", "GBPUSD") == whole.covariance("EURUSD", "GBPUSD")


# --- instruments without rates ----------------------------------------------------------------------------


def gold_bars(days, hour=13) -> pl.DataFrame:
    """An hour a day of the ECB's clock that closes before the fixing, and one after it at a wild price."""
    rows = []
    for number, day in enumerate(days):
        for begin, price in ((hour, 1200 + 10 * (number % 3)), (hour + 4, 9_000 * (1 + number % 2))):
            at = datetime.combine(day, time(begin), tzinfo=BERLIN).astimezone(UTC)
            rows.append(
                dict.fromkeys(BAR_SCHEMA)
                | {"symbol": "XAUUSD", "timeframe": "H1", "ts_open": at, "landing_sha256": "0" * 64}
                | dict.fromkeys(BID_COLUMNS, float(price))
                | dict.fromkeys(ASK_COLUMNS, price + 0.5)
            )
    return pl.DataFrame(rows, schema=BAR_SCHEMA)


def test_gold_is_priced_at_the_hour_of_the_fixing(tmp_path):
    days = ecb()["date"].unique().sort().filter(ecb()["date"].unique().sort() <= LAST_DAY).tail(262)
    write(tmp_path, ecb())
    without = models(tmp_path).shown_at(NOW_NS)
    assert "XAUUSD" not in without.volatility_ratios
    write(tmp_path, gold_bars(days), "bars/XAUUSD.H1.parquet")
    model = models(tmp_path).shown_at(NOW_NS)
    joint = pl.concat(
        [
            pair_prices(ecb().filter(pl.col("date").is_in(days.implode())), ["EURUSD"]),
            pl.DataFrame(
                [(day, "XAUUSD", 1200.25 + 10 * (number % 3)) for number, day in enumerate(days)],
                schema=DAILY_PRICES,
                orient="row",
            ),
        ]
    )
    covariance = ewma_covariance(price_history(joint, ["EURUSD", "XAUUSD"]).relative_returns())
    assert float(model.covariance("EURUSD", "XAUUSD")) == pytest.approx(covariance[0, 1], rel=1e-12)
    assert float(model.covariance("XAUUSD", "XAUUSD")) == pytest.approx(covariance[1, 1], rel=1e-12)
    assert model.covariance("EURUSD", "EURUSD") == without.covariance("EURUSD", "EURUSD")


@pytest.mark.parametrize(
    ("share", "hour", "is_held"), [(1.0, 13, True), (0.95, 13, True), (0.5, 13, False), (1.0, 12, False)]
)
def test_an_instrument_with_too_few_prices_at_the_fixing_is_not_held(tmp_path, share, hour, is_held):
    every = ecb()["date"].unique().sort()
    days = list(every.filter(every <= LAST_DAY).tail(262))
    kept = [day for number, day in enumerate(days) if number % 20 < share * 20]
    write(tmp_path, ecb())
    write(tmp_path, gold_bars(kept, hour), "bars/XAUUSD.H1.parquet")
    model = models(tmp_path).shown_at(NOW_NS)
    assert ("XAUUSD" in model.volatility_ratios) is is_held
    assert "EURUSD" in model.volatility_ratios


# --- the file ---------------------------------------------------------------------------------------------


def test_a_newer_table_is_read_and_an_absent_one_is_nothing(tmp_path):
    shown = models(tmp_path)
    assert shown.shown_at(NOW_NS) is None
    write(tmp_path, ecb().filter(pl.col("date") < LAST_DAY))
    first = shown.shown_at(NOW_NS)
    assert first.as_of == LAST_DAY - timedelta(days=1)
    assert shown.shown_at(NOW_NS + 1) is first  # nothing is done again
    for day in range(12):  # more times than are kept
        shown.shown_at(to_ns(NOW - timedelta(days=7 * day)))
    assert shown.shown_at(NOW_NS) == first
    write(tmp_path, ecb())
    assert shown.shown_at(NOW_NS).as_of == LAST_DAY
    (tmp_path / "reference_rates" / "all.parquet").unlink()
    assert shown.shown_at(NOW_NS) is None


def test_a_file_that_is_no_table_is_told_once_and_read_again_once_it_is(tmp_path, caplog):
    (tmp_path / "reference_rates").mkdir()
    (tmp_path / "reference_rates" / "all.parquet").write_bytes(b"no parquet")
    shown = models(tmp_path)
    with caplog.at_level(logging.ERROR, logger="hive_exec.risk_models"):
        assert [shown.shown_at(NOW_NS + turn) for turn in range(3)] == [None] * 3
    assert len(caplog.records) == 1
    write(tmp_path, ecb())
    assert shown.shown_at(NOW_NS) is not None
