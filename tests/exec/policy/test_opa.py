"""The real OPA beside the engine in process: the same vectors, the same answers; and the policies' own tests.

OPA lives in an environment of its own under pytest's cache, made on first use from PyPI, pinned by its hash.
It is a plain download of 13 MB, so CI takes it too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_bench import VECTORS, allowed_document, document_of, leaves

from hive_exec.policy.answer import PolicyCode
from hive_exec.policy.bundle import PolicyBundle, policy_folder, read_bundle
from hive_exec.policy.in_process import InProcessEngine
from hive_exec.policy.server import ServerEngine

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
OPA = (
    "opa-golib-python-bindings==0.4.4 "
    "--hash=sha256:d411c901e14b8c7c3023e23e4a944f4cf429c1d31baf80e959e57d11efbfd24a\n"
)
"""OPA 1.20.2 for Linux on x86-64. Its metadata asks for a newer Python than its code does."""


@pytest.fixture(scope="session")
def opa_python(request) -> Path:
    """The interpreter of an environment with OPA's engine."""
    folder = Path(request.config.cache.mkdir("opa"))
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        (folder / "requirements.txt").write_text(OPA)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        pip += ["--ignore-requires-python", "--only-binary", ":all:", "--require-hashes"]
        subprocess.run([*pip, "-r", folder / "requirements.txt"], check=True)
        done.touch()
    return python


@contextmanager
def serving(python: Path, folder: Path) -> Iterator[str]:
    """OPA's stand-in with the policies of a folder; its address."""
    process = subprocess.Popen([python, HERE / "opa_stand_in.py", folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def written(bundle: PolicyBundle, folder: Path) -> Path:
    for name, payload in bundle.served_files().items():
        (folder / name).write_bytes(payload)
    return folder


@pytest.fixture(scope="module")
def bundle() -> PolicyBundle:
    return read_bundle(policy_folder())


@pytest.fixture(scope="module")
def address(opa_python, bundle, tmp_path_factory) -> Iterator[str]:
    with serving(opa_python, written(bundle, tmp_path_factory.mktemp("served"))) as at:
        yield at


@pytest.fixture(scope="module")
def server(address, bundle) -> Iterator[ServerEngine]:
    engine = ServerEngine(address, bundle.revision, timeout_s=60)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def in_process(bundle) -> Iterator[InProcessEngine]:
    engine = InProcessEngine(bundle, timeout_s=60)
    yield engine
    engine.close()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_vector_in_both_engines(server, in_process, vector):
    answer = server.decide(document_of(vector))
    assert (answer.code.value, list(answer.reasons)) == (vector["code"], vector["reasons"]), answer
    assert answer == in_process.decide(document_of(vector))


VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.sampled_from([0, 1, 49_999, 50_000, 9_500_000, "normal", "allow", "allowed", "forbidden", "unknown"])
    | st.sampled_from(["automation", "copying", "trend_following", "restricted_fx", "", "1"])
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "automation"]), inner),
    max_leaves=4,
)
PATHS = [*leaves(allowed_document()), "account", "intent", "gate", "firm_policy"]


@settings(max_examples=1_000)
@given(
    st.dictionaries(st.sampled_from(PATHS), VALUE, max_size=4), st.sets(st.sampled_from(PATHS), max_size=2)
)
def test_both_engines_agree_on_whatever_they_are_asked(server, in_process, change, without):
    document = allowed_document()
    for path, value in change.items():
        held, last = _holder(document, path)
        if isinstance(held, dict):
            held[last] = value
    for path in without:
        held, last = _holder(document, path)
        if isinstance(held, dict):
            held.pop(last, None)
    answer = server.decide(document)
    assert answer == in_process.decide(document)
    assert answer.code in {PolicyCode.ALLOWED, PolicyCode.DENIED}


def _holder(document: object, path: str) -> tuple[object, str]:
    *folders, last = path.split(".")
    for name in folders:
        document = document.get(name) if isinstance(document, dict) else None
    return document, last


@settings(max_examples=300)
@given(VALUE)
def test_both_engines_agree_on_inputs_that_are_nothing_like_one(server, in_process, value):
    document = value if isinstance(value, dict) else {"mode": value}
    assert server.decide(document) == in_process.decide(document)


def test_a_server_with_other_policies_is_not_believed(opa_python, bundle, tmp_path):
    shutil.copytree(policy_folder(), tmp_path / "other")
    (tmp_path / "other" / "order.rego").write_text(
        'package hive.order\n\nimport rego.v1\n\nanswer := {"allow": true, "reasons": []}\n'
    )
    (tmp_path / "served").mkdir()
    with serving(opa_python, written(read_bundle(tmp_path / "other"), tmp_path / "served")) as at:
        engine = ServerEngine(at, bundle.revision, timeout_s=60)
        assert engine.decide(allowed_document()).code is PolicyCode.UNKNOWN_REVISION
        engine.close()


def test_a_server_that_has_no_revision_or_no_policies_says_nothing(opa_python, bundle, tmp_path):
    without = tmp_path / "without"
    shutil.copytree(policy_folder(), without, ignore=shutil.ignore_patterns("*_test.rego"))
    (tmp_path / "empty").mkdir()
    for folder in (without, tmp_path / "empty"):
        with serving(opa_python, folder) as at:
            engine = ServerEngine(at, bundle.revision, timeout_s=60)
            assert engine.decide(allowed_document()).code is PolicyCode.UNDEFINED
            engine.close()


def test_a_server_that_goes_away_denies_and_counts_again_when_it_is_back(opa_python, bundle, tmp_path):
    folder = written(bundle, tmp_path)
    with serving(opa_python, folder) as at:
        engine = ServerEngine(at, bundle.revision, timeout_s=60)
        assert engine.decide(allowed_document()).allow
    assert engine.decide(allowed_document()).code is PolicyCode.UNREACHABLE
    engine.close()


def test_a_policy_that_fails_in_the_server_denies(opa_python, tmp_path):
    (tmp_path / "order.rego").write_text(
        "package hive.order\n\nimport rego.v1\n\nanswer := 1 if input.mode\n\nanswer := 2 if input.gate\n"
    )
    shutil.copy(policy_folder() / "served.rego", tmp_path)
    (tmp_path / "data.json").write_text('{"hive": {}}')
    broken = read_bundle(tmp_path)
    (tmp_path / "served").mkdir()
    with serving(opa_python, written(broken, tmp_path / "served")) as at:
        engine = ServerEngine(at, broken.revision, timeout_s=60)
        assert engine.decide(allowed_document()).code is PolicyCode.UNEXPECTED_STATUS
        engine.close()


def test_the_stand_in_speaks_as_opas_interface_is_published(address):
    ask = f"{address}/v1/data/hive/order/answer?strict-builtin-errors=true"
    assert httpx.get(f"{address}/health").json() == {}
    assert httpx.post(ask, json={"input": {}}).json()["result"]["allow"] is False
    assert httpx.post(ask.replace("answer", "nothing"), json={"input": {}}).json() == {}
    assert httpx.post(ask, json={}).json()["warning"]["code"] == "api_usage_warning"
    malformed = httpx.post(ask, content=b"{")
    assert (malformed.status_code, malformed.json()["code"]) == (400, "invalid_parameter")
    assert httpx.post(f"{address}/v2/data").status_code == 404


def test_the_policies_own_tests_pass_in_opa_and_take_every_line(opa_python):
    run = subprocess.run(
        [opa_python, HERE / "rego_tests.py", policy_folder()], capture_output=True, text=True, check=True
    )
    told = json.loads(run.stdout)
    assert {name: result for name, result in told["results"].items() if result is not True} == {}
    assert len(told["results"]) >= 30
    assert told["missed"] == {name: [] for name in read_bundle(policy_folder()).modules}


@pytest.mark.parametrize(
    ("file", "line", "instead"),
    [
        ("strategy_allow_list.rego", "\tinput.account.drawdown_ppm >= 0\n", ""),
        (
            "strategy_allow_list.rego",
            "< data.hive.limits.drawdown_below_ppm",
            "<= data.hive.limits.drawdown_below_ppm",
        ),
        ("strategy_allow_list.rego", "\tis_string(input.intent.market)\n", ""),
        ("strategy_allow_list.rego", '\tinput.intent.market != ""\n', ""),
        ("strategy_allow_list.rego", "not input.intent.market in", "input.intent.market in"),
        ("operating_mode.rego", 'input.mode == "normal"', "input.mode"),
        ("gate_numbers.rego", "\tis_number(input.gate.floor_cents)\n", ""),
        ("gate_numbers.rego", "\tis_number(input.gate.worst_case_equity_cents)\n", ""),
        ("gate_numbers.rego", "cents > input", "cents >= input"),
        ("firm_policy.rego", "\tis_array(data.hive.limits.ways)\n", ""),
        ("firm_policy.rego", "confirmed_by_person == true", "confirmed_by_person"),
        ("order.rego", "\tdata.hive.firm_policy.allow == true\n", ""),
        ("order.rego", "\tcount(reasons) == 0\n", ""),
    ],
)
def test_a_policy_that_lost_a_condition_fails_its_tests(opa_python, tmp_path, file, line, instead):
    folder = Path(shutil.copytree(policy_folder(), tmp_path / "policies"))
    source = (folder / file).read_text()
    assert line in source
    (folder / file).write_text(source.replace(line, instead, 1))
    run = subprocess.run(
        [opa_python, HERE / "rego_tests.py", folder], capture_output=True, text=True, check=True
    )
    results = json.loads(run.stdout)["results"]
    assert any(result is not True for result in results.values())
