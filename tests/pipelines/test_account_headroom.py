"""Room above the floors: the nearer one counts, a floor that is not there has no room, little of it warns."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg
import polars as pl

from hive_core.contracts.execution_tables import ACCOUNT_EQUITY, ACCOUNT_HEADROOM
from hive_pipelines.account_headroom import headroom_of, low_accounts
from hive_pipelines.assets.execution import room_check

AT = datetime(2017, 3, 1, 12, tzinfo=UTC)


def marks(*rows):
    """(account, balance, lowest equity, daily floor, maximum floor)."""
    told = [
        (name, AT, date(2017, 3, 1), balance, low, low, daily, maximum)
        for name, balance, low, daily, maximum in rows
    ]
    return pl.DataFrame(told, schema=ACCOUNT_EQUITY, orient="row")


def test_the_nearer_floor_counts_in_percent_of_what_the_account_began_with():
    found = headroom_of(
        marks(
            ("a", 50_000.0, 50_000.0, 47_500.0, 45_000.0),
            ("b", 100_000.0, 100_000.0, None, 90_000.0),
            ("a", 46_000.0, 45_400.0, 43_500.0, 45_000.0),
        )
    )
    assert found.schema == pl.Schema(ACCOUNT_HEADROOM)
    assert found.select("account", "daily_left", "maximum_left", "left", "left_pct").rows() == [
        ("a", 2_500.0, 5_000.0, 2_500.0, 5.0),
        ("b", None, 10_000.0, 10_000.0, 10.0),
        ("a", 1_900.0, 400.0, 400.0, 0.8),
    ]
    assert low_accounts(found) == {"a": 0.8}


def test_an_account_without_any_floor_has_no_row():
    assert headroom_of(marks(("a", 1.0, 1.0, None, None))).is_empty()


def test_what_was_low_once_and_is_not_any_more_does_not_warn():
    found = headroom_of(
        marks(("a", 100.0, 90.5, None, 90.0), ("a", 100.0, 99.0, None, 90.0), ("b", 100.0, 89.0, None, 90.0))
    )
    assert low_accounts(found) == {"b": -1.0}


def test_little_room_fails_the_check_and_names_the_account():
    low = room_check(headroom_of(marks(("a", 100.0, 90.5, None, 90.0), ("b", 100.0, 99.0, None, 90.0))))
    assert (low.passed, low.severity, low.description) == (
        False,
        dg.AssetCheckSeverity.WARN,
        "a has 0.50 % left",
    )
    assert room_check(headroom_of(marks(("b", 100.0, 99.0, None, 90.0)))).passed
