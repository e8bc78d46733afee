"""Texts that nobody wrote: the corpus cut, spliced and mistyped, alone, as messages of rooms, and drawn out
to the longest that is read. Whatever comes, the parser answers in time and lets no wrong-sided call through,
by a check of its own that shares nothing with the parser's.
"""

from __future__ import annotations

import gc
import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rich.progress import track

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals.parser.context import NAMED_BEFORE, ONLY_ONE_CALLED
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.lines import LineReader
from hive_core.signals.posts import MAX_TEXT_CHARACTERS
from hive_core.signals.verdicts import ParsedSignal
from proofs.parser_corpus import fixtures
from proofs.reporting import Claim

SLOWEST_S = 0.05
SLOWEST_LONG_S = 0.25
"""What a text up to the longest that is read may take: one whose time grows with the square of its length
takes longer."""
_SHORT = 2_000
_IN_ROOMS, _DRAWN_OUT = 5, 250
"""One text of so many is a message of a room; one of so many is a long one."""
_FIRST = 200
"""So many texts and messages are read before any is timed."""
_LONGEST_HOLDING = timedelta(days=31)
_ROOMS_BEGIN = datetime(2025, 3, 3, 6, 0, tzinfo=UTC)


def _words(listed: str) -> list[str]:
    return listed.split()


_SCRAPS = (
    *_words("""buy sell BUY SELL long short now limit stop sl SL S/L loss tp TP TP1 T.P target entry @ at -
    / _ : , . + ( ) % = pips pip points gold XAUUSD EURUSD #GBPJPY US30 BTC/USDT 4105 4105-03 1.0850
    1.0850/60 4,105.50 2 650 0 1 12 9999999 1e5 open hold close half move be breakeven if hit cancel all
    ?"""),
    "\u200f",
    "\u00bd",
    "\u0661",
    "\U0001f7e2",
    "\n",
    "\n\n",
)
_EXPIRIES = (
    "valid for 2 hours",
    "valid 90 minutes",
    "valid today",
    "valid this week",
    "expires 18:00 GMT+3",
    "expires 25:61",
    "valid until 03/04/2025 17:00",
    "valid until 2025-03-05 09:30 UTC",
    "expires in 999999999999 days",
    "expiry: 30/02/2025",
    "GTC",
    "good till Friday",
)
_ALERTS = (
    ("Gold sell now 4126", "SL 4133\nTP 4119\nTP 4110"),
    ("EURUSD buy now", "1.0850 SL 1.0810 TP 1.0910"),
    ("GBPJPY buy limit 211.20", "stop 210.80, target 212.40"),
)
_CALL_AND_UPDATES = (
    "gold sell 4126-4128 SL 4133 TP 4119",
    "SELL 4126 SL 4133 TP 4119",
    "close half",
    "SL 4129",
    "cancel",
)
_ROOMS = {
    "gold": SourceProfile(default_symbol="XAUUSD", pip={"XAUUSD": Decimal("0.1")}),
    "pairs": SourceProfile(time_zone="Europe/Moscow"),
    "desk": SourceProfile(words={"zielzone": "target"}),
}


def mistyped(count: int, seed: int) -> Iterator[str]:
    """So many texts, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - noise, not a secret
    texts = [fixture["text"] for fixture in fixtures()]
    for _ in range(count):
        yield _mistyped(chance, texts)


def _mistyped(chance: random.Random, texts: list[str]) -> str:
    text = chance.choice(texts)
    for _ in range(chance.randint(1, 4)):
        text = _changed(chance, text, texts)
    return text[:_SHORT]


def _changed(chance: random.Random, text: str, texts: list[str]) -> str:
    at = chance.randrange(len(text) + 1)
    match chance.randrange(9):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + chance.choice("0123456789.,-/: \n") + text[at + 1 :]
        case 2:
            return text[:at] + chance.choice(_SCRAPS) + text[at:]
        case 3:
            other = chance.choice(texts)
            return text[:at] + other[chance.randrange(len(other) + 1) :]
        case 4:
            lines = text.split("\n")
            chance.shuffle(lines)
            return "\n".join(lines)
        case 5:
            words = text.split(" ")
            chance.shuffle(words)
            return " ".join(words)
        case 6:
            return (
                text[:at]
                + chr(chance.choice((chance.randrange(32, 0x3000), chance.randrange(0x1F000, 0x1FAFF))))
                + text[at:]
            )
        case 7:
            return text[:at] + text[max(0, at - chance.randint(1, 20)) :]
        case _:
            return " ".join(chance.choice(_SCRAPS) for _ in range(chance.randint(1, 60)))


def drawn_out(count: int, seed: int) -> Iterator[str]:
    """So many long texts, the same for the same seed; every other is as long as texts may be."""
    chance = random.Random(seed)  # noqa: S311 - noise, not a secret
    texts = [fixture["text"] for fixture in fixtures()]
    for number in range(count):
        longest = MAX_TEXT_CHARACTERS if number % 2 else chance.randint(_SHORT, MAX_TEXT_CHARACTERS)
        yield _drawn_out(chance, texts, longest)


def _drawn_out(chance: random.Random, texts: list[str], longest: int) -> str:
    text, gap = chance.choice(texts), chance.choice((" ", "\n", "\n\n", ""))
    match chance.randrange(6):
        case 0:  # one call, or whatever it is, over and over
            unit = text + gap
        case 1:  # a label, and perhaps a price
            numbers = ("", "1.0850", "4105", "50 pips", "?", "x")
            return _filled(text + "\n", chance.choice(_SCRAPS) + " " + chance.choice(numbers) + gap, longest)
        case 2:  # one word of it
            return _filled(text + "\n", chance.choice(text.split() or ["?"]) + gap, longest)
        case 3:  # a number without an end
            at = chance.randrange(len(text) + 1)
            digits = "".join(chance.choice("0123456789.,'") for _ in range(chance.randint(20, 200)))
            return _filled(text[:at], digits, longest - len(text) + at) + text[at:]
        case 4:  # lines of a word or two
            words = text.split() or ["?"]
            unit = "".join(chance.choice(words) + chance.choice((" ", "\n")) for _ in range(40))
        case _:  # one text after the other
            unit = gap.join(chance.choice(texts) for _ in range(chance.randint(2, 60)))
    return _filled("", unit or "?", longest)


def _filled(begin: str, unit: str, longest: int) -> str:
    return (begin + unit * (max(0, longest - len(begin)) // len(unit) + 1))[:longest]


def rooms(count: int, seed: int) -> Iterator[str]:
    """So many lines of JSON, messages of rooms in their order: answers, edits, alerts with their details
    behind them, times in every spelling, and how long calls hold. The same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - noise, not a secret
    texts = [fixture["text"] for fixture in fixtures()]
    ts, heard = _ROOMS_BEGIN, deque([0], maxlen=30)
    source, details = "", ""
    for number in range(1, count + 1):
        ts += timedelta(seconds=chance.choice((0, 1, 30, 120, 300, 1_200, 3_600, 3_600 * 13)))
        answers = bool(details) and chance.random() < 0.7
        if answers:
            text, details = details, ""
        else:
            source = chance.choice(("", *_ROOMS))
            text, details = _said(chance, texts)
        if chance.random() < 0.3:
            text += chance.choice(("\n", " ", " - ")) + chance.choice(_EXPIRIES)
        message: dict[str, Any] = {
            "id": number,
            "ts": _spelled(chance, ts),
            "source": source,
            "text": text,
        }
        if chance.random() < 0.3:
            message["reply_to"] = heard[-1] if answers else chance.choice(heard)
        if chance.random() < 0.1:
            message["edit_of"] = chance.choice(heard)
        heard.append(number)
        yield json.dumps(message)


def _said(chance: random.Random, texts: list[str]) -> tuple[str, str]:
    """A text of a room, and the details that it leaves for the next one."""
    if chance.random() < 0.15:
        return chance.choice(_ALERTS)
    if chance.random() < 0.25:
        return chance.choice(_CALL_AND_UPDATES), ""
    return _mistyped(chance, texts), ""


def _spelled(chance: random.Random, ts: datetime) -> Any:
    return chance.choice(
        (
            ts.isoformat(),
            ts.isoformat().replace("+00:00", "Z"),
            ts.replace(tzinfo=None).isoformat(),
            int(ts.timestamp()),
            ts.timestamp() * 1000,
            *((None,) if chance.random() < 0.2 else ()),
        )
    )


def is_wrong_sided(signal: ParsedSignal) -> bool:
    """Whether a stop or a target stands where a fill inside the entry zone would be beyond it."""
    return _is_wrong_sided(signal.side, signal.entry, signal.stop_loss, signal.take_profits)


def _is_wrong_sided(side: str, entry: Any, stop: Any, targets: Any) -> bool:
    edges = list(entry or ())
    if side == "buy":
        return any(stop >= price for price in (*edges, *targets)) or any(
            target <= edge for target in targets for edge in edges
        )
    return any(stop <= price for price in (*edges, *targets)) or any(
        target >= edge for target in targets for edge in edges
    )


@dataclass(slots=True)
class Run:
    """What became of texts that may take `limit_s` each: those that crashed, those that took longer, the time
    that the slowest took, and the signals."""

    limit_s: float = SLOWEST_S
    texts: int = 0
    crashes: list[str] = field(default_factory=list)
    slow: int = 0
    over_short: int = 0
    slowest_s: float = 0.0
    signals: int = 0
    wrong: int = 0

    def timed(self, read: Callable[[], list[Any]]) -> list[Any] | None:
        """What a reading gives, held to its time; None where it crashes."""
        self.texts += 1
        # Processor time: a machine that is busy elsewhere is no hang.
        began = time.thread_time()
        try:
            given = read()
        except Exception as error:  # noqa: BLE001 (any crash is what is looked for)
            self.crashes.append(f"{type(error).__name__}: {error}")
            return None
        took = time.thread_time() - began
        self.slowest_s = max(self.slowest_s, took)
        self.slow += took > self.limit_s
        self.over_short += took > SLOWEST_S
        return given

    def claims(self, texts: str) -> list[Claim]:
        """That none crashed, took long or gave a wrong-sided call."""
        limit, short = (f"{seconds * 1000:.0f} ms" for seconds in (self.limit_s, SLOWEST_S))
        over = f", {self.over_short} over {short}" if self.limit_s > SLOWEST_S else ""
        first = f", the first {self.crashes[0][:80]}" if self.crashes else ""
        return [
            Claim(
                f"{texts} crash nothing",
                "0 crashes",
                f"{len(self.crashes)} crashes{first}",
                not self.crashes,
                self.texts,
            ),
            Claim(
                f"{texts}: none takes over {limit} of processor time",
                "0",
                f"{self.slow}; the slowest {self.slowest_s * 1000:.1f} ms{over}",
                self.slow == 0,
                self.texts,
            ),
            Claim(
                f"{texts}: no wrong-sided call is read",
                "0",
                f"{self.wrong} of {self.signals:,} signals that came out",
                self.wrong == 0 and self.signals > 0,
                self.signals,
            ),
        ]


def read_alone(texts: Iterator[str], limit_s: float = SLOWEST_S) -> Run:
    """Texts by themselves, of a source that nothing is known of."""
    run, profile = Run(limit_s), SourceProfile()
    for text in texts:
        verdicts = run.timed(lambda text=text: read_text(text, profile))  # type: ignore[misc]
        for verdict in verdicts or ():
            if isinstance(verdict, ParsedSignal):
                run.signals += 1
                run.wrong += is_wrong_sided(verdict)
    return run


@dataclass(slots=True)
class RoomsRun(Run):
    """What became of the messages of rooms: signals that lean on what stood before, and those that hold as
    long as their text says."""

    unanswered: int = 0
    leaning: int = 0
    own_expiry: int = 0
    endless: int = 0

    def look_at(self, line: str, given: list[str]) -> None:
        """Counts one message and the lines that it gave."""
        message, told = json.loads(line), [json.loads(each) for each in given]
        self.unanswered += [each["id"] for each in told] != [message["id"]]
        for each in told:
            self.leaning += not {NAMED_BEFORE, ONLY_ONE_CALLED}.isdisjoint(each.get("grounds", ()))
            for signal in each["signals"]:
                self.signals += 1
                low, high = signal["entry_low"], signal["entry_high"]
                entry = None if low is None else (low, high)
                self.wrong += _is_wrong_sided(
                    signal["side"], entry, signal["stop_loss"], signal["take_profits"]
                )
                self._look_at_time(message, signal)

    def _look_at_time(self, message: dict[str, Any], signal: dict[str, Any]) -> None:
        sent, until = _sent(message), signal["valid_until"]
        if sent is None or until is None:
            self.endless += sent is not None or until is not None
            return
        holds = datetime.fromisoformat(until) - sent
        self.endless += holds > _LONGEST_HOLDING
        resolution = Configuration().resolution
        self.own_expiry += holds.total_seconds() not in {
            resolution.market_valid_s,
            resolution.pending_valid_s,
        }


def _sent(message: dict[str, Any]) -> datetime | None:
    """When a message of `rooms` was sent."""
    ts = message["ts"]
    if ts is None:
        return None
    if not isinstance(ts, str):
        return datetime.fromtimestamp(ts if isinstance(ts, int) else ts / 1000, UTC)
    zone = _ROOMS.get(message["source"], SourceProfile()).time_zone
    moment = datetime.fromisoformat(ts)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone or "UTC"))


def read_in_rooms(lines: Iterator[str]) -> RoomsRun:
    """Messages of rooms, each leaning on those before it."""
    run, reader = RoomsRun(), LineReader(Configuration(sources=_ROOMS))
    for line in lines:
        given = run.timed(lambda line=line: list(reader.read([line])))  # type: ignore[misc]
        if given is not None:
            run.look_at(line, given)
    return run


def _read_first(seed: int) -> None:
    """Has done once what a process does once, so that no text's time holds it: packs are read with the first
    text, zones and rooms' settings with the first messages (34 ms of the first one's 35)."""
    for text in mistyped(_FIRST, seed):
        read_text(text, SourceProfile())
    reader = LineReader(Configuration(sources=_ROOMS))
    for line in rooms(_FIRST, seed):
        list(reader.read([line]))


def fuzz_claims(count: int, seed: int) -> list[Claim]:
    """So many texts: most of them short and alone, one of five in a room, one of 250 long."""
    in_rooms, long = max(1, count // _IN_ROOMS), max(1, count // _DRAWN_OUT)
    short = max(1, count - in_rooms - long)
    _read_first(seed)
    # What stands in memory already is not the parser's to be swept.
    gc.collect()
    gc.freeze()

    def told(texts: Iterator[str], total: int, what: str) -> Iterator[str]:
        yield from track(texts, total=total, description=what, transient=True)

    alone = read_alone(told(mistyped(short, seed), short, "mistyped texts"))
    room = read_in_rooms(told(rooms(in_rooms, seed), in_rooms, "messages of rooms"))
    drawn = read_alone(told(drawn_out(long, seed), long, "long texts"), SLOWEST_LONG_S)
    gc.unfreeze()
    return [
        *alone.claims("mistyped and spliced texts"),
        *room.claims("mistyped messages in rooms"),
        Claim(
            "each message of a room gives one line, each of its signals a time until which it holds",
            "0 without",
            f"{room.unanswered} lines, {room.endless} times; {room.leaning:,} signals lean on what stood"
            f" before, {room.own_expiry:,} say how long they hold",
            room.unanswered == room.endless == 0 and room.leaning > 0 and room.own_expiry > 0,
            room.texts,
        ),
        *drawn.claims(f"texts of up to {MAX_TEXT_CHARACTERS:,} characters"),
    ]
