"""The core reads no clock, no chance, no disk, and counts no money in floats: by its source and at work."""

from __future__ import annotations

import ast
import copy
from decimal import Decimal
from pathlib import Path

import pytest
from core_bench import AT, a_bot, ask, receive, report, with_order
from exec_bench import a_decision
from risk_bench import NOW_NS, set_money

import hive_core.risk
import hive_exec.core
from hive_core.backtest.fills import BarPrices
from hive_core.contracts.order import OrderState
from hive_exec.core.events import BarRanged, DecisionDue, SubmitProvenAbsent, TimePassed

CORE = sorted(Path(hive_exec.core.__path__[0]).glob("*.py"))
_RISK = Path(hive_core.risk.__path__[0])
RISK = sorted(
    {*_RISK.glob("*.py"), *_RISK.glob("gating/*.py"), *_RISK.glob("rules/[!rpz]*.py")}
    - {_RISK / "strict_yaml.py"}
)
"""All but what reads files: that happens once, by name, and is the same everywhere."""
SETS = "a set whose order could be seen"
HARMLESS = {
    "gating/settings.py": {SETS},  # asked for membership only
    "gating/news_times.py": {
        SETS,
        "imports polars",
        "imports datetime",
    },  # made of a table, outside of a step
}
IMPURE = {
    *("asyncio", "fsspec", "glob", "httpx", "io", "logging", "os", "pathlib", "polars", "queue", "random"),
    *("secrets", "shutil", "socket", "sqlite3", "starlette", "subprocess", "sys", "tempfile", "threading"),
    *("time", "uuid"),
}
IMPURE_NAMES = {"open", "print", "input", "eval", "exec", "id", "hash", "__import__", "float"}
IMPURE_METHODS = {"now", "utcnow", "today", "time_ns", "monotonic", "read_text", "write_text", "environ"}


def findings(source: str) -> list[str]:
    """What in a module's source could make two runs differ."""
    found = []
    tree = ast.parse(source)
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            child.parent = parent
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [f"imports {alias.name}" for alias in names if alias.name.split(".")[0] in IMPURE]
            case ast.ImportFrom(module=module, names=names):
                if (module or "").split(".")[0] in IMPURE:
                    found.append(f"imports {module}")
                found += [
                    f"imports {alias.name}"
                    for alias in names
                    if module == "datetime" and alias.name == "datetime"
                ]
            case ast.Constant(value=float()):
                found.append(f"the float {node.value}")
            case ast.Name(id=name) if name in IMPURE_NAMES:
                found.append(f"uses {name}")
            case ast.Attribute(attr=name) if name in IMPURE_METHODS:
                found.append(f"uses .{name}")
            case ast.Set() | ast.SetComp() if not order_is_lost_harmlessly(node):
                found.append(f"a set whose order could be seen, line {node.lineno}")
            case ast.Call(func=ast.Name(id="set" | "frozenset")) if not order_is_lost_harmlessly(node):
                found.append(f"a set whose order could be seen, line {node.lineno}")
    return found


def order_is_lost_harmlessly(node: ast.AST) -> bool:
    """Sets may be sorted or asked for membership, also after being combined with others."""
    parent = node.parent
    if isinstance(parent, ast.BinOp):
        return order_is_lost_harmlessly(parent)
    if isinstance(parent, ast.Compare):
        return all(isinstance(operator, ast.In | ast.NotIn) for operator in parent.ops)
    return (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id in {"sorted", "len"}
    )


@pytest.mark.parametrize("path", [*CORE, *RISK], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_in_the_core_could_make_two_runs_differ(path):
    allowed = HARMLESS.get(f"{path.parent.name}/{path.name}", set())
    assert {found.partition(",")[0] for found in findings(path.read_text("utf-8"))} <= allowed


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "import os.path",
        "from random import choice",
        "from datetime import datetime",
        "x = 0.5",
        "x = float('1')",
        "x = clock.now()",
        "for x in {1, 2}: pass",
        "x = list({y for y in z})",
        "x = [y for y in set(z)]",
        "for x in {1} - {2}: pass",
        "x = ', '.join({'a', 'b'})",
        "x = {1, 2}",
        "open('x')",
    ],
)
def test_what_could_make_two_runs_differ_is_seen(line):
    assert findings(line)


@pytest.mark.parametrize(
    "line",
    [
        "x in {1, 2}",
        "sorted({y for y in z} - {1})",
        "from datetime import date",
        "len(set(x))",
        "x = Decimal('0.5')",
    ],
)
def test_what_is_harmless_is_let_be(line):
    assert findings(line) == []


def a_bar(low: str) -> BarPrices[Decimal]:
    bids = [Decimal(price) for price in ("1.06", "1.061", low, "1.0605")]
    return BarPrices(*bids, *(bid + Decimal("0.0001") for bid in bids))


def situations():
    bot = a_bot()
    yield (
        "a decision to trade",
        bot,
        DecisionDue(bot.name, receive(bot, a_decision(targets=("1.063", "1.064")))),
    )
    bot = a_bot()
    yield (
        "a decision to deny",
        bot,
        DecisionDue(bot.name, receive(bot, a_decision(stop="1.07", targets=("1.08",)))),
    )
    bot, order_id = with_order(OrderState.INTENDED)
    yield "an intent that never arrived", bot, SubmitProvenAbsent(bot.name, order_id)
    for kind in ("accepted", "rejected", "expired"):
        yield f"reported {kind}", bot, report(bot, order_id, kind)
    bot, order_id = with_order(OrderState.ACCEPTED)
    yield "reported filled", bot, report(bot, order_id, "filled", price="1.0601")
    yield "reported cancelled", bot, report(bot, order_id, "cancelled")
    bot, order_id = with_order(OrderState.FILLED)
    yield "reported closed", bot, report(bot, order_id, "closed", price="1.05")
    yield "a bar", bot, BarRanged("samples", "EURUSD", a_bar("1.0595"))
    bot, _ = with_order(OrderState.FILLED)
    set_money(bot.account, at_reset=bot.account.balance + 5_000)
    yield "a bar that breaches", bot, BarRanged("samples", "EURUSD", a_bar("1.05"))
    yield "a new day", bot, TimePassed("samples")


SITUATIONS = list(situations())


@pytest.mark.parametrize(("name", "bot", "event"), SITUATIONS, ids=[name for name, *_ in SITUATIONS])
def test_a_step_changes_nothing_and_says_the_same_again(name, bot, event):
    at = (NOW_NS + 86_400 * 10**9, 0, "") if name == "a new day" else AT
    before, asked = copy.deepcopy(bot), copy.deepcopy(event)
    records, effects = ask(bot, event, at)
    assert (bot, event) == (before, asked)
    assert records
    assert ask(copy.deepcopy(bot), copy.deepcopy(event), at) == (records, effects)
