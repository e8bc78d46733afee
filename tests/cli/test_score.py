"""`hive score` over a lake without Dagster: the report, the page, and what it says when it cannot."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from hive_core.configuration.model import Configuration
from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.market.embedded import embedded_eurusd_h1, embedded_eurusd_h1_declaration
from hive_core.market.parse import parse_bars
from hive_core.samples import sample_rooms
from hive_core.signals.messages import parse_message_file
from hive_core.signals.parse import parse_signals
from hive_core.signals.validate import validate_signals

TABLES: dict[str, dict[str, pl.DataFrame]] = {}
"""What `tables` made."""


def tables() -> dict[str, pl.DataFrame]:
    """The sample rooms' first months in the lake's tables, made once."""
    if not TABLES:
        payload = embedded_eurusd_h1()
        declared = embedded_eurusd_h1_declaration()
        bars = parse_bars(payload, declared, landing_sha256=sha256_hex(payload)).frame
        messages = pl.concat(
            parse_message_file(room, declaration, landing_sha256=sha256_hex(room)).frame
            for _, room, declaration in sample_rooms(bars).values()
        )
        valid, refused = validate_signals(parse_signals(messages, Configuration()), bars, messages)
        TABLES["made"] = {
            "bars/EURUSD.H1": bars,
            "messages/all": messages,
            "valid_signals/all": valid,
            "quarantined_signals/all": refused,
        }
    return TABLES["made"]


@pytest.fixture
def filled(home: HiveHome) -> HiveHome:
    for name, frame in tables().items():
        path = Path(home.lake) / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path)
    return home


class Page(HTMLParser):
    """Which elements a page has, what they load, and whether every one is closed."""

    VOID = frozenset({"meta", "rect", "line", "polyline", "polygon"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "data", "action"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_source_is_reported_with_its_doubt_and_what_was_assumed(hive, filled: HiveHome) -> None:
    said = hive("score", "sample_edge")
    assert said.code == 0, said.err
    for told in (
        "mean R",
        "95 %",
        "deepest drawdown",
        "longest losing run",
        "weight",
        "TP1",
        "Decay.",
        "Own word.",
    ):
        assert told in said.out, told
    assert "the other is assumed 0.6 pips apart" in said.out
    assert "the stop counts" in said.out
    path = filled.root / "reports" / "score-sample_edge.html"
    assert f"page: {path}" in said.out
    assert path.exists()
    assert said.out.splitlines()[-1].startswith("PASS ")


def test_the_page_loads_nothing_and_holds_every_part(hive, filled: HiveHome) -> None:
    hive("score", "sample_edge")
    text = (filled.root / "reports" / "score-sample_edge.html").read_text("utf-8")
    page = Page(text)
    assert page.open == []
    assert page.addresses == []
    assert not {"script", "link", "img", "iframe"} & set(page.names)
    assert "default-src 'none'" in text
    assert not re.findall(r"@import|url\(|https?://", text)
    assert 'name="viewport"' in text
    for heading in (
        "Summed R, and how far it is below its high",
        "Trades by their R",
        "Signals by month",
        "How often each target was reached",
        "Does it get worse?",
        "Its own word",
        "How this was measured",
        "Signals",
    ):
        assert heading in page.words, heading
    mine = tables()["valid_signals/all"].filter(pl.col("source") == "sample_edge")
    assert {name for name in mine["signal_id"] if name not in page.words} == set()


def test_the_same_lake_gives_the_same_page(hive, filled: HiveHome) -> None:
    path = filled.root / "reports" / "score-sample_random.html"
    hive("score", "sample_random")
    before = path.read_bytes()
    hive("score", "sample_random")
    assert path.read_bytes() == before


def test_a_room_that_tells_half_of_its_stops_is_found_out(hive, filled: HiveHome) -> None:
    """The sample room was written so: every first target is told, and one stop of two."""
    said = hive("score", "sample_edge")
    assert "it claims more than the prices allow" in said.out


def test_the_facts_as_json_write_no_page(hive, filled: HiveHome) -> None:
    found = json.loads(hive("score", "sample_random", "--json").out)
    assert found["scorecard"]["traded"] > 0
    assert found["scorecard"]["mean_r_low"] < found["scorecard"]["mean_r"] < found["scorecard"]["mean_r_high"]
    assert found["weight"]["weight"] == 0
    assert found["exits_by_timeframe"] == {"H1": found["scorecard"]["traded"]}
    assert found["assumptions"]
    assert not (filled.root / "reports").exists()


def test_text_of_others_is_no_markup_on_the_page(hive, filled: HiveHome) -> None:
    evil = "<script>alert(1)</script>\x1b[2J"
    path = Path(filled.lake) / "valid_signals" / "all.parquet"
    tables()["valid_signals/all"].with_columns(message_id=pl.lit(evil)).write_parquet(path)
    said = hive("score", "sample_edge")
    assert said.code == 0, said.err
    text = (filled.root / "reports" / "score-sample_edge.html").read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\x1b" not in text


def test_an_unknown_source_is_answered_with_those_that_there_are(hive, filled: HiveHome) -> None:
    said = hive("score", "nobody")
    assert said.code == 2
    assert "no source nobody has a valid signal" in said.err
    assert "sample_edge (" in said.err
    assert "next: hive score sample_edge" in said.err


def test_a_source_whose_every_signal_was_refused_is_told_so(hive, filled: HiveHome) -> None:
    folder = Path(filled.lake) / "valid_signals" / "all.parquet"
    valid = tables()["valid_signals/all"].filter(pl.col("source") != "sample_wrong")
    valid.write_parquet(folder)
    said = hive("score", "sample_wrong")
    assert said.code == 2
    assert "were quarantined" in said.err


def test_a_source_without_bars_is_told_how_to_bring_them(hive, filled: HiveHome) -> None:
    (Path(filled.lake) / "bars" / "EURUSD.H1.parquet").unlink()
    said = hive("score", "sample_edge")
    assert said.code == 2
    assert "no bars of EURUSD" in said.err
    assert "next: hive import bars" in said.err


def test_an_empty_home_is_told_what_comes_first(hive, home: HiveHome) -> None:
    said = hive("score", "sample_edge")
    assert said.code == 2
    assert "no valid signal in the lake yet" in said.err
    assert "hive import messages" in said.err


def test_one_trade_is_a_page_too(hive, filled: HiveHome) -> None:
    path = Path(filled.lake) / "valid_signals" / "all.parquet"
    mine = tables()["valid_signals/all"].filter(pl.col("source") == "sample_edge")
    for count in (1, 2):
        mine.head(count).write_parquet(path)
        said = hive("score", "sample_edge")
        assert said.code == 0, said.err
    bars = Path(filled.lake) / "bars" / "EURUSD.H1.parquet"
    tables()["bars/EURUSD.H1"].filter(pl.col("ts_open") <= mine["ts_event"].min()).write_parquet(bars)
    said = hive("score", "sample_edge")
    assert said.code == 0, said.err
    assert "nothing can be said of it" in said.out


def test_it_needs_neither_dagster_nor_pandas(filled: HiveHome) -> None:
    code = (
        "import sys; from hive_cli.main import run; code = run(['score', 'sample_edge', '--json']);"
        "print(code, [name for name in ('dagster', 'pandas', 'matplotlib') if name in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"
