"""Texts that nobody wrote: the corpus cut, spliced and mistyped. Whatever comes, the parser answers in time
and lets no wrong-sided call through, by a check of its own that shares nothing with the parser's.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator

from rich.progress import track

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal
from proofs.parser_corpus import fixtures
from proofs.reporting import Claim

SLOWEST_S = 0.05
_LONGEST = 2_000


def _words(listed: str) -> list[str]:
    return listed.split()


_SCRAPS = (
    *_words("""buy sell BUY SELL long short now limit stop sl SL S/L loss tp TP TP1 T.P target entry @ at -
    / _ : , . + ( ) % = pips pip points gold XAUUSD EURUSD #GBPJPY US30 BTC/USDT 4105 4105-03 1.0850
    1.0850/60 4,105.50 2 650 0 1 12 9999999 1e5 open hold close half move be breakeven if hit cancel all"""),
    "\u200f",
    "\u00bd",
    "\u0661",
    "\U0001f7e2",
    "\n",
    "\n\n",
)


def mistyped(count: int, seed: int) -> Iterator[str]:
    """So many texts, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - noise, not a secret
    texts = [fixture["text"] for fixture in fixtures()]
    for _ in range(count):
        text = chance.choice(texts)
        for _ in range(chance.randint(1, 4)):
            text = _changed(chance, text, texts)
        yield text[:_LONGEST]


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


def is_wrong_sided(signal: ParsedSignal) -> bool:
    """Whether a stop or a target stands where a fill inside the entry zone would be beyond it."""
    stop, targets = signal.stop_loss, signal.take_profits
    edges = list(signal.entry or ())
    if signal.side == "buy":
        return any(stop >= price for price in (*edges, *targets)) or any(
            target <= edge for target in targets for edge in edges
        )
    return any(stop <= price for price in (*edges, *targets)) or any(
        target >= edge for target in targets for edge in edges
    )


def fuzz_claims(count: int, seed: int) -> list[Claim]:
    """So many mistyped texts."""
    crashes: list[str] = []
    slow = wrong = signals = 0
    slowest = 0.0
    profile = SourceProfile()
    # What stands in memory already is not the parser's to be swept.
    gc.collect()
    gc.freeze()
    for text in track(mistyped(count, seed), total=count, description="mistyped texts", transient=True):
        # Processor time: a machine that is busy elsewhere is no hang.
        began = time.thread_time()
        try:
            verdicts = read_text(text, profile)
        except Exception as error:  # noqa: BLE001 (any crash is what is looked for)
            crashes.append(f"{type(error).__name__}: {error}")
            continue
        took = time.thread_time() - began
        slowest = max(slowest, took)
        slow += took > SLOWEST_S
        for verdict in verdicts:
            if isinstance(verdict, ParsedSignal):
                signals += 1
                wrong += is_wrong_sided(verdict)
    gc.unfreeze()
    return [
        Claim(
            "mistyped and spliced texts crash nothing",
            "0 crashes",
            f"{len(crashes)} crashes" + (f", the first {crashes[0][:80]}" if crashes else ""),
            not crashes,
            count,
        ),
        Claim(
            f"none takes the parser over {SLOWEST_S * 1000:.0f} ms of processor time",
            "0",
            f"{slow}; the slowest {slowest * 1000:.1f} ms",
            slow == 0,
            count,
        ),
        Claim(
            "no wrong-sided call is read from them",
            "0",
            f"{wrong} of {signals:,} signals that came out",
            wrong == 0 and signals > 0,
            signals,
        ),
    ]
