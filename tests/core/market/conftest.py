"""Small files of bars, made of own numbers."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hive_core.market.declaration import BarDeclaration
from hive_core.market.parse import ParsedBars, parse_bars

LANDING = "ab" * 32
MONDAY = datetime(2024, 1, 8, tzinfo=UTC)


@pytest.fixture
def declare() -> Callable[..., BarDeclaration]:
    def make(**changes: object) -> BarDeclaration:
        said = {"symbol": "EURUSD", "timeframe": "H1", "format": "csv", "time_zone": "UTC", "side": "bid"}
        return BarDeclaration.model_validate({**said, **changes})

    return make


@pytest.fixture
def parse(declare: Callable[..., BarDeclaration]) -> Callable[..., ParsedBars]:
    def run(payload: bytes | str, **changes: object) -> ParsedBars:
        content = payload.encode() if isinstance(payload, str) else payload
        return parse_bars(content, declare(**changes), landing_sha256=LANDING)

    return run


@pytest.fixture
def zip_of() -> Callable[..., bytes]:
    def make(files: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return stream.getvalue()

    return make


@pytest.fixture
def csv_at() -> Callable[..., str]:
    """A plain CSV with the same good bar at each of the times given."""

    def make(times: list[datetime], price: float = 1.1) -> str:
        bar = f"{price},{price + 0.001:.5f},{price - 0.001:.5f},{price + 0.0005:.5f}"
        rows = [f"{moment:%Y-%m-%d %H:%M:%S},{bar}" for moment in times]
        return "\n".join(["time,open,high,low,close", *rows]) + "\n"

    return make


@pytest.fixture
def market_hours() -> Callable[..., list[datetime]]:
    """Hourly UTC times while the market is open, in winter: Sunday 22:00 to Friday 21:00."""

    def walk(weeks: int, first: datetime = MONDAY - timedelta(hours=2)) -> Iterator[datetime]:
        for week in range(weeks):
            for hour in range(120):
                yield first + timedelta(weeks=week, hours=hour)

    return lambda weeks, **changes: list(walk(weeks, **changes))
