"""Parsed signals to valid and quarantined ones. The rules themselves stand in `rules`.

A signal without a fault goes on; any other is kept with the field, the reason, the numbers and the
text of its message. Nothing is corrected and nothing is lost.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from hive_core.configuration.model import Configuration
from hive_core.market.as_of import KnownMarket, market_as_of
from hive_core.signals.digit_typo import with_digit_typos
from hive_core.signals.reasons import SignalReason
from hive_core.signals.rules import RULES, edge_at_targets, moment_text, prices_text
from hive_core.signals.tables import PARSED, QUARANTINED, VALID, conform

DUPLICATE_WINDOW = timedelta(minutes=30)
"""The same plan posted again by the same source within this time is the same signal."""

EDIT_MEMORY = timedelta(hours=23)
"""How far back an edit's earlier versions are looked at. With the duplicate window it is less than the
one day before a day that is read as context: so a day judged alone is judged as with all others."""


_FIRST_BROKEN = pl.coalesce(pl.when(rule.broken).then(pl.lit(number)) for number, rule in enumerate(RULES))


def validate_signals(
    parsed: pl.DataFrame,
    bars: pl.DataFrame | KnownMarket,
    texts: pl.DataFrame,
    configuration: Configuration | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sort parsed signals into valid and quarantined.

    A signal is judged by what was known at its `ts_event`: bars that close later change nothing. The
    first rule of `rules.RULES` that it breaks is its reason; a signal that breaks none may still have been
    read with less than the minimum confidence of its source (`needs_review`), stand in an edit of a message
    that could have traded before (`edited`), or repeat an earlier signal that is neither faulty nor edited
    (`duplicate`).

    One message trades at most once, until amendments of orders exist. Its edit may hold a valid signal
    only where every earlier version that is known was posted within `EDIT_MEMORY` before it and had no
    faultless signal: a refused or empty text, or a typing error that the edit mends.

    Args:
        parsed: PARSED. Rows of kind signal are judged, rows of kind refused are quarantined as the
            parser refused them, the other kinds are left out.
        bars: BAR_SCHEMA, any symbols and timeframes; or the same, kept (`as_of.KnownMarket`).
        texts: MESSAGES; a message that is not among them leaves `text` null, is taken to have had all
            versions before its own, and to have been seen when it was posted.
        configuration: whose minimum confidences count; without one, the defaults.

    Returns:
        (VALID, QUARANTINED), each in the order of `parsed`. Together they hold every row of kind
        signal or refused exactly once.
    """
    rows = conform(parsed, PARSED).with_row_index("_row")
    signals = rows.filter(pl.col("kind") == "signal").drop("field", "reason", "detail")
    seen = texts.select("message_sha256", "ts_init").unique(
        "message_sha256", keep="first", maintain_order=True
    )
    dated = signals.join(seen, on="message_sha256", how="left", maintain_order="left")
    judged = _with_first_fault(market_as_of(dated, bars))
    judged = _with_review(judged, configuration or Configuration())
    judged = _with_duplicates(_with_edits(judged, rows, texts))
    faulty = judged.filter(pl.col("reason").is_not_null())
    if not faulty.is_empty():
        faulty = _with_sides_hint(with_digit_typos(faulty))
    columns = ["_row", *VALID, "field", "reason", "detail", "confidence", "grounds"]
    quarantined = pl.concat(
        [rows.filter(pl.col("kind") == "refused").select(columns), faulty.select(columns)]
    ).sort("_row")
    with_text = quarantined.join(
        texts.select("message_sha256", "text").unique("message_sha256", keep="first", maintain_order=True),
        on="message_sha256",
        how="left",
        maintain_order="left",
    )
    valid = judged.filter(pl.col("reason").is_null()).sort("_row")
    return conform(valid, VALID), conform(with_text, QUARANTINED)


def _with_first_fault(signals: pl.DataFrame) -> pl.DataFrame:
    """Adds `field`, `reason` and `detail` of the first broken rule; null where none is broken."""
    numbered = signals.with_columns(_FIRST_BROKEN.alias("_rule"))
    # The texts of rules that nothing breaks are not put together: for few signals they are most of the work.
    broken = [(number, RULES[number]) for number in sorted(numbered["_rule"].drop_nulls().unique())]

    def said(values: list[tuple[int, pl.Expr]]) -> pl.Expr:
        whens = [pl.when(pl.col("_rule") == number).then(value) for number, value in values]
        return pl.coalesce([*whens, pl.lit(None, pl.String)])

    return numbered.with_columns(
        said([(number, pl.lit(rule.field)) for number, rule in broken]).alias("field"),
        said([(number, pl.lit(rule.reason.value)) for number, rule in broken]).alias("reason"),
        said([(number, rule.detail) for number, rule in broken]).alias("detail"),
    ).drop("_rule")


def _with_review(judged: pl.DataFrame, configuration: Configuration) -> pl.DataFrame:
    """Sends to review the faultless signals whose reading is not sure enough, or not said to be sure."""
    asked = {
        source: float(configuration.minimum_confidence_of(source)) for source in judged["source"].unique()
    }
    minimum = pl.col("source").replace_strict(asked, default=None, return_dtype=pl.Float64)
    is_sure = (pl.col("confidence").is_finite() & (pl.col("confidence") >= minimum)).fill_null(False)
    detail = pl.format(
        "read with confidence {}, and {} asks {}: {}",
        pl.col("confidence").round(2).cast(pl.String).fill_null("unknown"),
        pl.col("source"),
        minimum,
        pl.coalesce(pl.col("grounds").list.join("; "), pl.lit("no ground is given")),
    )
    unsure = pl.when(pl.col("reason").is_null() & ~is_sure).then(detail)
    return _with_fault(judged, "confidence", SignalReason.NEEDS_REVIEW, unsure)


def _with_edits(judged: pl.DataFrame, rows: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Names as edited the faultless signals of messages that could have traded in an earlier version."""
    message = ["source", "message_id"]
    faultless = judged.filter(pl.col("reason").is_null())
    if not (faultless["version"] > 1).any():
        return judged
    # Asked of the whole column: inside the groups the list of faultless rows would be copied for each.
    stands = pl.col("_row").is_in(faultless["_row"].implode()).alias("_stands")
    versions = (
        rows.with_columns(stands)
        .group_by(*message, pl.col("version").alias("_earlier"))
        .agg(pl.col("ts_event").first().alias("_earlier_ts"), pl.col("_stands").any())
    )
    known = texts.select("message_sha256", "earlier_versions").unique("message_sha256")
    edits = faultless.filter(pl.col("version") > 1).select(
        "_row", *message, "version", "ts_event", "message_sha256"
    )
    seen = (
        edits.join(versions, on=message)
        .filter(
            (pl.col("_earlier") < pl.col("version"))
            & (pl.col("ts_event") - pl.col("_earlier_ts") <= EDIT_MEMORY)
        )
        .sort("_row", "_earlier")
        .group_by("_row")
        .agg(pl.len().alias("_seen"), pl.col("_earlier", "_earlier_ts").filter("_stands").first())
    )
    number = edits.join(known, on="message_sha256", how="left").select(
        "_row", pl.coalesce("earlier_versions", pl.col("version") - 1).alias("_known")
    )
    unseen = pl.col("_seen").fill_null(0) < pl.col("_known")
    detail = (
        pl.when(pl.col("_earlier").is_not_null())
        .then(
            pl.format(
                "version {} of this message, of {}, stands; an edit does not trade again",
                pl.col("_earlier"),
                moment_text(pl.col("_earlier_ts")),
            )
        )
        .when(unseen)
        .then(
            pl.format(
                "a version of this message from more than {} hours before is taken to stand; "
                "an edit does not trade again",
                pl.lit(int(EDIT_MEMORY.total_seconds()) // 3600),
            )
        )
    )
    told = number.join(seen, on="_row", how="left").select("_row", detail.alias("_edited"))
    return _with_fault(
        judged.join(told, on="_row", how="left"), "version", SignalReason.EDITED, pl.col("_edited")
    )


def _with_fault(judged: pl.DataFrame, field: str, reason: SignalReason, detail: pl.Expr) -> pl.DataFrame:
    """Adds a fault where `detail` tells one; other rows stay as they are."""
    is_told = detail.is_not_null()
    return judged.with_columns(
        pl.when(is_told).then(pl.lit(field)).otherwise("field").alias("field"),
        pl.when(is_told).then(pl.lit(reason.value)).otherwise("reason").alias("reason"),
        pl.coalesce(detail, "detail").alias("detail"),
    )


def _with_duplicates(judged: pl.DataFrame) -> pl.DataFrame:
    """Names as duplicates the faultless signals that repeat a faultless one before them."""
    plan = ["source", "symbol", "side", "stop_loss", "_targets"]
    earlier = (
        judged.filter(pl.col("reason").is_null())
        .with_columns(prices_text(pl.col("take_profits")).alias("_targets"))
        .sort("ts_event", "message_id", "version", "signal_id", "_row")
        .select(
            "_row",
            pl.col("signal_id").shift(1).over(plan).alias("_earlier_id"),
            pl.col("ts_event").shift(1).over(plan).alias("_earlier_ts"),
        )
    )
    repeats = (pl.col("ts_event") - pl.col("_earlier_ts") <= DUPLICATE_WINDOW).fill_null(False)
    detail = pl.format(
        "repeats signal {} of {}: same symbol, side, stop and targets within {} minutes",
        pl.col("_earlier_id"),
        moment_text(pl.col("_earlier_ts")),
        pl.lit(int(DUPLICATE_WINDOW.total_seconds()) // 60),
    )
    return _with_fault(
        judged.join(earlier, on="_row", how="left"),
        "message_id",
        SignalReason.DUPLICATE,
        pl.when(repeats).then(detail),
    )


def _with_sides_hint(faulty: pl.DataFrame) -> pl.DataFrame:
    """Says so where stop and targets all stand on the wrong side: then it is the side that is wrong."""
    is_buy = pl.col("side") == "buy"
    best_target = (
        pl.when(is_buy).then(pl.col("take_profits").list.max()).otherwise(pl.col("take_profits").list.min())
    )
    mirrored = pl.when(is_buy).then(best_target <= edge_at_targets).otherwise(best_target >= edge_at_targets)
    hint = pl.format(
        "; stop and targets stand as for a {}", pl.when(is_buy).then(pl.lit("sell")).otherwise(pl.lit("buy"))
    )
    told = (pl.col("reason") == SignalReason.STOP_WRONG_SIDE.value) & mirrored
    return faulty.with_columns(
        pl.when(told).then(pl.col("detail") + hint).otherwise("detail").alias("detail")
    )
