"""The document that policies are asked about: amounts as integers, always rounded against the order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from policy_bench import allowed_document

from hive_exec.policy.answer import PolicyCode
from hive_exec.policy.bundle import policy_folder, read_bundle
from hive_exec.policy.document import OrderFacts
from hive_exec.policy.in_process import InProcessEngine

FACTS = OrderFacts(
    mode="normal",
    account="ftmo-1",
    programme="ftmo_2step",
    phase="phase1",
    is_breached=False,
    drawdown=Decimal("0.012"),
    symbol="EURUSD",
    side="buy",
    strategy="trend_following",
    market="EURUSD",
    uses=("automation", "third_party_signals"),
    confirmed_by_person=True,
    verdict="allow",
    worst_case_equity=Decimal("99000"),
    floor=Decimal("95000.00"),
    firm_policy=allowed_document()["firm_policy"],
)


@pytest.fixture(scope="module")
def engine() -> Iterator[InProcessEngine]:
    made = InProcessEngine(read_bundle(policy_folder()), timeout_s=30)
    yield made
    made.close()


def test_it_is_the_document_of_the_vectors():
    assert FACTS.as_document() == allowed_document()


@pytest.mark.parametrize("field", ["drawdown", "worst_case_equity", "floor"])
def test_what_is_unknown_denies(engine, field):
    assert engine.decide(FACTS.as_document()).allow
    assert engine.decide(replace(FACTS, **{field: None}).as_document()).code is PolicyCode.DENIED


@pytest.mark.parametrize("field", ["drawdown", "worst_case_equity", "floor"])
@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_no_number_is_no_amount(field, text):
    with pytest.raises(ValueError, match="no amount"):
        replace(FACTS, **{field: Decimal(text)}).as_document()


FRACTION = st.decimals(0, 1, places=12)
AMOUNT = st.decimals(-(10**9), 10**12, places=8)


@given(FRACTION)
@example(Decimal("0.05"))
@example(Decimal("0.049999"))
@example(Decimal("0.0499990000001"))
@example(Decimal("0.04999999999999999999999999999999999999999"))
def test_the_seeds_five_per_cent_is_never_loosened(engine, drawdown):
    allow = engine.decide(replace(FACTS, drawdown=drawdown).as_document()).allow
    assert not (allow and not drawdown < Decimal("0.05"))
    assert allow or not drawdown <= Decimal("0.049999"), "rounding costs less than a millionth"


@given(AMOUNT, AMOUNT)
@example(Decimal("95000.001"), Decimal("95000"))
@example(Decimal("95000.01"), Decimal("95000"))
@example(Decimal("95000.01"), Decimal("95000.0001"))
def test_the_floor_is_never_loosened(engine, worst_case, floor):
    allow = engine.decide(replace(FACTS, worst_case_equity=worst_case, floor=floor).as_document()).allow
    assert not (allow and not worst_case > floor)
    assert allow or not worst_case >= floor + Decimal("0.03")


def test_a_number_beyond_measure_denies(engine):
    answer = engine.decide(replace(FACTS, worst_case_equity=Decimal("1e40")).as_document())
    assert answer.code is PolicyCode.INPUT_REFUSED
