"""Resolution, shown on generated histories and on any other: at once, again, one by one, and made again.

Claims for the suite `signals`. `resolution_claims` takes any ENRICHED frame, so a room's real one too.
"""

from __future__ import annotations

import io
import json
import random
from decimal import Decimal
from typing import Any

import polars as pl

from hive_core.configuration.model import Account, Configuration, Resolution
from hive_core.contracts.base import ContractError, parse_contract
from hive_core.contracts.decision import Decision
from hive_core.evidence.canonical import canonical_bytes, sha256_hex
from hive_core.signals.fates import Resolved, tables_of
from hive_core.signals.replay import NotReplayable, replay
from hive_core.signals.resolve import resolve_signals
from hive_core.signals.resolver import Resolver
from proofs.plain_resolution import plain_decisions
from proofs.random_signals import MAJORS, random_signals, with_copies
from proofs.reporting import Claim

SEED = 20240101
SETTINGS = Configuration(
    accounts=(Account(name="joint", mode="replay", sources=("*",)),),
    resolution=Resolution(
        threshold=Decimal("1.2"),
        minimum_voices=2,
        decay_half_life_s=1800,
        weights={"room_01": Decimal("1.7")},
    ),
)
"""Decay, voices and weights: every part of the rule has work."""


def generated_claims(count: int = 20_000) -> list[Claim]:
    """The claims on a generated history of so many signals, with every part of the rule at work: a quarter
    of them are copies of others."""
    alone = random_signals(SEED, count - count // 4, days=count / 400, mids=MAJORS)
    frame = with_copies(alone, count // 4, seed=SEED)
    return resolution_claims(f"{count:,} generated signals", frame, SETTINGS)


def resolution_claims(what: str, enriched: pl.DataFrame, configuration: Configuration) -> list[Claim]:
    """Re-resolved, one by one, by the plain rule, and every decision made again from itself.

    Args:
        what: how the history is called in the claims.
        enriched: ENRICHED, any order.
    """
    once = resolve_signals(enriched, configuration)
    shuffled = enriched.sample(fraction=1, shuffle=True, seed=SEED)
    again = resolve_signals(shuffled, configuration)
    resolver = Resolver(configuration)
    ordered = enriched.sort("ts_event", "source", "signal_id")
    single = tables_of(fate for part in ordered.iter_slices(1_000) for fate in resolver.hear(part))
    decided = once.resolutions.filter(pl.col("outcome") == "decided")
    plain = plain_decisions(enriched, configuration)
    by_rule = decided.select("account", "signal_id").rows() == plain
    texts = once.decisions["decision_json"].to_list()
    made_again = sum(_replayed(text) == text for text in texts)
    changed = [_with_one_change(text, number) for number, text in enumerate(texts)]
    seen = sum(_replayed(text) != text for text in changed)
    n, number = enriched.height, once.decisions.height
    return [
        _same(f"{what}, resolved twice, the second time in another order", once, again, n),
        _same(f"{what}, resolved one by one as they arrive, and all at once", once, single, n),
        Claim(
            f"{what} decide what the rule says, written a second time and plainly",
            f"{len(plain):,} decisions by the same signals",
            f"{number:,} decisions, {'by the same' if by_rule else 'BY OTHERS'}",
            by_rule and number > 0,
            n,
        ),
        Claim(
            f"{what}: every decision is made again from what it records alone",
            f"{number:,} of {number:,} to the byte",
            f"{made_again:,} of {number:,}",
            made_again == number > 0,
            number,
        ),
        Claim(
            f"{what}: a decision with one field of one vote changed is not what replay makes",
            f"{number:,} of {number:,} seen",
            f"{seen:,} of {number:,}",
            seen == number > 0,
            number,
        ),
        _one_exposure(what, enriched, once, configuration),
    ]


def _one_exposure(what: str, enriched: pl.DataFrame, once: Resolved, configuration: Configuration) -> Claim:
    """Whether a plan that another voice posts again, to the last digit, is decided again in the window."""
    made = once.resolutions.filter(pl.col("outcome") == "decided").select("signal_id", "source", "account")
    first = pl.col("take_profits").list.first().alias("target")
    kind = pl.col("voice_kind") if "voice_kind" in enriched.columns else pl.lit("source")
    voice = pl.format("{} {}", kind, "source").alias("voice")
    plan = enriched.select("signal_id", "source", "ts_event", "symbol", "side", "stop_loss", first, voice)
    decided = made.join(plan, on=["signal_id", "source"]).sort("ts_event")
    of_one_plan = "account", "symbol", "side", "stop_loss", "target"
    again = decided.select(
        pl.col("ts_event").diff().dt.total_seconds().over(of_one_plan).alias("after_s"),
        (pl.col("voice") != pl.col("voice").shift()).over(of_one_plan).alias("by_another"),
    )
    window_s = configuration.resolution.exposure_window_s
    twice = again.filter("by_another", pl.col("after_s") <= window_s).height
    return Claim(
        f"{what}: the same plan, when another room posts it too, makes one decision of an account",
        f"0 of {decided.height:,} decisions repeat another room's plan within {window_s:,} s",
        f"{twice:,} of {decided.height:,}",
        twice == 0 < decided.height,
        decided.height,
    )


def _same(claim: str, one: Resolved, other: Resolved, n: int) -> Claim:
    mine, others = (
        [sha256_hex(_bytes(table)) for table in (each.decisions, each.resolutions)] for each in (one, other)
    )
    same = mine == others and one.decisions.height > 0
    return Claim(
        claim,
        f"{one.decisions.height:,} decisions, {n:,} fates, equal to the byte",
        f"{other.decisions.height:,} decisions, {'equal' if same else 'DIFFERENT'}",
        same,
        n,
    )


def _bytes(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.rechunk().write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _replayed(text: str) -> str | None:
    try:
        return replay(parse_contract(Decision, text.encode())).decode()
    except (ContractError, NotReplayable):
        return None


def _with_one_change(text: str, number: int) -> str:
    """The decision with one field of one vote changed to another that a vote may have."""
    decision: dict[str, Any] = json.loads(text)
    chance = random.Random(number)  # noqa: S311 - which field, not a secret
    vote = chance.choice(decision["votes"])
    name = chance.choice(sorted(vote))
    value = vote[name]
    if name in {"base_weight", "weight", "stop_loss", "entry"}:
        vote[name] = str(Decimal(value or "1") + Decimal("0.00000001"))
    elif name == "take_profits":
        vote[name] = [*value, value[-1]] if len(value) < 16 else value[:-1]
    elif name in {"ts_event_ns", "valid_until_ns"}:
        vote[name] = value + 1
    else:
        others = {"kind": ("source", "card"), "side": ("buy", "sell"), "order_type": ("market", "limit")}
        vote[name] = next((each for each in others.get(name, ()) if each != value), value[:-1] + "0")
        if vote[name] == value:
            vote[name] = value[:-1] + "1"
    return canonical_bytes(decision).decode()
