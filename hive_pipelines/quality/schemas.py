"""What every row of every table must be: the blocking checks, in pandera.

The columns and their types come from the table modules of hive_core; here stand only the keys, what may
be null, and the rules. What is merely unlikely is for the suites in `expectations/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandera.polars as pa
import polars as pl

from hive_core.calendars.news import NEWS_EVENTS, NEWS_WINDOW, Impact
from hive_core.calendars.sessions import Session
from hive_core.contracts.execution_tables import (
    ACCOUNT_EQUITY,
    ACCOUNT_HEADROOM,
    BOOK_RISK,
    DENIALS,
    EXECUTION_REPORTS,
    FILLS,
    ORDERS,
    POSITIONS,
)
from hive_core.contracts.order import OrderState
from hive_core.contracts.reasons import CLOSED_BY_PEOPLE, DenialReason
from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS, RATE_SCHEMA, TIMEFRAME_SECONDS
from hive_core.signals.judging import ResolutionOutcome
from hive_core.signals.lifecycle.references import FoundBy
from hive_core.signals.lifecycle.states import OPEN_STATES, SignalState
from hive_core.signals.lifecycle.tables import SIGNAL_STATES, SIGNAL_UPDATES
from hive_core.signals.posts import CLOCK_SKEW_S
from hive_core.signals.reasons import SignalReason
from hive_core.signals.scorecards.honesty import Honesty
from hive_core.signals.scorecards.outcomes import Outcome
from hive_core.signals.scorecards.tables import OUTCOMES, SCORECARDS, SOURCE_WEIGHTS
from hive_core.signals.scorecards.weights import MAX_WEIGHT
from hive_core.signals.tables import (
    DECISIONS,
    ENRICHED,
    MESSAGES,
    PARSED,
    QUARANTINED,
    RESOLUTIONS,
    SIGNAL_COLUMNS,
    VALID,
)
from hive_core.signals.verdicts import ActionKind
from hive_pipelines.quality.findings import MAX_EXAMPLES, Example, Finding
from hive_pipelines.quality.rules import (
    ACCOUNT,
    FINITE,
    IDENTIFIER,
    NOT_NEGATIVE,
    ORDER_TYPE,
    POSITIVE,
    SHA256,
    SHARE,
    SIDE,
    SOURCE,
    SYMBOL,
    filled_list,
    given_when,
    in_order,
    positive_items,
    row_rule,
    stop_right_side,
    targets_right_side,
    together,
)

FIELD_CHECKS: dict[str, pa.Check] = {
    "source": SOURCE,
    "account": ACCOUNT,
    "symbol": SYMBOL,
    "side": SIDE,
    "order_type": ORDER_TYPE,
    **dict.fromkeys(
        (
            "message_id",
            "reply_to",
            "signal_id",
            "decision_id",
            "client_order_id",
            "execution_id",
            "run_id",
        ),
        IDENTIFIER,
    ),
    **dict.fromkeys(("message_sha256", "landing_sha256", "decision_sha256", "record_sha256"), SHA256),
    **dict.fromkeys(
        ("entry_low", "entry_high", "entry", "stop_loss", "take_profit", "entry_price", "exit_price"),
        POSITIVE,
    ),
    **dict.fromkeys((*BID_COLUMNS, *ASK_COLUMNS, "market_bid", "market_ask", "price", "lots"), POSITIVE),
}
"""Columns that mean the same in every table that has them."""


def _schema(
    shape: Mapping[str, pl.DataType],
    *,
    key: Iterable[str] = (),
    nullable: Iterable[str] = (),
    checks: Mapping[str, pa.Check] | None = None,
    rules: Iterable[pa.Check] = (),
) -> pa.DataFrameSchema:
    """A strict schema: exactly the shape's columns; `key` is unique; floats are finite."""
    own = checks or {}
    columns: dict[str, pa.Column] = {}
    for name, dtype in shape.items():
        of_column = [FINITE] if dtype == pl.Float64 else []
        found = own.get(name) or FIELD_CHECKS.get(name)
        columns[name] = pa.Column(
            dtype, [*of_column, *([found] if found else [])], nullable=name in set(nullable)
        )
    return pa.DataFrameSchema(columns, checks=list(rules), unique=list(key) or None, strict=True)


def _bar_side_rules(prefix: str) -> list[pa.Check]:
    opened, high, low, close = (f"{prefix}_{part}" for part in ("open", "high", "low", "close"))
    return [
        together(opened, high, low, close),
        row_rule(
            f"{prefix}_high is the highest",
            (opened, high, low, close),
            pl.col(high) >= pl.max_horizontal(opened, low, close),
        ),
        row_rule(
            f"{prefix}_low is the lowest",
            (opened, high, low, close),
            pl.col(low) <= pl.min_horizontal(opened, high, close),
        ),
    ]


_PLAN_LOW = pl.min_horizontal("entry_low", pl.col("take_profits").list.min())
_PLAN_HIGH = pl.max_horizontal("entry_high", pl.col("take_profits").list.max())

_SIGNAL_RULES = [
    together("entry_low", "entry_high"),
    in_order("entry_low", "entry_high"),
    filled_list("take_profits"),
    positive_items("take_profits"),
    stop_right_side(_PLAN_LOW, _PLAN_HIGH, "entry_low", "entry_high", "take_profits"),
    targets_right_side("entry_low", "entry_high"),
    given_when("entry_low", "not a market order", pl.col("order_type") != "market", "order_type"),
    in_order("ts_event", "valid_until", strictly=True),
]

_IS_SIGNAL = pl.col("kind") == "signal"
_IS_REFUSED = pl.col("kind") == "refused"
_HAS_ENDED = pl.col("outcome").is_in([Outcome.TARGET.value, Outcome.STOP.value])
_MEASURED = tuple(name for name, dtype in SCORECARDS.items() if dtype == pl.Float64)
_IS_CLOSED = pl.col("state") == "closed"
_IS_TOLD = _IS_CLOSED & (pl.col("exit_reason") != CLOSED_BY_PEOPLE)
_HAS_DECISION = pl.col("outcome").is_in([ResolutionOutcome.DECIDED.value, ResolutionOutcome.CONFIRMED.value])
_IS_MOVE = pl.col("action").is_in([ActionKind.MOVE_STOP.value, ActionKind.MOVE_TARGET.value])
_IS_PARTIAL = pl.col("action") == ActionKind.PARTIAL_CLOSE.value
_DECISION_TEXT = {"decision_id", "account", "symbol", "side", "order_type"}
_UNPLANNED = tuple(name for name in SIGNAL_COLUMNS if name not in MESSAGES and name != "signal_id")

SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "messages": _schema(
        MESSAGES,
        key=("source", "message_id", "version"),
        nullable=("reply_to", "ts_init"),
        checks={"version": pa.Check.ge(1), "earlier_versions": NOT_NEGATIVE},
        rules=[
            row_rule(
                "seen after it was posted, but for the clocks",
                ("ts_event", "ts_init"),
                pl.col("ts_init").is_null()
                | (pl.col("ts_init") >= pl.col("ts_event") - pl.duration(seconds=CLOCK_SKEW_S)),
            ),
            row_rule(
                "earlier_versions < version",
                ("version", "earlier_versions"),
                pl.col("earlier_versions") < pl.col("version"),
            ),
            row_rule(
                "a deletion comes after a post and leaves no text",
                ("version", "is_deleted", "text"),
                ~pl.col("is_deleted") | ((pl.col("version") > 1) & (pl.col("text") == "")),
            ),
        ],
    ),
    "parsed_signals": _schema(
        PARSED,
        key=("signal_id",),
        nullable=(*_UNPLANNED, *(name for name in PARSED if name not in VALID and name != "kind")),
        checks={
            "kind": pa.Check.isin(("signal", "update", "noise", "refused")),
            "confidence": pa.Check.in_range(0, 1),
        },
        rules=[
            given_when("side", "a signal", _IS_SIGNAL, "kind"),
            given_when("order_type", "a signal", _IS_SIGNAL, "kind"),
            given_when("reason", "refused", _IS_REFUSED, "kind"),
            given_when("confidence", "a signal", _IS_SIGNAL, "kind"),
        ],
    ),
    "valid_signals": _schema(
        VALID, key=("signal_id",), nullable=("entry_low", "entry_high"), rules=_SIGNAL_RULES
    ),
    "quarantined_signals": _schema(
        QUARANTINED,
        key=("signal_id",),
        nullable=(*_UNPLANNED, "field", "detail", "confidence", "grounds"),
        checks={"reason": pa.Check.isin(tuple(SignalReason)), "confidence": pa.Check.in_range(0, 1)},
        rules=[
            given_when(
                "detail", "to be reviewed", pl.col("reason") == SignalReason.NEEDS_REVIEW.value, "reason"
            )
        ],
    ),
    "enriched_signals": _schema(
        ENRICHED,
        key=("signal_id",),
        nullable=(
            *("entry_low", "entry_high"),
            *(name for name in ENRICHED if name not in VALID and name != "news_known"),
        ),
        checks={
            "market_timeframe": pa.Check.isin(tuple(TIMEFRAME_SECONDS)),
            "session": pa.Check.isin(tuple(Session)),
            "spread_pips": NOT_NEGATIVE,
            "atr_pips": NOT_NEGATIVE,
            "volatility_pct": NOT_NEGATIVE,
            "stop_distance_pips": POSITIVE,
            "stop_distance_atr": POSITIVE,
            "reward_to_risk": POSITIVE,
            "usd_per_quote": POSITIVE,
            "minutes_to_news": NOT_NEGATIVE,
            "minutes_since_news": NOT_NEGATIVE,
        },
        rules=[
            *_SIGNAL_RULES,
            in_order("market_ts", "ts_event"),
            together("market_ts", "market_bid", "market_ask", "market_timeframe"),
            together("minutes_to_news", "next_news"),
            row_rule(
                "no news is never said of an unknown calendar",
                ("news_known", "in_news_window"),
                pl.col("news_known") | pl.col("in_news_window").fill_null(True),
            ),
            row_rule(
                "in_news_window where high-impact news is near",
                ("minutes_to_news", "minutes_since_news", "in_news_window"),
                (
                    pl.min_horizontal("minutes_to_news", "minutes_since_news")
                    <= NEWS_WINDOW.total_seconds() / 60
                ).fill_null(False)
                == pl.col("in_news_window").fill_null(False),
            ),
        ],
    ),
    "decisions": _schema(
        DECISIONS,
        key=("decision_id",),
        nullable=("entry",),
        checks={"net_weight": POSITIVE},
        rules=[
            filled_list("take_profits"),
            positive_items("take_profits"),
            filled_list("sources"),
            filled_list("signal_ids"),
            given_when("entry", "not a market order", pl.col("order_type") != "market", "order_type"),
            stop_right_side(
                pl.min_horizontal("entry", pl.col("take_profits").list.min()),
                pl.max_horizontal("entry", pl.col("take_profits").list.max()),
                "entry",
                "take_profits",
            ),
            targets_right_side("entry", "entry"),
            in_order("ts_decided", "valid_until", strictly=True),
            *(
                row_rule(
                    f"decision_json says the same {name}",
                    (name, "decision_json"),
                    pl.col("decision_json").str.json_path_match(f"$.{name}").fill_null("") == pl.col(name),
                )
                for name in DECISIONS
                if name in _DECISION_TEXT
            ),
        ],
    ),
    "resolutions": _schema(
        RESOLUTIONS,
        key=("signal_id",),
        nullable=("account", "decision_id"),
        checks={"outcome": pa.Check.isin(tuple(ResolutionOutcome))},
        rules=[
            given_when("decision_id", "a decision stands", _HAS_DECISION, "outcome"),
            row_rule(
                "a confirmed decision was made the same day",
                ("outcome", "decision_id"),
                (pl.col("outcome") != ResolutionOutcome.CONFIRMED.value)
                | (pl.col("outcome") == ResolutionOutcome.DECIDED.value)
                .any()
                .over(pl.col("ts_event").dt.date(), "account", "symbol", "side", "decision_id"),
            ),
            row_rule(
                "no decision where none stands",
                ("outcome", "decision_id"),
                _HAS_DECISION | pl.col("decision_id").is_null(),
            ),
            row_rule(
                "net_weight over zero where a decision stands",
                ("outcome", "net_weight"),
                ~_HAS_DECISION | (pl.col("net_weight") > 0),
            ),
            row_rule(
                "account given unless there is none",
                ("outcome", "account"),
                pl.col("account").is_null() == (pl.col("outcome") == ResolutionOutcome.NO_ACCOUNT.value),
            ),
        ],
    ),
    "signal_updates": _schema(
        SIGNAL_UPDATES,
        key=("update_id", "action_number"),
        nullable=(
            *("action", "signal_id", "found_by", "price", "share", "target_number", "entry_price"),
            *("field", "reason", "detail"),
        ),
        checks={
            "update_id": IDENTIFIER,
            "version": pa.Check.ge(1),
            "action_number": NOT_NEGATIVE,
            "action": pa.Check.isin(tuple(ActionKind)),
            "found_by": pa.Check.isin(tuple(FoundBy)),
            "share": SHARE,
            "target_number": pa.Check.ge(1),
            "reason": pa.Check.isin(tuple(SignalReason)),
        },
        rules=[
            together("signal_id", "found_by", "action"),
            given_when("reason", "it belongs to no signal", pl.col("signal_id").is_null(), "signal_id"),
            given_when("price", "a stop or target is moved", _IS_MOVE & pl.col("has_effect"), "action"),
            given_when("share", "a part is closed", _IS_PARTIAL & pl.col("has_effect"), "action"),
            row_rule(
                "what is refused has no effect",
                ("has_effect", "reason"),
                ~pl.col("has_effect") | pl.col("reason").is_null(),
            ),
        ],
    ),
    "signal_states": _schema(
        SIGNAL_STATES,
        key=("signal_id", "ts_as_of"),
        nullable=("entry_low", "entry_high", "effective_stop", "superseded_by"),
        checks={
            "first_signal_id": IDENTIFIER,
            "superseded_by": IDENTIFIER,
            "state": pa.Check.isin(tuple(SignalState)),
            "effective_stop": POSITIVE,
            "closed_share": SHARE,
            "version": pa.Check.ge(1),
            "history": pa.Check.ge(1),
            "targets_hit": NOT_NEGATIVE,
            "amendments": NOT_NEGATIVE,
        },
        rules=[
            together("entry_low", "entry_high"),
            in_order("entry_low", "entry_high"),
            filled_list("effective_targets"),
            positive_items("effective_targets"),
            in_order("ts_event", "ts_changed"),
            in_order("ts_changed", "ts_as_of"),
            given_when(
                "superseded_by", "superseded", pl.col("state") == SignalState.SUPERSEDED.value, "state"
            ),
            given_when("effective_stop", "not at break-even", ~pl.col("is_at_breakeven"), "is_at_breakeven"),
            row_rule(
                "an open signal is not closed in whole",
                ("state", "closed_share"),
                ~pl.col("state").is_in([state.value for state in OPEN_STATES]) | (pl.col("closed_share") < 1),
            ),
        ],
    ),
    "source_outcomes": _schema(
        OUTCOMES,
        key=("signal_id",),
        nullable=(
            *("ts_entry", "ts_exit", "ts_known", "exit_timeframe"),
            *("entry_price", "exit_price", "r_multiple", "r_multiple_at_best"),
            "first_target_at_best",
        ),
        checks={
            "outcome": pa.Check.isin(tuple(Outcome)),
            "exit_timeframe": pa.Check.isin(tuple(TIMEFRAME_SECONDS)),
            "targets": pa.Check.ge(1),
            "targets_passed": NOT_NEGATIVE,
            "targets_hit": NOT_NEGATIVE,
        },
        rules=[
            together("ts_entry", "entry_price", "exit_price", "r_multiple", "r_multiple_at_best"),
            together("ts_exit", "ts_known", "exit_timeframe"),
            in_order("ts_event", "ts_entry"),
            in_order("ts_entry", "ts_exit"),
            in_order("ts_exit", "ts_known"),
            in_order("r_multiple", "r_multiple_at_best"),
            given_when("ts_exit", "it has ended", _HAS_ENDED, "outcome"),
            row_rule(
                "no more targets than there are",
                ("targets", "targets_passed", "targets_hit"),
                pl.col("targets_passed") + pl.col("targets_hit") <= pl.col("targets"),
            ),
        ],
    ),
    "source_scorecards": _schema(
        SCORECARDS,
        key=("source",),
        nullable=tuple(name for name in _MEASURED if name not in {"total_r", "max_drawdown_r"}),
        checks={
            "honesty": pa.Check.isin(tuple(Honesty)),
            **dict.fromkeys((name for name, dtype in SCORECARDS.items() if dtype.is_integer()), NOT_NEGATIVE),
            **dict.fromkeys((name for name in _MEASURED if "_rate" in name), SHARE),
            "max_drawdown_r": NOT_NEGATIVE,
        },
        rules=[
            row_rule(
                "every signal is counted once",
                ("signals", "unfilled", "open", "traded"),
                pl.col("unfilled") + pl.col("open") + pl.col("traded") == pl.col("signals"),
            ),
            in_order("wins", "traded"),
            in_order("doubtful", "traded"),
            in_order("longest_losing_run", "traded"),
            in_order("mean_r", "mean_r_at_best"),
            in_order("first_target_rate_at_best", "first_target_rate_at_best_high"),
            in_order("claims_contradicted", "claimed_won"),
            *(
                in_order(*pair)
                for name in ("hit_rate", "mean_r", "decay_r", "first_target_rate")
                for pair in ((f"{name}_low", name), (name, f"{name}_high"))
            ),
        ],
    ),
    "source_weights": _schema(
        SOURCE_WEIGHTS,
        key=("source", "day"),
        nullable=("mean_r", "shrunk_mean_r"),
        checks={
            "weight": pa.Check.in_range(0, float(MAX_WEIGHT)),
            "traded": NOT_NEGATIVE,
            "evidence": SHARE,
        },
        rules=[
            together("mean_r", "shrunk_mean_r"),
            row_rule(
                "a losing source has no weight",
                ("mean_r", "weight"),
                (pl.col("mean_r") > 0) | (pl.col("weight") == 0),
            ),
        ],
    ),
    "bars": _schema(
        BAR_SCHEMA,
        key=("symbol", "timeframe", "ts_open"),
        nullable=(*BID_COLUMNS, *ASK_COLUMNS, "volume"),
        checks={"timeframe": pa.Check.isin(tuple(TIMEFRAME_SECONDS)), "volume": NOT_NEGATIVE},
        rules=[
            *_bar_side_rules("bid"),
            *_bar_side_rules("ask"),
            row_rule(
                "bid or ask given",
                ("bid_close", "ask_close"),
                pl.any_horizontal(pl.col("bid_close", "ask_close").is_not_null()),
            ),
        ],
    ),
    "reference_rates": _schema(
        RATE_SCHEMA,
        key=("date", "currency"),
        checks={"currency": pa.Check.str_matches(r"^[A-Z]{3}$"), "per_eur": POSITIVE},
    ),
    "news_events": _schema(
        NEWS_EVENTS,
        key=("event_id",),
        nullable=("forecast", "previous", "actual", "actual_seen"),
        checks={
            "currency": pa.Check.str_matches(r"^[A-Z]{3}$"),
            "impact": pa.Check.isin(tuple(Impact)),
            "event_id": pa.Check.str_matches(r"^evt_[0-9a-f]{20}$"),
        },
        rules=[together("actual", "actual_seen")],
    ),
    "execution_reports": _schema(
        EXECUTION_REPORTS,
        key=("seq",),
        checks={"seq": pa.Check.ge(1), "kind": pa.Check.str_matches(r"^[a-z_]{1,48}$")},
    ),
    "orders": _schema(
        ORDERS,
        key=("client_order_id",),
        nullable=("entry", "reason"),
        checks={
            "leg": pa.Check.ge(1),
            "attempt": pa.Check.ge(1),
            "state": pa.Check.isin(tuple(OrderState)),
            "risk_amount": POSITIVE,
        },
        rules=[
            filled_list("sources"),
            in_order("ts_intended", "ts_state"),
            given_when("entry", "not a market order", pl.col("order_type") != "market", "order_type"),
            given_when("reason", "rejected", pl.col("state") == "rejected", "state"),
            stop_right_side(
                pl.min_horizontal("entry", "take_profit"),
                pl.max_horizontal("entry", "take_profit"),
                "entry",
                "take_profit",
            ),
        ],
    ),
    "denials": _schema(
        DENIALS,
        nullable=("detail",),
        checks={"reason_code": pa.Check.isin(tuple(DenialReason))},
        rules=[filled_list("sources")],
    ),
    "fills": _schema(
        FILLS,
        key=("execution_id",),
        nullable=("reason", "profit"),
        checks={"role": pa.Check.isin(("entry", "exit")), "commission": NOT_NEGATIVE},
        rules=[
            given_when("profit", "an exit", pl.col("role") == "exit", "role"),
            row_rule(
                "no profit at an entry",
                ("role", "profit"),
                (pl.col("role") != "entry") | pl.col("profit").is_null(),
            ),
        ],
    ),
    "positions": _schema(
        POSITIONS,
        key=("client_order_id",),
        nullable=("exit_price", "ts_closed", "profit", "r_multiple", "exit_reason"),
        checks={"state": pa.Check.isin(("open", "closed"))},
        rules=[
            filled_list("sources"),
            in_order("ts_opened", "ts_closed"),
            together("ts_closed", "exit_reason"),
            together("exit_price", "profit"),
            given_when("ts_closed", "closed", _IS_CLOSED, "state"),
            given_when("profit", "closed, but by people", _IS_TOLD, "state", "exit_reason"),
            row_rule("no profit while open", ("state", "profit"), _IS_CLOSED | pl.col("profit").is_null()),
            row_rule(
                "no close while open", ("state", "ts_closed"), _IS_CLOSED | pl.col("ts_closed").is_null()
            ),
        ],
    ),
    "account_equity": _schema(
        ACCOUNT_EQUITY,
        nullable=("daily_floor", "maximum_floor"),
        checks=dict.fromkeys(("daily_floor", "maximum_floor"), NOT_NEGATIVE),
        rules=[in_order("equity_low", "equity")],
    ),
    "portfolio_risk": _schema(
        BOOK_RISK,
        key=("account", "method", "level"),
        checks=dict.fromkeys(("value_at_risk", "expected_shortfall", "observations"), NOT_NEGATIVE),
        rules=[in_order("value_at_risk", "expected_shortfall")],
    ),
    "account_headroom": _schema(
        ACCOUNT_HEADROOM,
        nullable=("daily_left", "maximum_left"),
        rules=[
            row_rule(
                "left is the nearer one",
                ("daily_left", "maximum_left", "left"),
                pl.col("left") == pl.min_horizontal("daily_left", "maximum_left"),
            )
        ],
    ),
}


def schema_findings(table: str, frame: pl.DataFrame) -> tuple[Finding, ...]:
    """Every rule of a table that its frame breaks, with counts and the first failing values.

    Raises:
        KeyError: the table has no schema.
        TypeError: the frame is lazy; pandera would skip the values of a lazy frame.
    """
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(f"{table}: a collected frame is expected, not {type(frame).__name__}")
    schema = SCHEMAS[table]
    # Rules cannot be asked of columns that are not there: the shape is judged first, and alone.
    shape = pa.DataFrameSchema(
        {name: pa.Column(column.dtype, nullable=True) for name, column in schema.columns.items()}, strict=True
    )
    cases = _failure_cases(shape, frame)
    if cases is None:
        cases = _failure_cases(schema, frame)
    if cases is None:
        return ()
    shown: dict[str, tuple[str, ...]] = {
        str(check.error): check.statistics["columns"] for check in schema.checks
    }
    if schema.unique:
        shown["multiple_fields_uniqueness"] = tuple(schema.unique)
    return tuple(
        _finding(frame, str(check), column, shown, of_rule)
        for (check, column), of_rule in cases.group_by("check", "column", maintain_order=True)
    )


def _failure_cases(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> pl.DataFrame | None:
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return errors.failure_cases
    return None


def _finding(
    frame: pl.DataFrame,
    check: str,
    column: str | None,
    shown: Mapping[str, tuple[str, ...]],
    cases: pl.DataFrame,
) -> Finding:
    """One rule's failure cases as people want to read them."""
    columns = (column,) if column is not None else shown.get(check, ())
    present = [name for name in columns if name in frame.columns]
    examples = []
    for case in cases.head(MAX_EXAMPLES).iter_rows(named=True):
        row = case["index"]
        if row is None or not present:
            values = {column or check: str(case["failure_case"])}
        else:
            values = {name: str(frame.item(row, name)) for name in present}
        examples.append(Example(row, values))
    return Finding(check, ", ".join(columns), cases.height, tuple(examples))
