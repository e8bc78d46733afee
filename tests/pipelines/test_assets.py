"""The assets in one process over a small home: the same input gives the same bytes, however it is cut into
runs, and what a check refuses goes no further."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest
from small_home import SmallHome

from hive_core.contracts.report import Report
from hive_core.evidence.canonical import content_hash
from hive_core.signals.lifecycle.tables import SIGNAL_STATES, SIGNAL_UPDATES
from hive_core.signals.scorecards.tables import SOURCE_WEIGHTS
from hive_core.signals.tables import DECISIONS, QUARANTINED, RESOLUTIONS
from hive_pipelines.assets import execution, lifecycle, market, signals, sources
from hive_pipelines.lake import Lake
from hive_pipelines.lake_io_manager import LakeIOManager
from hive_pipelines.plots import (
    MAX_POINTS,
    equity_plot,
    headroom_plot,
    price_plot,
    r_histogram,
    r_plot,
    reasons_plot,
    weights_plot,
)
from hive_pipelines.reports_to_tables import reports_frame
from hive_pipelines.resources import HiveResource
from hive_pipelines.sensors.landings import RANGE_END, RANGE_START
from hive_pipelines.showing import PREVIEW_CELL_CHARACTERS, PREVIEW_ROWS, preview

pytestmark = pytest.mark.slow

BUY, SELL = "BUY EURUSD NOW\nSL 1.0560\nTP 1.0680", "SELL EURUSD NOW\nSL 1.0640\nTP 1.0520"
DAYS = ("2017-03-06", "2017-03-07", "2017-03-08", "2017-03-09")
ROOM_A = (
    ("a1", "2017-03-06 10:05", BUY),
    ("a2", "2017-03-06 23:50", SELL),
    ("a3", "2017-03-07 23:55", BUY),
    ("a4", "2017-03-08 00:10", BUY),
    ("a5", "2017-03-08 09:00", "Good morning | everybody"),
    ("a6", "2017-03-08 10:00", "BUY EURUSD NOW TP 1.0680"),
    ("a7", "2017-03-08 11:00", "SELL EURUSD NOW\nSL 1.0560\nTP 1.0520"),
)
ROOM_B = (("b1", "2017-03-07 00:10", SELL),)
ONE_DESK = '[[accounts]]\nname = "desk"\nmode = "replay"\nsources = ["*"]\n'
SIGNALS = [
    signals.messages,
    signals.parsed_signals,
    signals.judged_signals,
    signals.enriched_signals,
    signals.resolved_signals,
    lifecycle.lives_of_signals,
]
OTHERS = [
    market.landed_bars,
    market.bars,
    signals.landed_messages,
    execution.delivered_decisions,
    execution.execution_reports,
]
DAILY_TABLES = {
    "messages",
    "parsed_signals",
    "valid_signals",
    "quarantined_signals",
    "enriched_signals",
    "decisions",
    "resolutions",
    "signal_updates",
    "signal_states",
}


class Place(SmallHome):
    """A home whose assets can be materialised."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        root.mkdir()
        super().__init__(root, ONE_DESK)
        self.instance = instance

    @property
    def lake(self) -> Lake:
        return Lake(self.home.lake)

    def run(
        self, *assets: Any, key: str | None = None, days: tuple[str, str] | None = None, raise_on_error=True
    ) -> dg.ExecuteInProcessResult:
        """Materialise assets of this home in this process."""
        hive = HiveResource()
        tags = dict(zip((RANGE_START, RANGE_END), days, strict=True)) if days else None
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("HIVE_HOME", str(self.home.root))
            return dg.materialize(
                [*SIGNALS, *OTHERS, *(each for each in assets if each not in [*SIGNALS, *OTHERS])],
                selection=list(assets),
                resources={"hive": hive, "io_manager": LakeIOManager(hive=hive)},
                instance=self.instance,
                partition_key=key,
                tags=tags,
                raise_on_error=raise_on_error,
            )

    def bars(self) -> dg.ExecuteInProcessResult:
        """Four days of bars."""
        self.land_bars("2017-03-06 00:00", 96)
        return self.run(market.bars, key="EURUSD.H1")


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        ephemeral.add_dynamic_partitions("bar_series", ["EURUSD.H1"])
        yield ephemeral


@pytest.fixture(scope="module")
def new_place(tmp_path_factory, instance) -> Callable[[], Place]:
    with pytest.MonkeyPatch.context() as patched:
        for name in ("HIVE_LAKE", "HIVE_CONFIG"):
            patched.delenv(name, raising=False)
        yield lambda: Place(tmp_path_factory.mktemp("place") / "here", instance)


@pytest.fixture(scope="module")
def made(new_place) -> tuple[Place, dict[str, dg.ExecuteInProcessResult]]:
    """Bars, and the signals of four days in one run."""
    place = new_place()
    runs = {"bars": place.bars()}
    place.land_messages("room_a", *ROOM_A)
    place.land_messages("room_b", *ROOM_B)
    runs["signals"] = place.run(*SIGNALS, days=(DAYS[0], DAYS[-1]))
    return place, runs


def told(result: dg.ExecuteInProcessResult, asset: str) -> list[dict[str, Any]]:
    """The metadata of each materialisation of an asset in a run."""
    return [
        {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]


def counts(place: Place, asset: str) -> dict[str, int]:
    """The row count that Dagster shows for each partition of an asset."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=list(DAYS))
    records = place.instance.fetch_materializations(wanted, limit=100, ascending=True).records
    return {
        record.partition_key: record.asset_materialization.metadata["dagster/partition_row_count"].value
        for record in records
    }


def test_the_flow_says_of_each_message_what_it_became(made):
    place, _ = made
    reasons = place.lake.read_all("quarantined_signals", QUARANTINED).select("message_id", "reason")
    assert reasons.rows() == [("a4", "duplicate"), ("a6", "missing_stop"), ("a7", "digit_typo")]
    fates = place.lake.read_all("resolutions", RESOLUTIONS)
    assert fates["outcome"].to_list() == ["decided", "decided", "held_back", "decided"]
    decisions = place.lake.read_all("decisions", DECISIONS)
    assert decisions.select("account", "side").rows() == [("desk", "buy"), ("desk", "sell"), ("desk", "buy")]


def test_every_day_has_a_file_of_every_table_also_the_day_without_a_message(made):
    place, _ = made
    for table in DAILY_TABLES:
        assert tuple(place.lake.names(table)) == DAYS, table
        # Signals that nobody closed are open on that day too.
        assert (place.lake.side(table, DAYS[-1]).rows == 0) == (table != "signal_states")


def test_row_counts_stand_at_each_partition(made):
    place, _ = made
    assert counts(place, "messages") == dict(zip(DAYS, (2, 2, 4, 0), strict=True))
    assert counts(place, "quarantined_signals") == dict(zip(DAYS, (0, 0, 3, 0), strict=True))
    assert counts(place, "decisions") == dict(zip(DAYS, (2, 1, 0, 0), strict=True))
    for table in DAILY_TABLES:
        assert counts(place, table) == {day: place.lake.side(table, day).rows for day in DAYS}


def test_an_update_of_a_later_day_ends_the_signal_of_an_earlier_one(new_place):
    place = new_place()
    place.land_messages("room_a", *ROOM_A, ("a8", "2017-03-08 12:00", "Close all"))
    for day in DAYS:
        place.run(signals.messages, signals.parsed_signals, key=day)
    for day in reversed(DAYS):  # in any order: each day reads what it can reach
        place.run(lifecycle.lives_of_signals, key=day)
    updates = place.lake.read_all("signal_updates", SIGNAL_UPDATES)
    assert updates.select("message_id", "action", "found_by").unique().rows() == [("a8", "close", "all")]
    states = place.lake.read_all("signal_states", SIGNAL_STATES).sort("ts_as_of")
    assert states["ts_as_of"].dt.day().unique().sort().to_list() == [6, 7, 8]
    assert set(states.filter(pl.col("ts_as_of").dt.day() == 8)["state"]) == {"closed"}
    assert set(states.filter(pl.col("ts_as_of").dt.day() < 8)["state"]) == {"active"}


def test_the_same_input_again_gives_the_same_bytes(made):
    place, _ = made
    before = place.lake_hashes()
    run_ids = {table: place.lake.side(table, DAYS[0]).run_id for table in DAILY_TABLES}
    again = place.run(*SIGNALS, days=(DAYS[0], DAYS[-1]))
    assert place.lake_hashes() == before
    assert {place.lake.side(table, DAYS[0]).run_id for table in DAILY_TABLES} == {again.run_id}
    assert again.run_id not in run_ids.values()


def test_days_one_by_one_give_the_bytes_of_one_run_over_all_of_them(made, new_place):
    """Across midnight too: a4 repeats a3 of the day before, and a2 of the day before holds b1 back."""
    place, _ = made
    day_by_day = new_place()
    day_by_day.bars()
    # In another order: it leaves no trace.
    day_by_day.land_messages("room_b", *ROOM_B)
    day_by_day.land_messages("room_a", *ROOM_A)
    for day in DAYS[:3]:
        day_by_day.run(*SIGNALS, key=day)
    ours = day_by_day.lake_hashes()
    theirs = {name: sha256 for name, sha256 in place.lake_hashes().items() if DAYS[-1] not in name}
    assert len(ours) == 1 + 3 * len(DAILY_TABLES)
    assert ours == theirs


def test_a_blocking_check_stops_what_follows_and_no_decision_is_written(new_place, monkeypatch):
    place = new_place()
    place.bars()
    place.land_messages("room_a", *ROOM_A)
    real = signals.validate_signals

    def careless(*frames: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        valid, quarantined = real(*frames)
        return valid.with_columns(pl.lit(1.07).alias("stop_loss")), quarantined

    monkeypatch.setattr(signals, "validate_signals", careless)
    result = place.run(*SIGNALS, key=DAYS[0], raise_on_error=False)
    assert not result.success
    failed = [found for found in result.get_asset_check_evaluations() if not found.passed]
    assert {(found.asset_key.to_user_string(), found.check_name) for found in failed} == {
        ("valid_signals", "schema")
    }
    assert "stop on the losing side" in failed[0].description
    assert place.lake.names("enriched_signals") == place.lake.names("decisions") == []
    assert told(result, "decisions") == []


def test_a_file_whose_bytes_changed_since_they_landed_stops_the_run(new_place):
    place = new_place()
    receipt = place.land_messages("room_a", *ROOM_A)
    stored = next((place.home.landing / "payloads").rglob(receipt.payload_sha256))
    stored.write_bytes(stored.read_bytes().replace(b"1.0560", b"1.0460"))
    with pytest.raises(ValueError, match="the bytes changed since they landed"):
        place.run(signals.messages, key=DAYS[0])
    assert place.lake.names("messages") == []


@pytest.mark.parametrize("key", ["vote_window_s = 43201", "exposure_window_s = 82801"])
def test_votes_that_reach_back_over_more_than_a_day_are_refused_not_cut(made, key):
    place, _ = made
    settings = place.home.root.parent / "hive.toml"
    settings.write_text(ONE_DESK + f"[resolution]\n{key}\n", "utf-8")
    try:
        with pytest.raises(ValueError, match="reach back over more than the one day that is loaded"):
            place.run(signals.resolved_signals, key=DAYS[0])
    finally:
        settings.write_text(ONE_DESK, "utf-8")


def test_votes_by_scorecard_weigh_as_the_lake_says_and_not_without_it(made):
    place, _ = made
    settings = place.home.root.parent / "hive.toml"
    settings.write_text(ONE_DESK + '[resolution]\nweighting = "scorecard"\nthreshold = 0.2\n', "utf-8")
    try:
        place.lake.write("source_weights", DAYS[0], pl.DataFrame(schema=SOURCE_WEIGHTS), run_id="run-1")
        with pytest.raises(ValueError, match="source_weights has nothing of 2017-03-07"):
            place.run(signals.resolved_signals, key=DAYS[1])
        day = datetime(2017, 3, 7, tzinfo=UTC).date()
        row = dict.fromkeys(SOURCE_WEIGHTS) | {"source": "room_a", "day": day, "weight": 0.25}
        place.lake.write(
            "source_weights", DAYS[1], pl.DataFrame([row], schema=SOURCE_WEIGHTS), run_id="run-1"
        )
        place.run(signals.resolved_signals, key=DAYS[1])
        votes = [
            (vote["source"], vote["base_weight"])
            for text in place.lake.read("decisions", DAYS[1])["decision_json"]
            for vote in json.loads(text)["votes"]
        ]
        assert ("room_a", "0.25") in votes
        assert {weight for source, weight in votes if source != "room_a"} == {"0.1"}
    finally:
        settings.write_text(ONE_DESK, "utf-8")
        place.run(signals.resolved_signals, days=(DAYS[0], DAYS[-1]))


def test_signals_without_bars_are_quarantined_not_lost(new_place):
    place = new_place()
    place.land_messages("room_a", ROOM_A[0])
    place.run(*SIGNALS, key=DAYS[0])
    (row,) = place.lake.read_all("quarantined_signals", QUARANTINED).to_dicts()
    assert row["message_id"] == "a1"
    assert "market" in row["reason"]


def test_a_call_that_is_not_read_surely_waits_for_a_person(new_place):
    place = new_place()
    place.bars()
    place.land_messages("room_a", ("a1", "2017-03-06 10:05", BUY + "\nValid until NFP"))
    place.run(*SIGNALS, key=DAYS[0])
    (row,) = place.lake.read_all("quarantined_signals", QUARANTINED).to_dicts()
    assert (row["reason"], row["field"], row["confidence"]) == ("needs_review", "confidence", 0.45)
    assert "expiry could not be read" in row["detail"]
    settings = place.home.root.parent / "hive.toml"
    settings.write_text(ONE_DESK + "[sources.room_a]\nminimum_confidence = 0.45\n", "utf-8")
    place.run(*SIGNALS, key=DAYS[0])
    assert place.lake.read_all("quarantined_signals", QUARANTINED).is_empty()


def test_bars_tell_where_they_come_from(made):
    (shown,) = told(made[1]["bars"], "bars")
    assert (shown["files"], shown["rejected_rows"], shown["bars_that_files_disagree_on"]) == (1, 0, 0)
    assert (shown["first"], shown["last"]) == ("2017-03-06 00:00:00+00:00", "2017-03-09 23:00:00+00:00")
    assert shown["dagster/partition_row_count"] == 96


def test_the_later_of_two_files_counts_where_they_disagree(new_place):
    place = new_place()
    place.land_bars("2017-03-06 00:00", 48)
    place.land_bars("2017-03-07 00:00", 48, price=1.07)
    (shown,) = told(place.run(market.bars, key="EURUSD.H1"), "bars")
    assert (shown["files"], shown["bars_that_files_disagree_on"]) == (2, 24)
    stored = place.lake.read("bars", "EURUSD.H1")
    assert stored.height == 72
    assert stored["bid_open"][24:].unique().to_list() == [1.07]


def test_signals_tell_the_news_that_was_known_once_a_calendar_is_in_its_table(new_place):
    place = new_place()
    place.land_bars("2017-03-06 00:00", 48)
    place.run(market.bars, key="EURUSD.H1")
    place.land_messages("room_a", ROOM_A[0])
    flow = [signals.messages, signals.parsed_signals, signals.judged_signals, signals.enriched_signals]
    place.run(*flow, key=DAYS[0])
    columns = ("news_known", "next_news", "minutes_to_news", "in_news_window")
    known = place.lake.read("enriched_signals", DAYS[0]).select(columns)
    assert known.rows() == [(False, None, None, None)]
    place.land_news(
        ("EUR", "2017-03-05 10:00", "Before", "2017-03-04 20:00"),
        ("USD", "2017-03-05 11:00", "Before", "2017-03-04 20:00"),
        ("USD", "2017-03-06 10:10", "Seen Later", "2017-03-06 10:06"),
        ("USD", "2017-03-06 10:30", "Own Index", "2017-03-05 20:00"),
        ("USD", "2017-03-06 23:30", "After", "2017-03-05 20:00"),
    )
    shown = told(place.run(market.news_events), "news_events")[0]
    assert (shown["files"], shown["high_impact"], shown["currencies"]) == (1, 5, "EUR, USD")
    result = place.run(signals.enriched_signals, key=DAYS[0])
    known = place.lake.read("enriched_signals", DAYS[0]).select(columns)
    assert known.rows() == [(True, "USD Own Index", 25.0, True)]
    (shown,) = told(result, "enriched_signals")
    assert (shown["news_known"], shown["in_news_window"]) == (1, 1)


def test_a_run_tells_its_kinds_sources_and_hashes(made):
    place, runs = made
    shown = told(runs["signals"], "messages")
    assert {tuple(each["rows_by_source"].items()) for each in shown} == {(("room_a", 7), ("room_b", 1))}
    hashes = [place.lake.side("decisions", day).sha256 for day in DAYS]
    assert {each["data_sha256"] for each in told(runs["signals"], "decisions")} == {content_hash(hashes)}
    assert {each["rows_by_outcome"]["held_back"] for each in told(runs["signals"], "resolutions")} == {1}
    columns = told(runs["signals"], "decisions")[0]["dagster/column_schema"].columns
    assert [column.name for column in columns] == list(DECISIONS)


def picture(markdown: str) -> np.ndarray:
    """The picture inside a markdown value, decoded."""
    from matplotlib.image import imread

    found = re.fullmatch(r"!\[[^\]]+\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert found, markdown[:80]
    pixels: np.ndarray = imread(io.BytesIO(base64.b64decode(found[1], validate=True)), format="png")
    return pixels


def is_drawn(pixels: np.ndarray) -> bool:
    """Whether a picture is as large as it is meant to be, and not of one colour."""
    return pixels.shape[:2] == (288, 720) and float(pixels.std()) > 0.01


def test_bars_and_quarantined_signals_show_a_picture(made):
    _, runs = made
    assert is_drawn(picture(told(runs["bars"], "bars")[0]["prices"]))
    assert is_drawn(picture(told(runs["signals"], "quarantined_signals")[0]["reasons"]))


def test_reports_become_tables_and_scores_with_their_pictures(made):
    """Without a daemon: its reports stand in the lake as the asset before would have left them."""
    place, _ = made
    money = {"balance": "100000", "equity": "100000", "daily_floor": "95000", "maximum_floor": "90000"}
    opened = {**money, "trading_day": "2017-03-06"}
    reports = [
        Report(
            seq=seq,
            account="desk",
            ts_event_ns=1_488_754_800_000_000_000 + seq,
            kind=kind,
            body=opened,
            record_sha256="ab" * 32,
        )
        for seq, kind in ((1, "account_opened"), (2, "equity_marked"))
    ]
    place.lake.write("execution_reports", "all", reports_frame(reports), run_id="run-1")
    result = place.run(
        execution.account_tables,
        execution.account_headroom,
        sources.source_outcomes,
        sources.source_scorecards,
    )
    assert place.lake.read("account_equity", "all").height == 2
    assert place.lake.read("account_headroom", "all")["left_pct"].to_list() == [5.0, 5.0]
    assert is_drawn(picture(told(result, "account_headroom")[0]["headroom"]))
    assert place.lake.read("orders", "all").height == 0
    assert is_drawn(picture(told(result, "account_equity")[0]["equity"]))
    outcomes = told(result, "source_outcomes")[0]
    assert outcomes["dagster/row_count"] == 4
    assert is_drawn(picture(outcomes["summed_r"]))
    assert place.lake.read("source_scorecards", "all")["source"].to_list() == ["room_a", "room_b"]
    cards = told(result, "source_scorecards")[0]
    assert is_drawn(picture(cards["summed_r"]))
    assert is_drawn(picture(cards["distribution_of_r"]))
    assert cards["by_target"].startswith("| source | target | tried |")
    assert all(found.passed for found in result.get_asset_check_evaluations())


def test_weights_of_a_day_are_the_same_alone_and_in_a_range(made):
    place, _ = made
    place.run(sources.source_weights, days=(DAYS[0], DAYS[-1]))
    of_range = {day: place.lake.read("source_weights", day) for day in DAYS}
    assert of_range[DAYS[0]].is_empty()
    assert of_range[DAYS[3]]["source"].to_list() == ["room_a", "room_b"]
    alone = place.run(sources.source_weights, key=DAYS[3])
    assert place.lake.read("source_weights", DAYS[3]).equals(of_range[DAYS[3]])
    assert is_drawn(picture(told(alone, "source_weights")[0]["weights"]))
    assert all(found.passed for found in alone.get_asset_check_evaluations())


@pytest.mark.parametrize(
    ("plot", "table"),
    [
        (price_plot, "bars"),
        (equity_plot, "account_equity"),
        (headroom_plot, "account_headroom"),
        (r_plot, "source_outcomes"),
        (r_histogram, "source_outcomes"),
        (weights_plot, "source_weights"),
        (reasons_plot, "quarantined_signals"),
    ],
)
def test_a_plot_draws_rows_and_says_so_when_there_are_none(plot, table, sound_tables):
    drawn = picture(plot(sound_tables[table]).value)
    empty = picture(plot(sound_tables[table].clear()).value)
    assert is_drawn(drawn)
    assert drawn.shape == empty.shape
    assert not np.array_equal(drawn, empty)


def test_a_plot_of_very_many_points_draws_some_of_them_from_the_first_on(sound_tables, monkeypatch):
    drawn = []
    monkeypatch.setattr("matplotlib.axes.Axes.plot", lambda self, x, y, **style: drawn.append(x))
    price_plot(pl.concat([sound_tables["bars"]] * (2 * MAX_POINTS)))
    (times,) = drawn
    assert MAX_POINTS <= len(times) < 2 * MAX_POINTS
    assert times[0] == sound_tables["bars"]["ts_open"].min()


def test_a_preview_is_a_table_that_no_value_can_break(sound_tables):
    frame = pl.DataFrame({"text": ["a|b\nc`d", "x" * 500, None], "number": [1, 2, 3]})
    lines = preview(frame).splitlines()
    assert lines[:2] == ["| text | number |", "|---|---|"]
    assert lines[2] == r"| a\|b c\`d | 1 |"
    assert lines[3] == "| " + "x" * (PREVIEW_CELL_CHARACTERS - 1) + "… | 2 |"
    assert lines[4:] == ["|  | 3 |"]
    many = preview(pl.concat([frame] * 400)).splitlines()
    assert many[-1] == f"{PREVIEW_ROWS} of 1,200 rows"
    assert len(many) == 2 + PREVIEW_ROWS + 2
    assert preview(frame.clear()) == "no rows"
