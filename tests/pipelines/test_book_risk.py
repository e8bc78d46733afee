"""The risk of what accounts hold: at rates that were out, by name where nothing can be said."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import numpy as np
import polars as pl
import pytest

from hive_core.contracts.execution_tables import BOOK_RISK, EXECUTION_REPORTS, ORDERS, POSITIONS
from hive_core.market.bars import RATE_SCHEMA
from hive_pipelines.assets.execution import books_check
from hive_pipelines.book_risk import book_risks
from hive_pipelines.plots import stress_plot

LAST = datetime(2017, 12, 29, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def rates():
    """Dollars, pounds and yen for a euro on every weekday of three years, wandering."""
    days = [date(2015, 1, 1) + timedelta(days=number) for number in range(1_094)]
    days = [day for day in days if day.weekday() < 5]
    chance = np.random.default_rng(5)
    rows = []
    for name, start in (("USD", 1.19), ("GBP", 0.88), ("JPY", 134.0)):
        walk = start * np.exp(np.cumsum(chance.normal(0, 0.004, len(days))))
        walk *= start / walk[-1]
        rows += [(day, name, float(rate), "0" * 64) for day, rate in zip(days, walk, strict=True)]
    return pl.DataFrame(rows, schema=RATE_SCHEMA, orient="row")


def reports(*accounts, currency="USD", last=LAST):
    body = json.dumps({"settings": {"currency": currency}})
    rows = [
        (number, name, at, kind, body, "0" * 64)
        for number, (name, kind, at) in enumerate(
            (name, kind, at)
            for name in accounts
            for kind, at in (("account_opened", last - timedelta(days=9)), ("equity_marked", last))
        )
    ]
    return pl.DataFrame(rows, schema=EXECUTION_REPORTS, orient="row")


def held(*books):
    """(account, symbol, side, lots, stop): open positions and their orders."""
    positions, orders = [], []
    for number, (account, symbol, side, lots, stop) in enumerate(books):
        told = {
            "client_order_id": f"ord_{number}",
            "account": account,
            "symbol": symbol,
            "side": side,
            "lots": lots,
        }
        positions.append({**dict.fromkeys(POSITIONS), **told, "state": "open"})
        orders.append({**dict.fromkeys(ORDERS), **told, "stop_loss": stop})
    return pl.DataFrame(positions, schema=POSITIONS), pl.DataFrame(orders, schema=ORDERS)


def test_each_account_has_its_own_figures(rates):
    books = (
        ("a", "EURUSD", "buy", 1.0, 1.0),
        ("a", "EURGBP", "buy", 1.0, 0.7),
        ("b", "EURUSD", "sell", 2.0, 1.4),
    )
    found = book_risks(*held(*books), reports("a", "b"), rates)
    assert found.refused == {}
    assert found.figures.schema == pl.Schema(BOOK_RISK)
    assert set(found.figures["account"]) == {"a", "b"}
    assert (found.figures["expected_shortfall"] >= found.figures["value_at_risk"]).all()
    headline = found.figures.filter(pl.col("method") == "filtered", pl.col("level") == 0.99)
    # 200,000 euros that move 0.4 % a day: about 2.3 times 950 dollars
    assert 1_500 < headline.filter(pl.col("account") == "b")["value_at_risk"][0] < 3_500
    assert "![" in stress_plot(found.books).value


def test_rates_that_were_not_out_yet_change_nothing(rates):
    books = held(("a", "EURUSD", "buy", 1.0, 1.0))
    early = LAST - timedelta(days=30)
    of_then = book_risks(*books, reports("a", last=early), rates)
    cut = rates.filter(pl.col("date") <= early.date())
    assert of_then.figures.equals(book_risks(*books, reports("a", last=early), cut).figures)
    assert of_then.books["a"].as_of == early.date()
    morning = early.replace(hour=9)  # before the rates of the day come out
    assert book_risks(*books, reports("a", last=morning), rates).books["a"].as_of < early.date()


def test_what_has_no_rate_is_refused_by_name_and_the_others_are_told(rates):
    books = (("a", "XAUUSD", "buy", 1.0, 1_000.0), ("b", "EURUSD", "buy", 1.0, 1.0))
    found = book_risks(*held(*books), reports("a", "b"), rates)
    assert "XAUUSD" in found.refused["a"]
    assert set(found.figures["account"]) == {"b"}


def test_a_book_that_is_not_known_or_moves_as_one_fails_the_check(rates):
    unknown = books_check(book_risks(*held(("a", "XAUUSD", "buy", 1.0, 1_000.0)), reports("a"), rates))
    assert (unknown.passed, unknown.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert unknown.description.startswith("a: ")
    assert "XAUUSD" in unknown.description
    dollars = rates.filter(pl.col("currency") == "USD")
    pegged = dollars.with_columns(pl.lit("GBP").alias("currency"), pl.col("per_eur") * 0.74)
    both = (("a", "EURUSD", "buy", 1.0, 1.0), ("a", "EURGBP", "buy", 1.0, 0.7))
    together = books_check(book_risks(*held(*both), reports("a"), pl.concat([dollars, pegged])))
    assert not together.passed
    assert together.description.startswith("a: positions EURGBP and EURUSD: correlation +1.00")
    sound = books_check(book_risks(*held(("b", "EURUSD", "buy", 1.0, 1.0)), reports("b"), rates))
    assert (sound.passed, sound.description) == (True, "1 books")


def test_without_rates_or_positions_there_are_no_figures(rates):
    books = held(("a", "EURUSD", "buy", 1.0, 1.0))
    nothing = book_risks(*books, reports("a"), rates.clear())
    assert nothing.figures.is_empty()
    assert "a" in nothing.refused
    assert book_risks(*held(), reports("a"), rates).figures.is_empty()
