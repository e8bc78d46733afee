"""A decision's canonical bytes, written straight from units, with its id and hash.

A contract checks what comes from outside. Here everything is computed, or was checked when the signal was
heard (`live_signals`), and a history has a million votes: so the text is put together, and a test holds that
it is, byte for byte, what `contracts.decision.Decision` and `evidence.canonical` make of it. Who receives a
decision parses it strictly all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from hive_core.contracts.decision import OrderType, Side
from hive_core.evidence.canonical import canonical_bytes, sha256_hex
from hive_core.signals.code_version import code_version
from hive_core.signals.consensus import LiveSignal, Plan
from hive_core.signals.fixed_point import UNITS, units_text, units_text_of
from hive_core.signals.judging import Rule
from hive_core.signals.live_signals import VOICE_KIND


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision: its id, its canonical JSON, and the hash of that."""

    decision_id: str
    text: str
    sha256: str


class Occasion(NamedTuple):
    """What a decision takes from the signal that makes it: in units of 1e-8 and microseconds."""

    account: str
    symbol: str
    side: Side
    order_type: OrderType
    market_bid: int
    market_ask: int
    ts_us: int


@dataclass(frozen=True, slots=True)
class DecisionWriter:
    """Writes the decisions of one configuration: the parts of the text that are always the same."""

    settings_sha256: str
    rule_text: str
    version: str

    @classmethod
    def of(cls, rule: Rule, settings_sha256: str) -> DecisionWriter:
        """A writer for decisions by that rule, under settings of that hash."""
        return cls(settings_sha256, canonical_bytes(rule.as_contract()).decode(), code_version())

    def write(self, occasion: Occasion, plan: Plan, votes: Sequence[str]) -> Decided:
        """The decision of a plan; `votes` is the text of each vote, from `vote_text`."""
        entry = "null" if plan.entry is None else f'"{units_text(plan.entry)}"'
        targets = '","'.join(map(units_text, plan.take_profits))
        before = f'{{"account":"{occasion.account}",'
        after = (
            f'"entry":{entry},"market_ask":"{units_text(occasion.market_ask)}","market_bid":"{units_text(occasion.market_bid)}",'
            f'"order_type":"{occasion.order_type}","reference_price":"{units_text(plan.reference_price)}",'
            f'"resolver_settings_sha256":"{self.settings_sha256}","resolver_version":"{self.version}",'
            f'"rule":{self.rule_text},"side":"{occasion.side}","stop_loss":"{units_text(plan.stop_loss)}",'
            f'"symbol":"{occasion.symbol}","take_profits":["{targets}"],"ts_decided_ns":{occasion.ts_us}000,'
            f'"valid_until_ns":{plan.valid_until_us}000,"votes":[{",".join(votes)}]}}'
        )
        # As `contracts.decision.Decision.expected_id`: from the content without the id.
        decision_id = f"dec_{sha256_hex((before + after).encode())[:24]}"
        text = f'{before}"decision_id":"{decision_id}",{after}'
        return Decided(decision_id, text, sha256_hex(text.encode()))

    def written(self, decisions: pl.DataFrame) -> pl.DataFrame:
        """`write` of every row: `decision_id`, `decision_json` and `decision_sha256`.

        Args:
            decisions: `account`, `symbol`, `side`, `order_type`; in units `entry`, `stop_loss`, `reference`,
                `market_bid`, `market_ask` and, as a list, `take_profits`; in microseconds `ts_us` and
                `valid_until_us`; and in `votes` the texts of the votes, with commas between them.
        """
        quoted = pl.format('"{}"', units_text_of(pl.col("entry")))
        before = pl.format('{{"account":"{}",', "account")
        after = pl.format(
            '"entry":{},"market_ask":"{}","market_bid":"{}","order_type":"{}","reference_price":"{}",'
            f'"resolver_settings_sha256":"{self.settings_sha256}","resolver_version":"{self.version}",'
            f'"rule":{_as_format(self.rule_text)},"side":"{{}}","stop_loss":"{{}}","symbol":"{{}}",'
            '"take_profits":["{}"],"ts_decided_ns":{}000,"valid_until_ns":{}000,"votes":[{}]}}',
            pl.when(pl.col("entry").is_null()).then(pl.lit("null")).otherwise(quoted),
            units_text_of(pl.col("market_ask")),
            units_text_of(pl.col("market_bid")),
            "order_type",
            units_text_of(pl.col("reference")),
            "side",
            units_text_of(pl.col("stop_loss")),
            "symbol",
            pl.col("take_profits").list.eval(units_text_of(pl.element())).list.join('","'),
            "ts_us",
            "valid_until_us",
            "votes",
        )
        halves = decisions.select(before.alias("before"), after.alias("after"))
        ids = [f"dec_{sha256_hex(before + after)[:24]}" for before, after in _as_bytes(halves).rows()]
        named = halves.with_columns(pl.Series("decision_id", ids, pl.String))
        text = pl.format('{}"decision_id":"{}",{}', "before", "decision_id", "after")
        texts = named.select("decision_id", text.alias("decision_json"))
        hashes = [sha256_hex(text) for (text,) in _as_bytes(texts.select("decision_json")).rows()]
        return texts.with_columns(pl.Series("decision_sha256", hashes, pl.String))


def _as_bytes(texts: pl.DataFrame) -> pl.DataFrame:
    return texts.cast(pl.Binary)


def _as_format(text: str) -> str:
    """A text that `pl.format` gives back as it is."""
    return text.replace("{", "{{").replace("}", "}}")


def vote_head(signal: LiveSignal) -> str:
    """A vote's text up to its decayed weight: the same in every decision it votes in."""
    entry = "null" if signal.entry is None else f'"{units_text(signal.entry)}"'
    targets = '","'.join(map(units_text, signal.take_profits))
    return (
        f'{{"base_weight":"{units_text(signal.weight)}","entry":{entry},"kind":"{signal.kind}",'
        f'"message_id":"{signal.message_id}","message_sha256":"{signal.message_sha256}",'
        f'"order_type":"{signal.order_type}","side":"{signal.side}","signal_id":"{signal.signal_id}",'
        f'"source":"{signal.source}","stop_loss":"{units_text(signal.stop_loss)}",'
        f'"take_profits":["{targets}"],"ts_event_ns":{signal.ts_us}000,'
        f'"valid_until_ns":{signal.valid_until_us}000,"weight":"'
    )


def vote_heads(voices: pl.DataFrame) -> pl.Series:
    """`vote_head` of every row of `live_signals.voices_of`."""

    def units(price: pl.Expr) -> pl.Expr:
        return units_text_of((price * UNITS).round(mode="half_to_even").cast(pl.Int64))

    targets = pl.col("take_profits").list.eval(units(pl.element())).list.join('","')
    quoted = pl.format('"{}"', units(pl.col("entry")))
    text = pl.format(
        '{{"base_weight":"{}","entry":{},"kind":"{}","message_id":"{}","message_sha256":"{}",'
        '"order_type":"{}","side":"{}","signal_id":"{}","source":"{}","stop_loss":"{}",'
        '"take_profits":["{}"],"ts_event_ns":{}000,"valid_until_ns":{}000,"weight":"',
        units_text_of(pl.col("weight")),
        pl.when(pl.col("entry").is_null()).then(pl.lit("null")).otherwise(quoted),
        VOICE_KIND,
        "message_id",
        "message_sha256",
        "order_type",
        "side",
        "signal_id",
        "source",
        units(pl.col("stop_loss")),
        targets,
        pl.col("ts_event").dt.timestamp("us"),
        pl.col("valid_until").dt.timestamp("us"),
    )
    return voices.select(text).to_series()


def vote_text(head: str, weight: int) -> str:
    """A vote's text from its head and what decay has left of its weight."""
    return f'{head}{units_text(weight)}"}}'


def vote_texts(heads: pl.Series, weights: pl.Series) -> pl.Series:
    """`vote_text` of every head with its weight."""
    frame = pl.DataFrame({"head": heads, "weight": weights})
    return frame.select(pl.format('{}{}"}}', "head", units_text_of(pl.col("weight")))).to_series()
