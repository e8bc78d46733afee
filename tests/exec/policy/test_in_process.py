"""The engine in process, with policies that deny, say nothing, take too long, break, or say other things."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_bench import allowed_document

from hive_exec.policy.answer import PolicyCode
from hive_exec.policy.bundle import PolicyBundle, PolicyUnusable, policy_folder, read_bundle
from hive_exec.policy.in_process import InProcessEngine

ENVELOPE = """package hive.served

import rego.v1

decision := {"answer": data.hive.order.answer, "decision_id": input.decision_id, "revision": %s}
"""
TRUE_REVISION = "data.hive.bundle.revision"


def bundle_of(
    tmp_path: Path, order: str, *, revision: str = TRUE_REVISION, data: object = None
) -> PolicyBundle:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "order.rego").write_text("package hive.order\n\nimport rego.v1\n\n" + order)
    (tmp_path / "served.rego").write_text(ENVELOPE % revision)
    (tmp_path / "data.json").write_text(json.dumps({"hive": data or {"limits": {}}}))
    return read_bundle(tmp_path)


def asked(bundle: PolicyBundle, *, timeout_s: float = 30):
    engine = InProcessEngine(bundle, timeout_s=timeout_s)
    answer = engine.decide(allowed_document())
    engine.close()
    return answer


@pytest.mark.parametrize(
    ("order", "code", "reasons"),
    [
        ('answer := {"allow": true, "reasons": []}\n', "allowed", ()),
        ('answer := {"allow": false, "reasons": ["closed"]}\n', "denied", ("closed",)),
        ("", "undefined", ()),
        ("answer := {} if input.nothing\n", "undefined", ()),
        ("answer := {}\n", "malformed_answer", ()),
        ("answer := true\n", "malformed_answer", ()),
        ('answer := {"allow": 1, "reasons": []}\n', "malformed_answer", ()),
        ('answer := {"allow": true, "reasons": [], "more": 1}\n', "malformed_answer", ()),
        ('answer := {"allow": true}\n', "malformed_answer", ()),
        ('answer := {"allow": true, "reasons": ["but"]}\n', "malformed_answer", ()),
        ("answer := 1 if input.mode\n\nanswer := 2 if input.gate\n", "engine_failed", ()),
        ("answer := count(input.nothing_of_this.kind)\n", "undefined", ()),
        ("answer := count(input.account.drawdown_ppm)\n", "engine_failed", ()),
        ("answer if answer\n", "engine_failed", ()),
    ],
)
def test_a_policy_that_says_anything_but_yes_denies(tmp_path, order, code, reasons):
    answer = asked(bundle_of(tmp_path, order))
    assert (answer.code.value, answer.reasons) == (code, reasons)
    assert answer.allow is (code == "allowed")


YES = 'answer := {"allow": true, "reasons": []}\n'


@pytest.mark.parametrize(
    ("revision", "code"),
    [
        (TRUE_REVISION, PolicyCode.ALLOWED),
        ('"' + "0" * 64 + '"', PolicyCode.UNKNOWN_REVISION),
        ("true", PolicyCode.UNKNOWN_REVISION),
        ("data.hive.nothing", PolicyCode.UNDEFINED),
    ],
)
def test_an_answer_by_an_unknown_revision_denies(tmp_path, revision, code):
    assert asked(bundle_of(tmp_path, YES, revision=revision)).code is code


@pytest.mark.parametrize("order", ["answer := \n", "}}{{\n", "answer := {\n", "a b c\n"])
def test_a_policy_that_does_not_compile_starts_no_engine(tmp_path, order):
    with pytest.raises(PolicyUnusable):
        InProcessEngine(bundle_of(tmp_path, order))


SLOW = """
xs := data.hive.xs

triples contains a if {
	some a in xs
	some b in xs
	some c in xs
	[a, b, c] == ["never", "never", "never"]
}

answer := {"allow": true, "reasons": []} if count(triples) == 0
"""


def test_a_slow_policy_denies_in_time_blocks_nobody_and_is_busy_until_it_ends(tmp_path):
    slow = bundle_of(tmp_path, SLOW, data={"xs": list(range(60))})
    engine = InProcessEngine(slow, timeout_s=0.05)
    longest, ended = 0.0, threading.Event()

    def watch() -> None:
        nonlocal longest
        last = time.monotonic()
        while not ended.wait(0.002):
            now = time.monotonic()
            longest, last = max(longest, now - last), now

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    assert engine.decide(allowed_document()).code is PolicyCode.TIMED_OUT
    waited = time.monotonic() - began
    assert engine.decide(allowed_document()).code is PolicyCode.BUSY
    until = time.monotonic() + 120
    while engine.decide(allowed_document()).code is PolicyCode.BUSY:
        assert time.monotonic() < until
        time.sleep(0.02)
    overran = time.monotonic() - began
    ended.set()
    watcher.join(20)
    engine.close()
    assert overran > 0.1, "the policy is not slow on this machine: it has to be for this test"
    assert waited < overran
    assert longest < overran / 2, "other threads stood still while the policy was evaluated"


def test_callers_at_once_each_get_the_answer_to_their_own_question():
    engine = InProcessEngine(read_bundle(policy_folder()), timeout_s=60)
    wrong: list[object] = []

    def ask(drawdown_ppm: int) -> None:
        document = allowed_document()
        document["account"]["drawdown_ppm"] = drawdown_ppm
        for _ in range(25):
            answer = engine.decide(document)
            if answer.allow is not (drawdown_ppm < 50_000) or answer.code is PolicyCode.OTHER_QUESTION:
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(ppm,)) for ppm in (0, 49_999, 50_000, 60_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    engine.close()
    assert wrong == []


@pytest.fixture(scope="module")
def echo(tmp_path_factory) -> InProcessEngine:
    """Allows where two fields are the same: texts and numbers as the engine sees them."""
    order = (
        YES.rstrip() + " if input.one == input.other\n\n"
        'answer := {"allow": false, "reasons": ["unlike"]} if input.one != input.other\n'
    )
    return InProcessEngine(bundle_of(tmp_path_factory.mktemp("echo"), order), timeout_s=30)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUE = TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none()


@given(VALUE, VALUE)
def test_values_reach_the_policy_as_they_are(echo, one, other):
    def alike(left: object, right: object) -> bool:
        return type(left) is type(right) and left == right

    assert echo.decide({"one": one, "other": one}).allow
    assert echo.decide({"one": one, "other": other}).allow is alike(one, other)


@given(TEXT)
def test_a_text_is_the_same_in_data_and_in_an_input(tmp_path_factory, text):
    order = YES.rstrip() + " if input.market in data.hive.markets\n"
    bundle = bundle_of(tmp_path_factory.mktemp("listed"), order, data={"markets": [text]})
    engine = InProcessEngine(bundle, timeout_s=30)
    assert engine.decide({"market": text}).code is PolicyCode.ALLOWED
    assert engine.decide({"market": text + "x"}).code is PolicyCode.UNDEFINED
    engine.close()


def test_a_closed_engine_denies(tmp_path):
    engine = InProcessEngine(bundle_of(tmp_path, YES))
    assert engine.decide(allowed_document()).allow
    engine.close()
    assert engine.decide(allowed_document()).code is PolicyCode.ENGINE_FAILED


def test_the_engine_is_loaded_by_who_uses_it_only():
    code = "import hive_exec.policy.in_process, hive_exec.policy.server, sys; print('regopy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "False\n"


def test_a_process_with_a_stuck_policy_ends(tmp_path):
    slow = bundle_of(tmp_path, SLOW, data={"xs": list(range(400))})
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from hive_exec.policy.bundle import read_bundle\n"
        "from hive_exec.policy.in_process import InProcessEngine\n"
        "engine = InProcessEngine(read_bundle(Path(sys.argv[1])), timeout_s=0.05)\n"
        "print(engine.decide({}).code.value)\n"
    )
    assert slow.modules
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stdout == "timed_out\n", run.stderr
