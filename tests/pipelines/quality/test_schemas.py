"""Every rule of every schema: sound rows pass it, and a row that breaks it is named."""

from datetime import timedelta

import polars as pl
import pytest

from hive_pipelines.quality import schemas
from hive_pipelines.quality.findings import Finding
from hive_pipelines.quality.schemas import SCHEMAS, schema_findings

BAD_VALUE = {
    "pattern": "no blanks!",
    "str_matches": "no blanks!",
    "isin": "nonsense",
    "greater_than": 0,
    "greater_than_or_equal_to": -1,
    "in_range": 99.0,
    "finite": float("nan"),
}
"""A value that breaks a check of one column, by the kind of check."""

_LATE, _EARLY = timedelta(days=30), timedelta(days=-30)


def _moved(column: str, by: timedelta) -> pl.Expr:
    return (pl.col(column) + by).alias(column)


_STOP_OVER_A_BUY = {"side": "buy", "stop_loss": 1.0599, "take_profits": [1.0598]}
_TARGET_UNDER_A_BUY = {"side": "buy", "entry_low": 1.05, "entry_high": 1.05, "take_profits": [1.06, 1.04]}
_SIGNAL_ROWS = {
    "entry_low, entry_high together": {"entry_low": 1.05},
    "entry_low <= entry_high": {"entry_low": 1.06, "entry_high": 1.05},
    "take_profits has items": {"take_profits": []},
    "take_profits over zero": {"take_profits": [1.06, -1.0]},
    "stop on the losing side": _STOP_OVER_A_BUY,
    "targets on the winning side": _TARGET_UNDER_A_BUY,
    "entry_low given when not a market order": {"order_type": "stop", "entry_low": None, "entry_high": None},
    "ts_event < valid_until": {"valid_until": pl.col("ts_event").alias("valid_until")},
}
_BAR_ROWS = {
    f"{side}_{rule}": {f"{side}_{column}": value}
    for side in ("bid", "ask")
    for rule, column, value in (
        (f"open, {side}_high, {side}_low, {side}_close together", "low", None),
        ("high is the highest", "high", 1.0539),
        ("low is the lowest", "low", 1.9),
    )
}
_NO_PRICES = {f"{side}_{part}": None for side in ("bid", "ask") for part in ("open", "high", "low", "close")}

BROKEN_ROW: dict[str, dict[str, dict]] = {
    "messages": {
        "earlier_versions < version": {"earlier_versions": 5},
        "a deletion comes after a post and leaves no text": {"is_deleted": True},
        "seen after it was posted, but for the clocks": {
            "ts_init": _moved("ts_event", -timedelta(minutes=3))
        },
    },
    "parsed_signals": {
        "side given when a signal": {"side": None},
        "order_type given when a signal": {"order_type": None},
        "reason given when refused": {"kind": "refused"},
        "confidence given when a signal": {"confidence": None},
    },
    "quarantined_signals": {
        "detail given when to be reviewed": {"reason": "needs_review", "detail": None},
    },
    "valid_signals": _SIGNAL_ROWS,
    "enriched_signals": {
        **_SIGNAL_ROWS,
        "market_ts <= ts_event": {"market_ts": _moved("market_ts", _LATE)},
        "market_ts, market_bid, market_ask, market_timeframe together": {"market_bid": None},
        "minutes_to_news, next_news together": {"next_news": None},
        "no news is never said of an unknown calendar": {"news_known": False},
        "in_news_window where high-impact news is near": {"minutes_to_news": 29.0},
    },
    "news_events": {"actual, actual_seen together": {"actual_seen": None}},
    "decisions": {
        "take_profits has items": {"take_profits": []},
        "take_profits over zero": {"take_profits": [float("nan")]},
        "sources has items": {"sources": []},
        "signal_ids has items": {"signal_ids": [None]},
        "entry given when not a market order": {"order_type": "limit"},
        "stop on the losing side": _STOP_OVER_A_BUY,
        "targets on the winning side": {"entry": 1.05, "take_profits": [1.06, 1.04]},
        "ts_decided < valid_until": {"valid_until": _moved("valid_until", _EARLY)},
        "decision_json says the same decision_id": {"decision_id": "dec_9"},
        "decision_json says the same account": {"account": "other"},
        "decision_json says the same symbol": {"symbol": "GBPUSD"},
        "decision_json says the same side": {"decision_json": "{}"},
        "decision_json says the same order_type": {"decision_json": "{}"},
    },
    "resolutions": {
        "decision_id given when a decision stands": {"outcome": "decided"},
        "a confirmed decision was made the same day": {
            "outcome": "confirmed",
            "decision_id": "dec_9",
            "net_weight": 1.0,
        },
        "no decision where none stands": {"decision_id": "dec_1"},
        "net_weight over zero where a decision stands": {"outcome": "confirmed", "net_weight": 0.0},
        "account given unless there is none": {"account": None},
    },
    "signal_updates": {
        "signal_id, found_by, action together": {"found_by": None},
        "reason given when it belongs to no signal": {"signal_id": None, "found_by": None, "action": None},
        "price given when a stop or target is moved": {"action": "move_stop"},
        "share given when a part is closed": {"share": None},
        "what is refused has no effect": {"reason": "unclear_stop"},
    },
    "signal_states": {
        "entry_low, entry_high together": {"entry_low": None},
        "entry_low <= entry_high": {"entry_low": 1.06, "entry_high": 1.05},
        "effective_targets has items": {"effective_targets": []},
        "effective_targets over zero": {"effective_targets": [1.06, -1.0]},
        "ts_event <= ts_changed": {"ts_changed": _moved("ts_changed", _EARLY)},
        "ts_changed <= ts_as_of": {"ts_changed": _moved("ts_changed", _LATE)},
        "superseded_by given when superseded": {"state": "superseded", "superseded_by": None},
        "effective_stop given when not at break-even": {"effective_stop": None},
        "an open signal is not closed in whole": {"closed_share": 1.0},
    },
    "source_outcomes": {
        "ts_entry, entry_price, exit_price, r_multiple, r_multiple_at_best together": {"entry_price": None},
        "ts_exit, ts_known, exit_timeframe together": {"exit_timeframe": None},
        "ts_event <= ts_entry": {"ts_entry": _moved("ts_entry", _EARLY)},
        "ts_entry <= ts_exit": {"ts_exit": _moved("ts_exit", _EARLY)},
        "ts_exit <= ts_known": {"ts_known": _moved("ts_known", _EARLY)},
        "r_multiple <= r_multiple_at_best": {"r_multiple_at_best": -2.0},
        "ts_exit given when it has ended": {"ts_exit": None, "outcome": "stop"},
        "no more targets than there are": {"targets_passed": 5},
    },
    "source_scorecards": {
        "every signal is counted once": {"open": 2},
        "wins <= traded": {"wins": 4},
        "doubtful <= traded": {"doubtful": 4},
        "longest_losing_run <= traded": {"longest_losing_run": 4},
        "mean_r <= mean_r_at_best": {"mean_r_at_best": -0.5},
        "first_target_rate_at_best <= first_target_rate_at_best_high": {"first_target_rate_at_best": 0.99},
        "claims_contradicted <= claimed_won": {"claims_contradicted": 4},
        "hit_rate_low <= hit_rate": {"hit_rate_low": 0.5},
        "hit_rate <= hit_rate_high": {"hit_rate_high": 0.1},
        "mean_r_low <= mean_r": {"mean_r_low": 0.5},
        "mean_r <= mean_r_high": {"mean_r_high": -2.0},
        "decay_r_low <= decay_r": {"decay_r_low": 0.5},
        "decay_r <= decay_r_high": {"decay_r_high": -2.0},
        "first_target_rate_low <= first_target_rate": {"first_target_rate_low": 0.6},
        "first_target_rate <= first_target_rate_high": {"first_target_rate_high": 0.4},
    },
    "source_weights": {
        "mean_r, shrunk_mean_r together": {"mean_r": 0.5},
        "a losing source has no weight": {"mean_r": -0.5, "shrunk_mean_r": -0.1},
    },
    "bars": {**_BAR_ROWS, "bid or ask given": _NO_PRICES},
    "orders": {
        "sources has items": {"sources": []},
        "ts_intended <= ts_state": {"ts_state": _moved("ts_state", _EARLY)},
        "entry given when not a market order": {"order_type": "stop"},
        "reason given when rejected": {"state": "rejected"},
        "stop on the losing side": {"stop_loss": 1.07},
    },
    "denials": {"sources has items": {"sources": []}},
    "fills": {
        "profit given when an exit": {"role": "exit"},
        "no profit at an entry": {"profit": 1.0},
    },
    "positions": {
        "sources has items": {"sources": []},
        "ts_opened <= ts_closed": {"ts_closed": _moved("ts_closed", _EARLY)},
        "exit_price, profit together": {"exit_price": None},
        "ts_closed, exit_reason together": {"exit_reason": None},
        "profit given when closed, but by people": {"exit_price": None, "profit": None},
        "no profit while open": {"state": "open", "ts_closed": None, "exit_reason": None},
        "ts_closed given when closed": {"ts_closed": None},
        "no close while open": {"state": "open"},
    },
    "account_equity": {"equity_low <= equity": {"equity_low": 100001.0}},
    "portfolio_risk": {"value_at_risk <= expected_shortfall": {"value_at_risk": 1_200.0}},
    "account_headroom": {"left is the nearer one": {"left": 9_999.0}},
}
"""What to write into the first row of a sound table so that it breaks a rule over several columns."""

ROW_RULES = [(table, check.error) for table, schema in SCHEMAS.items() for check in schema.checks]
KEYS = [table for table, schema in SCHEMAS.items() if schema.unique]


def _breaks() -> list[tuple[str, str, str | None, dict]]:
    """(table, rule, column or None, what to write into a sound row), one for every check there is."""
    breaks: list[tuple[str, str, str | None, dict]] = []
    for table, schema in SCHEMAS.items():
        for column, declared in schema.columns.items():
            breaks += [
                (table, check.error, column, {column: BAD_VALUE[check.name]}) for check in declared.checks
            ]
            if not declared.nullable:
                breaks.append((table, "not_nullable", column, {column: None}))
        breaks += [(table, check.error, None, BROKEN_ROW[table][check.error]) for check in schema.checks]
    return breaks


BREAKS = _breaks()


def _with_first_row(frame: pl.DataFrame, values: dict) -> pl.DataFrame:
    """The first row alone, with these values in it."""
    return frame.head(1).with_columns(
        (value if isinstance(value, pl.Expr) else pl.lit(value, dtype=frame.schema[column])).alias(column)
        for column, value in values.items()
    )


def _found(findings: tuple[Finding, ...], rule: str, column: str | None = None) -> Finding:
    named = [found for found in findings if found.rule == rule and column in (None, found.column)]
    assert named, f"{rule} of {column} is not among {[(found.rule, found.column) for found in findings]}"
    return named[0]


@pytest.fixture(scope="module")
def broken_tables(sound_tables):
    """Every table with a broken row for each of its checks, in the order of `BREAKS`, and what was found.

    One validation a table instead of one a check: pandera takes about 25 ms for each.
    """
    frames = {
        table: pl.concat(
            _with_first_row(sound_tables[table], values) for of, _, _, values in BREAKS if of == table
        )
        for table in SCHEMAS
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(schemas, "MAX_EXAMPLES", 10_000)
        return {table: (frame, schema_findings(table, frame)) for table, frame in frames.items()}


@pytest.mark.parametrize("table", SCHEMAS)
def test_sound_rows_pass(table, sound_tables):
    assert schema_findings(table, sound_tables[table]) == ()


@pytest.mark.parametrize("table", SCHEMAS)
def test_a_table_without_rows_passes(table, sound_tables):
    assert schema_findings(table, sound_tables[table].clear()) == ()


@pytest.mark.parametrize(("table", "rule", "column", "values"), BREAKS)
def test_a_broken_row_is_named_with_its_columns_and_values(table, rule, column, values, broken_tables):
    frame, findings = broken_tables[table]
    row = [entry for entry in BREAKS if entry[0] == table].index((table, rule, column, values))
    found = _found(findings, rule, column)
    mine = {example.row: example for example in found.examples}.get(row)
    assert mine is not None, f"row {row} is not among the rows that break {rule}"
    assert mine.values == {name: str(frame.item(row, name)) for name in found.column.split(", ")}
    assert set(values) & set(mine.values)


def test_no_broken_row_is_written_for_a_rule_that_is_gone():
    written = {(table, rule) for table, rules in BROKEN_ROW.items() for rule in rules}
    assert written == set(ROW_RULES)


@pytest.mark.parametrize("table", KEYS)
def test_a_row_that_stands_twice_is_named_by_its_key(table, sound_tables):
    sound = sound_tables[table]
    twice = pl.concat([sound, sound.head(1)])
    found = _found(schema_findings(table, twice), "multiple_fields_uniqueness")
    key = {name: str(sound.item(0, name)) for name in SCHEMAS[table].unique}
    assert [example.row for example in found.examples] == [0, sound.height]
    assert found.examples[0].values == key


@pytest.mark.parametrize("table", SCHEMAS)
def test_the_shape_is_strict(table, sound_tables):
    sound = sound_tables[table]
    first = sound.columns[0]
    _found(schema_findings(table, sound.drop(first)), "column_in_dataframe")
    _found(schema_findings(table, sound.with_columns(surprise=1)), "column_in_schema")
    other = pl.Categorical() if sound.schema[first] == pl.String else pl.String()
    changed = sound.with_columns(pl.col(first).cast(other))
    assert any(found.rule.startswith("dtype") for found in schema_findings(table, changed))


def test_a_lazy_frame_is_refused_since_its_values_would_not_be_checked(sound_tables):
    with pytest.raises(TypeError, match="collected"):
        schema_findings("bars", sound_tables["bars"].lazy())


def test_only_the_first_examples_are_kept_but_all_failures_are_counted(sound_tables):
    many = pl.concat([sound_tables["bars"]] * 5).with_columns(volume=-1.0)
    found = _found(schema_findings("bars", many), "greater_than_or_equal_to(0)", "volume")
    assert (found.unexpected_count, len(found.examples)) == (15, 5)
