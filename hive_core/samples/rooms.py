"""The sample rooms together, as files a user could have exported."""

from __future__ import annotations

import polars as pl

from hive_core.samples.edge_room import edge_room
from hive_core.samples.market import SampleMarket
from hive_core.samples.random_room import random_room
from hive_core.samples.wrong_room import wrong_room
from hive_core.signals.messages import MessageDeclaration

EDGE, RANDOM, WRONG = "sample_edge", "sample_random", "sample_wrong"


def sample_rooms(bars: pl.DataFrame) -> dict[str, tuple[str, bytes, MessageDeclaration]]:
    """Write the three rooms over EURUSD H1 bars.

    Args:
        bars: BAR_SCHEMA; rows of other symbols and timeframes are not looked at.

    Returns:
        By source: (file name, bytes, declaration). The same bars give the same bytes.

    Raises:
        ValueError: too few EURUSD H1 bars to write a room over.
    """
    market = SampleMarket.of_bars(bars)
    return {
        EDGE: ("result.json", edge_room(market), MessageDeclaration(source=EDGE, format="telegram")),
        RANDOM: (
            "sample_random.jsonl",
            random_room(market),
            MessageDeclaration(source=RANDOM, format="jsonl"),
        ),
        WRONG: ("sample_wrong.csv", wrong_room(market), MessageDeclaration(source=WRONG, format="csv")),
    }
