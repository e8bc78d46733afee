"""Speed of policy decisions: engines of Rego side by side on the same questions, and ours as it is called.

The peers live in an environment of their own, made on first use; their answers are compared with OPA's. A
decision has 20 ms.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from bench.reporting import Row, report, row
from hive_core.landing.home import HiveHome
from hive_exec.policy.bundle import PolicyBundle, policy_folder, read_bundle
from hive_exec.policy.in_process import InProcessEngine
from hive_exec.policy.question import InputRefused, question_of
from tests.support.policy_bench import VECTORS, document_of

ROUNDS = 9
TIMES_OVER = 5
"""How often the questions are asked in a round, so that a 99th percentile is one of hundreds."""
PEERS = ("regopy==1.5.2", "hobofan-regorus==0.2.5", "opa-golib-python-bindings==0.4.4")
OURS = "hive_exec.policy in process"
GOAL_US = 20_000.0


def policy_rows(folder: Path, peers: Path, *, rounds: int = ROUNDS) -> list[Row]:
    """Engines alone, then ours with spelling, thread and reading of the answer."""
    bundle = read_bundle(policy_folder())
    documents = [document_of(vector) for vector in VECTORS]
    return [*_engine_rows(bundle, documents, folder, peers, rounds), *_our_rows(bundle, documents, rounds)]


def _engine_rows(
    bundle: PolicyBundle, documents: list[Any], folder: Path, peers: Path, rounds: int
) -> list[Row]:
    payloads = _payloads(bundle, documents)
    folder.mkdir(parents=True, exist_ok=True)
    for name, payload in bundle.served_files().items():
        (folder / name).write_bytes(payload)
    (folder / "inputs.jsonl").write_text("\n".join(payloads * TIMES_OVER), "utf-8")
    script = Path(__file__).with_name("policy_peers.py")
    told = subprocess.run(
        [_peer_python(peers / "rego"), script, folder, folder / "inputs.jsonl", str(rounds)],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(told.stdout)
    opas = next(iter(found.values()))["answers"]
    rows: list[Row] = []
    for name, held in found.items():
        unlike = sum(one != other for one, other in zip(held["answers"], opas, strict=True)) / TIMES_OVER
        rows += [row("engine alone", name, f"answers unlike OPA's of {len(payloads)}", "", [unlike])]
        rows += _time_rows("engine alone", name, held["us"])
    return rows


def _our_rows(bundle: PolicyBundle, documents: list[Any], rounds: int) -> list[Row]:
    engine = InProcessEngine(bundle, timeout_s=5)
    times: list[list[float]] = []
    for turn in range(rounds + 1):
        took = []
        for document in documents * TIMES_OVER:
            began = time.perf_counter_ns()
            engine.decide(document)
            took.append((time.perf_counter_ns() - began) / 1000)
        if turn:  # the first warms it
            times.append(took)
    engine.close()
    return _time_rows("a decision, asked for", OURS, times, goal=GOAL_US)


def _time_rows(work: str, subject: str, times: list[list[float]], goal: float | None = None) -> list[Row]:
    ordered = [sorted(took) for took in times]
    return [
        row(work, subject, name, "us", [took[int(len(took) * share)] for took in ordered], goal=goal)
        for name, share in (("p50", 0.5), ("p99", 0.99))
    ]


def _payloads(bundle: PolicyBundle, documents: list[Any]) -> list[str]:
    found: list[str] = []
    for document in documents:
        try:
            found.append(question_of(document, bundle.revision).payload.decode())
        except InputRefused:
            continue  # no engine is ever asked it
    return found


def _peer_python(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-deps"]
        subprocess.run([*pip, "--only-binary", ":all:", "--ignore-requires-python", *PEERS], check=True)
        (folder / "installed").touch()
    return python


def main() -> None:
    """Measure, and write `.hive/bench/policy.json`."""
    peers = HiveHome.from_environment().root / "bench" / "peers"
    with tempfile.TemporaryDirectory(prefix="hive-bench-") as name:
        report("policy", policy_rows(Path(name) / "served", peers))


if __name__ == "__main__":
    main()
