"""A source's claims are read from its texts: told hits count, planned, feared and denied ones do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from hive_core.signals.scorecards.claims import Claim, ClaimKind, claims_of, claims_of_text
from hive_core.signals.tables import MESSAGES

START = datetime(2017, 3, 1, tzinfo=UTC)
T, S, R = ClaimKind.TARGET, ClaimKind.STOP, ClaimKind.RUNNING


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("EURUSD TP1 hit ✅ +40 pips", [Claim(T, 1, 40.0)]),
        ("TP 2 HIT 🚀🚀", [Claim(T, 2, None)]),
        ("GOLD - TP HIT 55 +PIPS", [Claim(T, None, 55.0)]),
        ("tp1 & tp2 done, TP3 reached", [Claim(T, 3, None)]),
        ("Hit TP 1!", [Claim(T, 1, None)]),
        ("All targets smashed", [Claim(T, None, None)]),
        ("Take profit 1 reached ➡️ 25.5 pips", [Claim(T, 1, 25.5)]),
        ("TP1✅", [Claim(T, 1, None)]),
        ("Alvo 1 atingido", [Claim(T, 1, None)]),
        ("TP1 alcanzado 🎯", [Claim(T, 1, None)]),
        ("Тейк 2 взят", [Claim(T, 2, None)]),
        ("تم ضرب الهدف الاول", [Claim(T, None, None)]),
        ("đã chạm TP nhé", [Claim(T, None, None)]),
        ("SL hit, sorry all", [Claim(S, None, None)]),
        ("Stop loss was hit -30 pips", [Claim(S, None, 30.0)]),
        ("we got stopped out", [Claim(S, None, None)]),
        ("Стоп сработал", [Claim(S, None, None)]),
        ("stop atingido", [Claim(S, None, None)]),
        ("Dính SL rồi", [Claim(S, None, None)]),
        ("TP1 hit then the rest SL hit", [Claim(T, 1, None), Claim(S, None, None)]),
        ("+150 pips running 🔥", [Claim(R, None, 150.0)]),
        ("Up 35 pips, running 35 pips now", [Claim(R, None, 35.0)]),
        ("70 pips in profit, TP1 hit", [Claim(T, 1, 70.0)]),
        ("\U0001d5e7\U0001d5e3\U0001d7ed \U0001d5db\U0001d5dc\U0001d5e7", [Claim(T, 1, None)]),
    ],
)
def test_what_is_told_is_counted(text: str, claims: list[Claim]) -> None:
    assert list(claims_of_text(text)) == claims


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Good morning traders",
        "BUY EURUSD 1.0500 SL 1.0450 TP1 1.0550 TP2 1.0600",
        "TP 4100 SL 4090",
        "Move SL to entry when TP1 hit",
        "If SL hit we re-enter",
        "after TP1 hit close half",
        "SL not hit yet",
        "TP almost hit",
        "wait until TP2 is reached",
        "Set stop loss 20 pips",
        "risk 30 pips for 60 pips",
        "stop posting please",
        "Hit the like button",
        "stop trading, news ahead",
    ],
)
def test_a_plan_a_fear_or_a_denial_is_no_claim(text: str) -> None:
    assert claims_of_text(text) == ()


def messages(*rows: tuple[str, str, int, str]) -> pl.DataFrame:
    """Rows of (source, message id, version, text), each an hour after the one before."""
    full = [
        dict.fromkeys(MESSAGES)
        | {
            "source": source,
            "message_id": message_id,
            "version": version,
            "text": text,
            "ts_event": START + timedelta(hours=number),
        }
        for number, (source, message_id, version, text) in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=MESSAGES)


def test_a_message_claims_once_what_any_of_its_versions_claims() -> None:
    claims = claims_of(
        messages(
            ("room", "1", 1, "SL hit"),
            ("room", "1", 2, "SL hit, sorry"),
            ("room", "1", 3, ""),
            ("room", "2", 1, "TP1 hit"),
            ("other", "1", 1, "TP1 hit"),
        )
    )
    assert claims.select("source", "message_id", "kind").rows() == [
        ("room", "1", "stop"),
        ("room", "2", "target"),
        ("other", "1", "target"),
    ]
    assert claims["ts_event"][0] == START


def test_the_instrument_is_told_where_exactly_one_is_named() -> None:
    claims = claims_of(
        messages(
            ("room", "1", 1, "EURUSD TP1 hit"),
            ("room", "2", 1, "TP1 hit"),
            ("room", "3", 1, "EURUSD and GBPUSD TP1 hit"),
        )
    )
    assert claims["symbol"].to_list() == ["EURUSD", None, None]
