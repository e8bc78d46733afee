"""`hive explain`: why an order exists, from the message to the fill."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hive_cli.console import marked, moment

if TYPE_CHECKING:
    from rich.tree import Tree

KEPT_OUT_OF_RECORDS = frozenset(
    {"client_order_id", "decision_id", "order", "origin", "sources", "decision_sha256", "symbol", "side"}
)
"""Stands elsewhere in the tree."""

LEFT = ("lots", "headroom")
"""What a check leaves beside its numbers: the lots that it cut an order to, and the room after it."""

MARKET = (
    *("market_ts", "market_bid", "market_ask", "spread_pips", "atr_pips", "volatility_pct"),
    *("reward_to_risk", "session", "next_news", "minutes_to_news", "in_news_window"),
)
"""What a person wants to know of the enriched signal."""


def explain(
    order_id: Annotated[str, typer.Argument(help="An order's id, or the beginning of it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Tell why an order exists: message, signal, votes, decision, rule checks, order, fills."""
    from hive_cli.console import facts, print_json, print_plain, totals_line
    from hive_cli.facts.explanation import explain as gather
    from hive_cli.settings import load_settings

    chain = gather(load_settings(), order_id)
    if as_json:
        print_json(chain)
        return
    facts().print(_tree(chain))
    print_plain([totals_line({"votes": len(chain["votes"]), "records": len(chain["records"])})])


def _branch(tree: Tree, label: str, lines: list[str]) -> Tree:
    branch = tree.add(marked(label, "bold"))
    for line in lines:
        branch.add(marked(line))
    return branch


def _profit(order: dict[str, Any]) -> str:
    if not order.get("is_profit_known", True):
        return "  profit not known: people closed it by the venue's books"
    return f"  profit {order['profit']}" if order["profit"] else ""


def _pairs(values: dict[str, Any]) -> str:
    said = {name: value for name, value in values.items() if value not in (None, [], "")}
    return "  ".join(f"{name} {_short(value)}" for name, value in said.items())


def _short(value: Any) -> str:
    # Analytics frames hold floats; a person wants 1.20216, not 1.2021600000000001.
    if isinstance(value, float):
        return f"{value:.8f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return ", ".join(_short(each) for each in value)
    return str(value)


def _tree(chain: dict[str, Any]) -> Tree:
    from rich.tree import Tree

    order, decision = chain["order"], chain["decision"]
    tree = Tree(marked(f"{order['client_order_id']}  ({chain['from']})", "bold"))
    for vote in chain["votes"]:
        _add_vote(tree, vote)
    origin = chain["origin"]
    same = {True: "unchanged in the lake", False: "the lake has other data now", None: "not in the lake"}
    _branch(
        tree,
        f"decision {decision['decision_id']}",
        [
            _pairs({name: decision[name] for name in ("symbol", "side", "order_type", "entry", "stop_loss")})
            + f"  targets {', '.join(decision['take_profits'])}",
            f"decided {moment(decision['ts_decided_ns'])}  valid until {moment(decision['valid_until_ns'])}",
            f"resolver {decision['resolver_version']}  settings {decision['resolver_settings_sha256'][:16]}",
            f"run {origin['run_id']}  partition {origin['partition']}",
            f"data {origin['data_sha256']} ({same[origin['lake_has_the_same_data']]})",
        ],
    )
    checks = [
        f"{check['verdict']:6} {check['rule']}"
        + (f" ({check['reason_code']})" if check["reason_code"] else "")
        + f"  {_pairs({**check['numbers'], **{name: check[name] for name in LEFT if name in check}})}"
        for check in chain["checks"]
    ]
    _branch(tree, "rule checks", checks)
    _branch(
        tree,
        f"order: {order['state']}",
        [
            _pairs({name: order[name] for name in ("account", "symbol", "side", "order_type", "lots")}),
            _pairs({name: order[name] for name in ("entry", "stop_loss", "take_profit", "leg", "attempt")}),
            f"no fill beyond {order['price_bound']}",
            f"risk {chain['risk_amount']}{_profit(order)}",
        ],
    )
    records = [
        f"{record['seq']:>7}  {moment(record['ts_event_ns'])}  {record['kind']}  "
        + _pairs({k: v for k, v in record["body"].items() if k not in KEPT_OUT_OF_RECORDS})
        + f"  #{record['record_sha256'][:12]}"
        for record in chain["records"]
    ]
    _branch(tree, "journal", records)
    return tree


def _how_sure(vote: dict[str, Any]) -> list[str]:
    """With which confidence the text was read, and what takes from it."""
    if vote["confidence"] is None:
        return []
    return [
        f"read with confidence {_short(vote['confidence'])}",
        *(f"  {each}" for each in vote["grounds"] or []),
    ]


def _add_checks(tree: Tree, vote: dict[str, Any]) -> None:
    """The faults that were looked for: those with numbers line by line, the others counted."""
    checks = vote["checks"]
    told = [check for check in checks if _pairs(check["numbers"]) or not check["holds"]]
    lines = [
        check["rule"]
        + (f" ({check['field']})" if check["rule"] == "fat_finger" else "")
        + f": {'no' if check['holds'] else 'FOUND'}  {_pairs(check['numbers'])}"
        for check in told
    ]
    lines.append(f"by {len(checks) - len(told)} rules that compare no numbers: none")
    if vote["valid_signals"] is not None:
        lines.append("edited, duplicate: no, it stands in valid_signals")
    _branch(tree, "faults looked for in the signal, by today's rules", lines)


def _update(update: dict[str, Any]) -> str:
    asked = _pairs({name: update[name] for name in ("price", "share", "reason") if update[name]})
    when = update["ts_event"].strftime("%Y-%m-%d %H:%M:%S")
    return f"{when}  {update['action'] or 'unclear'}  {asked}".rstrip()


def _add_vote(tree: Tree, vote: dict[str, Any]) -> None:
    voice = "for" if vote["in_favour"] else "against"
    weight = vote["weight"]
    if vote["base_weight"] != weight:
        weight = f"{weight} (decayed from {vote['base_weight']})"
    who = vote["source"] if vote["kind"] == "source" else f"{vote['kind']} {vote['source']}"
    label = f"vote {voice}: {who}, weight {weight}, {moment(vote['ts_event_ns'])}"
    branch = _branch(tree, label, [])
    message, landing = vote["message"], vote["landing"]
    texts = message["text"].splitlines() if message else ["(no longer in the lake)"]
    lines = [line for line in texts if line.strip()]
    came = f"from {landing['file']} (receipt {landing['receipt']})" if landing else ""
    _branch(branch, f"message {vote['message_id']} {came}".rstrip(), [*lines, f"#{vote['message_sha256']}"])
    signal = f"{vote['side']}  " + _pairs({name: vote[name] for name in ("entry", "stop_loss")})
    signal += f"  targets {', '.join(vote['take_profits'])}"
    _branch(branch, f"signal {vote['signal_id']}", [signal, *_how_sure(vote)])
    if vote["updates"]:
        _branch(
            branch,
            "said of it afterwards: update recorded, not acted upon",
            [_update(each) for each in vote["updates"]],
        )
    if vote["checks"] is not None:
        _add_checks(branch, vote)
    if (market := vote["enriched_signals"]) is not None:
        _branch(branch, "market as it was known then", [_pairs({name: market[name] for name in MARKET})])
    _branch(
        branch,
        "made by",
        [
            f"{table}/{made['partition']}  run {made['run_id']}  data {made['sha256'][:12]}"
            for table, made in vote["data"].items()
        ],
    )
