"""A witness beside the daemon: it sees what becomes durable, what goes over the wire and what the venue
knows, and holds each against the promises. It shares no code with what it watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from hive_core.configuration.model import Account
from hive_core.contracts.broker import ReportKind
from hive_core.contracts.order import BracketOrder
from hive_exec.core.records import Kind, Record
from proofs.model.venue import SECOND_NS, ModelVenue

_HALTING = frozenset({"halt", "safe"})
_LOOSEST_FIRST = (None, "reduced", "shadow", "safe", "halt")
_HOUR_NS = 3_600 * SECOND_NS


class Witness:
    """Collects violations; the world raises them at its next check."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        venues: Mapping[str, ModelVenue],
        now_ns: Callable[[], int],
        reduced_share: Decimal,
        people_for_global: int,
    ) -> None:
        self.violations: list[str] = []
        self._accounts, self._venues, self._now_ns = accounts, venues, now_ns
        self._reduced_share, self._people = reduced_share, people_for_global
        self._is_killed = False
        self._resuming: set[str] = set()
        self._breakers: dict[str, str | None] = {}
        self._submitters: dict[str, set[str]] = {}
        self._decided_ns: dict[str, int] = {}
        self._waited: set[str] = set()
        self._reviews: set[str] = set()
        self._shown: dict[str, Decimal] = {}
        self._bounds: dict[str, Decimal | None] = {}
        self._home_of: dict[str, str] = {}
        self._intents: dict[str, tuple[str, int, int]] = {}
        self._intent_times: dict[str, list[int]] = {}
        self._unsent: set[str] = set()
        self._closing: set[str] = set()
        self._sent: set[str] = set()
        self._received: set[tuple[str, int]] = set()
        self._proposed: dict[str, str] = {}
        self.answered_in_this_life: set[str] = set()
        """Accounts whose venue showed its books since the daemon began."""
        self.foreign_shown: set[str] = set()
        """Those of them whose books held an order with our mark that the journal lacks."""

    # What becomes durable, in the order of the journal.

    def durable(self, record: Record) -> None:
        """Hold a record against those before it and against what the venue knows."""
        body, name = record.body, record.account
        match record.kind:
            case Kind.STARTED:
                self.answered_in_this_life.clear()
                self.foreign_shown.clear()
            case Kind.KILLED:
                self._is_killed, self._resuming = True, set()
            case Kind.RESUME_CONFIRMED:
                self._resuming.add(body["principal"])
            case Kind.RESUMED:
                if len(self._resuming) < self._people:
                    self._say(f"R4: resumed by {len(self._resuming)} of {self._people} persons")
                self._is_killed = False
            case Kind.BREAKER_TRIPPED:
                if "cannot be taken in" in body["reason"]:  # the model's venues say nothing that is odd
                    self._say(f"O12: {body['reason']}")
                now = (self._breakers.get(body["scope"]), body["fallback"])
                self._breakers[body["scope"]] = max(now, key=_LOOSEST_FIRST.index)
            case Kind.BREAKER_RESET if body["is_closed"]:
                self._breakers.pop(body["scope"], None)
                self.foreign_shown.discard(body["scope"].removeprefix("bot:"))
            case Kind.DECISION_RECEIVED:
                names = {body["submitted_by"], *body.get("also_submitted_by", ())}
                self._submitters.setdefault(body["decision_id"], set()).update(names)
                self._decided_ns[body["decision_id"]] = body["delivery"]["decision"]["ts_decided_ns"]
            case Kind.DECISION_SUBMITTED_AGAIN:
                self._submitters[body["decision_id"]].add(body["submitted_by"])
            case Kind.DECISION_HELD:
                bound = body["price_bound"]
                self._bounds[f"{name}/{body['decision_id']}"] = None if bound is None else Decimal(bound)
                self._waited.add(f"{name}/{body['decision_id']}")
            case Kind.REVIEW_REQUESTED:
                self._reviews.add(f"{name}/{body['decision_id']}")
                self._shown[f"{name}/{body['decision_id']}"] = Decimal(body["price_bound"])
            case Kind.REVIEW_ENDED:
                self._reviews.discard(f"{name}/{body['decision_id']}")
                is_own = body["principal"] in self._submitters[body["decision_id"]]
                if is_own and body["outcome"] == "approved":
                    self._say(f"R10: {body['principal']} approved what he handed in")
                self._waited.add(f"{name}/{body['decision_id']}")
            case Kind.ORDER_INTENDED:
                self._intended(record)
            case Kind.REQUEST_SENT if body["request"] == "close":
                is_repeated = body["cause"].startswith("asked for before")
                if is_repeated and body["client_order_id"] not in self._closing:
                    self._say(f"R5: {body['client_order_id']} is closed, and nobody asked for it")
                self._closing.add(body["client_order_id"])
            case Kind.RESOLUTION_PROPOSED:
                self._proposed[body["client_order_id"]] = body["principal"]
            case Kind.ORDER_NOT_ACCEPTED:
                self._not_accepted(record)
            case Kind.ORDER_REJECTED:
                self._rejected(record)
            case _:
                pass

    def _intended(self, record: Record) -> None:
        body, name, now_ns = record.body, record.account, self._now_ns()
        order = body["order"]
        key, decision_id = body["client_order_id"], order["decision_id"]
        open_here = {scope: self._breakers.get(scope) for scope in ("global", "cell", f"bot:{name}")}
        if self._is_killed:
            self._say(f"R5: {key} is intended although the kill switch is thrown")
        if _HALTING & set(open_here.values()):
            self._say(f"R4: {key} is intended although {open_here} are open")
        if key in self._intents:
            self._say(f"O2: {key} is intended twice")
        if self._home_of.setdefault(decision_id, name) != name:
            self._say(f"O11: {decision_id} is intended at {self._home_of[decision_id]} and at {name}")
        if f"{name}/{decision_id}" in self._reviews:
            self._say(f"R10: {decision_id} is intended while a person looks at it")
        attempt = int(order["attempt"])
        if attempt > 1:
            if body["follows"] not in self._unsent:
                self._say(f"O2: {key} follows {body['follows']}, which may have left")
        else:
            if "shadow" in open_here.values():
                self._say(f"R4: {key} is intended although {open_here} are open")
            self._within_bound(name, order, decision_id, key)
            self._in_time(name, order, decision_id, key)
            self._as_shown(name, order, decision_id, key)
        self._intents[key] = (name, int(order["good_till_ns"]), int(order["submitted_ns"]))
        self._throttled(name, key, now_ns, is_reduced="reduced" in open_here.values(), attempt=attempt)

    def _throttled(self, name: str, key: str, now_ns: int, *, is_reduced: bool, attempt: int) -> None:
        times = self._intent_times.setdefault(name, [])
        times.append(now_ns)
        most = self._accounts[name].max_orders_per_hour
        if most is None or attempt > 1:  # another try of what certainly did not leave is no new order
            return
        allowed = max(int(most * self._reduced_share), 1) if is_reduced else most
        if sum(1 for ns in times if ns > now_ns - _HOUR_NS) > allowed:
            self._say(f"R8: {key} is one more than {allowed} orders in an hour")

    def _within_bound(self, name: str, order: Mapping[str, str], decision_id: str, key: str) -> None:
        bound, venue = self._bounds.get(f"{name}/{decision_id}"), self._venues[name]
        if bound is None or order["order_type"] == "limit":
            return
        is_beyond = venue.ask > bound if order["side"] == "buy" else venue.bid < bound
        if is_beyond:
            self._say(f"O7: {key} waited and is intended beyond its bound {bound}: {venue.bid}/{venue.ask}")

    def _as_shown(self, name: str, order: Mapping[str, str], decision_id: str, key: str) -> None:
        bound, shown = Decimal(order["price_bound"]), self._shown.get(f"{name}/{decision_id}")
        is_worse = shown is not None and (bound > shown if order["side"] == "buy" else bound < shown)
        if is_worse:
            self._say(f"R10: {key} may fill at {bound}, and the person who approved it was shown {shown}")

    def _in_time(self, name: str, order: Mapping[str, str], decision_id: str, key: str) -> None:
        now_ns, age_ns = self._now_ns(), self._now_ns() - self._decided_ns[decision_id]
        if now_ns >= int(order["good_till_ns"]):
            self._say(f"O7: {key} is intended after its decision had ended")
        limit_ns = self._accounts[name].max_decision_age_s * SECOND_NS
        if f"{name}/{decision_id}" not in self._waited and age_ns > limit_ns:
            self._say(f"O7: {key} is intended {age_ns // SECOND_NS} s after it was decided")

    def _not_accepted(self, record: Record) -> None:
        key, venue = record.body["client_order_id"], self._venues[record.account]
        principals = record.body.get("principals")
        if principals is not None and len({one for one in principals if one}) < 2:
            self._say(f"O4: {key} is ended by {principals}")
        if venue.may_know(key):
            self._say(f"O4: {key} is given up ({record.body['reason']}), and the venue has it or may get it")
        self._unsent.add(key)

    def _rejected(self, record: Record) -> None:
        key, venue = record.body["client_order_id"], self._venues[record.account]
        said = any(r.client_order_id == key and r.kind is ReportKind.REJECTED for r in venue.log)
        if not said:
            self._say(f"O4: {key} is rejected here, and the venue never said so")

    # What goes over the wire.

    def shows_books(self, name: str) -> None:
        """A venue showed its books."""
        self.answered_in_this_life.add(name)
        if self._venues[name].foreign:
            self.foreign_shown.add(name)

    def leaves(self, order: BracketOrder) -> None:
        """An order-creating request leaves the process."""
        key, now_ns = order.client_order_id, self._now_ns()
        if key in self._sent:
            self._say(f"O2: two requests left for {key}")
        self._sent.add(key)
        if key not in self._intents:
            self._say(f"O2: {key} leaves, and its intent is not durable")
        if self._is_killed:
            self._say(f"R5: {key} leaves although the kill switch is thrown")
        scopes = ("global", "cell", f"bot:{order.account}")
        if _HALTING & {self._breakers.get(scope) for scope in scopes}:
            self._say(f"R4: {key} leaves although one of {self._breakers} is open")
        if order.account not in self.answered_in_this_life:
            self._say(f"O9: {key} leaves before the books of {order.account} were compared")
        if now_ns >= order.good_till_ns:
            self._say(f"O7: {key} leaves although its decision is not valid any more")
        if now_ns - order.submitted_ns > self._accounts[order.account].max_decision_age_s * SECOND_NS:
            self._say(
                f"O7: {key} leaves {(now_ns - order.submitted_ns) // SECOND_NS} s after it was intended"
            )

    def arrives(self, order: BracketOrder) -> None:
        """A venue took an order in."""
        leg = (order.decision_id, order.leg)
        if leg in self._received:
            self._say(f"O2: leg {leg} has two orders at venues")
        self._received.add(leg)

    def _say(self, text: str) -> None:
        self.violations.append(text)
