"""Whatever stands in a message: in Dagster's web pages it is text, and nothing else."""

from __future__ import annotations

import re

import dagster as dg
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hive_core.contracts.rejection import RejectedRow
from hive_core.landing.receipts import Receipt
from hive_pipelines.markdown_text import as_markdown_text, without_markup
from hive_pipelines.plots import price_plot
from hive_pipelines.quality.checks import _summary, findings_table
from hive_pipelines.quality.findings import Example, Finding
from hive_pipelines.sensors import deliveries, landings
from hive_pipelines.showing import preview

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LOADS_OR_LEADS = {"image", "link_open", "html_inline", "html_block"}
BARE_LINKS = re.compile(r"https?://[-.\w]+|www\.[-.\w]+|[-.\w+]+@[-\w]+(?:\.[-\w]+)+", re.I)
"""As mdast-util-gfm-autolink-literal, which Dagster's web pages use, looks for them in rendered text."""

EVIL = (
    "![x](https://evil.example/a.png)",
    "`code` ![x](https://evil.example/a.png)",
    "a ` ![x](//evil.example) b",
    "<img src=https://evil.example/a.png>",
    "<https://evil.example>",
    "[x][1]\n\n[1]: https://evil.example",
    "\\![x](https://evil.example/a.png)",
    "a | ![x](y) |\n<script>alert(1)</script>",
    "&lt;img src=x&gt; &#33;",
    "https://evil.example www.evil.example evil@evil.example",
    "# heading\r\n---\u2028![x](y)",
)
PIECES = st.sampled_from(
    [*"\\`*_[]()<>!|#~&\n\r\u2028 -:/@.=\"'ab1", "![x](", "https://e.x/a.png", "<img src=x>", "www.e.x", "$$"]
)
# Markdown shows another sign for a zero byte.
WILD = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80)
ANY = st.one_of(st.lists(PIECES, max_size=40).map("".join), WILD)


def tokens(markdown: str) -> list:
    return [each for token in RENDERER.parse(markdown) for each in (token, *(token.children or ()))]


def shown(markdown: str) -> str:
    return "".join(token.content for token in tokens(markdown) if token.type in ("text", "text_special"))


def harmless(markdown: str) -> None:
    found = tokens(markdown)
    assert not LOADS_OR_LEADS & {token.type for token in found}, markdown
    assert not BARE_LINKS.search(shown(markdown)), markdown


def evil(test):
    for text in EVIL:
        test = example(text)(test)
    return test


@evil
@given(ANY)
def test_text_is_shown_as_it_stands_in_a_list_and_in_a_table(text):
    line = f"x {' '.join(text.split())}".rstrip()
    written = as_markdown_text(text, 1_000)
    for place, before in ((f"- x {written}", ""), (f"| x |\n|---|\n| x {written} |", "x")):
        harmless(place)
        assert shown(place).replace("\u2060", "") == before + line.replace("\u2060", "")


@evil
@given(ANY)
def test_nothing_that_is_shown_of_a_message_loads_or_leads_anywhere(text):
    finding = Finding("rule", "text", 1, (Example(3, {"text": text}),))
    frame = pl.DataFrame({"text": [text]})
    harmless(preview(frame))
    harmless(findings_table([finding]))
    harmless(_summary("messages", frame, (finding,)))
    harmless(without_markup(text, 1_000))


@pytest.mark.parametrize("text", EVIL)
def test_nothing_that_a_sensor_reports_loads_or_leads_anywhere(text):
    with dg.DagsterInstance.ephemeral() as instance:
        rejected = (RejectedRow(1, "ts", text, text),)
        landings._tell(instance, [Receipt(1, "messages", text, "a" * 64, 1, {}, {}, rejected)])
        deliveries._tell(instance, deliveries.Tick(refused=[text]), {"2017-03-06": text})
        records = instance.get_records_for_run("").records
    assert len(records) == 3
    for record in records:
        event = record.event_log_entry.dagster_event
        told = record.asset_materialization or event.asset_check_evaluation_data
        harmless(told.description or "")
        for value in told.metadata.values():
            if isinstance(value, dg.MarkdownMetadataValue):
                harmless(value.value)
                assert shown(value.value).strip()


def test_what_is_too_long_is_cut_before_it_is_escaped():
    assert as_markdown_text("*" * 50, 10) == "\\*" * 9 + "…"
    assert as_markdown_text("*" * 10, 10) == "\\*" * 10
    assert without_markup("a" * 50, 10) == "a" * 9 + "…"


def test_what_a_check_says_stays_readable_as_plain_text():
    told = without_markup("2017-03-06 dec_3f: stop 1.09 is on the wrong side of 1.06", 300)
    assert told == "2017-03-06 dec_3f: stop 1.09 is on the wrong side of 1.06"


def test_our_own_pictures_are_still_pictures(sound_tables):
    (image,) = [token for token in tokens(price_plot(sound_tables["bars"]).value) if token.type == "image"]
    assert image.attrs["src"].startswith("data:image/png;base64,")
