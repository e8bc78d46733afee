"""The marts, run by dbt over a small lake: their numbers, added up by hand, and every dbt test failing."""

import warnings
from datetime import date

import duckdb
import polars as pl
import pytest

from hive_core.contracts.order import OrderState
from hive_core.instruments.specification import instruments
from hive_core.signals.scorecards.outcomes import Outcome
from hive_pipelines.project_files import project_file

MARTS = ("dim_sources", "fct_orders", "fct_signals", "mart_daily_risk", "mart_source_performance")

pytestmark = pytest.mark.slow


def _by(frame: pl.DataFrame, *key: str) -> dict:
    """Rows by one column's value, or by a tuple of several."""
    return {
        row[key[0]] if len(key) == 1 else tuple(row[name] for name in key): row
        for row in frame.iter_rows(named=True)
    }


def _tests(manifest: dict) -> dict[str, dict]:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "test"}


def test_a_sound_lake_builds_and_passes_every_test(dbt_session, sound):
    assert {name for name in MARTS if sound.statuses[name] == "success"} == set(MARTS)
    assert {sound.statuses[name] for name in _tests(dbt_session.manifest)} == {"pass"}


def test_days_made_again_with_other_decisions_leave_the_marts_of_the_old_orders_whole(dbt_session, sound):
    again = dbt_session.lakes["made_again"]
    assert set(again.statuses.values()) <= {"success", "pass"}
    assert again.mart("fct_orders").equals(sound.mart("fct_orders"))


def test_every_dbt_test_fails_on_the_lake_that_is_broken_for_it(dbt_session):
    statuses = dbt_session.lakes["broken"].statuses
    not_failing = {
        name: statuses.get(name) for name in _tests(dbt_session.manifest) if statuses[name] != "fail"
    }
    assert not_failing == {}


def test_a_room_that_spoke_to_the_live_lane_alone_is_a_room(dbt_session):
    live = dbt_session.lakes["live"]
    assert {name for name in _tests(dbt_session.manifest) if live.statuses[name] != "pass"} == set()
    rooms = _by(live.mart("dim_sources"), "source")
    assert rooms["room_live"]["messages"] == rooms["room_shy"]["messages"] == 0
    performance = _by(live.mart("mart_source_performance"), "source")
    assert (performance["room_live"]["orders"], performance["room_shy"]["denied"]) == (1, 1)


def test_each_signal_has_one_state_and_refused_messages_keep_their_reason(sound):
    signals = _by(sound.mart("fct_signals"), "signal_id")
    assert len(signals) == 10
    assert {key for key, row in signals.items() if row["state"] == "quarantined"} == {
        "sig_b2",
        "sig_c2",
        "sig_c2v2",
    }
    assert signals["sig_b2"]["reason"] == "stop_wrong_side"
    assert (signals["sig_c2v2"]["reason"], signals["sig_c2v2"]["version"]) == ("missing_stop", 2)
    assert (signals["sig_b1"]["decision_id"], signals["sig_b1"]["outcome_r"]) == ("dec_1", 1.0)
    assert (signals["sig_b2"]["decision_id"], signals["sig_b2"]["decisions"]) == (None, 0)


def test_an_order_knows_its_fills_its_slippage_and_its_profit(sound):
    orders = _by(sound.mart("fct_orders"), "client_order_id")
    assert len(orders) == 6
    # Bought at 1.0552 against a mid of 1.0551; sold by limit two pips better than its price.
    assert orders["ord_1a"]["slippage_pips"] == pytest.approx(1.0)
    assert orders["ord_2"]["slippage_pips"] == pytest.approx(-2.0)
    assert orders["ord_5"]["slippage_pips"] == pytest.approx(3.0)
    assert orders["ord_4"]["slippage_pips"] is None
    first = orders["ord_1a"]
    assert (first["gross_profit"], first["commission"], first["profit"]) == (100.0, 1.0, 99.0)
    assert (first["executions"], first["sources"]) == (2, ["room_a", "room_b"])
    assert first["r_multiple"] == pytest.approx(99.0 / 50.0)
    assert (orders["ord_5"]["profit"], orders["ord_5"]["commission"]) == (None, 0.5)
    assert (orders["ord_4"]["filled_lots"], orders["ord_4"]["reason"]) == (0.0, "good_till_passed")


def test_a_room_is_counted_by_kind_and_an_edit_is_no_new_message(sound):
    sources = _by(sound.mart("dim_sources"), "source")
    room = sources["room_c"]
    assert (room["messages"], room["edits"], room["noise"], room["refused"]) == (2, 1, 1, 2)
    assert (sources["room_a"]["signals"], sources["room_a"]["updates"]) == (4, 1)
    assert sources["room_a"]["ts_first_message"].isoformat() == "2017-03-01T10:00:00+00:00"
    assert sources["room_a"]["ts_last_message"].isoformat() == "2017-03-02T13:00:00+00:00"


def test_the_profit_of_a_shared_order_is_split_equally(sound):
    rooms = _by(sound.mart("mart_source_performance"), "source", "account")
    a, b = rooms["room_a", "samples"], rooms["room_b", "samples"]
    # 99 and -51 are shared by two; -101 is room_a's alone.
    assert (a["profit"], b["profit"]) == (pytest.approx(49.5 - 25.5 - 101.0), pytest.approx(49.5 - 25.5))
    assert (a["orders"], a["fills"], a["closed"], a["wins"]) == (5, 4, 3, 1)
    assert (b["orders"], b["fills"], b["closed"], b["wins"]) == (2, 2, 2, 1)
    assert (a["win_rate"], b["win_rate"]) == (pytest.approx(1 / 3), 0.5)
    assert a["mean_r"] == pytest.approx((1.98 - 1.02 - 1.01) / 3)
    assert (a["decisions"], b["decisions"], a["denied"], b["denied"]) == (4, 2, 0, 1)


def test_a_room_that_never_traded_keeps_a_row_with_why(sound):
    row = _by(sound.mart("mart_source_performance"), "source")["room_c"]
    assert (row["account"], row["messages"], row["signals"], row["refused"]) == (None, 2, 2, 2)
    assert (row["refused_share"], row["top_reason"], row["win_rate"]) == (1.0, "missing_stop", None)
    assert (row["orders"], row["profit"]) == (0, 0.0)


def test_a_day_shows_its_lowest_equity_and_its_nearest_limit(sound):
    days = _by(sound.mart("mart_daily_risk"), "account", "trading_day")
    first, second = days["samples", date(2017, 3, 1)], days["samples", date(2017, 3, 2)]
    assert (first["start_balance"], first["end_balance"], first["daily_result"]) == (100000.0, 99947.0, -53.0)
    assert (first["lowest_equity"], first["smallest_daily_headroom"]) == (99880.0, 4880.0)
    assert (first["smallest_maximum_headroom"], first["orders"], first["breached"]) == (9880.0, 3, False)
    assert (second["start_balance"], second["daily_result"], second["orders"]) == (99947.0, -0.5, 2)
    assert (second["daily_floor"], second["smallest_daily_headroom"]) == (94947.0, 4853.0)


def test_a_breach_is_flagged_on_its_day_and_stays(sound):
    days = _by(sound.mart("mart_daily_risk"), "account", "trading_day")
    assert [days["replay_room_d", date(2017, 3, day)]["breached"] for day in (1, 2)] == [True, True]
    assert days["replay_room_d", date(2017, 3, 1)]["smallest_daily_headroom"] == -1001.0
    assert not any(row["paused"] for (account, _), row in days.items() if account != "rests")


def test_an_account_that_rests_until_its_reset_is_not_over(sound):
    days = _by(sound.mart("mart_daily_risk"), "account", "trading_day")
    told = [days["rests", date(2017, 3, day)] for day in (1, 2)]
    assert [(day["paused"], day["breached"]) for day in told] == [(True, False), (False, False)]
    assert told[0]["smallest_daily_headroom"] == -10.0


def test_a_lake_without_rows_makes_marts_without_rows_but_with_their_columns(dbt_session, sound):
    empty = dbt_session.lakes["empty"]
    for name in MARTS:
        assert empty.mart(name).schema == sound.mart(name).schema
        assert empty.mart(name).is_empty()
    assert {empty.statuses[name] for name in _tests(dbt_session.manifest)} == {"pass"}


@pytest.mark.parametrize("name", MARTS)
def test_every_model_and_column_is_described(name, dbt_session, sound):
    node = dbt_session.manifest["nodes"][f"model.hive.{name}"]
    assert node["description"]
    assert list(node["columns"]) == sound.mart(name).columns
    assert [column for column, found in node["columns"].items() if not found["description"]] == []


def test_the_facts_in_the_project_are_those_of_the_domain(dbt_session):
    listed = duckdb.sql(
        (project_file("dbt_project") / "models/staging/instrument_pips.sql").read_text("utf-8")
    )
    assert {symbol: float(pip) for symbol, pip in listed.fetchall()} == {
        symbol: float(found.pip) for symbol, found in instruments().items()
    }
    known = {
        name: set(test["test_metadata"]["kwargs"]["values"])
        for name, test in _tests(dbt_session.manifest).items()
        if name.endswith("_known")
    }
    assert known["order_states_are_known"] == set(OrderState)
    assert known["signal_outcomes_are_known"] == set(Outcome)


def test_dbt_writes_only_its_target_and_the_marts(dbt_session, sound):
    assert list(dbt_session.started_in.iterdir()) == []
    assert set(project_file("dbt_project").rglob("*")) == dbt_session.project_before
    assert (sound.home.dbt_target / "logs" / "dbt.log").exists()
    assert dbt_session.manifest["metadata"]["send_anonymous_usage_stats"] is False


def test_dagster_sees_the_marts_behind_the_assets_that_write_the_lake(dbt_session):
    import dagster as dg

    with warnings.catch_warnings():
        # Its SQL parser warns of its own build.
        warnings.simplefilter("ignore", DeprecationWarning)
        from dagster_dbt import dbt_assets

    @dbt_assets(manifest=dbt_session.manifest)
    def marts(context: dg.AssetExecutionContext):
        """Only its specs are looked at."""

    keys = {name: dg.AssetKey(name) for name in MARTS}
    assert marts.keys == set(keys.values())
    upstream = {name: {key.path[-1] for key in marts.asset_deps[key]} for name, key in keys.items()}
    assert upstream["dim_sources"] == {
        "messages",
        "parsed_signals",
        "execution_reports",
        "fct_orders",
        "denials",
    }
    assert upstream["fct_orders"] == {"orders", "execution_reports", "fills", "positions"}
    assert upstream["mart_daily_risk"] == {"fct_orders", "account_equity", "execution_reports"}
    assert {marts.group_names_by_key[key] for key in keys.values()} == {"marts"}
    assert {spec.name for spec in marts.check_specs} == set(_tests(dbt_session.manifest))
    assert all(len(key.path) == 1 for deps in marts.asset_deps.values() for key in deps)
