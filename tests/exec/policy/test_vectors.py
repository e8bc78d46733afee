"""The vectors, in process. The same file is asked of OPA itself in `test_opa`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_bench import VECTORS, allowed_document, document_of, leaves

from hive_exec.policy.answer import PolicyCode
from hive_exec.policy.bundle import policy_folder, read_bundle
from hive_exec.policy.in_process import InProcessEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[InProcessEngine]:
    made = InProcessEngine(read_bundle(policy_folder()), timeout_s=30)
    yield made
    made.close()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_vector_in_process(engine, vector):
    answer = engine.decide(document_of(vector))
    assert (answer.code.value, list(answer.reasons)) == (vector["code"], vector["reasons"]), answer
    assert answer.allow is (vector["code"] == "allowed")


def test_the_vectors_have_different_names_and_every_kind_of_answer():
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS) >= 30
    assert {vector["code"] for vector in VECTORS} == {"allowed", "denied", "input_refused"}


def test_every_reason_of_the_policies_stands_in_a_vector():
    written = {
        line.split('"')[1]
        for module in read_bundle(policy_folder()).modules.values()
        for line in module.splitlines()
        if line.startswith('reasons contains "')
    }
    assert written == {reason for vector in VECTORS for reason in vector["reasons"]}


DECIDING = [
    path
    for path in leaves(allowed_document())
    if path
    not in {
        "account.name",
        "account.programme",
        "account.phase",
        "intent.symbol",
        "intent.side",
        # of ways that the order does not take
        "firm_policy.copying",
        "firm_policy.third_party_automation",
        "firm_policy.cloud_copiers",
        "firm_policy.remote_servers",
    }
]


@pytest.mark.parametrize("path", DECIDING)
def test_what_decides_cannot_be_left_out(engine, path):
    assert engine.decide(document_of({})).allow
    assert engine.decide(document_of({"without": [path]})).code is PolicyCode.DENIED


WRONG_TYPES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 3), max_size=2),
)


@given(st.sampled_from(DECIDING), WRONG_TYPES)
def test_a_value_of_another_type_denies(engine, path, value):
    document = allowed_document()
    *folders, last = path.split(".")
    holder = document
    for name in folders:
        holder = holder[name]
    right = holder[last]
    holder[last] = value
    answer = engine.decide(document)
    assert answer.code in {PolicyCode.ALLOWED, PolicyCode.DENIED}
    if type(value) is not type(right):
        assert answer.code is PolicyCode.DENIED
