"""A small home: hand-made EURUSD bars and message files that land in it, and tables of its lake.

For tests of the pipelines' assets and sensors. What a test asks of them stands in the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hive_core.calendars.news_file import NewsDeclaration
from hive_core.calendars.news_importing import import_news
from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import Receipt
from hive_core.market.declaration import declare_bars
from hive_core.market.importing import import_bars
from hive_core.signals.importing import import_messages
from hive_core.signals.messages import MessageDeclaration

Post = tuple[str, str, str]
"""Id, time such as `2017-03-06 10:00` (UTC), text."""

LONG_AGO_NS = 1_500_000_000_000_000_000
"""July 2017: everything has come to rest."""


def moment(text: str) -> datetime:
    """`2017-03-06 10:00`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def bars_csv(first: str, hours: int, *, price: float = 1.06) -> bytes:
    """H1 bars around a price: each goes 10 pips up and down, and closes 2 pips over or under it."""
    lines = ["time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close"]
    for hour in range(hours):
        close = price + (0.0002 if hour % 2 else -0.0002)
        bid = (price, price + 0.001, price - 0.001, close)
        prices = (*bid, *(value + 0.0001 for value in bid))
        at = moment(first) + timedelta(hours=hour)
        lines.append(f"{at:%Y-%m-%d %H:%M:%S}," + ",".join(f"{value:.5f}" for value in prices))
    return ("\n".join(lines) + "\n").encode()


def jsonl(posts: Iterable[Post]) -> bytes:
    """Posts as a JSONL export."""
    rows = ({"id": name, "ts": f"{when}:00Z", "text": text} for name, when, text in posts)
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


class SmallHome:
    """Lands files in a home, as the command and the inbox do."""

    def __init__(self, root: Path, settings: str = "") -> None:
        self.home = HiveHome(root / "home")
        (root / "hive.toml").write_text(settings, "utf-8")

    def land_bars(
        self, first: str, hours: int, *, price: float = 1.06, received_ns: int = LONG_AGO_NS
    ) -> Receipt:
        """H1 bars of EURUSD, both sides."""
        said = {"symbol": "EURUSD", "timeframe": "H1", "format": "csv", "time_zone": "UTC", "side": "both"}
        payload = bars_csv(first, hours, price=price)
        return import_bars(
            self.home, "bars.csv", payload, declare_bars(said), received_ns=received_ns
        ).receipt

    def land_news(self, *events: tuple[str, str, str, str], received_ns: int = LONG_AGO_NS) -> Receipt:
        """A calendar of high-impact events: (currency, time, name, when it was first seen), both in UTC."""
        lines = ["ts,currency,impact,name,first_seen"]
        lines += [f"{when},{currency},High,{name},{seen}" for currency, when, name, seen in events]
        payload = ("\n".join(lines) + "\n").encode()
        said = NewsDeclaration(format="csv", time_zone="UTC")
        return import_news(self.home, "calendar.csv", payload, said, received_ns=received_ns).receipt

    def land_messages(self, source: str, *posts: Post, received_ns: int = LONG_AGO_NS) -> Receipt:
        """A JSONL file of one room."""
        said = MessageDeclaration(source=source, format="jsonl")
        return import_messages(
            self.home, f"{source}.jsonl", jsonl(posts), said, received_ns=received_ns
        ).receipt

    def lake_hashes(self) -> dict[str, str]:
        """The hash of every Parquet file of the lake, by its path in it."""
        lake = Path(self.home.lake)
        return {
            str(path.relative_to(lake)): sha256_hex(path.read_bytes())
            for path in sorted(lake.rglob("*.parquet"))
        }
