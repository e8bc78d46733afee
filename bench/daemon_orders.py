"""From a decision to its order and its fill: `POST /decisions` of the installed daemon, through risk, to the
paper broker.

The daemon answers 2xx only after the broker's acceptance is durable, and the paper broker fills at the next
quote: so the fill is measured with a quote sent behind its decision, whose 2xx says that the fill is durable.
Positions are closed between turns, outside of the measured time, so that no limit is reached.
"""

from __future__ import annotations

from pathlib import Path

from bench.daemon_callers import Answers, call
from bench.daemon_requests import decision_requests, quote_request
from bench.reporting import Row, row
from proofs.daemon_load import AWAY
from proofs.paper_daemon import MIDDLE, DaemonClient, PaperDaemon

A_TURN = 80
"""Decisions between two closings; fewer than positions may be open."""


class NotFilled(AssertionError):
    """A decision was answered, and its order is not filled."""


def _turn(daemon: PaperDaemon, client: DaemonClient, name: str, clients: int, *, is_to_fill: bool) -> Answers:
    requests, quote = decision_requests(daemon.home, name, A_TURN), quote_request(daemon.home)
    client.quote(MIDDLE).raise_for_status()
    if is_to_fill:
        with_quotes = (request + quote() for request in requests)
        answers = call(daemon.port, with_quotes, clients=clients, answers_each=2)
    else:
        answers = call(daemon.port, iter(requests), clients=clients)
    for price in (MIDDLE, MIDDLE + AWAY, MIDDLE - AWAY):
        client.quote(price).raise_for_status()
    return answers


def order_rows(folder: Path, *, turns: int) -> list[Row]:
    """To the order and to the fill, with 1 and with 16 callers at once, turn and turn about."""
    daemon = PaperDaemon(folder)
    daemon.start()
    client = daemon.client()
    kinds = [(is_to_fill, clients) for is_to_fill in (False, True) for clients in (1, 16)]
    found: dict[tuple[bool, int], list[Answers]] = {kind: [] for kind in kinds}
    try:
        for turn in range(turns + 1):
            for is_to_fill, clients in kinds:
                name = f"t{turn}c{clients}{'f' if is_to_fill else 'o'}"
                answers = _turn(daemon, client, name, clients, is_to_fill=is_to_fill)
                if turn:  # the first fills caches
                    found[is_to_fill, clients].append(answers)
        _all_were_filled(daemon, (turns + 1) * len(kinds) * A_TURN)
    finally:
        client.close()
        daemon.stop()
    rows = []
    for (is_to_fill, clients), runs in found.items():
        work = "decision to fill" if is_to_fill else "decision to order"
        subject = f"{clients} client{'s' if clients > 1 else ''}"
        values = {share: [run.percentile_ms(share) for run in runs] for share in (0.5, 0.99)}
        rows.append(row(work, subject, "p50", "ms", values[0.5]))
        rows.append(row(work, subject, "p99", "ms", values[0.99], goal=25))
        rows.append(row(work, subject, "rate", "/s", [run.a_second for run in runs]))
    return rows


def _all_were_filled(daemon: PaperDaemon, expected: int) -> None:
    filled = sum(report["kind"] == "order_filled" for report in daemon.reports())
    if filled != expected:
        raise NotFilled(f"{expected} decisions were answered, {filled} orders were filled")
