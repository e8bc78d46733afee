"""Scenario files: the packaged ones, every way in which one is refused, and crosses that follow."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from hive_core.risk.portfolio.moves import crossed, ratio_of
from hive_core.risk.portfolio.scenario_files import (
    ScenarioFileError,
    packaged_scenarios,
    packaged_windows,
    parse_scenarios,
    parse_windows,
)

SHOCK = """
scenarios:
  - name: one
    title: A title
    source: A source
    shocks_pct: {EURUSD: "-15", USDJPY: "-10"}
"""
WINDOW = """
windows:
  - name: one
    title: A title
    source: A source
    first: 2015-01-15
    last: 2015-01-30
"""


def test_the_three_scenarios_of_the_first_draft_are_there():
    found = {
        each.name: {symbol: int(pct) for symbol, pct in each.shocks_pct.items()}
        for each in packaged_scenarios()
    }
    assert found == {
        "2008_crisis": {"US500": -40, "XAUUSD": 5, "EURUSD": -15, "USDJPY": -10},
        "covid_crash": {"US500": -35, "XAUUSD": -3, "EURUSD": -5, "USDJPY": -3},
        "rate_hike": {"US500": -10, "XAUUSD": -5, "EURUSD": 3, "USDJPY": 5},
    }
    assert all(set(each.left_out) == {"TLT"} for each in packaged_scenarios())


def test_no_scenario_has_the_name_of_a_window():
    assert not {each.name for each in packaged_scenarios()} & {each.name for each in packaged_windows()}


def test_the_five_windows_hold_the_days_that_they_are_named_for():
    days = {
        "lehman_2008": date(2008, 10, 24),
        "franc_2015": date(2015, 1, 15),
        "brexit_2016": date(2016, 6, 24),
        "covid_2020": date(2020, 3, 18),
        "rates_2022": date(2022, 9, 28),
    }
    assert {each.name for each in packaged_windows()} == set(days)
    for each in packaged_windows():
        assert each.first <= days[each.name] <= each.last


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"-15"', "-15", r"file.yaml: scenarios\[1\].shocks_pct: Value error, a decimal travels"),
        ('"-15"', "-15.5", 'write "-15.5"'),
        ('"-15"', '"-100"', "greater than -100"),
        ("EURUSD", "EURXXX", "not a known instrument: EURXXX"),
        ("EURUSD", "USDJPY", "'USDJPY' stands twice"),
        ("source: A source", "notes: A source", "Field required"),
        ("    title", "    colour: red\n    title", "Extra inputs"),
        ("name: one", "name: One", "match pattern"),
        ('{EURUSD: "-15", USDJPY: "-10"}', "{}", "at least 1"),
        ('USDJPY: "-10"', 'USDJPY: "-10", EURJPY: "5"', "EURUSD moves by -15.00%, the others imply 16.67%"),
        ("name: one", "name: &a one", "anchors"),
    ],
)
def test_a_scenario_that_is_not_one_is_refused(old, new, why):
    assert len(parse_scenarios(SHOCK, "file.yaml")) == 1
    assert SHOCK.count(old) == 1
    with pytest.raises(ScenarioFileError, match=why):
        parse_scenarios(SHOCK.replace(old, new), "file.yaml")


def test_a_triangle_that_closes_but_for_rounding_is_read():
    closed = SHOCK.replace('"-10"', '"-10", EURJPY: "-23.5"')
    assert len(parse_scenarios(closed, "file.yaml")) == 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("2015-01-30", "2015-01-14", "lies before the first"),
        ("2015-01-30", "soon", "date"),
        ("windows:", "scenarios:", "Field required"),
    ],
)
def test_a_window_that_is_not_one_is_refused(old, new, why):
    assert len(parse_windows(WINDOW, "file.yaml")) == 1
    with pytest.raises(ScenarioFileError, match=why):
        parse_windows(WINDOW.replace(old, new), "file.yaml")


def test_a_name_stands_once():
    with pytest.raises(ScenarioFileError, match="one stands twice"):
        parse_scenarios(SHOCK + SHOCK.split("scenarios:\n")[1], "file.yaml")
    with pytest.raises(ScenarioFileError, match="one stands twice"):
        parse_windows(WINDOW + WINDOW.split("windows:\n")[1], "file.yaml")


def test_crosses_follow_from_pairs_in_either_direction():
    moves = {"EURUSD": 0.85, "USDJPY": 0.90, "USDCHF": 1.10, "XAUUSD": 1.5}
    assert crossed("EURJPY", moves) == pytest.approx(0.85 * 0.90)
    assert crossed("CHFJPY", moves) == pytest.approx(0.90 / 1.10)
    assert crossed("EURUSD", {"EURJPY": 0.765, "USDJPY": 0.90}) == pytest.approx(0.85)
    assert crossed("GBPUSD", moves) is None
    assert crossed("XAUUSD", {"EURUSD": 0.85}) is None, "gold is no pair of currencies"
    assert crossed("EURXXX", moves) is None
    assert crossed("EURUSD", {}) is None


def test_gold_says_nothing_of_currencies():
    assert crossed("EURUSD", {"XAUUSD": 1.5}) is None
    assert ratio_of("XAUUSD", {"XAUUSD": 1.5}) == 1.5


def test_a_chain_may_be_long_and_may_be_a_path():
    moves = {name: np.array([factor, factor**2]) for name, factor in
             (("EURGBP", 1.1), ("GBPAUD", 1.2), ("AUDNZD", 0.7))}  # fmt: skip
    np.testing.assert_allclose(crossed("EURNZD", moves), [0.924, 0.924**2])


def test_what_is_given_goes_before_what_follows():
    assert ratio_of("EURJPY", {"EURUSD": 0.85, "USDJPY": 0.90, "EURJPY": 0.77}) == 0.77
