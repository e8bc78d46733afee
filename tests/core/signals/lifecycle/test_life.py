"""What becomes of a signal: updates, edits, replies and deletions, one by one."""

from dataclasses import replace
from decimal import Decimal

import pytest
from message_versions import alert, call, deleted, moment, said

from hive_core.signals.lifecycle.events import MessageVersion
from hive_core.signals.lifecycle.fold import LifecycleSettings, Told
from hive_core.signals.lifecycle.lifecycle import fold_until
from hive_core.signals.lifecycle.references import FoundBy
from hive_core.signals.lifecycle.states import Life, SignalState
from hive_core.signals.reasons import SignalReason

SETTINGS = LifecycleSettings()


def lives_after(*events: MessageVersion, minutes: float = 600) -> tuple[dict[str, Life], list[Told]]:
    """Every life by the message (and version, for superseded ones) it is of, and what updates made."""
    lives, told = fold_until(events, moment(minutes), SETTINGS)
    return {life.signal.signal_id.removeprefix("sig_room."): life for life in lives}, told


def state(life: Life, minutes: float = 600) -> SignalState:
    return life.state_at(moment(minutes))


def only(told: list[Told]) -> Told:
    (one,) = told
    return one


def test_a_pending_order_is_pending_and_a_market_order_is_active_at_once():
    lives, _ = lives_after(call("1", 0), call("2", 1, entry=None, order_type="market"))
    assert state(lives["1.1.0"]) is SignalState.PENDING
    assert state(lives["2.1.0"]) is SignalState.ACTIVE


def test_a_pending_order_expires_unless_it_was_told_to_be_filled():
    events = (call("1", 0, valid_minutes=60), call("2", 1, valid_minutes=60))
    lives, _ = lives_after(*events, said("3", 30, "tp1 hit", reply_to="2"))
    assert state(lives["1.1.0"], 59) is SignalState.PENDING
    assert state(lives["1.1.0"], 60) is SignalState.EXPIRED
    assert state(lives["2.1.0"]) is SignalState.ACTIVE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close", SignalState.CLOSED),
        ("cancel", SignalState.CANCELLED),
        ("sl hit", SignalState.CLOSED),
        ("tp2 hit", SignalState.CLOSED),
        ("tp1 hit", SignalState.ACTIVE),
        ("close half", SignalState.PARTIALLY_CLOSED),
        ("close 33 hold 31", SignalState.PARTIALLY_CLOSED),
        ("move sl to be", SignalState.AMENDED),
        ("move sl to 2328", SignalState.AMENDED),
        ("move tp2 to 2352", SignalState.AMENDED),
    ],
)
def test_each_action_leads_to_its_state(text, expected):
    lives, told = lives_after(call("1", 0), said("2", 5, text, reply_to="1"))
    assert state(lives["1.1.0"]) is expected
    assert only(told).applied.has_effect


def test_a_compound_update_is_done_in_its_order():
    lives, told = lives_after(call("1", 0), said("2", 5, "close half and move sl to breakeven", reply_to="1"))
    life = lives["1.1.0"]
    assert [one.number for one in told] == [0, 1]
    assert life.closed_share == Decimal("0.5")
    assert life.effective_stop() == Decimal("2332")


def test_break_even_after_a_layer_is_closed_is_the_entry_of_the_other():
    lives, _ = lives_after(
        call("1", 0),
        said("2", 5, "close 33 hold 31", reply_to="1"),
        said("3", 6, "sl to entry", reply_to="1"),
    )
    assert lives["1.1.0"].effective_stop() == Decimal("2331")


def test_both_layers_closed_one_by_one_close_the_signal():
    lives, _ = lives_after(
        call("1", 0), said("2", 5, "close 33", reply_to="1"), said("3", 9, "close 2331", reply_to="1")
    )
    assert state(lives["1.1.0"]) is SignalState.CLOSED
    assert lives["1.1.0"].closed_share == 1


def test_a_vague_part_is_the_configured_one():
    settings = LifecycleSettings(vague_share=Decimal("0.25"))
    events = [call("1", 0), said("2", 5, "secure partials", reply_to="1")]
    (life,), told = fold_until(events, moment(10), settings)
    assert life.closed_share == Decimal("0.25")
    assert only(told).applied.share == Decimal("0.25")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("move sl to 2360", SignalReason.STOP_WRONG_SIDE),
        ("move sl to 77", SignalReason.UNCLEAR_STOP),
        ("move sl to 1.0850", SignalReason.UNCLEAR_STOP),
        ("move tp1 to 2320", SignalReason.TARGET_WRONG_SIDE),
        ("move tp1 to 2370", SignalReason.TARGETS_OUT_OF_ORDER),
        ("move tp to 2345", SignalReason.UNCLEAR_TARGET),
        ("tp5 hit", SignalReason.AMBIGUOUS_REFERENCE),
    ],
)
def test_what_cannot_be_of_the_signal_is_refused_and_changes_nothing(text, reason):
    lives, told = lives_after(call("1", 0), said("2", 5, text, reply_to="1"))
    assert only(told).applied.reason is reason
    assert state(lives["1.1.0"]) is SignalState.PENDING
    assert (lives["1.1.0"].stop, lives["1.1.0"].targets) == (
        Decimal(2323),
        (Decimal(2340), Decimal(2350)),
    )


def test_an_abbreviated_stop_is_made_whole_by_its_signal():
    _, told = lives_after(call("1", 0), said("2", 5, "rời sl 27", reply_to="1"))
    assert only(told).applied.price == Decimal(2327)


def test_a_cancel_of_an_active_signal_is_refused_for_it_may_mean_a_close():
    lives, told = lives_after(
        call("1", 0, order_type="market", entry=None), said("2", 5, "cancel", reply_to="1")
    )
    assert only(told).applied.reason is SignalReason.UNCLEAR_UPDATE
    assert state(lives["1.1.0"]) is SignalState.ACTIVE


def test_a_reply_to_an_update_is_of_that_updates_signal():
    _, told = lives_after(
        call("1", 0),
        call("2", 1),
        said("3", 5, "tp1 hit", reply_to="1"),
        said("4", 6, "what a move", reply_to="3"),
        said("5", 7, "close", reply_to="4"),
    )
    assert [(one.signal_id, one.found_by) for one in told] == [("sig_room.1.1.0", FoundBy.REPLY)] * 2


def test_a_reply_to_an_alert_is_of_the_signal_that_followed_it():
    _, told = lives_after(
        alert("1", 0, "XAUUSD", "buy"), call("2", 1), call("3", 30), said("4", 40, "close", reply_to="1")
    )
    assert only(told).signal_id == "sig_room.2.1.0"


def test_a_reply_to_a_refused_call_falls_on_no_other_signal():
    _, told = lives_after(call("1", 0), alert("2", 1, "XAUUSD", "sell"), said("3", 5, "close", reply_to="2"))
    assert only(told).applied.reason is SignalReason.NOTHING_OPEN


def test_a_reply_to_an_unknown_message_falls_on_no_signal():
    _, told = lives_after(call("1", 0), said("2", 5, "close", reply_to="77"))
    assert only(told).applied.reason is SignalReason.NOTHING_OPEN


def test_a_reply_that_names_another_instrument_is_refused():
    _, told = lives_after(call("1", 0), said("2", 5, "close eurusd", reply_to="1"))
    assert only(told).applied.reason is SignalReason.AMBIGUOUS_REFERENCE


def test_a_reply_to_a_message_of_two_signals_is_of_both():
    _, told = lives_after(call("1", 0, count=2), said("2", 5, "close", reply_to="1"))
    assert {one.signal_id for one in told} == {"sig_room.1.1.0", "sig_room.1.1.1"}


def test_without_a_reply_it_is_the_latest_open_signal():
    _, told = lives_after(call("1", 0), call("2", 1), said("3", 5, "move sl to be"))
    assert (only(told).signal_id, only(told).found_by) == ("sig_room.2.1.0", FoundBy.LATEST)


def test_a_side_a_symbol_and_a_layer_narrow_it():
    events = (
        call("1", 0, side="sell", entry=("2341", "2343")),
        call("2", 1, symbol="EURUSD", entry=("1.08", "1.08"), stop="1.07", targets=("1.09",)),
        call("3", 2),
    )
    for text, message_id in (("close the sell", "1"), ("close eurusd", "2"), ("close 43 hold 41", "1")):
        _, told = lives_after(*events, said("9", 5, text))
        assert only(told).signal_id == f"sig_room.{message_id}.1.0"


def test_two_that_fit_equally_are_refused():
    buy, sell = call("1", 0), call("2", 1, side="sell")
    euro = call("3", 2, symbol="EURUSD", entry=("1.08", "1.08"), stop="1.07", targets=("1.09",))
    twin = call("4", 0)
    for other, text in ((sell, "close gold"), (euro, "close now"), (twin, "close")):
        _, told = lives_after(buy, other, said("9", 5, text))
        assert only(told).applied.reason is SignalReason.AMBIGUOUS_REFERENCE


def test_nothing_open_is_refused():
    for events in ((), (call("1", 0, valid_minutes=1),), (call("1", 0), said("2", 1, "close", reply_to="1"))):
        _, told = lives_after(*events, said("9", 500, "close"))
        assert told[-1].applied.reason is SignalReason.NOTHING_OPEN


def test_the_same_said_again_without_reply_is_of_the_signal_that_has_just_ended():
    _, told = lives_after(
        call("1", 0),
        call("2", 1),
        said("3", 5, "đóng lệnh này", reply_to="2"),
        said("4", 5.5, "close gold buy"),
    )
    assert (told[1].signal_id, told[1].found_by) == ("sig_room.2.1.0", FoundBy.REPEAT)
    assert not told[1].applied.has_effect


def test_close_all_is_of_every_open_signal_of_the_source_and_symbol():
    events = (
        call("1", 0),
        call("2", 1, side="sell"),
        call("3", 2, symbol="EURUSD", entry=("1.08", "1.08"), stop="1.07", targets=("1.09",)),
        call("4", 3, source="other"),
    )
    lives, told = lives_after(*events, said("9", 5, "close all gold"))
    assert {one.signal_id for one in told} == {"sig_room.1.1.0", "sig_room.2.1.0"}
    assert state(lives["3.1.0"]) is SignalState.PENDING
    _, told = lives_after(*events, said("9", 5, "close all"))
    assert len(told) == 3


def test_a_part_is_closed_once_when_it_is_said_twice_or_edited():
    lives, _ = lives_after(
        call("1", 0),
        said("2", 5, "close half", reply_to="1"),
        said("3", 6, "chốt một nửa", reply_to="1"),
        said("2", 30, "close half now", reply_to="1", version=2),
    )
    assert lives["1.1.0"].closed_share == Decimal("0.5")
    lives, _ = lives_after(
        call("1", 0), said("2", 5, "close half", reply_to="1"), said("3", 60, "close half", reply_to="1")
    )
    assert lives["1.1.0"].closed_share == Decimal("0.75")


def test_a_deletion_ends_what_is_open_and_nothing_that_has_ended():
    lives, _ = lives_after(call("1", 0), deleted("1", 5))
    assert state(lives["1.1.0"]) is SignalState.DELETED
    lives, _ = lives_after(call("1", 0), said("2", 3, "close", reply_to="1"), deleted("1", 5))
    assert state(lives["1.1.0"]) is SignalState.CLOSED


def test_nothing_comes_after_a_deletion():
    lives, _ = lives_after(call("1", 0), deleted("1", 5), call("1", 9, version=3))
    assert list(lives) == ["1.1.0"]


def test_a_version_below_the_one_that_stands_changes_nothing():
    lives, _ = lives_after(call("1", 0, version=2), call("1", 5, stop="2320", version=1))
    assert list(lives) == ["1.2.0"]


def test_a_close_before_a_new_call_in_one_message_ends_the_old_one():
    closing = said("2", 5, "close gold buy")
    both = call("2", 5, side="sell", update=closing.update)
    lives, told = lives_after(call("1", 0), both)
    assert only(told).signal_id == "sig_room.1.1.0"
    assert state(lives["2.1.0"]) is SignalState.PENDING


def test_the_call_of_a_message_is_never_ended_by_the_close_that_stands_before_it():
    closing = said("2", 5, "close the buy").update
    lives, told = lives_after(call("2", 5, update=closing), call("2", 9, version=2, update=closing))
    assert [one.applied.reason for one in told] == [SignalReason.NOTHING_OPEN] * 2
    assert state(lives["2.2.0"]) is SignalState.PENDING
    later = call("3", 7)
    lives, _ = lives_after(call("2", 5), later, call("2", 9, version=2, update=closing))
    assert state(lives["3.1.0"]) is SignalState.PENDING


def test_an_unclear_close_before_a_call_is_told_and_the_call_stands():
    unclear = said("2", 5, "close 2331, 2329").update
    lives, told = lives_after(call("1", 0), call("2", 5, side="sell", update=unclear))
    assert only(told).applied.reason is SignalReason.UNCLEAR_UPDATE
    assert [state(lives[name]) for name in ("1.1.0", "2.1.0")] == [SignalState.PENDING] * 2


def test_a_close_and_an_alert_in_one_message_are_both_kept():
    closing = said("2", 5, "close the sell").update
    both = replace(alert("2", 5, "XAUUSD", "buy"), update=closing)
    lives, told = lives_after(
        call("1", 0, side="sell"), both, call("3", 7), said("4", 9, "move sl to be", reply_to="2")
    )
    assert state(lives["1.1.0"]) is SignalState.CLOSED
    assert told[-1].signal_id == "sig_room.3.1.0"


def test_a_runner_goes_on_after_the_last_numbered_target():
    event = call("1", 0)
    runner = replace(event, signals=(replace(event.signals[0], has_runner=True),))
    lives, _ = lives_after(runner, said("2", 5, "tp2 hit", reply_to="1"))
    assert state(lives["1.1.0"]) is SignalState.ACTIVE
