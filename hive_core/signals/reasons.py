"""Why a signal does not trade: one vocabulary for parser and validator. The words, nothing else."""

from __future__ import annotations

from enum import StrEnum


class SignalReason(StrEnum):
    """The `reason` of a refused or quarantined row. Codes are stable: they are counted over months."""

    # Said by the parser: a message looks like an entry, and this is missing or stands twice.
    MISSING_SYMBOL = "missing_symbol"
    SEVERAL_SYMBOLS = "several_symbols"
    MISSING_SIDE = "missing_side"
    CONTRADICTORY_SIDES = "contradictory_sides"
    NEGATED = "negated"
    CONTRADICTORY_ORDER_TYPES = "contradictory_order_types"
    MISSING_ENTRY = "missing_entry"
    UNCLEAR_ENTRY = "unclear_entry"
    MISSING_STOP = "missing_stop"
    UNCLEAR_STOP = "unclear_stop"
    MISSING_TARGET = "missing_target"
    UNCLEAR_TARGET = "unclear_target"
    TOO_MANY_TARGETS = "too_many_targets"
    TOO_MANY_CALLS = "too_many_calls"
    UNCLEAR_NUMBER = "unclear_number"
    UNCLEAR_PIP = "unclear_pip"
    RESULT_IN_ENTRY = "result_in_entry"
    TAKEN_BACK = "taken_back"

    # Said of a machine's record (an alert, a JSON object, a row): nobody is there to ask what it means.
    UNREADABLE_RECORD = "unreadable_record"
    UNREADABLE_FIELD = "unreadable_field"
    UNKNOWN_FIELD = "unknown_field"
    REPEATED_FIELD = "repeated_field"
    RELATIVE_PRICE = "relative_price"
    STRENGTH_VOTE = "strength_vote"

    # Said of an update: by its grammar, and by the life of the signals that it could be said of.
    UNCLEAR_UPDATE = "unclear_update"
    CONDITIONAL_UPDATE = "conditional_update"
    AMBIGUOUS_REFERENCE = "ambiguous_reference"
    NOTHING_OPEN = "nothing_open"

    # Said by the validator; the parser says the first two too.
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    AMBIGUOUS_INSTRUMENT = "ambiguous_instrument"
    INCOMPLETE = "incomplete"
    NOT_A_PRICE = "not_a_price"
    FAT_FINGER = "fat_finger"
    STALE = "stale"
    EXPIRED = "expired"
    NO_MARKET_DATA = "no_market_data"
    FAR_FROM_MARKET = "far_from_market"
    PENDING_WRONG_SIDE = "pending_wrong_side"
    STOP_WRONG_SIDE = "stop_wrong_side"
    TARGET_WRONG_SIDE = "target_wrong_side"
    TARGETS_OUT_OF_ORDER = "targets_out_of_order"
    STOP_TOO_NEAR = "stop_too_near"
    STOP_TOO_FAR = "stop_too_far"
    TARGET_TOO_FAR = "target_too_far"
    ENTRY_PASSED = "entry_passed"
    DIGIT_TYPO = "digit_typo"
    NEEDS_REVIEW = "needs_review"
    EDITED = "edited"
    DUPLICATE = "duplicate"
