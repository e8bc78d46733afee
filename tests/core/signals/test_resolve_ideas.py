"""The same signal in several rooms is one vote each but one exposure, also after the vote window."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from enriched_rows import ONE_ACCOUNT, enriched, with_resolution

from hive_core.configuration.model import Account, Configuration
from hive_core.signals.fates import tables_of
from hive_core.signals.resolve import resolve_signals
from hive_core.signals.resolver import Resolver

HALF_A_DAY = 12 * 60
AFTER_MIDNIGHT = 13 * 60
"""The rows' first call is at noon: so many minutes later it is one o'clock of the next day."""


def rows(*changes: dict[str, Any], configuration: Configuration = ONE_ACCOUNT) -> list[dict[str, Any]]:
    """The resolutions, at once and one by one."""
    frame = enriched(*changes)
    at_once = resolve_signals(frame, configuration)
    one_by_one = tables_of(Resolver(configuration).hear(frame))
    assert one_by_one.resolutions.equals(at_once.resolutions)
    assert one_by_one.decisions.equals(at_once.decisions)
    return at_once.resolutions.to_dicts()


def outcomes(*changes: dict[str, Any], configuration: Configuration = ONE_ACCOUNT) -> list[str]:
    return [row["outcome"] for row in rows(*changes, configuration=configuration)]


@pytest.mark.parametrize("minute", [10, 60, 70, 300, HALF_A_DAY - 1])
def test_the_same_plan_of_another_room_confirms_the_decision(minute):
    first, later = rows({}, {"source": "room_b", "minute": minute})
    assert (first["outcome"], later["outcome"]) == ("decided", "confirmed")
    assert later["decision_id"] == first["decision_id"]


def test_nearly_the_same_plan_is_the_same_idea_and_another_is_not():
    nearly = {"stop_loss": 1.0451, "take_profits": [1.0549], "source": "room_b", "minute": 70}
    assert outcomes({}, nearly) == ["decided", "confirmed"]
    assert outcomes({}, {**nearly, "stop_loss": 1.0456}) == ["decided", "decided"]
    assert outcomes({}, {**nearly, "take_profits": [1.0556]}) == ["decided", "decided"]


def test_its_window_is_counted_from_the_decision_and_ends():
    short = with_resolution(exposure_window_s=2 * 3600)
    late = [{"source": "room_b", "minute": minute} for minute in (70, 120, 121)]
    fates = ["decided", "confirmed", "confirmed", "decided"]
    assert outcomes({}, *late, configuration=short) == fates


def test_another_side_instrument_or_account_is_another_exposure():
    sell = {"side": "sell", "stop_loss": 1.0550, "take_profits": [1.0450], "minute": 70}
    assert outcomes({}, sell) == ["decided", "decided"]
    pound = {"symbol": "GBPUSD", "minute": 70}
    assert outcomes({}, pound) == ["decided", "decided"]
    apart = ONE_ACCOUNT.model_copy(
        update={
            "accounts": tuple(
                Account(name=f"{each}", mode="replay", sources=(each,)) for each in ("room_a", "room_b")
            )
        }
    )
    assert outcomes({}, {"source": "room_b", "minute": 70}, configuration=apart) == ["decided", "decided"]


def test_among_several_decisions_that_of_its_idea_is_confirmed():
    other = {"stop_loss": 1.0400, "take_profits": [1.0600], "minute": 70}
    again = {**other, "source": "room_c", "minute": 210}
    told = rows({}, other, {"source": "room_b", "minute": 200}, again)
    assert [row["outcome"] for row in told] == ["decided", "decided", "confirmed", "confirmed"]
    assert (
        told[2]["decision_id"] == told[0]["decision_id"] != told[1]["decision_id"] == told[3]["decision_id"]
    )


def test_after_midnight_it_is_held_back_and_told_why():
    longer = with_resolution(exposure_window_s=14 * 3600)
    first, later = rows({}, {"source": "room_b", "minute": AFTER_MIDNIGHT}, configuration=longer)
    assert (first["outcome"], later["outcome"], later["decision_id"]) == ("decided", "held_back", None)
    assert "sig_000 of room_a, posted at 2017-03-01 12:00:00 UTC, before midnight" in later["detail"]
    assert later["detail"].endswith("no second exposure of the same idea within 50400 s")
    assert outcomes({}, {"source": "room_b", "minute": AFTER_MIDNIGHT}) == ["decided", "decided"]


def test_a_call_without_a_plan_that_repeats_an_idea_confirms_it_too():
    # The market has run through its target: alone it would be refused.
    gone = {"source": "room_b", "minute": 70, "market_bid": 1.0560, "market_ask": 1.0562}
    assert outcomes({}, gone) == ["decided", "confirmed"]
    assert outcomes(gone) == ["refused"]


def test_a_room_that_repeats_its_own_call_means_another_trade():
    assert outcomes({}, {"minute": 70}) == ["decided", "decided"]
    told = rows({}, {"minute": 70}, {"source": "room_b", "minute": 140})
    assert told[2]["outcome"] == "confirmed"
    assert told[2]["decision_id"] == told[1]["decision_id"] != told[0]["decision_id"]


def test_behind_its_own_repetition_the_call_of_another_room_still_holds_it_back():
    longer = with_resolution(exposure_window_s=20 * 3600)
    both = ({}, {"source": "room_b", "minute": 600})
    late = {"source": "room_b", "minute": AFTER_MIDNIGHT}
    fates = rows(*both, late, configuration=longer)
    assert [row["outcome"] for row in fates] == ["decided", "confirmed", "held_back"]
    assert "sig_000 of room_a" in fates[2]["detail"]


def test_an_idea_that_only_confirmed_another_is_not_exposed():
    other = {"stop_loss": 1.0400, "take_profits": [1.0600], "source": "room_b"}
    told = outcomes({}, {**other, "minute": 30}, {**other, "minute": 61})
    assert told == ["decided", "confirmed", "decided"]


def test_what_comes_later_changes_nothing():
    frame = enriched(*({"source": f"room_{each % 3}", "minute": 97 * each} for each in range(40)))
    whole = resolve_signals(frame, ONE_ACCOUNT).resolutions
    for count in range(frame.height):
        assert resolve_signals(frame.head(count), ONE_ACCOUNT).resolutions.equals(whole.head(count))
    assert {"decided", "confirmed", "held_back"} == set(whole["outcome"])
    decided = whole.filter(pl.col("outcome") == "decided").select("source", pl.col("ts_event").dt.date())
    assert decided.height == 9
    assert decided.unique().height == decided["ts_event"].n_unique() == 3  # one room a day
