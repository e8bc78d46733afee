"""What crosses to whoever trades: an update of one signal, strict, and named by its content."""

import json
from typing import get_args

import pytest

from hive_core.contracts.base import ContractError, parse_contract
from hive_core.contracts.signal_update import SignalUpdate, UpdateKind, update_id
from hive_core.evidence.canonical import canonical_bytes
from hive_core.signals.verdicts import ActionKind

BODY = {
    "update_id": update_id("room", "9", 1, "sig_1"),
    "source": "room",
    "message_id": "9",
    "version": 1,
    "message_sha256": "a" * 64,
    "signal_id": "sig_1",
    "actions": [
        {"kind": "partial_close", "share": "0.5"},
        {"kind": "move_stop", "price": "2328"},
        {"kind": "close", "entry_price": "2331"},
        {"kind": "target_hit", "target_number": 1},
    ],
    "ts_event_ns": 1_709_550_000_000_000_000,
}


def payload(**changes: object) -> bytes:
    return json.dumps({**BODY, **changes}).encode()


def test_an_update_travels_and_comes_back_the_same():
    update = parse_contract(SignalUpdate, payload())
    assert parse_contract(SignalUpdate, canonical_bytes(update)) == update


def test_it_knows_every_action_that_the_grammar_reads():
    assert set(get_args(UpdateKind)) == {kind.value for kind in ActionKind}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"update_id": "upd_other"}, "update_id"),
        ({"signal_id": "sig_2"}, "update_id"),
        ({"version": 2}, "update_id"),
        ({"actions": []}, "at least 1"),
        ({"actions": [{"kind": "move_stop"}]}, "needs a price"),
        ({"actions": [{"kind": "close", "price": "2328"}]}, "has no price"),
        ({"actions": [{"kind": "partial_close"}]}, "has one"),
        ({"actions": [{"kind": "close", "share": "0.5"}]}, "has one"),
        ({"actions": [{"kind": "partial_close", "share": "1.5"}]}, "less than or equal"),
        ({"actions": [{"kind": "hold"}]}, "Input should be"),
        ({"note": "x"}, "Extra inputs"),
    ],
)
def test_a_fault_is_named(changes, fault):
    with pytest.raises(ContractError, match=fault):
        parse_contract(SignalUpdate, payload(**changes))
