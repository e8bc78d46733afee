"""The bench of one more message measures a message that came through."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from bench import one_more_message
from bench.one_more_message import NotThere, one_more_message_rows
from hive_pipelines.assets import signals

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HIVE_LAKE", "HIVE_CONFIG", "HIVE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_each_row_has_its_time_and_the_larger_one_its_ratio(tmp_path: Path) -> None:
    rows = one_more_message_rows(tmp_path, days=(1, 3), more=2, reads=2)
    assert [row.subject for row in rows] == ["200 stored", "600 stored"] * 2
    assert [(row.n, row.value > 0) for row in rows] == [(2, True)] * 4
    assert [row.goal for row in rows] == ["", "under 1.5 x"] * 2


def test_a_message_that_does_not_come_through_is_no_measurement(tmp_path: Path, monkeypatch) -> None:
    real = signals.parse_signals
    with monkeypatch.context() as patched:
        patched.setattr(
            signals, "parse_signals", lambda *given: real(*given).filter(pl.col("symbol") != "EURUSD")
        )
        with pytest.raises(NotThere, match="signals were resolved, 2 calls landed"):
            one_more_message_rows(tmp_path / "a", days=(1,), more=2, reads=2)
    monkeypatch.setattr(
        one_more_message, "messages_of_days", lambda *given: (signals.messages_of_days(*given)[0].head(9), 0)
    )
    with pytest.raises(NotThere, match="9 messages of the day, 204 landed"):
        one_more_message_rows(tmp_path / "b", days=(1,), more=2, reads=2)
