"""What becomes of a signal when its message, or that of an update, is edited."""

from dataclasses import replace
from decimal import Decimal

import pytest
from message_versions import call, moment, said

from hive_core.signals.lifecycle.events import MessageVersion
from hive_core.signals.lifecycle.fold import LifecycleSettings, Told
from hive_core.signals.lifecycle.lifecycle import fold_until
from hive_core.signals.lifecycle.references import FoundBy
from hive_core.signals.lifecycle.states import Life, SignalState
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Refused

SETTINGS = LifecycleSettings()


def lives_after(*events: MessageVersion, minutes: float = 600) -> tuple[dict[str, Life], list[Told]]:
    """Every life by the message and version it is of, and what updates made."""
    lives, told = fold_until(events, moment(minutes), SETTINGS)
    return {life.signal.signal_id.removeprefix("sig_room."): life for life in lives}, told


def state(life: Life, minutes: float = 600) -> SignalState:
    return life.state_at(moment(minutes))


def only(told: list[Told]) -> Told:
    (one,) = told
    return one


def test_an_edit_amends_the_plan_and_keeps_what_was_done():
    lives, _ = lives_after(
        call("1", 0), said("2", 5, "close half", reply_to="1"), call("1", 9, stop="2320", version=2)
    )
    old, new = lives["1.1.0"], lives["1.2.0"]
    assert (state(old), old.superseded_by) == (SignalState.SUPERSEDED, new.signal.signal_id)
    assert state(new) is SignalState.PARTIALLY_CLOSED
    assert (new.first_signal_id, new.stop, new.amendments) == (old.signal.signal_id, Decimal(2320), 1)


def test_an_edit_that_repeats_the_plan_keeps_the_stop_that_was_moved():
    lives, _ = lives_after(
        call("1", 0), said("2", 5, "move sl to 2328", reply_to="1"), call("1", 9, version=2)
    )
    assert lives["1.2.0"].stop == Decimal(2328)


def test_an_edit_moves_the_entry_only_before_it_has_happened():
    moved = call("1", 9, entry=("2329", "2330"), stop="2323", targets=("2340", "2350"), version=2)
    lives, _ = lives_after(call("1", 0), moved)
    assert lives["1.2.0"].entry == (Decimal(2329), Decimal(2330))
    lives, _ = lives_after(call("1", 0), said("2", 5, "tp1 hit", reply_to="1"), moved)
    assert lives["1.2.0"].entry == (Decimal(2331), Decimal(2333))


UNCLEAR_STOP = Refused("stop_loss", SignalReason.UNCLEAR_STOP, "4.105 may be two prices")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (said("1", 9, "sorry, wrong chart", version=2), SignalReason.UNCLEAR_UPDATE),
        (said("1", 9, "", version=2), SignalReason.UNCLEAR_UPDATE),
        (said("1", 9, "close 2331, 2329", version=2), SignalReason.UNCLEAR_UPDATE),
        (said("1", 9, "if tp1 hits close", version=2), SignalReason.CONDITIONAL_UPDATE),
        (said("1", 9, "gold buy", version=2, refused_call=UNCLEAR_STOP), SignalReason.UNCLEAR_STOP),
    ],
)
@pytest.mark.parametrize("order_type", ["limit", "market"])
def test_an_edit_that_is_not_clear_leaves_the_signal_as_it_was(order_type, edit, reason):
    first = call("1", 0, order_type=order_type)
    before, _ = lives_after(first)
    lives, told = lives_after(first, edit)
    assert lives == before
    assert (only(told).applied.reason, only(told).signal_id) == (reason, None)
    assert only(told).applied.detail.startswith("the signal stays as it was")


def test_after_an_unclear_edit_the_signal_is_managed_and_edited_as_ever():
    unclear = said("1", 9, "sorry, wrong chart", version=2)
    lives, _ = lives_after(call("1", 0), unclear, said("2", 12, "close", reply_to="1"))
    assert state(lives["1.1.0"]) is SignalState.CLOSED
    lives, _ = lives_after(call("1", 0), unclear, call("1", 12, stop="2320", version=3))
    assert state(lives["1.3.0"]) is SignalState.AMENDED
    assert lives["1.3.0"].first_signal_id == "sig_room.1.1.0"


def test_an_unclear_edit_of_a_signal_that_has_ended_is_talk():
    events = (call("1", 0), said("2", 5, "close", reply_to="1"), said("1", 9, "what a trade", version=2))
    _, told = lives_after(*events)
    assert only(told).event.message_id == "2"


@pytest.mark.parametrize("order_type", ["limit", "market"])
@pytest.mark.parametrize(
    "edit",
    [
        said("1", 9, "cancelled", version=2),
        said("1", 9, "cancelada", version=2),
        said("1", 9, "отменена", version=2),
        said("1", 9, "gold buy 2331, no more", version=2, is_taken_back=True),
        said("1", 9, "gold buy", version=2, refused_call=UNCLEAR_STOP, is_taken_back=True),
    ],
)
def test_an_edit_that_takes_the_call_back_ends_it_active_or_not(order_type, edit):
    lives, told = lives_after(call("1", 0, order_type=order_type), edit)
    assert state(lives["1.1.0"]) is SignalState.CANCELLED
    assert (only(told).found_by, only(told).applied.has_effect) == (FoundBy.OWN_MESSAGE, True)


def test_of_two_calls_the_one_that_an_edit_spoils_stays_as_it_was():
    sell = replace(call("1", 0, side="sell").signals[0], signal_id="sig_room.1.1.1", number=1)
    both = replace(call("1", 0), signals=(*call("1", 0).signals, sell))
    lives, told = lives_after(both, call("1", 9, version=2, refused_call=UNCLEAR_STOP))
    assert state(lives["1.2.0"]) is SignalState.PENDING
    assert state(lives["1.1.1"]) is SignalState.PENDING
    assert only(told).applied.reason is SignalReason.UNCLEAR_STOP
    lives, _ = lives_after(both, call("1", 9, version=2))
    assert state(lives["1.1.1"]) is SignalState.CANCELLED


def test_an_edit_that_leaves_out_the_first_of_two_calls_amends_the_other():
    sell = replace(call("1", 0, side="sell").signals[0], signal_id="sig_room.1.1.1", number=1)
    both = replace(call("1", 0), signals=(*call("1", 0).signals, sell))
    lives, _ = lives_after(both, call("1", 9, side="sell", stop="2345", version=2))
    assert lives["1.2.0"].first_signal_id == "sig_room.1.1.1"
    assert state(lives["1.1.0"]) is SignalState.CANCELLED


def test_an_edit_into_an_update_is_said_of_the_signal_itself():
    lives, told = lives_after(call("1", 0), call("2", 1), said("1", 9, "close now", version=2))
    assert state(lives["1.1.0"]) is SignalState.CLOSED
    assert only(told).found_by is FoundBy.OWN_MESSAGE


def test_an_edit_to_the_other_side_is_another_signal():
    lives, _ = lives_after(call("1", 0), call("1", 9, side="sell", version=2))
    assert state(lives["1.1.0"]) is SignalState.CANCELLED
    assert lives["1.2.0"].first_signal_id == "sig_room.1.2.0"


def test_an_update_after_an_edit_is_of_the_version_that_stands():
    _, told = lives_after(
        call("1", 0), call("1", 1, stop="2320", version=2), said("2", 5, "close", reply_to="1")
    )
    assert only(told).signal_id == "sig_room.1.2.0"


def test_an_edit_of_a_close_falls_on_no_second_signal():
    events = (call("1", 0, side="sell"), call("2", 1, side="sell"), said("3", 5, "close the sell"))
    lives, told = lives_after(*events, said("3", 9, "close the sell!", version=2))
    assert state(lives["2.1.0"]) is SignalState.CLOSED
    assert state(lives["1.1.0"]) is SignalState.PENDING
    assert [one.signal_id for one in told] == ["sig_room.2.1.0"] * 2
    assert [one.applied.has_effect for one in told] == [True, False]
    lives, _ = lives_after(call("4", 0), *events, said("3", 9, "close the buy", version=2))
    assert state(lives["4.1.0"]) is SignalState.CLOSED
