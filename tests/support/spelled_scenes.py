"""Scenes in which the core says everything it can say, and how they are spelled: one line of JSON for each
record, effect and refusal, in order.

`python tests/support/spelled_scenes.py` writes them anew beside the test that compares them. Do it only
where the daemon is meant to say something else from now on; journals that were written before stay as they
are, and must be read all the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from broker_bench import FIRST, OTHER, BrokerBench, account
from exec_bench import MONDAY, a_decision
from risk_bench import set_money

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.broker import BrokerSnapshot, Lookup
from hive_core.contracts.order import BracketOrder
from hive_core.contracts.order import OrderState as S
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.core.commanding import Refused
from hive_exec.core.events import (
    BarBegan,
    BarRanged,
    BooksAccepted,
    BreakerReset,
    BreakerTrip,
    CloseAsked,
    DecisionDue,
    Effect,
    Event,
    HealthObserved,
    Kill,
    LookedUp,
    RequestFailed,
    Resolution,
    Resume,
    Reviewed,
    SnapshotTaken,
    Started,
    SubmitNotSent,
    SubmitProvenAbsent,
    SubmitUnknown,
    Ticked,
    TimePassed,
)
from hive_exec.core.records import Kind, Record
from hive_exec.core.snapshot import state_as_data

FOLDER = Path(__file__).parent.parent / "exec" / "core" / "spelled"
FOREIGN = f"ord_{5:024x}"


class Scene(BrokerBench):
    """A bench that writes down everything that is said."""

    def __init__(self, *accounts: Any, **changes: Any) -> None:
        self.said: list[str] = []
        super().__init__(*accounts, **changes)
        self.said = [spelled("record", record.as_data()) for record in self.journal.records]

    def take(self, event: Event) -> tuple[list[Record], list[Effect]]:
        """As `BrokerBench.take`; a refusal is written down and is no error."""
        before = len(self.journal.records)
        try:
            self.engine.handle(event, self.at)
        except Refused as error:
            self.said.append(spelled("refused", str(error)))
        records, effects = self.journal.records[before:], self.engine.take_waiting()
        self.said += [spelled("record", record.as_data()) for record in records]
        self.said += [spelled(f"effect {type(effect).__name__}", plain(effect)) for effect in effects]
        return records, effects

    def receive(self, *told: Any, **more: Any) -> str:
        """As `BrokerBench.receive`."""
        before = len(self.journal.records)
        decision_id = super().receive(*told, **more)
        self.said += [spelled("record", record.as_data()) for record in self.journal.records[before:]]
        return decision_id

    def hand_in_again(self, *told: Any) -> list[Kind]:
        """As `BrokerBench.hand_in_again`."""
        before = len(self.journal.records)
        kinds = super().hand_in_again(*told)
        self.said += [spelled("record", record.as_data()) for record in self.journal.records[before:]]
        return kinds

    def later(self, seconds: float) -> None:
        """The clock goes on, and nobody looks."""
        self.at = (self.at[0] + int(seconds * 10**9), *self.at[1:])


def spelled(what: str, data: Any) -> str:
    """A line."""
    return canonical_bytes({what: data}).decode("utf-8")


def plain(value: Any) -> Any:
    """A dataclass of the core as data; an order as its id, for its intent spells it."""
    if isinstance(value, BracketOrder):
        return value.client_order_id
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


def bar(low: str, high: str) -> BarPrices[Decimal]:
    """A range of prices, from the middle to the middle."""
    bids = [Decimal(price) for price in ("1.0601", high, low, "1.0602")]
    return BarPrices(*bids, *(bid + Decimal("0.0001") for bid in bids))


def life_of_an_order(scene: Scene) -> None:
    """Intended, accepted, changed, filled in two parts, left in two parts."""
    scene.decide(a_decision(targets=("1.06300", "1.06400")))
    key = scene.line.order.client_order_id
    scene.take(scene.report("accepted", venue_order_id="v7", text="working", reason="fine"))
    scene.later(1)
    scene.take(scene.report("filled", lots=Decimal("0.5"), commission=Decimal("1.25")))
    scene.take(scene.report("modified", stop_loss=Decimal("1.0585"), take_profit=Decimal("1.065")))
    scene.take(scene.report("modify_rejected", reason="too near", text="no"))
    scene.later(1)
    scene.take(scene.report("filled", lots=scene.line.order.lots - Decimal("0.5"), price=Decimal("1.0602")))
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0600", "1.0605")))
    scene.later(9)
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0600", "1.0605")))
    scene.later(1)
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0600", "1.0606")))
    scene.take(CloseAsked(FIRST, key, "anna"))
    scene.take(RequestFailed(FIRST, key, "close", "busy"))
    scene.later(10)
    scene.take(Ticked())
    scene.take(scene.report("closed", lots=Decimal("0.25"), commission=Decimal("0.75"), swap=Decimal("0.3")))
    scene.take(scene.report("closed", price=Decimal("1.0611"), profit=Decimal("77.7"), reason="target"))
    scene.take(scene.report("closed", reason="again"))


def ends_of_orders(scene: Scene) -> None:
    """Rejected until the breaker opens; expired, cancelled, and an end that overtook a fill."""
    for number in range(5):
        scene.decide(a_decision(stop=f"1.0579{number}"))
        scene.take(scene.report("rejected", reason="no money", text="why not"))
    scene.take(BreakerReset(f"bot:{FIRST}", "looked into", "anna"))
    for kind in ("expired", "cancelled"):
        scene.decide(a_decision(stop=f"1.0578{len(kind)}"))
        scene.take(scene.report("accepted"))
        scene.take(scene.report("filled", lots=Decimal("0.1")))
        scene.take(scene.report(kind, reason="its end"))
        part = scene.venue_position(lots=Decimal("0.1"))
        scene.later(29)
        scene.books(positions=(part,))
        scene.later(1)
        scene.books(positions=(part,))
        scene.take(scene.report("closed"))
        scene.quotes()
        scene.decide(a_decision(stop=f"1.0577{len(kind)}"))
        scene.take(scene.report(kind))
        scene.take(scene.report("filled", lots=Decimal("0.2")))
        scene.take(scene.report("closed"))


def exits_before_entries(scene: Scene) -> None:
    """An exit that is told before its entry, twice; and a fill that its venue does not protect."""
    scene.decide()
    early = scene.report("closed", lots=Decimal("0.1"), text="already", swap=Decimal("0.2"))
    scene.take(early)
    scene.take(early)
    scene.take(scene.report("filled", text="at last"))
    scene.take(scene.report("closed", lots=Decimal(9)))
    scene.take(scene.report("closed"))
    scene.decide(a_decision(stop="1.05761"))
    scene.take(scene.report("filled", has_stop=False, text="no stop there"))


def what_cannot_be(scene: Scene) -> None:
    """Facts that stop the account for a person."""
    scene.take(
        scene.report("filled", FOREIGN, lots=Decimal("0.1"), text="of whom")
        if scene.bot.orders
        else LookedUp(FIRST, Lookup(FOREIGN, (), is_proof=True))
    )
    scene.ordered(S.NOT_ACCEPTED)
    scene.take(scene.report("accepted"))
    scene.take(scene.report("cancel_rejected", reason="gone"))
    scene.take(scene.report("accepted", FOREIGN, text="of whom"))
    scene.take(scene.report("filled", price=None))
    scene.take(scene.report("filled", price=None, execution_id=f"x{scene.number}"))
    scene.take(scene.report("filled", lots=scene.line.order.lots + 1))
    scene.take(scene.report("modified", stop_loss=Decimal("1.05"), has_stop=False, text="stop lost"))
    scene.take(scene.report("closed", price=None))
    scene.take(scene.report("rejected"))


def killed_and_resumed(scene: Scene) -> None:
    """The kill switch, breakers, and who ends them."""
    scene.ordered(S.ACCEPTED)
    scene.take(Resume("early", "anna"))
    scene.take(Kill("trouble", "anna"))
    scene.take(Kill("more trouble", "ben"))
    scene.decide(a_decision(stop="1.05790"))
    scene.take(Ticked())
    scene.later(11)
    scene.take(Ticked())
    scene.take(Resume("fine", "anna"))
    scene.take(Resume("fine", "anna"))
    scene.take(Kill("again", "carl"))
    scene.take(Resume("fine", "anna"))
    scene.take(Resume("good", "ben"))
    for scope, fallback in (("global", "safe"), ("cell", "reduced"), (f"bot:{FIRST}", "shadow")):
        scene.take(BreakerReset(scope, "not open", "anna"))
        scene.take(BreakerTrip(scope, fallback, f"{scope} trouble", "anna"))
        scene.take(BreakerTrip(scope, "reduced", f"{scope} less", "ben"))
    scene.decide(a_decision(stop="1.05791"))
    scene.take(Ticked())
    for scope in ("global", "cell", f"bot:{FIRST}"):
        scene.take(BreakerReset(scope, "fine", "anna"))
        scene.take(BreakerReset(scope, "fine", "anna"))
        scene.take(BreakerReset(scope, "good", "ben"))
    scene.take(Ticked())


def reviewed(scene: Scene) -> None:
    """Decisions that a person must see, and everything that he can say."""
    decision = a_decision()
    against = decision.votes[0].model_copy(update={"source": "sample_other", "side": "sell"})
    for number, event in enumerate(
        (
            ("ben", False, 0),
            ("anna", True, 0),
            ("ben", True, 0),
            ("ben", True, 100),
        )
    ):
        who, says, after = event
        one = a_decision(stop=f"1.0579{number}")
        waiting = scene.receive(one.model_copy(update={"votes": (*one.votes, against)}))
        scene.take(DecisionDue(FIRST, waiting))
        scene.later(after)
        scene.take(Reviewed(FIRST, waiting, says, who, "its reason"))
    scene.take(Reviewed(FIRST, "dec_none", True, "ben", "what"))
    scene.later(100)
    scene.quotes()
    scene.take(Ticked())


def reviews_that_are_void(scene: Scene) -> None:
    """What was judged changed, nothing may be sent, or nobody looks."""
    first = scene.receive()
    scene.take(DecisionDue(FIRST, first))
    for dependency in ("broker", "reconciliation"):
        scene.health(dependency, "suspect")
    scene.take(Reviewed(FIRST, first, True, "ben", "fine"))
    for dependency in ("broker", "reconciliation"):
        scene.health(dependency, "ok")
    scene.books(positions=(scene_position(scene, "p9"),), balance="99000")
    scene.take(Reviewed(FIRST, first, True, "ben", "fine"))
    second = scene.receive(a_decision(stop="1.05790"))
    scene.take(DecisionDue(FIRST, second))
    scene.passes(99)
    scene.passes(1)
    third = scene.receive(a_decision(ts=MONDAY + timedelta(minutes=60), stop="1.05791"))
    scene.take(DecisionDue(FIRST, third))


def reviews_by_price(scene: Scene) -> None:
    """The market moves while a person looks: within the bound that he is shown, beyond it, out of sight."""
    for number, ask in enumerate(("1.0610", "1.0595", "1.0625", "")):
        scene.quotes()
        waiting = scene.receive(a_decision(stop=f"1.0579{number}"))
        scene.take(DecisionDue(FIRST, waiting))
        if ask:
            scene.quotes(str(Decimal(ask) - Decimal("0.0001")), ask)
        else:
            scene.later(31)
        scene.take(Reviewed(FIRST, waiting, True, "ben", "fine"))
    scene.quotes()
    scene.decide(a_decision(stop="1.05795"))


def handed_in_by_several(scene: Scene) -> None:
    """None of those who handed it in, here or where it was before, may approve it."""
    scene.health("broker", "down")
    waiting = scene.receive()
    scene.hand_in_again(waiting, "ben", "anna")
    scene.take(DecisionDue(FIRST, waiting))
    scene.hand_in_again(waiting, "carl")
    for who in ("anna", "ben", "carl", "dora"):
        scene.take(Reviewed(OTHER, waiting, True, who, "fine"))
    scene.hand_in_again(waiting, "ellen")


def not_ours(scene: Scene) -> None:
    """What a person opened counts, with a stop and without, and an order whose time is over is cancelled."""
    scene.ordered(S.ACCEPTED)
    scene.books(
        orders=(scene.venue_order(),),
        positions=(
            scene_position(scene, "p2", take_profit=Decimal("1.07")),
            scene_position(scene, "p3", stop=None, side="sell"),
            scene_position(scene, "p4", symbol="XXXYYY"),
        ),
    )
    scene.decide(a_decision(stop="1.05790"))
    left_s = (scene.line.order.good_till_ns - scene.at[0]) // 10**9
    for seconds in (left_s + 60, 1, 1, 9):
        scene.later(seconds)
        scene.take(Ticked())


def scene_position(scene: Scene, number: str, **changes: Any) -> Any:
    """A person's position beside ours."""
    return scene.venue_position("", Decimal("0.3"), position_id=number, **changes)


def waits_and_fails_over(scene: Scene) -> None:
    """Held while its venue is away; taken over by another account."""
    scene.health("broker", "down")
    held = a_decision(valid_s=600)
    scene.decide(held)
    scene.passes(1)
    scene.health("broker", "down", OTHER)
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0600", "1.0650")))
    scene.health("broker", "ok", OTHER)
    scene.take(Ticked())
    known = a_decision(stop="1.05790")
    scene.decide(known, OTHER)
    scene.decide(known)
    scene.health("broker", "ok")
    scene.take(Ticked())


def held_alone(scene: Scene) -> None:
    """Nobody takes it over: it goes once it may, within its bound and its time."""
    for number, (after, ask) in enumerate(((30, "1.0601"), (30, "1.0625"), (600, "1.0601"))):
        scene.health("broker", "down")
        scene.decide(a_decision(valid_s=600, stop=f"1.0579{number}", ts=MONDAY + timedelta(minutes=59)))
        scene.later(after)
        scene.health("broker", "ok")
        scene.quotes(str(Decimal(ask) - Decimal("0.0001")), ask)
        scene.take(Ticked())
        scene.at = (scene.at[0] - after * 10**9, *scene.at[1:])
    scene.quotes()
    scene.health("broker", "down")
    scene.decide(a_decision(side="sell", stop="1.0620", targets=("1.0570",), valid_s=600))
    scene.health("broker", "ok")
    scene.quotes("1.0580", "1.0581")
    scene.take(Ticked())
    scene.quotes()
    scene.health("broker", "down")
    scene.decide(a_decision(order_type="limit", entry="1.0590", valid_s=600))
    scene.bot.account.quotes.clear()
    scene.decide(a_decision(stop="1.05785", valid_s=600))


def denied_by_the_rate(scene: Scene) -> None:
    """More orders in an hour than the account wants."""
    for number in range(4):
        scene.decide(a_decision(stop=f"1.0579{number}"))


def unresolved(scene: Scene) -> None:
    """Nobody knows whether it arrived: asked, ended by people, by proof, by what the venue shows."""
    line = scene.ordered(S.UNRESOLVED)
    key = line.order.client_order_id
    scene.take(Ticked())
    scene.take(LookedUp(FIRST, Lookup(key, (), is_proof=False)))
    scene.take(Resolution(FIRST, key, "anna", "asked them"))
    scene.take(Resolution(FIRST, key, "anna", "asked them"))
    scene.take(Resolution(FIRST, key, "ben", "asked too"))
    scene.take(Resolution(FIRST, key, "ben", "asked too"))
    scene.take(Resolution(FIRST, "ord_none", "ben", "what"))
    scene.decide(a_decision(stop="1.05790"))
    scene.take(SubmitUnknown(FIRST, scene.line.order.client_order_id, "time-out"))
    scene.looked_up(is_proof=True)
    scene.decide(a_decision(stop="1.05791"))
    scene.take(Started(7, "build-7"))
    scene.well()
    scene.books(orders=(scene.venue_order(),))
    scene.books(orders=(scene.venue_order(),))
    scene.decide(a_decision(stop="1.05792"))
    scene.take(SubmitUnknown(FIRST, scene.line.order.client_order_id, "reset"))
    scene.looked_up(scene.report("accepted").report, scene.report("filled").report)


def not_sent(scene: Scene) -> None:
    """Not a byte left: tried again, and given up."""
    scene.decide()
    for retry in (2, 0, 3, 4, 5, None):
        scene.take(SubmitNotSent(FIRST, scene.line.order.client_order_id, "refused", retry))
    scene.decide(a_decision(stop="1.05790"))
    scene.take(SubmitProvenAbsent(FIRST, scene.line.order.client_order_id))
    scene.later(301)
    scene.take(SubmitProvenAbsent(FIRST, scene.line.order.client_order_id))
    scene.quotes()
    scene.decide(a_decision(ts=MONDAY + timedelta(minutes=64)))
    scene.health("broker", "suspect")
    if not scene.line.is_over:
        scene.take(SubmitProvenAbsent(FIRST, scene.line.order.client_order_id))


def books_differ(scene: Scene) -> None:
    """Every difference between books and journal, at a venue that shows single trades."""
    line = scene.ordered(S.FILLED)
    scene.books(positions=(scene.venue_position(),), balance="100001.5")
    scene.books(positions=(scene.venue_position(),), balance="100001.5")
    scene.books(positions=(scene.venue_position(lots=line.order.lots + 1),))
    scene.books(
        positions=(
            scene.venue_position(),
            scene_position(scene, "p2", take_profit=Decimal("1.07")),
            scene_position(scene, "p3", stop=None),
            scene_position(scene, "p4", symbol="XXXYYY"),
        ),
        orders=(scene.venue_order(""),),
    )
    scene.books(positions=(scene.venue_position(FOREIGN),), orders=(scene.venue_order(FOREIGN),))
    scene.books(positions=(scene.venue_position(FOREIGN),), orders=(scene.venue_order(FOREIGN),))
    scene.books(positions=(scene.venue_position(stop=None),))
    scene.later(11)
    scene.books(positions=(scene.venue_position(stop=None),))
    scene.take(scene.report("closed"))
    scene.books(orders=(scene.venue_order(),), positions=(scene.venue_position(),))


def books_that_net(scene: Scene) -> None:
    """The same at a venue that nets."""
    line = scene.ordered(S.FILLED)
    whole = SnapshotTaken(
        BrokerSnapshot(
            FIRST,
            scene.at[0],
            "10",
            Decimal("1e5"),
            Decimal("99999.5"),
            Decimal(21),
            (),
            (replace(scene.venue_position("", line.order.lots + 1), take_profit=Decimal("1.07")),),
        ),
        is_hedging=False,
    )
    scene.take(whole)
    scene.books(is_hedging=False)
    scene.books(is_hedging=False)
    scene.books(positions=(scene.venue_position("", side="sell"),), is_hedging=False)
    scene.books(
        positions=(scene.venue_position(), scene_position(scene, "p2"), scene_position(scene, "p3")),
        is_hedging=False,
    )
    scene.take(scene.report("closed"))
    scene.books(positions=(scene.venue_position(),), is_hedging=False)


def books_that_people_end(scene: Scene) -> None:
    """A netting venue shows nothing and knows nothing: asked, halted, and ended by two persons."""
    scene.ordered(S.FILLED)
    for who in ("anna", "ben"):
        scene.take(BooksAccepted(FIRST, "EURUSD", who, "early"))
        scene.books(is_hedging=False)
    for who, symbol in (("anna", "GBPUSD"), ("anna", "EURUSD"), ("anna", "EURUSD"), ("ben", "EURUSD")):
        scene.take(BooksAccepted(FIRST, symbol, who, "seen on its screen"))
    scene.take(BooksAccepted(FIRST, "EURUSD", "ben", "again"))
    scene.books(is_hedging=False, balance="99900")
    scene.take(BreakerReset(f"bot:{FIRST}", "looked into", "anna"))
    scene.books(is_hedging=False, balance="99900")
    scene.take(scene.report("closed"))


def breached(scene: Scene) -> None:
    """The equity touches a floor: the account ends, and everything of it is closed."""
    scene.ordered(S.PARTIALLY_FILLED)
    set_money(scene.bot.account, at_reset=scene.bot.account.balance + Decimal("4990"))
    scene.take(BarBegan(FIRST, "EURUSD", Decimal("1.0601"), Decimal("1.0602")))
    scene.take(BarBegan(FIRST, "EURUSD", Decimal("1.0560"), Decimal("1.0561")))
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0500", "1.0605")))
    scene.decide(a_decision(stop="1.05790"))
    scene.later(86_400)
    scene.take(TimePassed(FIRST))


def shadowed(scene: Scene) -> None:
    """Simulated instead of sent, and simulated to the end."""
    scene.take(BreakerTrip("cell", "shadow", "trouble", "anna"))
    scene.decide(a_decision(targets=("1.06300", "1.06400")))
    scene.decide(a_decision(side="sell", stop="1.0620", targets=("1.0570",)))
    scene.take(BarRanged(FIRST, "GBPUSD", bar("1.0600", "1.0640")))
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0600", "1.0632")))
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0570", "1.0605")))


def on_paper(scene: Scene) -> None:
    """An account whose venue lives in this process."""
    scene.decide(name=FIRST)
    for number, kind in enumerate(("accepted", "filled"), start=1):
        scene.take(replace(scene.report(kind), venue_seq=number))
    set_money(scene.bot.account, at_reset=scene.bot.account.balance + 5_000)
    scene.take(BarRanged(FIRST, "EURUSD", bar("1.0560", "1.0605")))
    scene.take(CloseAsked(FIRST, scene.line.order.client_order_id, "anna"))
    scene.take(CloseAsked(FIRST, "ord_none", "anna"))
    scene.take(HealthObserved("cell", "clock", "suspect", "it jumped"))
    scene.take(Ticked())


REVIEWED = {"review_over_headroom": Decimal("0.01"), "review_ttl_s": 100}
SCENES: dict[str, tuple[Callable[[], Scene], Callable[[Scene], None]]] = {
    "life of an order": (lambda: Scene(account(commission_per_lot=Decimal(7))), life_of_an_order),
    "ends of orders": (Scene, ends_of_orders),
    "exits before entries": (Scene, exits_before_entries),
    "what cannot be": (Scene, what_cannot_be),
    "killed and resumed": (lambda: Scene(account(), account(OTHER)), killed_and_resumed),
    "reviewed": (lambda: Scene(account(**REVIEWED, review_over_dissent=Decimal("0.4"))), reviewed),
    "reviews that are void": (lambda: Scene(account(**REVIEWED)), reviews_that_are_void),
    "reviews by price": (lambda: Scene(account(**REVIEWED)), reviews_by_price),
    "handed in by several": (
        lambda: Scene(account(failover_to=OTHER), account(OTHER, **REVIEWED)),
        handed_in_by_several,
    ),
    "not ours": (Scene, not_ours),
    "waits and fails over": (
        lambda: Scene(account(failover_to=OTHER), account(OTHER)),
        waits_and_fails_over,
    ),
    "held alone": (Scene, held_alone),
    "denied by the rate": (lambda: Scene(account(max_orders_per_hour=3)), denied_by_the_rate),
    "unresolved": (Scene, unresolved),
    "not sent": (Scene, not_sent),
    "books differ": (Scene, books_differ),
    "books that net": (Scene, books_that_net),
    "books that people end": (Scene, books_that_people_end),
    "breached": (Scene, breached),
    "shadowed": (Scene, shadowed),
    "on paper": (lambda: Scene(account(mode="paper", broker=None, symbols=())), on_paper),
}


def told(name: str) -> list[str]:
    """Everything that is said in a scene, and at the end the state."""
    begin, act = SCENES[name]
    scene = begin()
    act(scene)
    return [*scene.said, spelled("state", state_as_data(scene.state))]


def path_of(name: str) -> Path:
    """The file in which a scene is spelled."""
    return FOLDER / f"{name.replace(' ', '_')}.jsonl"


def records_in(lines: list[str]) -> list[Record]:
    """The records of a spelled scene, as a journal would give them."""
    data = map(json.loads, lines)
    return [Record.from_data(line["record"]) for line in data if "record" in line]


if __name__ == "__main__":
    for each in SCENES:
        path_of(each).write_text("\n".join(told(each)) + "\n", "utf-8")
