"""What each action of an update makes of one signal's life.

Prices are made whole in `prices`; which life an update belongs to is found in `references`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from hive_core.signals.lifecycle.prices import full_price, layers_named
from hive_core.signals.lifecycle.states import Life, SignalState, end
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Action, ActionKind

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an action did: whether it changed anything, its price, share and layer in full; or the field
    and reason for which it is refused."""

    has_effect: bool = False
    price: Decimal | None = None
    share: Decimal | None = None
    entry_price: Decimal | None = None
    field: str = ""
    reason: SignalReason | None = None
    detail: str = ""


def apply(
    life: Life,
    action: Action,
    now: datetime,
    *,
    vague_share: Decimal,
    repeat_window: timedelta,
    is_of_own_message: bool = False,
) -> Applied:
    """Do one action to a life, and say what it did. A life that has ended is not changed again.

    `is_of_own_message`: the signal's own message asks for it, by an edit: such a cancel takes the call back,
    and ends a signal that is active too.
    """
    layer: Decimal | None = None
    if action.entry_price is not None:
        named = layers_named(action.entry_price, life.layers)
        if len(named) != 1:
            told = " and ".join(str(price) for price in life.layers) or "none that is named"
            detail = f"{action.entry_price} is not one of its entries: {told}"
            return _refused("entry_price", SignalReason.AMBIGUOUS_REFERENCE, detail)
        layer = named[0]
    match action.kind:
        case ActionKind.BREAKEVEN:
            return _breakeven(life, now)
        case ActionKind.MOVE_STOP:
            return _move_stop(life, action, now)
        case ActionKind.MOVE_TARGET:
            return _move_target(life, action, now)
        case ActionKind.PARTIAL_CLOSE:
            return _partial_close(life, action.share, layer, now, vague_share, repeat_window)
        case ActionKind.CLOSE:
            return _close(life, layer, now)
        case ActionKind.CANCEL:
            return _cancel(life, layer, now, is_of_own_message)
        case ActionKind.TARGET_HIT:
            return _target_hit(life, action, now)
        case ActionKind.STOP_HIT:
            life.is_active |= life.ended is None
            return Applied(end(life, SignalState.CLOSED, now))


def _refused(field: str, reason: SignalReason, detail: str) -> Applied:
    return Applied(field=field, reason=reason, detail=detail)


def _changed(life: Life, now: datetime) -> None:
    life.ts_changed = now
    life.history += 1


def _breakeven(life: Life, now: datetime) -> Applied:
    if life.ended is not None or life.is_at_breakeven:
        return Applied()
    life.is_at_breakeven = life.is_active = True
    life.amendments += 1
    _changed(life, now)
    return Applied(has_effect=True)


def _reference(life: Life) -> Decimal:
    return life.layers[0] if life.layers else life.signal.stop_loss


def _move_stop(life: Life, action: Action, now: datetime) -> Applied:
    written = action.price or Decimal(0)
    price = full_price(written, _reference(life))
    if price is None:
        detail = f"{written} is no clear price near {_reference(life)}"
        return _refused("stop_loss", SignalReason.UNCLEAR_STOP, detail)
    upward = 1 if life.signal.side == "buy" else -1
    if any(upward * (target - price) <= 0 for target in life.targets[life.targets_hit :]):
        detail = f"a stop at {price} is beyond a target of a {life.signal.side}"
        return _refused("stop_loss", SignalReason.STOP_WRONG_SIDE, detail)
    if life.ended is not None or (life.stop == price and not life.is_at_breakeven):
        return Applied(price=price)
    life.stop, life.is_at_breakeven = price, False
    life.amendments += 1
    _changed(life, now)
    return Applied(has_effect=True, price=price)


def _move_target(life: Life, action: Action, now: datetime) -> Applied:
    written = action.price or Decimal(0)
    price = full_price(written, _reference(life))
    if price is None:
        detail = f"{written} is no clear price near {_reference(life)}"
        return _refused("take_profits", SignalReason.UNCLEAR_TARGET, detail)
    number = action.target_number or (1 if len(life.targets) == 1 else None)
    if number is None or number > len(life.targets):
        detail = f"which of its {len(life.targets)} targets goes to {price} is not said"
        return _refused("take_profits", SignalReason.UNCLEAR_TARGET, detail)
    targets = (*life.targets[: number - 1], price, *life.targets[number:])
    upward = 1 if life.signal.side == "buy" else -1
    edges = (*life.layers, *(() if life.stop is None else (life.stop,)))
    if any(upward * (price - edge) <= 0 for edge in edges):
        detail = f"a target at {price} is on the losing side of a {life.signal.side}"
        return _refused("take_profits", SignalReason.TARGET_WRONG_SIDE, detail)
    if list(targets) != sorted(targets, reverse=upward < 0):
        detail = f"with target {number} at {price} the targets are out of order"
        return _refused("take_profits", SignalReason.TARGETS_OUT_OF_ORDER, detail)
    if life.ended is not None or targets == life.targets:
        return Applied(price=price)
    life.targets = targets
    life.amendments += 1
    _changed(life, now)
    return Applied(has_effect=True, price=price)


def _partial_close(
    life: Life,
    share: Decimal | None,
    layer: Decimal | None,
    now: datetime,
    vague_share: Decimal,
    repeat_window: timedelta,
) -> Applied:
    part = vague_share if share is None else share
    told_at = life.partials.get((share, layer))
    is_repeated = told_at is not None and now - told_at <= repeat_window
    if life.ended is not None or is_repeated or (layer is not None and layer in life.closed_layers):
        return Applied(share=part, entry_price=layer)
    life.partials[share, layer] = now
    rest = _ONE - life.closed_share
    of_what = rest if layer is None else rest / len(life.open_layers)
    life.closed_share += of_what * part
    life.is_active = True
    _changed(life, now)
    return Applied(has_effect=True, share=part, entry_price=layer)


def _close(life: Life, layer: Decimal | None, now: datetime) -> Applied:
    if layer is None or life.open_layers == (layer,):
        if life.ended is None:
            life.closed_share = _ONE
            life.closed_layers = life.layers
        return Applied(end(life, SignalState.CLOSED, now), entry_price=layer)
    if life.ended is not None or layer in life.closed_layers:
        return Applied(entry_price=layer)
    life.closed_share += (_ONE - life.closed_share) / len(life.open_layers)
    life.closed_layers = (*life.closed_layers, layer)
    life.is_active = True
    _changed(life, now)
    return Applied(has_effect=True, entry_price=layer)


def _cancel(life: Life, layer: Decimal | None, now: datetime, is_of_own_message: bool) -> Applied:
    if life.ended is not None:
        return Applied(entry_price=layer)
    if life.is_active and not is_of_own_message:
        detail = "it is active: whether it is to be closed is not said"
        return _refused("update", SignalReason.UNCLEAR_UPDATE, detail)
    if layer is None or life.open_layers == (layer,):
        return Applied(end(life, SignalState.CANCELLED, now), entry_price=layer)
    if layer in life.closed_layers:
        return Applied(entry_price=layer)
    life.closed_share += (_ONE - life.closed_share) / len(life.open_layers)
    life.closed_layers = (*life.closed_layers, layer)
    _changed(life, now)
    return Applied(has_effect=True, entry_price=layer)


def _target_hit(life: Life, action: Action, now: datetime) -> Applied:
    if life.ended is not None:
        return Applied()
    number = action.target_number or max(1, life.targets_hit)
    if number > len(life.targets):
        detail = f"it has {len(life.targets)} targets, not {number}"
        return _refused("target_number", SignalReason.AMBIGUOUS_REFERENCE, detail)
    is_new = number > life.targets_hit
    life.targets_hit = max(life.targets_hit, number)
    was_active, life.is_active = life.is_active, True
    if action.target_number == len(life.targets) and not life.signal.has_runner:
        life.closed_share = _ONE
        return Applied(end(life, SignalState.CLOSED, now))
    if is_new or not was_active:
        _changed(life, now)
    return Applied(has_effect=is_new or not was_active)
