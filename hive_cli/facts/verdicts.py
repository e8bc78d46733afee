"""The words for what was measured of a source: the same in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def with_interval(card: dict[str, Any], name: str, form: str) -> tuple[str, str]:
    """A figure of SCORECARDS and its 95 % interval, such as (`+0.12`, `95 %: -0.05 to +0.30`)."""
    value, low, high = card[name], card[f"{name}_low"], card[f"{name}_high"]
    if value is None:
        return "-", "nothing to measure"
    if low is None or high is None:
        return format(value, form), "too few for an interval"
    return format(value, form), f"95 %: {low:{form}} to {high:{form}}"


def result_sentence(card: dict[str, Any]) -> str:
    """What mean R says of the source, as far as it says anything."""
    if not card["traded"]:
        return "None of its signals was traded to its end: nothing can be said of it."
    if card["mean_r_low"] is None:
        return f"One trade ended, with {card['mean_r']:+.2f} R: nothing can be said of it."
    low, high = card["mean_r_low"], card["mean_r_high"]
    told = f"{card['mean_r']:+.2f} R a trade, 95 % between {low:+.2f} and {high:+.2f}"
    if low > 0:
        return f"By these bars it earned: {told}."
    if high < 0:
        return f"By these bars it lost: {told}."
    return f"It cannot be told from a coin: {told}, and zero lies between."


def decay_sentence(card: dict[str, Any], r_multiples: Sequence[float]) -> str:
    """Whether the newest trades differ from those before."""
    from hive_core.signals.scorecards.decay import LEAST_TRADES, decay_of

    decay = decay_of(r_multiples)
    if decay is None:
        return f"Cannot be said: fewer than {2 * LEAST_TRADES} trades."
    return (
        f"Mean R of the newest {decay.recent:,} trades less that of the {decay.earlier:,} before: "
        f"{decay.difference_r:+.2f} (95 %: {decay.low_r:+.2f} to {decay.high_r:+.2f}): {decay.in_words}."
    )


def honesty_sentences(card: dict[str, Any]) -> list[str]:
    """The source's claims beside what was measured."""
    from hive_core.signals.scorecards.honesty import Honesty

    verdict = Honesty(card["honesty"]).in_words
    posts = (
        f"Its posts tell of {card['claimed_targets']:,} targets hit, {card['claimed_stops']:,} stops hit, "
        f"and {card['claimed_running']:,} times of pips running."
    )
    if card["claimed_rate"] is None or card["first_target_rate"] is None:
        return [posts, f"Verdict: {verdict}."]
    ends = card["claimed_won"] + card["claimed_lost"]
    rate, interval = with_interval(card, "first_target_rate", ".0%")
    return [
        posts,
        f"They call {card['claimed_won']:,} of {ends:,} signals won ({card['claimed_rate']:.0%}). Measured, "
        f"the first target was reached by {rate} of trades ({interval}) with every doubt of the bars against "
        f"it, and by {card['first_target_rate_at_best']:.0%} of signals at most (upper bound "
        f"{card['first_target_rate_at_best_high']:.0%}) with every doubt for it.",
        f"Of the signals that it calls won, {card['claims_contradicted']:,} touched their stop in a bar "
        f"before the first target. It tells no end of {card['signals'] - ends:,} of its "
        f"{card['signals']:,} signals.",
        f"Verdict: {verdict}.",
    ]
