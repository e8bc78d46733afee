"""`hive replay`: decisions of the journal and of the lake, made again without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from enriched_rows import ONE_ACCOUNT, enriched

from hive_core.contracts.base import parse_contract
from hive_core.contracts.decision import Decision
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.home import HiveHome
from hive_core.signals.code_version import code_version
from hive_core.signals.resolve import resolve_decisions
from hive_exec.core.records import Kind, Record
from hive_exec.journal.writing import Journal

DECISIONS = resolve_decisions(enriched({}, {"minute": 70, "stop_loss": 1.04}), ONE_ACCOUNT)
FIRST, SECOND = DECISIONS["decision_id"]


def into_lake(home: HiveHome, decisions: pl.DataFrame) -> None:
    path = Path(home.lake) / "decisions" / "2017-03-01.parquet"
    path.parent.mkdir(parents=True)
    decisions.write_parquet(path)
    side = {"rows": decisions.height, "sha256": "a" * 64, "run_id": "run-1", "written_ns": 1}
    path.with_suffix(".json").write_text(json.dumps(side))


def test_decisions_of_the_lake_are_made_again(hive, home: HiveHome) -> None:
    into_lake(home, DECISIONS)
    said = hive("replay")
    told = "PASS 2 decisions, 0 same in the journal, 2 same in the lake  SKIP 0  ERROR 0\n"
    assert (said.code, said.out) == (0, told)
    said = hive("replay", SECOND[:12])
    assert said.out.splitlines()[0] == f"{SECOND} in lake/2017-03-01: same bytes"


def test_a_decision_that_was_changed_is_pointed_at(hive, home: HiveHome) -> None:
    changed = DECISIONS.with_columns(
        pl.col("decision_json").str.replace('"stop_loss":"1.045"', '"stop_loss":"1.04"')
    )
    into_lake(home, changed)
    said = hive("replay", FIRST)
    assert said.code == 1
    assert said.err.splitlines()[0] == f"ERROR {FIRST} is not what its votes make"
    assert 'stop_loss: recorded "1.04", made again "1.045"' in said.err
    (found,) = json.loads(hive("replay", FIRST, "--json").out)
    assert (found["same"], len(found["differences"])) == (False, 1)


@pytest.mark.parametrize("where", ["journal", "lake"])
def test_what_cannot_be_read_or_follows_from_nothing_is_said(hive, home: HiveHome, where: str) -> None:
    raw = json.loads(DECISIONS["decision_json"][0])
    raw["rule"]["threshold"] = "5"
    if where == "lake":
        into_lake(home, DECISIONS[:1].with_columns(pl.lit(json.dumps(raw)).alias("decision_json")))
    else:
        journal(home, raw)
    said = hive("replay")
    assert said.code == 1
    assert "net 1 is below the threshold of 5" in said.err
    assert said.out == "PASS 0 decisions, 0 same in the journal, 0 same in the lake  SKIP 0  ERROR 1\n"


def journal(home: HiveHome, decision: dict[str, object]) -> Path:
    origin = {"run_id": "run-1", "partition": "2017-03-01", "data_sha256": "a" * 64}
    body = {"decision_id": decision["decision_id"], "delivery": {"decision": decision, "origin": origin}}
    opened = Journal(home.journal, lambda: 1)
    opened.append(Record("joint", Kind.DECISION_RECEIVED, (1, 0, ""), body))
    opened.close()
    return home.journal


def test_a_decision_of_the_journal_is_made_again(hive, home: HiveHome) -> None:
    text = DECISIONS["decision_json"][0]
    assert parse_contract(Decision, text.encode()).decision_id == FIRST
    journal(home, json.loads(text))
    said = hive("replay", FIRST)
    assert (said.code, said.out.splitlines()[0]) == (0, f"{FIRST} in journal: same bytes")


def test_no_decision_is_told_with_the_next_step(hive, home: HiveHome) -> None:
    assert "there is no decision yet" in hive("replay").err
    into_lake(home, DECISIONS)
    said = hive("replay", "dec_none")
    assert said.code == 2
    assert "no decision dec_none" in said.err


def test_one_decision_in_journal_and_lake_is_one_decision_in_two_places(hive, home: HiveHome) -> None:
    into_lake(home, DECISIONS)
    journal(home, json.loads(DECISIONS["decision_json"][0]))
    told = "PASS 2 decisions, 1 same in the journal, 2 same in the lake  SKIP 0  ERROR 0\n"
    assert hive("replay").out == told


def by_another_code(**changes: str) -> pl.DataFrame:
    """The first decision as another code would have made it, with its id."""
    raw = json.loads(DECISIONS["decision_json"][0]) | {"resolver_version": "resolver-1"} | changes
    draft = parse_contract(Decision, json.dumps(raw).encode())
    named = draft.model_copy(update={"decision_id": draft.expected_id()})
    text = canonical_bytes(named).decode()
    return DECISIONS[:1].with_columns(
        pl.lit(named.decision_id).alias("decision_id"), pl.lit(text).alias("decision_json")
    )


def test_of_another_code_it_is_said_whether_the_decision_is_the_same(hive, home: HiveHome) -> None:
    into_lake(home, by_another_code())
    said = hive("replay")
    assert said.code == 0
    first, last = said.out.splitlines()
    assert first == f"another code: resolver-1 made it, this is {code_version()}"
    assert last.startswith("PASS 1 decision, 0 same in the journal, 1 same in the lake")
    one = hive("replay", "dec_")
    assert "same apart from the code's version (resolver-1 made it" in one.out


def test_of_another_code_a_decision_that_comes_out_otherwise_is_an_error(hive, home: HiveHome) -> None:
    into_lake(home, by_another_code(stop_loss="1.04"))
    said = hive("replay")
    assert said.code == 1
    assert "resolver-1 made it, this is hive-" in said.err
    assert 'stop_loss: recorded "1.04", made again "1.045"' in said.err
