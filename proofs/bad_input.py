"""Bad input through the installed command and the delivering code: each refused by name, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from hive_core.configuration.model import Configuration
from hive_core.contracts.decision import Decision
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import receipts
from hive_core.signals.tables import DECISIONS
from hive_pipelines.sensors.deliveries import read_decisions
from proofs.daemon_process import Cursor, Installation, NotAcknowledged, run_hive, sample_decisions
from proofs.reporting import Claim

ROWS = 48


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command said, and what it kept."""

    exit_code: int
    text: str
    kept_rows: int
    rejected_rows: int


def _import(folder: Path, arguments: list[str]) -> Answer:
    ran = run_hive(folder, ["import", *arguments])
    landed = list(receipts(HiveHome(folder / ".hive")))
    kept = sum(int(r.facts.get("rows", r.facts.get("messages", 0))) for r in landed)
    return Answer(ran.returncode, ran.stdout + ran.stderr, kept, sum(len(r.rejected) for r in landed))


def _bars(scale: int = 1, broken: tuple[int, ...] = (), begin: datetime | None = None) -> str:
    """Hourly bars from a Monday, as CSV; in `broken` rows the high is below the low."""
    lines = ["time,open,high,low,close"]
    start = begin or datetime(2017, 3, 6, tzinfo=UTC)
    for number in range(ROWS):
        high, low = (1.0590, 1.0610) if number in broken else (1.0610, 1.0590)
        prices = [f"{price * scale:.5f}" if scale == 1 else f"{price * scale:.0f}" for price in (high, low)]
        middle = "1.06000" if scale == 1 else f"{1.06 * scale:.0f}"
        when = (start + timedelta(hours=number)).strftime("%Y-%m-%d %H:%M:%S")
        lines.append(f"{when},{middle},{prices[0]},{prices[1]},{middle}")
    return "\n".join(lines) + "\n"


_BAR_OPTIONS = ["--symbol", "EURUSD", "--timeframe", "H1", "--format", "csv", "--side", "bid"]


def _case(
    folder: Path,
    name: str,
    payload: bytes,
    arguments: list[str],
    holds: Callable[[Answer], bool],
    target: str,
    word: str,
) -> Claim:
    """One bad file through the command; `word` is what its message must name."""
    folder = folder / name.replace(" ", "-")
    folder.mkdir(parents=True)
    suffix = ".json" if "telegram" in arguments else ".csv"
    path = folder / f"input{suffix}"
    path.write_bytes(payload)
    answer = _import(folder, [arguments[0], str(path), *arguments[1:]])
    lines = [" ".join(line.replace(str(path), path.name).split()) for line in answer.text.splitlines()]
    said = next((line for line in lines if word in line and not line.startswith("ERROR")), "nothing of it")
    measured = f"exit {answer.exit_code}, kept {answer.kept_rows}, rejected {answer.rejected_rows}; {said}"
    return Claim(f"bad input: {name}", target, measured[:300], holds(answer) and word in answer.text, 1)


def bad_input_claims(folder: Path) -> list[Claim]:
    """The seven kinds of bad input, each alone in a home of its own."""
    utc = ["--time-zone", "UTC"]
    bars = ["bars", *_BAR_OPTIONS]
    room = ["messages", "--source", "room"]
    saturday = datetime(2017, 3, 10, 12, tzinfo=UTC)
    posts = [
        {
            "id": n,
            "type": "message",
            "date": "2017-03-06T10:00:00",
            "date_unixtime": str(1488794400 + n),
            "text": "hi",
        }
        for n in range(1, 4)
    ]
    export = json.dumps({"name": "room", "type": "private_channel", "id": 1, "messages": posts})
    lines = [
        b"id,ts,text",
        b"1,2017-03-06T10:00:00Z,BUY EURUSD SL 1.05 TP 1.07",
        b"2,2017-03-06T10:01:00Z,\xff\xfe broken",
        b"3,2017-03-06T10:02:00Z,fine again",
    ]
    return [
        _case(
            folder,
            "a CSV with high below low",
            _bars(broken=(3, 7)).encode(),
            [*bars, *utc],
            lambda a: a.exit_code != 0 and a.kept_rows == ROWS - 2 and a.rejected_rows == 2,
            f"exit not 0; 2 rows rejected by row and column, {ROWS - 2} kept",
            "high",
        ),
        _case(
            folder,
            "integer point prices",
            _bars(scale=100_000).encode(),
            [*bars, *utc],
            lambda a: a.exit_code != 0 and a.kept_rows == 0,
            "the file refused, naming --price-scale 100000",
            "--price-scale 100000",
        ),
        _case(
            folder,
            "a time zone that puts bars on Saturday",
            _bars(begin=saturday).encode(),
            [*bars, "--time-zone", "Asia/Tokyo"],
            lambda a: a.exit_code != 0 and a.kept_rows == 0,
            "the file refused, naming the declared zone",
            "Asia/Tokyo",
        ),
        _case(
            folder,
            "a truncated JSON export",
            export[:-40].encode(),
            [*room, "--format", "telegram"],
            lambda a: a.exit_code != 0 and a.kept_rows == 0,
            "the file refused, naming the place where it breaks off",
            "character",
        ),
        _case(
            folder,
            "messages with invalid UTF-8",
            b"\n".join(lines) + b"\n",
            [*room, "--format", "csv"],
            lambda a: a.exit_code != 0 and a.kept_rows == 2 and a.rejected_rows == 1,
            "1 row rejected by its number, 2 kept",
            "UTF-8",
        ),
        *_delivery_claims(folder),
    ]


def _wrong_sided(text: str) -> str:
    decision = Decision.model_validate_json(text)
    entry = decision.entry or decision.reference_price
    stop = entry + Decimal("0.005") if decision.side == "buy" else entry - Decimal("0.005")
    wrong = decision.model_copy(update={"stop_loss": stop})
    wrong = wrong.model_copy(update={"decision_id": wrong.expected_id()})
    return canonical_bytes(wrong).decode("utf-8")


def _delivery_claims(folder: Path) -> list[Claim]:
    """A decision with its stop on the wrong side among good ones, and the daemon down."""
    bars, decisions = sample_decisions(Configuration())
    few = decisions.head(20)
    texts = few["decision_json"].to_list()
    texts[7] = _wrong_sided(texts[7])
    spoiled = few.with_columns(pl.Series("decision_json", texts)).cast(DECISIONS)  # type: ignore[arg-type]
    good, bad = read_decisions(spoiled)

    installation = Installation(folder / "daemon-down")
    days = installation.fill_lake(bars, few)
    cursor, told = Cursor(), ""
    try:
        installation.deliver(days, cursor)
    except NotAcknowledged as error:
        told = str(error)
    held = cursor.storage_id
    installation.start()
    tick = installation.deliver(days, cursor)
    installation.settle()
    arrived = sum(a["orders"] + a["denied"] for a in installation.get("/accounts")["accounts"])
    installation.stop()
    return [
        Claim(
            "bad input: a decision with its stop on the wrong side",
            "that one refused by name before it is posted, 19 others go on",
            f"{len(good)} go on; {'; '.join(bad)}",
            len(good) == 19 and len(bad) == 1 and "wrong side" in bad[0],
            few.height,
        ),
        Claim(
            "bad input: the daemon down",
            f"cursor stays at 0, then all {few.height} arrive",
            f"cursor {held}, then {tick.accepted} accepted; {told[:80]}",
            held == 0 and bool(told) and tick.accepted == few.height and arrived >= few.height,
            few.height,
        ),
    ]
