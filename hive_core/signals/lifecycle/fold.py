"""The fold: message versions of one source, in their order, to the lives of its signals.

Which signal an update means stands in `references`, what it does in `actions`. How versions arrive,
how far back is looked, and tables stand in `lifecycle` and `frames`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from hive_core.signals.lifecycle.actions import Applied, apply
from hive_core.signals.lifecycle.events import EventOrder, MessageVersion, PostedSignal
from hive_core.signals.lifecycle.references import FoundBy, Reference, of_edit, of_reply, without_reply
from hive_core.signals.lifecycle.states import Life, SignalState, amended, begin, end
from hive_core.signals.parser.room import ALERT_WINDOW
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused

_TAKEN_BACK = ParsedUpdate((Action(ActionKind.CANCEL),))
MAX_REPLY_CHAIN = 32
"""Replies to replies: longer chains are talk."""


@dataclass(frozen=True, slots=True)
class LifecycleSettings:
    """`vague_share` of what is left is closed where an update names none. `repeat_window`: the same said
    again within it is the same. A signal posted within `alert_window` after an alert of its symbol and side
    is that alert's: replies to the one are replies to the other."""

    vague_share: Decimal = Decimal("0.5")
    repeat_window: timedelta = timedelta(minutes=2)
    alert_window: timedelta = ALERT_WINDOW


@dataclass(frozen=True, slots=True)
class Told:
    """One action of an update and the signal it belongs to; `signal_id` is None where it belongs to none.
    `action` is None for an update that is refused as a whole."""

    event: MessageVersion
    number: int
    action: Action | None
    signal_id: str | None
    found_by: FoundBy | None
    applied: Applied
    is_for_all: bool = False


@dataclass(frozen=True, slots=True)
class _OpenAlert:
    message_id: str
    symbol: str
    side: str
    ts_event: datetime


class SourceFold:
    """The lives of one source's signals, as far as its messages are folded.

    `step` takes versions in the order of `MessageVersion.order`, each once.
    """

    def __init__(self, settings: LifecycleSettings) -> None:
        self._settings = settings
        self._of_message: dict[str, list[Life]] = {}
        self._superseded: list[Life] = []
        self._groups: dict[tuple[str, str], list[Life]] = {}
        self._managed: dict[str, tuple[Life, ...]] = {}
        self._found_by: dict[str, FoundBy] = {}
        self._asked: dict[str, set[tuple[str, Action]]] = {}
        self._reply_to: dict[str, str | None] = {}
        self._versions: dict[str, int] = {}
        self._alert: _OpenAlert | None = None
        self._completed: dict[str, str] = {}
        self._refused_calls: set[str] = set()
        self._deleted: set[str] = set()

    def lives(self) -> Iterator[Life]:
        """Every life, superseded ones too, in no particular order."""
        yield from self._superseded
        for lives in self._of_message.values():
            yield from lives

    def step(self, event: MessageVersion) -> list[Told]:
        """Fold one version; gives what its update was made of."""
        if event.message_id in self._deleted or self._versions.get(event.message_id, 0) >= event.version:
            return []  # it is gone, or a later version was posted before and stands
        self._versions[event.message_id] = event.version
        # An edit's readers do not always give the reply again.
        reply_to = event.reply_to or self._reply_to.get(event.message_id)
        self._reply_to[event.message_id] = reply_to
        own = self._of_message.get(event.message_id, [])
        if event.is_deleted:
            self._deleted.add(event.message_id)
            for life in own:
                end(life, SignalState.DELETED, event.ts_event)
            return []
        if event.signals:  # "close the sell", then the new call
            told = self._manage_before(event, reply_to, own)
            return told + self._post(event, own)
        if event.is_taken_back and own and not isinstance(event.update, ParsedUpdate):
            return self._manage(event, _TAKEN_BACK, reply_to, own)
        if not own:
            told = self._manage_before(event, reply_to, own)
            self._warn(event)  # "close the sell. Gold buy now"
            return told
        if isinstance(event.update, ParsedUpdate):
            return self._manage(event, event.update, reply_to, own)
        if any(life.ended is None for life in own):
            return [_unclear_edit(event)]
        return self._manage_before(event, reply_to, own)

    def _warn(self, event: MessageVersion) -> None:
        """Keep a call that nobody makes, and an alert that may become one."""
        if event.refused_call is not None:
            self._refused_calls.add(event.message_id)
        if event.alert is not None:
            self._alert = _OpenAlert(event.message_id, event.alert.symbol, event.alert.side, event.ts_event)

    def _manage_before(self, event: MessageVersion, reply_to: str | None, own: Sequence[Life]) -> list[Told]:
        """What a message asks of trades that are not its own: of those before it, where it calls for one."""
        if isinstance(event.update, ParsedUpdate):
            posted = min((life.order for life in own), default=None)
            return self._manage(event, event.update, reply_to, (), before=posted)
        if isinstance(event.update, Refused):
            return [_refused(event, event.update.field, event.update.reason, event.update.detail)]
        return []

    def _post(self, event: MessageVersion, own: Sequence[Life]) -> list[Told]:
        remaining = list(own)
        lives = []
        for signal in event.signals:
            old = _version_before(signal, remaining)
            if old is not None:
                life = amended(old, signal, event.version, event.order)
                self._replace(old, life)
                self._superseded.append(old)
                remaining = [other for other in remaining if other is not old]
            else:
                life = begin(signal, event.source, event.message_id, event.version, event.order)
                self._groups.setdefault((signal.symbol, signal.side), []).append(life)
                self._complete(event, life)
            lives.append(life)
        told = []
        if remaining and event.refused_call is not None:
            lives += remaining  # the call that is refused now may be any of them
            told.append(_unclear_edit(event, number=1))
        else:
            for gone in remaining:
                end(gone, SignalState.CANCELLED, event.ts_event)
                self._superseded.append(gone)
        self._of_message[event.message_id] = lives
        return told

    def _replace(self, old: Life, new: Life) -> None:
        group = self._groups.setdefault((old.signal.symbol, old.signal.side), [])
        for position in range(len(group) - 1, -1, -1):
            if group[position] is old:
                group[position] = new
                break
        else:  # it had expired and was let go
            group.append(new)
            group.sort(key=lambda life: life.order)
        for message_id, managed in self._managed.items():
            if any(life is old for life in managed):
                self._managed[message_id] = tuple(new if life is old else life for life in managed)

    def _complete(self, event: MessageVersion, life: Life) -> None:
        """An alert just before is of this signal: replies to it are replies to the signal."""
        alert = self._alert
        if alert is None or event.ts_event - alert.ts_event > self._settings.alert_window:
            return
        if (alert.symbol, alert.side) == (life.signal.symbol, life.signal.side):
            self._completed[alert.message_id] = event.message_id
            self._alert = None

    def _manage(
        self,
        event: MessageVersion,
        update: ParsedUpdate,
        reply_to: str | None,
        own: Sequence[Life],
        before: EventOrder | None = None,
    ) -> list[Told]:
        """Do what an update asks to the signals that it means; `before` says that only such as were posted
        before that place can be meant."""
        if own:
            reference = of_reply(update, own, FoundBy.OWN_MESSAGE)
        elif reply_to is None:
            reference = self._latest(update, event, before)
        else:
            reference = self._replied(update, reply_to, event, before)
        if reference.reason is not None or reference.found_by is None:
            reason = reference.reason or SignalReason.NOTHING_OPEN
            return [_refused(event, "signal_id", reason, reference.detail)]
        self._managed[event.message_id] = reference.lives
        self._found_by[event.message_id] = reference.found_by
        told = []
        for life in reference.lives:
            for number, action in enumerate(update.actions):
                applied = self._apply(event, life, action, is_of_own_message=bool(own))
                told.append(
                    Told(
                        event,
                        number,
                        action,
                        life.signal.signal_id,
                        reference.found_by,
                        applied,
                        update.is_for_all,
                    )
                )
        return told

    def _apply(
        self, event: MessageVersion, life: Life, action: Action, *, is_of_own_message: bool
    ) -> Applied:
        asked = self._asked.setdefault(event.message_id, set())
        key = (life.first_signal_id, action)
        if key in asked:
            return Applied(price=action.price, share=action.share)  # an earlier version did it
        asked.add(key)
        if not life.is_open_at(event.ts_event) and life.ended is None:
            self._restore(life)
        return apply(
            life,
            action,
            event.ts_event,
            vague_share=self._settings.vague_share,
            repeat_window=self._settings.repeat_window,
            is_of_own_message=is_of_own_message,
        )

    def _restore(self, life: Life) -> None:
        """Put an expired life, which the look-up may have dropped, back where it was."""
        group = self._groups.setdefault((life.signal.symbol, life.signal.side), [])
        if not any(other is life for other in group):
            group.append(life)
            group.sort(key=lambda other: other.order)

    def _latest(
        self, update: ParsedUpdate, event: MessageVersion, before: EventOrder | None = None
    ) -> Reference:
        managed = self._managed.get(event.message_id, ())
        if managed and (again := of_edit(update, managed, self._found_by[event.message_id])) is not None:
            return again
        if update.symbol is not None and update.side is not None:
            groups = [self._groups.get((update.symbol, update.side), [])]
        else:
            groups = list(self._groups.values())
        if before is not None:
            groups = [[life for life in group if life.order < before] for group in groups]
        return without_reply(update, groups, event.ts_event, self._settings.repeat_window)

    def _replied(
        self, update: ParsedUpdate, reply_to: str, event: MessageVersion, before: EventOrder | None = None
    ) -> Reference:
        """The lives that a message, or what it replied to in its turn, is of. A reply to talk that leads to
        none is as no reply; one to a call that was refused, or to a message that is not known, is of none."""
        if reply_to not in self._versions:
            detail = "it replies to a message that is not known, or from too long before"
            return Reference(reason=SignalReason.NOTHING_OPEN, detail=detail)
        message_id: str | None = reply_to
        for _ in range(MAX_REPLY_CHAIN):
            if message_id is None:
                break
            message_id = self._completed.get(message_id, message_id)
            if lives := self._of_message.get(message_id) or self._managed.get(message_id):
                return of_reply(update, lives, FoundBy.REPLY)
            if message_id in self._refused_calls:
                detail = "the call that it replies to was refused"
                return Reference(reason=SignalReason.NOTHING_OPEN, detail=detail)
            message_id = self._reply_to.get(message_id)
        return self._latest(update, event, before)


def _refused(event: MessageVersion, field: str, reason: SignalReason, detail: str, number: int = 0) -> Told:
    return Told(event, number, None, None, None, Applied(field=field, reason=reason, detail=detail))


def _unclear_edit(event: MessageVersion, number: int = 0) -> Told:
    """A signal's message was edited to what neither calls, nor asks, nor takes back: the signal stays as it
    was, and the edit is kept with its reason."""
    cause = event.refused_call
    if isinstance(event.update, Refused) and number == 0:
        cause = event.update
    if cause is None:
        detail = f"{_STAYS}: it is no call, and takes nothing back"
        return _refused(event, "text", SignalReason.UNCLEAR_UPDATE, detail)
    return _refused(event, cause.field, cause.reason, f"{_STAYS}: {cause.detail}", number)


_STAYS = "the signal stays as it was before this edit of its message"


def _version_before(signal: PostedSignal, lives: Sequence[Life]) -> Life | None:
    """The life of which a signal is the next version: of the same symbol and side, in the same place if it
    can be."""
    same = [life for life in lives if (life.signal.symbol, life.signal.side) == (signal.symbol, signal.side)]
    return min(same, key=lambda life: (life.signal.number != signal.number, life.signal.number), default=None)
