"""Signals over HTTP: taken in once and durably, or refused with a code; never normalised, never both."""

from __future__ import annotations

import asyncio
import json
import threading

import httpx
import pytest
from exec_bench import Bench
from signals_bench import a_message, a_signal, key_of, post_signal
from tokens import owner_headers

from hive_core.contracts.base import MAX_PAYLOAD_BYTES, parse_contract
from hive_core.contracts.report import Report
from hive_core.contracts.submission import SignalSubmission
from hive_core.evidence.canonical import canonical_bytes, content_hash
from hive_exec.http import create_app
from hive_exec.http.answers import Answer
from hive_exec.http.batches import MAX_BATCH
from hive_exec.http.later import Later
from hive_exec.http.signal_batches import SignalBatches
from hive_exec.signal_inbox import MAX_AGE_S, MAX_SKEW_S, Submitted

SECOND = 10**9


def told_of_signals(bench: Bench) -> list[Report]:
    """The journal's records of signals; others say that the daemon started."""
    return [report for report in bench.reports() if report.kind.startswith("signal_")]


def code_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("make", [a_message, a_signal])
def test_it_is_accepted_once_and_answered_alike_ever_after(owner, paper, make):
    body = make(ts_event_ns=paper.wall_ns)
    first, again = post_signal(owner, body), post_signal(owner, body)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.content == again.content == canonical_bytes(first.json())
    paper.reopen()
    (report,) = told_of_signals(paper)
    told = {"fate": "to_be_judged", "key": key_of(body), "outcome": "accepted", "seq": report.seq}
    assert first.json() == told
    assert (report.account, report.kind) == ("cell", "signal_received")
    assert report.body["caller"] == "owner"
    submission = parse_contract(SignalSubmission, json.dumps(body).encode())
    assert report.body["content_sha256"] == submission.sha256() == content_hash(report.body["submission"])
    assert SignalSubmission.model_validate_json(json.dumps(report.body["submission"])) == submission


def test_the_answer_outlives_the_process(owner, paper):
    body = a_message(ts_event_ns=paper.wall_ns)
    first = post_signal(owner, body)
    paper.reopen()
    from starlette.testclient import TestClient

    with_new_cell = TestClient(
        create_app(paper.cell), base_url="http://127.0.0.1", headers=owner_headers(paper.home)
    )
    again = post_signal(with_new_cell, body)
    assert (again.status_code, again.content) == (200, first.content)


def test_another_spelling_of_the_same_content_is_the_same_signal(owner, paper):
    body = a_signal(ts_event_ns=paper.wall_ns)
    post_signal(owner, body)
    respelled = {"signal": {**dict(reversed(body["signal"].items())), "entry": "1.06", "has_runner": False}}
    assert post_signal(owner, respelled).status_code == 200


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (a_message, {"text": "SELL EURUSD"}),
        (a_signal, {"stop_loss": "1.0579"}),
        (a_signal, {"direction": "buy"}),
    ],
)
def test_another_content_under_its_key_is_409_and_journaled(owner, paper, make, changes):
    body = make(ts_event_ns=paper.wall_ns)
    post_signal(owner, body)
    other = make(ts_event_ns=paper.wall_ns + SECOND, **changes)
    assert code_of(post_signal(owner, other)) == (409, "conflict")
    kinds = [report.kind for report in told_of_signals(paper)]
    assert kinds == ["signal_received", "signal_conflict"]
    assert post_signal(owner, body).status_code == 200


def test_an_edit_is_a_signal_of_its_own(owner, paper):
    post_signal(owner, a_message(ts_event_ns=paper.wall_ns))
    edit = a_message(ts_event_ns=paper.wall_ns, version=2, text="SL 1.0570 now", reply_to="m0")
    assert post_signal(owner, edit).json()["key"] == "message:live_room:m1:2"


@pytest.mark.parametrize("key", ["m1", "message:live_room:m1:2", "message:other:m1:1", "signal:live_room:m1"])
def test_a_key_that_is_not_its_own_is_422(owner, paper, key):
    response = post_signal(owner, a_message(ts_event_ns=paper.wall_ns), key=key)
    assert code_of(response) == (422, "invalid")
    assert "message:live_room:m1:1" in response.json()["error"]["reason"]


def test_the_live_lane_hears_of_each_once(owner, paper):
    heard = []
    paper.cell.on_signal = lambda key, submission, seq, caller: heard.append(
        (key, submission.message.text, seq)
    )
    body = a_message(ts_event_ns=paper.wall_ns)
    post_signal(owner, body)
    post_signal(owner, body)
    (report,) = told_of_signals(paper)
    assert heard == [("message:live_room:m1:1", body["message"]["text"], report.seq)]


SIGNAL_FAULTS = [
    ({"stop_loss": "NaN"}, "number"),
    ({"stop_loss": "Infinity"}, "number"),
    ({"stop_loss": "1e3"}, "number"),
    ({"stop_loss": "1E+400000"}, "number"),
    ({"stop_loss": "-0"}, "number"),
    ({"stop_loss": "0"}, "number"),
    ({"stop_loss": 1.058}, "number"),
    ({"stop_loss": True}, "number"),
    ({"stop_loss": None}, "number"),
    ({"stop_loss": "1.058 "}, "number"),
    ({"stop_loss": "\uff11.058"}, "number"),
    ({"stop_loss": "1,058"}, "number"),
    ({"timestamp": "1"}, "number"),
    ({"timestamp": True}, "number"),
    ({"timestamp": -1}, "number"),
    ({"timestamp": 4_102_444_800_001}, "number"),
    ({"confidence": "1.01"}, "number"),
    ({"confidence": "-0.01"}, "number"),
    ({"direction": "BUY"}, "invalid"),
    ({"direction": "long"}, "invalid"),
    ({"order_type": "iceberg"}, "invalid"),
    ({"symbol": "eurusd"}, "invalid"),
    ({"symbol": "\u0415URUSD"}, "invalid"),
    ({"symbol": "\uff25URUSD"}, "invalid"),
    ({"symbol": "EUR\u200bUSD"}, "invalid"),
    ({"symbol": "\u202eEURUSD"}, "invalid"),
    ({"symbol": "EURUSD\x00"}, "invalid"),
    ({"symbol": "EURUSD\n"}, "invalid"),
    ({"symbol": "EURXXX"}, "symbol"),
    ({"signal_id": ""}, "invalid"),
    ({"signal_id": "s\x001"}, "invalid"),
    ({"signal_id": "s\u0430"}, "invalid"),
    ({"signal_id": "s" * 129}, "invalid"),
    ({"signal_id": "s" * 120}, "invalid"),
    ({"source": "Live"}, "invalid"),
    ({"stop_loss": "1.0600"}, "stops"),
    ({"stop_loss": "1.0610"}, "stops"),
    ({"direction": "sell"}, "stops"),
    ({"take_profit": "1.0600"}, "stops"),
    ({"take_profit": "1.0590"}, "stops"),
    ({"further_targets": ["1.0640", "1.0590"]}, "stops"),
    ({"entry_low": "1.0570", "entry_high": "1.0610"}, "stops"),
    ({"entry": None}, "entry"),
    ({"entry_low": "1.0590"}, "entry"),
    ({"entry_low": "1.0610", "entry_high": "1.0590"}, "entry"),
    ({"entry": None, "is_entry_at_market": True, "stop_loss": "1.0640"}, "stops"),
    ({"target_shares": ["0.5"], "further_targets": ["1.0640"]}, "shares"),
    ({"target_shares": ["1.1"]}, "number"),
    ({"target_shares": ["0.6", "0.6"], "further_targets": ["1.0640"]}, "shares"),
    ({"valid_until": 1}, "stale"),
    ({"limits": "none"}, "invalid"),
]


@pytest.mark.parametrize(("changes", "code"), SIGNAL_FAULTS, ids=lambda value: ascii(value)[:60])
def test_a_signal_that_cannot_be_is_422_with_its_code_and_leaves_nothing(owner, paper, changes, code):
    body = a_signal(ts_event_ns=paper.wall_ns, **changes)
    response = post_signal(owner, body, key="signal:live_room:s1")
    assert code_of(response) == (422, code), response.text
    assert told_of_signals(paper) == []


@pytest.mark.parametrize(
    "missing", ["signal_id", "timestamp", "symbol", "direction", "stop_loss", "take_profit", "source"]
)
def test_a_signal_without_what_it_needs_is_422(owner, paper, missing):
    body = a_signal(ts_event_ns=paper.wall_ns)
    del body["signal"][missing]
    response = post_signal(owner, body, key="signal:live_room:s1")
    assert code_of(response) == (422, "invalid")
    assert response.json()["error"]["field"] == f"signal.{missing}"


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "m\u0430"},
        {"message_id": "m\x00"},
        {"source": "live_room\u200d"},
        {"version": 0},
        {"version": True},
        {"version": 1.0},
        {"text": None},
        {"text": "x" * 16_385},
        {"ts_event_ns": "2026-01-05T12:00:00Z"},
        {"ts_event_ns": 1.5},
        {"role": "owner"},
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_a_message_that_cannot_be_is_422(owner, paper, changes):
    body = a_message(**{"ts_event_ns": paper.wall_ns, **changes})
    assert post_signal(owner, body, key="message:live_room:m1:1").status_code == 422
    assert told_of_signals(paper) == []


def test_exactly_one_of_message_and_signal_is_taken(owner, paper):
    both = {**a_message(ts_event_ns=paper.wall_ns), **a_signal(ts_event_ns=paper.wall_ns)}
    for body in ({}, both, {"message": None}):
        assert code_of(post_signal(owner, body, key="signal:live_room:s1")) == (422, "invalid")


@pytest.mark.parametrize("make", [a_message, a_signal])
def test_what_is_old_or_from_the_future_is_refused_at_the_very_edge(owner, paper, make):
    now, millisecond = paper.wall_ns, 10**6
    edges = [
        (now - MAX_AGE_S * SECOND, 202, ""),
        (now - MAX_AGE_S * SECOND - millisecond, 422, "stale"),
        (now + MAX_SKEW_S * SECOND, 202, ""),
        (now + MAX_SKEW_S * SECOND + millisecond, 422, "future"),
        (0, 422, "stale"),
    ]
    for number, (ts, status, code) in enumerate(edges):
        response = post_signal(owner, make(number, ts_event_ns=ts))
        assert response.status_code == status, (ts, response.text)
        assert status == 202 or response.json()["error"]["code"] == code


def test_a_signal_that_ended_is_stale(owner, paper):
    ended = a_signal(ts_event_ns=paper.wall_ns - 60 * SECOND, valid_until=paper.wall_ns // 10**6)
    assert code_of(post_signal(owner, ended)) == (422, "stale")


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b'{"message": {"source": "a", "source": "b"}}', 422),
        (b'{"message": {}, "message": {}}', 422),
        (b"[" * 40 + b"]" * 40, 422),
        (b'{"message": {"text": "\\ud800"}}', 422),
        (b'{"message": "\xff"}', 422),
        (b"\xef\xbb\xbf{}", 422),
        (b'{"message": NaN}', 422),
        (b"\x1f\x8b\x08\x00", 422),
        (b" " * (MAX_PAYLOAD_BYTES + 1), 413),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_bytes_that_nobody_should_read_are_refused_before_they_are_understood(owner, paper, payload, status):
    headers = {"Content-Type": "application/json", "Idempotency-Key": "signal:a:b"}
    assert owner.post("/signals", content=payload, headers=headers).status_code == status
    assert told_of_signals(paper) == []


def in_process(bench: Bench, app=None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app or create_app(bench.cell))
    return httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=owner_headers(bench.home)
    )


def test_two_contents_under_one_key_race_and_exactly_one_wins(paper):
    async def race(client: httpx.AsyncClient, number: int) -> list[int]:
        bodies = [a_message(number, ts_event_ns=paper.wall_ns, text=text) for text in ("BUY", "SELL")]
        answers = await asyncio.gather(*(post_signal(client, body) for body in bodies))
        return sorted(answer.status_code for answer in answers)

    async def races() -> list[list[int]]:
        async with in_process(paper) as client:
            return [await race(client, number) for number in range(50)]

    assert asyncio.run(races()) == [[202, 409]] * 50
    kinds = [report.kind for report in told_of_signals(paper)]
    assert (kinds.count("signal_received"), kinds.count("signal_conflict")) == (50, 50)


def test_a_thousand_at_once_are_each_taken_in_once_with_places_of_their_own(paper):
    async def flood() -> list[httpx.Response]:
        async with in_process(paper) as client:
            bodies = [a_message(number, ts_event_ns=paper.wall_ns) for number in range(1_000)]
            return await asyncio.gather(*(post_signal(client, body) for body in bodies * 2))

    answers = asyncio.run(flood())
    assert sorted({answer.status_code for answer in answers}) == [200, 202]
    assert [answer.status_code for answer in answers].count(202) == 1_000
    places = sorted(report.seq for report in told_of_signals(paper))
    assert sorted({answer.json()["seq"] for answer in answers}) == places
    assert len(told_of_signals(paper)) == 1_000


def told(later: Later) -> asyncio.Future[Answer]:
    """The answer, to be awaited."""
    answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    later.then(answer.set_result)
    return answer


class TestOverload:
    """The cell does nothing for a while: who is told to come back, and who is answered all the same."""

    @pytest.fixture
    def held(self, paper):
        goes_on, is_held = threading.Event(), threading.Event()
        waits = paper.cell.call(lambda: (is_held.set(), goes_on.wait(20)))
        assert is_held.wait(10)
        yield goes_on
        goes_on.set()
        waits.result(20)

    def test_signals_beyond_the_limit_are_429_while_health_answers(self, paper, held):
        app = create_app(paper.cell)
        app.face.signals._batches._max_waiting = 100

        async def flood() -> tuple[list[httpx.Response], httpx.Response]:
            async with in_process(paper, app) as client:
                bodies = [a_message(number, ts_event_ns=paper.wall_ns) for number in range(MAX_BATCH + 500)]
                posts = [asyncio.create_task(post_signal(client, body)) for body in bodies]
                await asyncio.sleep(0.5)
                health = await asyncio.wait_for(client.get("/health"), 1)
                told_at_once = [post.result() for post in posts if post.done()]
                held.set()
                answers = await asyncio.gather(*posts)
                assert all(answer.status_code == 429 for answer in told_at_once)
                assert len(told_at_once) >= 400
                return answers, health

        answers, health = asyncio.run(flood())
        assert health.status_code == 200
        refused = [answer for answer in answers if answer.status_code == 429]
        assert all(answer.headers["retry-after"] == "1" for answer in refused)
        taken = [answer for answer in answers if answer.status_code == 202]
        assert len(refused) + len(taken) == len(answers)
        assert len(told_of_signals(paper)) == len(taken)

    def test_signals_take_one_place_in_the_cells_queue_however_many_there_are(self, paper, held):
        async def flood() -> int:
            batches = SignalBatches(paper.cell)
            submission = parse_contract(
                SignalSubmission, json.dumps(a_message(ts_event_ns=paper.wall_ns)).encode()
            )
            submitted = Submitted.of(submission.key, submission, "test")
            waiting = [told(batches.submit(submitted)) for _ in range(2_000)]
            await asyncio.sleep(0.2)
            depth = paper.cell.waiting
            held.set()
            answers = await asyncio.gather(*waiting)
            assert sorted(answer.status for answer in answers) == [200] * 1_999 + [202]
            return depth

        assert asyncio.run(flood()) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_cell_that_stopped_is_503_for_those_who_waited_and_those_who_come(owner, paper):
    def fault():
        raise OSError("disk I/O error")

    with pytest.raises(RuntimeError, match="the cell stopped"):
        paper.cell.call(fault).result(10)
    paper.cell._thread.join(10)
    assert code_of(post_signal(owner, a_message(ts_event_ns=paper.wall_ns))) == (503, "stopped")
