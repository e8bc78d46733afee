"""Reports of another journal are not put under those that are stored."""

from __future__ import annotations

import dagster as dg
import httpx
import polars as pl
import pytest

from hive_core.contracts.execution_tables import EXECUTION_REPORTS
from hive_core.contracts.report import Report, ReportPage
from hive_pipelines.assets.execution import refuse_another_journal
from hive_pipelines.reports_to_tables import reports_frame


def a_report(seq: int, digit: str) -> Report:
    return Report(
        seq=seq, account="samples", ts_event_ns=1, kind="day_opened", body={}, record_sha256=digit * 64
    )


def daemon_with(*reports: Report) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["after_seq"])
        page = ReportPage(reports=tuple(r for r in reports if r.seq > after)[:1], head_seq=len(reports))
        return httpx.Response(200, content=page.model_dump_json())

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://daemon")


def test_the_same_journal_goes_on_and_a_new_one_begins():
    stored = reports_frame([a_report(1, "a"), a_report(2, "b")])
    refuse_another_journal(daemon_with(a_report(1, "a"), a_report(2, "b"), a_report(3, "c")), stored)
    refuse_another_journal(daemon_with(), pl.DataFrame(schema=EXECUTION_REPORTS))


@pytest.mark.parametrize("journal", [(), ("a",), ("a", "c"), ("c", "d", "e")])
def test_another_journal_is_refused(journal):
    stored = reports_frame([a_report(1, "a"), a_report(2, "b")])
    others = [a_report(seq, digit) for seq, digit in enumerate(journal, start=1)]
    with pytest.raises(dg.Failure, match="not the one whose reports are stored"):
        refuse_another_journal(daemon_with(*others), stored)
