"""What the kernel saw: the journal is on the disk before an answer leaves, and before an order does.

The daemon runs under strace. A daemon that does not sync, planted, is found.
"""

from __future__ import annotations

import pytest
from system_calls import strace_prefix, system_calls

from proofs.package_copy import Patch, copy_of_packages
from proofs.paper_daemon import MIDDLE, PaperDaemon, decision_of

pytestmark = pytest.mark.slow

NOT_FULL = Patch("hive_exec/sqlite_file.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL")
NOT_READ_BACK = Patch("hive_exec/sqlite_file.py", '"synchronous": 2', '"synchronous": 1')
DECISIONS = 5


def traced(folder, package=None):
    """The calls of a daemon that takes decisions one after the other, and the decisions."""
    trace = folder / "strace.txt"
    daemon = PaperDaemon(folder, package=package, prefix=strace_prefix(trace))
    daemon.launch()
    client = daemon.client(timeout_s=30)
    try:
        assert daemon.wait_until_ready(), daemon.log_tail()
        decisions = [decision_of(f"traced_{number}") for number in range(DECISIONS)]
        for decision in decisions:
            assert client.quote().status_code == 202
            assert client.decide(decision).status_code == 202
        assert client.quote(MIDDLE).status_code == 202
        orders = daemon.orders()
    finally:
        client.close()
        daemon.stop()
    assert {order["state"] for order in orders} == {"filled"}
    return list(system_calls(trace)), decisions, orders


def early(calls, decisions, orders):
    """Every answer and every order that left while something that was written was not synced yet.

    Returns:
        (what left early, answers seen, orders seen).
    """
    unsynced = {"journal.sqlite-wal": 0, "paper.sqlite-wal": 0}
    journalled, sent, found = set(), set(), []
    answers = 0
    for call in calls:
        name = call.target.rpartition("/")[2]
        if call.kind == "sync":
            if name in unsynced:
                unsynced[name] = 0
            continue
        if name == "journal.sqlite-wal":
            unsynced[name] += 1
            journalled |= {each.decision_id for each in decisions if each.decision_id in call.data}
            journalled |= {o["client_order_id"] for o in orders if o["client_order_id"] in call.data}
        elif name == "paper.sqlite-wal":
            for order in orders:
                one = order["client_order_id"]
                if one in call.data and one not in sent:
                    sent.add(one)
                    if unsynced["journal.sqlite-wal"] or one not in journalled:
                        found.append(f"order {one} left before its intent was on the disk")
            unsynced[name] += 1
        elif "HTTP/1.1 202" in call.data:
            answers += 1
            late = [path for path, count in unsynced.items() if count]
            if late:
                found.append(f"answer {answers} left before {', '.join(late)} was on the disk")
    return found, answers, len(sent), journalled


def test_the_disk_has_it_before_the_answer_and_the_order_leave(tmp_path):
    calls, decisions, orders = traced(tmp_path)
    found, answers, sent, journalled = early(calls, decisions, orders)
    assert found == []
    assert answers == 2 * DECISIONS + 1
    assert sent == len(orders) == DECISIONS
    assert {decision.decision_id for decision in decisions} <= journalled


def test_a_journal_that_is_not_synced_is_found(tmp_path):
    """The planted bug: synchronous=NORMAL, which loses what was acknowledged when the power goes. A start
    that reads the setting back refuses it; so the reading is wrong too."""
    package = copy_of_packages(tmp_path / "package", (NOT_FULL, NOT_READ_BACK))
    calls, decisions, orders = traced(tmp_path / "home", package)
    found, answers, sent, _ = early(calls, decisions, orders)
    assert answers == 2 * DECISIONS + 1
    assert len([text for text in found if text.startswith("answer")]) >= DECISIONS
    assert len([text for text in found if text.startswith("order")]) == sent == DECISIONS


def test_a_trace_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text("12 fdatasync(7</j-wal>) = 0\n12 what is this\n", "utf-8")
    with pytest.raises(ValueError, match="not understood"):
        list(system_calls(trace))


def test_a_sync_counts_when_it_came_back_well_and_a_write_when_it_began(tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text(
        '1 pwrite64(7</j-wal>, "one", 3, 0) = 3\n'
        "1 fdatasync(7</j-wal> <unfinished ...>\n"
        '2 sendto(9<socket:[1]>, "HTTP/1.1 202", 12, 0, NULL, 0 <unfinished ...>\n'
        "1 <... fdatasync resumed>)         = 0\n"
        "2 <... sendto resumed>)            = 12\n"
        "1 fdatasync(7</j-wal>) = -1 EIO (Input/output error)\n"
        "2 +++ exited with 0 +++\n",
        "utf-8",
    )
    assert [(call.kind, call.target) for call in system_calls(trace)] == [
        ("write", "/j-wal"),
        ("write", "socket:[1]"),
        ("sync", "/j-wal"),
    ]
