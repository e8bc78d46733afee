"""An edited message trades at most once: however its versions came to be known, and across midnights."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import Configuration
from hive_core.signals.messages import MessageDeclaration, merge_messages, parse_message_file
from hive_core.signals.parse import parse_signals
from hive_core.signals.validate import DUPLICATE_WINDOW, EDIT_MEMORY, validate_signals

BEGIN = datetime(2017, 3, 1, tzinfo=UTC)
BUY = "BUY EURUSD NOW SL 1.0450 TP 1.0550"
WIDER = "BUY EURUSD NOW SL 1.0440 TP 1.0550"
SELL = "SELL EURUSD NOW SL 1.0550 TP 1.0450"
MISTYPED = "BUY EURUSD NOW SL 1.0650 TP 1.0550"
UNFINISHED = "BUY EURUSD NOW TP 1.0550"
CHATTER = "Good morning everybody"
MICROSECOND = timedelta(microseconds=1)

Version = tuple[float, str]
"""Hours since BEGIN, text."""


def moment(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def read(payload: bytes, file_format: Any) -> pl.DataFrame:
    declaration = MessageDeclaration(source="room", format=file_format)
    return parse_message_file(payload, declaration, landing_sha256="a" * 64).frame


def jsonl(*versions: Version, message_id: str = "m") -> pl.DataFrame:
    """A file with a message and its edits."""
    rows = [{"id": message_id, "ts": moment(versions[0][0]).isoformat(), "text": versions[0][1]}]
    for number, (hours, text) in enumerate(versions[1:], start=2):
        own_id = f"{message_id}.{number}"
        rows.append({"id": own_id, "edit_of": message_id, "ts": moment(hours).isoformat(), "text": text})
    return read("\n".join(map(json.dumps, rows)).encode(), "jsonl")


def export(text: str, *, posted: float, edited: float | None = None) -> pl.DataFrame:
    """A Telegram export of one message, which knows its last text only."""

    def dated(name: str, hours: float) -> dict[str, str]:
        at = moment(hours)
        return {name: at.strftime("%Y-%m-%dT%H:%M:%S"), f"{name}_unixtime": str(int(at.timestamp()))}

    message = {"id": 7, "type": "message", **dated("date", posted), "text": text}
    if edited is not None:
        message |= dated("edited", edited)
    return read(json.dumps({"name": "Room", "id": 1, "messages": [message]}).encode(), "telegram")


class Judge:
    """Says of each version of merged files what it became: traded, or the reason why not."""

    def __init__(self, bars: pl.DataFrame) -> None:
        self.bars = bars

    def frames(self, messages: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        return validate_signals(parse_signals(messages, Configuration()), self.bars, messages)

    def __call__(self, *files: pl.DataFrame) -> dict[int, str]:
        valid, quarantined = self.frames(merge_messages(files)[0])
        told = dict(quarantined.select("version", "reason").iter_rows())
        return dict(sorted({**told, **dict.fromkeys(valid["version"], "trades")}.items()))

    def day_alone(self, messages: pl.DataFrame, day: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """A day as its partition is judged: with the day before as context and nothing else."""
        first, last = moment(24 * day), moment(24 * day + 24) - MICROSECOND
        seen = messages.filter(pl.col("ts_event").is_between(first - timedelta(days=1), last))
        valid, quarantined = self.frames(seen)
        asked = pl.col("ts_event").is_between(first, last)
        return valid.filter(asked), quarantined.filter(asked)


@pytest.fixture
def judge(make_bars: Any) -> Judge:
    return Judge(make_bars([1.05] * 24 * 9, start=BEGIN - timedelta(days=1)))


@pytest.mark.parametrize("changed", [BUY + " 1.0600", WIDER, SELL])
def test_an_edit_of_a_call_does_not_trade_again(judge: Judge, changed: str) -> None:
    assert judge(jsonl((10, BUY), (11, changed))) == {1: "trades", 2: "edited"}


def test_the_detail_names_the_version_that_stands(judge: Judge) -> None:
    _, quarantined = judge.frames(jsonl((10, CHATTER), (11, BUY), (12, SELL), (13, WIDER)))
    assert quarantined.select("version", "field", "reason", "text").rows() == [
        (3, "version", "edited", SELL),
        (4, "version", "edited", WIDER),
    ]
    assert set(quarantined["detail"]) == {
        "version 2 of this message, of 2017-03-01 11:00:00 UTC, stands; an edit does not trade again"
    }


@pytest.mark.parametrize("first", [CHATTER, UNFINISHED, MISTYPED])
def test_an_edit_is_the_first_call_where_the_text_before_could_not_trade(judge: Judge, first: str) -> None:
    assert judge(jsonl((10, first), (11, BUY)))[2] == "trades"


def test_a_fault_of_the_edit_itself_is_told_first(judge: Judge) -> None:
    assert judge(jsonl((10, BUY), (11, MISTYPED))) == {1: "trades", 2: "digit_typo"}


def test_every_call_of_an_edited_message_is_kept_back(judge: Judge) -> None:
    _, quarantined = judge.frames(jsonl((10, BUY), (11, f"{WIDER}\n\n{SELL}")))
    assert quarantined.select("side", "reason").rows() == [("buy", "edited"), ("sell", "edited")]


def test_an_edit_across_midnight_does_not_trade_again(judge: Judge) -> None:
    messages = jsonl((23.9, BUY), (24.1, SELL))
    assert judge(messages) == {1: "trades", 2: "edited"}
    valid, quarantined = judge.day_alone(messages, 1)
    assert (valid.height, quarantined["reason"].to_list()) == (0, ["edited"])


@pytest.mark.parametrize("first", [BUY, CHATTER])
def test_an_edit_of_what_is_too_long_ago_to_be_looked_at_does_not_trade(judge: Judge, first: str) -> None:
    memory_h = EDIT_MEMORY / timedelta(hours=1)
    assert judge(jsonl((1, CHATTER), (1 + memory_h, BUY)))[2] == "trades"
    late = jsonl((1, first), (1.01 + memory_h, SELL))
    assert judge(late)[2] == "edited"
    _, quarantined = judge.frames(late)
    assert "more than 23 hours before is taken to stand" in quarantined["detail"][-1]


def test_an_export_that_knows_the_edited_text_only_may_trade_it(judge: Judge) -> None:
    assert judge(export(BUY, posted=10, edited=40)) == {2: "trades"}


@pytest.mark.parametrize("later", [11.0, 30.0, 100.0])
def test_a_second_export_after_an_edit_does_not_trade_again(judge: Judge, later: float) -> None:
    before, after = export(BUY, posted=10), export(SELL, posted=10, edited=later)
    assert judge(before, after) == {1: "trades", 2: "edited"}
    assert judge(after, before) == {1: "trades", 2: "edited"}


@pytest.mark.parametrize("later", [12.0, 30.0, 100.0])
def test_an_export_after_another_edit_does_not_trade_again(judge: Judge, later: float) -> None:
    edited, edited_again = export(BUY, posted=10, edited=11), export(SELL, posted=10, edited=later)
    assert judge(edited, edited_again) == {2: "trades", 3: "edited"}


def test_an_edit_to_a_report_leaves_the_call_as_it_was(judge: Judge) -> None:
    assert judge(export(BUY, posted=10), export("TP hit, well done", posted=10, edited=20)) == {1: "trades"}


def test_what_repeats_an_edit_that_does_not_trade_is_judged_for_itself(judge: Judge) -> None:
    again = jsonl((11.2, SELL), message_id="n")
    valid, _ = judge.frames(merge_messages([jsonl((10, BUY), (11, SELL)), again])[0])
    assert valid.select("message_id", "version").rows() == [("m", 1), ("n", 1)]


def test_an_edit_whose_message_is_not_among_the_texts_does_not_trade(judge: Judge) -> None:
    messages = export(BUY, posted=10, edited=11)
    parsed = parse_signals(messages, Configuration())
    valid, quarantined = validate_signals(parsed, judge.bars, messages.clear())
    assert (valid.height, quarantined["reason"].to_list()) == (0, ["edited"])


def test_what_is_looked_back_at_lies_within_the_day_before() -> None:
    assert timedelta(days=1) > EDIT_MEMORY + DUPLICATE_WINDOW


texts = st.sampled_from([BUY, BUY, SELL, WIDER, CHATTER, UNFINISHED, MISTYPED])
hours = st.one_of(
    st.integers(0, 24 * 60 * 5).map(lambda minute: minute / 60),
    st.builds(lambda day, near: 24 * day + near / 60, st.integers(1, 4), st.integers(-70, 70)),
)
histories = st.lists(
    st.lists(st.tuples(hours, texts), min_size=1, max_size=4, unique_by=lambda version: version[0]).map(
        sorted
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions_of=histories)
def test_one_message_trades_once_and_days_judged_alone_are_all_days_at_once(
    judge: Judge, versions_of: list[list[Version]]
) -> None:
    files = [jsonl(*versions, message_id=f"m{number}") for number, versions in enumerate(versions_of)]
    messages, _ = merge_messages(files)
    valid, quarantined = judge.frames(messages)
    assert valid["message_id"].is_unique().all()
    days = [judge.day_alone(messages, day) for day in range(7)]
    assert pl.concat(each[0] for each in days).equals(valid)
    assert pl.concat(each[1] for each in days).equals(quarantined)
