"""Why a signal does not trade: one vocabulary for parser and validator. The words, nothing else."""

from __future__ import annotations

from enum import StrEnum


class SignalReason(StrEnum):
    """The `reason` of a refused or quarantined row. Codes are stable: they are counted over months."""

    # Said by the validator.
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    INCOMPLETE = "incomplete"
    NOT_A_PRICE = "not_a_price"
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
    DUPLICATE = "duplicate"
