"""What the arrays say of a history, as rows of DECISIONS and RESOLUTIONS.

The same rows as `fates` has of one signal after another. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from hive_core.signals.consensus import Plan, fault_of
from hive_core.signals.decision_text import DecisionWriter, vote_heads, vote_texts
from hive_core.signals.exposures import Exposures
from hive_core.signals.fixed_point import UNITS, IntArray, units_text, units_text_of
from hive_core.signals.judging import MAX_VOTES, ResolutionOutcome, Rule
from hive_core.signals.live_signals import ASKED, PLACE
from hive_core.signals.resolver import held_back_text, idea_text, side_text
from hive_core.signals.tables import DECISIONS, RESOLUTIONS, conform
from hive_core.signals.vote_arrays import Places, Verdicts, VoteArrays, pairs_at, weighed_pairs

_NOTHING = pl.lit("")
_HAS_ENTRY = pl.when(pl.col("entry") != 0).then("entry").alias("entry")

PAIRS_WRITTEN_AT_ONCE = 1 << 16
"""How many votes of decisions are texts at the same time, half a kilobyte each."""


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
    none = pl.DataFrame(schema={**DECISIONS, PLACE: pl.Int64, ASKED: pl.Boolean})
    # A portion at a time: the texts of a million votes never stand beside each other.
    portions = (
        _portion(voters, arrays, verdicts, rule, writer, *pairs)
        for pairs in pairs_at(arrays, wanted, PAIRS_WRITTEN_AT_ONCE)
    )
    return pl.concat([none, *portions])


def _portion(
    voters: pl.DataFrame,
    arrays: VoteArrays,
    verdicts: Verdicts,
    rule: Rule,
    writer: DecisionWriter,
    at: Places,
    of: Places,
    votes: Places,
) -> pl.DataFrame:
    """`decision_rows` of the decisions at `at`, from the pairs of `pairs_at`."""
    weight = weighed_pairs(arrays, at, of, votes, rule)
    left = np.flatnonzero(weight > 0)
    by_decision = left[np.argsort(of[left], kind="stable")]
    of, votes, weight = of[by_decision], votes[by_decision], weight[by_decision]
    agrees = arrays.is_buy[at][of] == arrays.is_buy[votes]
    valid_until = np.full(at.size, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(valid_until, of[agrees], arrays.valid_until[votes[agrees]])
    frame = voters[at].select(
        PLACE, ASKED, "account", "symbol", "side", "order_type", pl.col("ts_event").alias("ts_decided")
    )
    targets, count = [column[at] for column in verdicts.targets], verdicts.target_count[at]
    units = pl.DataFrame(
        {
            "entry": verdicts.entry[at],
            "reference": verdicts.reference[at],
            "stop_loss": verdicts.stop[at],
            "take_profits": _target_lists(targets, count),
            "market_bid": arrays.bid[at],
            "market_ask": arrays.ask[at],
            "ts_us": arrays.ts[at],
            "valid_until_us": valid_until,
            "votes": _in_lists(of, _vote_texts(voters, votes, weight)).list.join(","),
        }
    ).with_columns(_HAS_ENTRY)
    texts = writer.written(pl.concat([frame.drop(PLACE, ASKED, "ts_decided"), units], how="horizontal"))
    # NumPy divides; Polars multiplies by 1 / UNITS, which is another number.
    prices = pl.DataFrame(
        {
            "entry": verdicts.entry[at] / UNITS,
            "stop_loss": verdicts.stop[at] / UNITS,
            "take_profits": _target_lists([target / UNITS for target in targets], count),
            "valid_until": pl.from_epoch(pl.Series(valid_until), time_unit="us").dt.replace_time_zone("UTC"),
            "net_weight": verdicts.net[at] / UNITS,
        }
    ).with_columns(_HAS_ENTRY)
    in_favour = votes[agrees]
    whole = pl.concat([frame, texts, prices], how="horizontal").with_columns(
        _in_lists(of[agrees], voters[name].gather(in_favour)).alias(lists)
        for name, lists in (("source", "sources"), ("signal_id", "signal_ids"))
    )
    return pl.concat([conform(whole, DECISIONS), whole.select(PLACE, ASKED)], how="horizontal")


def _vote_texts(voters: pl.DataFrame, votes: Places, weight: IntArray) -> pl.Series:
    """The text of each vote; what is the same in several decisions is made once."""
    distinct, which = np.unique(votes, return_inverse=True)
    return vote_texts(vote_heads(voters[distinct]).gather(which), pl.Series(weight))


def _in_lists(of: Places, values: pl.Series) -> pl.Series:
    """The values of each decision as a list; `of`, the decision of each value, rises and leaves out none."""
    frame = pl.DataFrame({"of": of, "values": values})
    return frame.group_by("of", maintain_order=True).agg("values")["values"]


def _target_lists(targets: Sequence[npt.NDArray[Any]], count: IntArray) -> pl.Series:
    """So many first targets of each plan, each price once."""
    columns = pl.concat_list([pl.Series(column) for column in targets])
    lists = columns.list.head(pl.col("count")).list.unique(maintain_order=True)
    return pl.DataFrame({"count": count}).select(lists).to_series()


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
    exposure_us: int,
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
        pl.col("ts_event").alias("holder_ts"),
    )
    told = voters.select(PLACE, *(name for name in RESOLUTIONS if name in voters.columns))[places]
    ids = decisions.select(pl.col(PLACE).alias("decider"), "decision_id")
    frame = (
        pl.concat([told, facts, holders], how="horizontal")
        .join(ids, on="decider", how="left", maintain_order="left")
        .with_columns(_detail(rule, exposure_us).alias("detail"))
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


def _detail(rule: Rule, exposure_us: int) -> pl.Expr:
    """The detail for people, as `judging` and `resolver` word it."""
    counts = pl.format("{} for, {} against", "for", "against")
    outcome = pl.col("outcome")

    def told(which: ResolutionOutcome, text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        return outcome == which.value, text

    threshold = units_text(rule.threshold)
    net = units_text_of(pl.col("net"))
    below = pl.format("{}: net {} is below the threshold of " + threshold, counts, net)
    is_near = pl.col("ts_event") - pl.col("holder_ts") <= pl.duration(microseconds=rule.window_us)
    held, held_for_its_idea = (
        pl.format(
            "{}" + held_back_text("{}", "{}", "{}", what), counts, "holder_id", "holder", "holder_moment"
        )
        for what in (side_text(rule.window_us), idea_text(exposure_us))
    )
    crowded = pl.format("{} live votes, at most " + str(MAX_VOTES) + " fit a decision", "heard")
    cases = [
        told(ResolutionOutcome.EXPIRED, pl.lit("it had expired when it was posted")),
        told(ResolutionOutcome.BELOW_THRESHOLD, below),
        told(
            ResolutionOutcome.TOO_FEW_VOICES,
            pl.format("{}: at least " + str(rule.minimum_voices) + " voices must agree", counts),
        ),
        told(ResolutionOutcome.HELD_BACK, pl.when(is_near).then(held).otherwise(held_for_its_idea)),
        told(ResolutionOutcome.REFUSED, pl.coalesce("refusal", crowded)),
    ]
    expression = counts
    for holds, text in reversed(cases):
        expression = pl.when(holds).then(text).otherwise(expression)
    return expression
