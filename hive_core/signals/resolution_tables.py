"""What the arrays say of a history, as rows of DECISIONS and RESOLUTIONS.

The same rows as `fates` has of one signal after another. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from hive_core.signals.consensus import Plan, fault_of
from hive_core.signals.decision_text import Decided, DecisionWriter, Occasion, vote_heads, vote_text
from hive_core.signals.exposures import Exposures
from hive_core.signals.fixed_point import UNITS, IntArray, units_text, units_text_of
from hive_core.signals.judging import MAX_VOTES, ResolutionOutcome, Rule
from hive_core.signals.live_signals import ASKED, PLACE
from hive_core.signals.resolver import held_back_text
from hive_core.signals.tables import DECISIONS, RESOLUTIONS, conform
from hive_core.signals.vote_arrays import BoolArray, Places, Verdicts, VoteArrays, pairs_at, weighed_pairs

_NOTHING = pl.lit("")


def decision_rows(
    voters: pl.DataFrame,
    arrays: VoteArrays,
    verdicts: Verdicts,
    standing: Exposures,
    rule: Rule,
    writer: DecisionWriter,
) -> pl.DataFrame:
    """DECISIONS, with `place` and `asked`, of every decision that was asked for or was confirmed by what was.

    Args:
        voters: the rows of the arrays.
    """
    asked = voters[ASKED].to_numpy()
    wanted = standing.decides & asked
    wanted[standing.confirms[asked & (standing.confirms >= 0)]] = True
    made: list[tuple[Decided, Plan]] = []
    nothing = np.zeros(0, np.intp)
    at_parts, decision_parts, vote_parts = [nothing], [nothing], [nothing]
    for at, of, votes in pairs_at(arrays, wanted):
        weight = weighed_pairs(arrays, at, of, votes, rule)
        by_decision = np.argsort(of, kind="stable")
        by_decision = by_decision[weight[by_decision] > 0]
        of, votes, weight = of[by_decision], votes[by_decision], weight[by_decision]
        agrees = arrays.is_buy[at][of] == arrays.is_buy[votes]
        at_parts.append(at)
        decision_parts.append(of[agrees] + len(made))
        vote_parts.append(votes[agrees])
        made += _written(voters, arrays, verdicts, writer, at, of, votes, weight, agrees)
    at = np.concatenate(at_parts)
    in_favour = pl.DataFrame(
        {"decision": np.concatenate(decision_parts), **_names(voters, np.concatenate(vote_parts))}
    ).group_by("decision", maintain_order=True)
    lists = in_favour.agg(pl.col("source").alias("sources"), pl.col("signal_id").alias("signal_ids"))
    frame = voters[at].select(
        PLACE, ASKED, "account", "symbol", "side", "order_type", pl.col("ts_event").alias("ts_decided")
    )
    plans = [plan for _, plan in made]
    valid_until = pl.Series([plan.valid_until_us for plan in plans], dtype=pl.Int64)
    columns: dict[str, Any] = {
        "decision_id": [decided.decision_id for decided, _ in made],
        "decision_json": [decided.text for decided, _ in made],
        "decision_sha256": [decided.sha256 for decided, _ in made],
        "entry": [None if plan.entry is None else plan.entry / UNITS for plan in plans],
        "stop_loss": [plan.stop_loss / UNITS for plan in plans],
        "take_profits": _lists_of(plan.take_profits for plan in plans),
        "net_weight": verdicts.net[at] / UNITS,
        "valid_until": valid_until.cast(pl.Datetime("us", "UTC")),
        "sources": lists["sources"],
        "signal_ids": lists["signal_ids"],
    }
    whole = frame.with_columns(
        pl.Series(name, values, DECISIONS[name], strict=False) for name, values in columns.items()
    )
    return pl.concat([conform(whole, DECISIONS), whole.select(PLACE, ASKED)], how="horizontal")


def _lists_of(prices: Iterable[tuple[int, ...]]) -> pl.Series:
    # Polars makes lists of lists slowly, and one flat list fast.
    flat = [(number, price / UNITS) for number, each in enumerate(prices) for price in each]
    numbers, values = zip(*flat, strict=True) if flat else ((), ())
    frame = pl.DataFrame({"n": numbers, "prices": values}, schema={"n": pl.Int64, "prices": pl.Float64})
    return frame.group_by("n", maintain_order=True).agg("prices")["prices"]


def _names(voters: pl.DataFrame, places: Places) -> dict[str, pl.Series]:
    return {name: voters[name].gather(places) for name in ("source", "signal_id")}


def _written(
    voters: pl.DataFrame,
    arrays: VoteArrays,
    verdicts: Verdicts,
    writer: DecisionWriter,
    at: Places,
    of: Places,
    votes: Places,
    weight: IntArray,
    agrees: BoolArray,
) -> list[tuple[Decided, Plan]]:
    """The decisions at `at`, from their votes, which stand one decision's after the other's."""
    distinct, which = np.unique(votes, return_inverse=True)
    heads = vote_heads(voters[distinct])
    texts = [vote_text(heads[head], left) for head, left in zip(which.tolist(), weight.tolist(), strict=True)]
    ends = np.searchsorted(of, np.arange(at.size + 1)).tolist()
    valid_until = np.full(at.size, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(valid_until, of[agrees], arrays.valid_until[votes[agrees]])
    rows = voters[at].select("account", "symbol", "side", "order_type").rows()
    plans = _plans(arrays, verdicts, at, valid_until)
    market_and_time = zip(
        *(values[at].tolist() for values in (arrays.bid, arrays.ask, arrays.ts)), strict=True
    )
    occasions = (Occasion(*row, *known) for row, known in zip(rows, market_and_time, strict=True))
    return [
        (writer.write(occasion, plan, texts[begin:end]), plan)
        for occasion, plan, begin, end in zip(occasions, plans, ends[:-1], ends[1:], strict=True)
    ]


def _plans(arrays: VoteArrays, verdicts: Verdicts, at: Places, valid_until_us: IntArray) -> list[Plan]:
    columns = [verdicts.entry, verdicts.reference, verdicts.stop, verdicts.target_count]
    targets = np.stack([column[at] for column in verdicts.targets], axis=1).tolist() if at.size else []
    return [
        Plan(entry or None, reference, stop, tuple(dict.fromkeys(prices[:count])), valid)
        for entry, reference, stop, count, prices, valid in zip(
            *(column[at].tolist() for column in columns), targets, valid_until_us.tolist(), strict=True
        )
    ]


def fate_rows(
    voters: pl.DataFrame,
    arrays: VoteArrays,
    verdicts: Verdicts,
    standing: Exposures,
    rule: Rule,
    decisions: pl.DataFrame,
) -> pl.DataFrame:
    """RESOLUTIONS, with `place`, of the voters that were asked for.

    Args:
        decisions: of `decision_rows`.
    """
    asked = voters[ASKED].to_numpy()
    places = np.flatnonzero(asked)
    outcome = _outcomes(verdicts, standing)
    decider = np.where(standing.decides, np.arange(len(arrays)), standing.confirms)
    place = voters[PLACE].to_numpy()
    facts = pl.DataFrame(
        {
            "outcome": pl.Series([each.value for each in ResolutionOutcome]).gather(outcome[places]),
            "net": verdicts.net[places],
            "net_weight": verdicts.net[places] / UNITS,
            "heard": arrays.heard[places],
            "for": verdicts.in_favour[places],
            "against": verdicts.against[places],
            "decider": pl.Series(np.where(decider >= 0, place[decider], -1)[places]),
            "refusal": pl.Series(_refusals(voters, arrays, verdicts, places, outcome), dtype=pl.String),
        }
    )
    held_by = standing.held_by[places]
    holders = voters[np.maximum(held_by, 0)].select(
        pl.col("signal_id").alias("holder_id"),
        pl.col("source").alias("holder"),
        pl.col("ts_event").dt.strftime("%Y-%m-%d %H:%M:%S").alias("holder_moment"),
    )
    ids = decisions.select(pl.col(PLACE).alias("decider"), "decision_id")
    frame = (
        pl.concat([voters.filter(ASKED), facts, holders], how="horizontal")
        .join(ids, on="decider", how="left", maintain_order="left")
        .with_columns(_detail(rule).alias("detail"))
    )
    return frame.select(*(pl.col(name).cast(dtype) for name, dtype in RESOLUTIONS.items()), PLACE)


def silent_rows(voices: pl.DataFrame) -> pl.DataFrame:
    """RESOLUTIONS, with `place`, of signals that have no account or no weight."""
    outcome = pl.when(pl.col("account").is_null()).then(pl.lit(ResolutionOutcome.NO_ACCOUNT.value))
    frame = voices.with_columns(
        outcome.otherwise(pl.lit(ResolutionOutcome.NO_WEIGHT.value)).alias("outcome"),
        pl.lit(None, pl.String).alias("decision_id"),
        pl.lit(0.0).alias("net_weight"),
        _NOTHING.alias("detail"),
    )
    return frame.select(*(pl.col(name).cast(dtype) for name, dtype in RESOLUTIONS.items()), PLACE)


def _outcomes(verdicts: Verdicts, standing: Exposures) -> IntArray:
    """The outcome of each, as its number in ResolutionOutcome."""
    cases = [
        (verdicts.is_expired, ResolutionOutcome.EXPIRED),
        (verdicts.is_crowded, ResolutionOutcome.REFUSED),
        (~verdicts.has_weight, ResolutionOutcome.BELOW_THRESHOLD),
        (~verdicts.has_voices, ResolutionOutcome.TOO_FEW_VOICES),
        (standing.confirms >= 0, ResolutionOutcome.CONFIRMED),
        (standing.held_by >= 0, ResolutionOutcome.HELD_BACK),
        (~verdicts.has_plan, ResolutionOutcome.REFUSED),
    ]
    numbers = {outcome: number for number, outcome in enumerate(ResolutionOutcome)}
    return np.select(
        [holds for holds, _ in cases],
        [numbers[outcome] for _, outcome in cases],
        numbers[ResolutionOutcome.DECIDED],
    )


def _refusals(
    voters: pl.DataFrame, arrays: VoteArrays, verdicts: Verdicts, places: Places, outcome: IntArray
) -> list[str | None]:
    """Why each refused plan is none; None for the others. They are few: each is told by the plain rule."""
    refused = list(ResolutionOutcome).index(ResolutionOutcome.REFUSED)
    rows = np.flatnonzero((outcome[places] == refused) & ~verdicts.is_crowded[places])
    texts: list[str | None] = [None] * places.size
    at = places[rows]
    plans = _plans(arrays, verdicts, at, arrays.valid_until[at])
    names = voters[at].select("side", "order_type").rows()
    for row, place, plan, (side, order_type) in zip(rows.tolist(), at.tolist(), plans, names, strict=True):
        texts[row] = fault_of(plan, side, order_type, int(arrays.bid[place]), int(arrays.ask[place]))
    return texts


def _detail(rule: Rule) -> pl.Expr:
    """The detail for people, as `judging` and `resolver` word it."""
    counts = pl.format("{} for, {} against", "for", "against")
    outcome = pl.col("outcome")

    def told(which: ResolutionOutcome, text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        return outcome == which.value, text

    threshold = units_text(rule.threshold)
    net = units_text_of(pl.col("net"))
    below = pl.format("{}: net {} is below the threshold of " + threshold, counts, net)
    reason = held_back_text("{}", "{}", "{}", rule.window_s)
    held = pl.format("{}" + reason, counts, "holder_id", "holder", "holder_moment")
    crowded = pl.format("{} live votes, at most " + str(MAX_VOTES) + " fit a decision", "heard")
    cases = [
        told(ResolutionOutcome.EXPIRED, pl.lit("it had expired when it was posted")),
        told(ResolutionOutcome.BELOW_THRESHOLD, below),
        told(
            ResolutionOutcome.TOO_FEW_VOICES,
            pl.format("{}: at least " + str(rule.minimum_voices) + " voices must agree", counts),
        ),
        told(ResolutionOutcome.HELD_BACK, held),
        told(ResolutionOutcome.REFUSED, pl.coalesce("refusal", crowded)),
    ]
    expression = counts
    for holds, text in reversed(cases):
        expression = pl.when(holds).then(text).otherwise(expression)
    return expression
