"""The bench of resolution compares the same work, and its proofs can fail."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from enriched_rows import NO_IDEAS, ONE_ACCOUNT

from bench.resolution import SUBJECTS, Disagreement, same_groups, write_history
from hive_core.signals.resolve import resolve_signals
from proofs import resolution
from proofs.random_signals import random_signals, with_copies


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    history: Path = write_history(tmp_path_factory.mktemp("bench"), 20_000)
    found = {}
    for subject in ("plain loop", "pandas", "pandas, categories", "Hive"):
        run, facts = SUBJECTS[subject](history)
        found[subject] = facts(run()).with_columns(pl.col("hour").cast(pl.Int64))
    return found


@pytest.mark.parametrize("subject", ["plain loop", "pandas", "pandas, categories"])
def test_the_subjects_of_the_bench_find_the_same_groups(
    groups: dict[str, pl.DataFrame], subject: str
) -> None:
    assert same_groups(groups["Hive"], groups[subject]) > 100


@pytest.mark.parametrize(
    "change",
    [
        lambda groups: groups.head(groups.height - 1),
        lambda groups: groups.with_columns(pl.col("hour") + 1),
        lambda groups: groups.with_columns(pl.col("confidence") * 1.000001),
        lambda groups: groups.with_columns(pl.col("stop") * 1.0001),
    ],
)
def test_other_work_is_seen(groups: dict[str, pl.DataFrame], change) -> None:
    with pytest.raises(Disagreement):
        same_groups(groups["Hive"], change(groups["plain loop"]))


def test_the_claims_hold_and_each_fails_where_resolution_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = resolution.generated_claims(1_500)
    assert [claim.holds for claim in claims] == [True] * 6

    def forgetful(enriched: pl.DataFrame, configuration):
        return resolve_signals(enriched.head(enriched.height - 40), configuration)

    frame = random_signals(3, 300, days=1)
    assert all(claim.holds for claim in resolution.resolution_claims("all", frame, ONE_ACCOUNT))
    monkeypatch.setattr(resolution, "resolve_signals", forgetful)
    monkeypatch.setattr(resolution, "_replayed", lambda text: text + " ")
    broken = resolution.resolution_claims("all", frame, ONE_ACCOUNT)
    assert [claim.holds for claim in broken[:4]] == [False] * 4
    monkeypatch.setattr(resolution, "_replayed", lambda text: text)
    assert not resolution.resolution_claims("all", frame, ONE_ACCOUNT)[4].holds


def test_the_claim_of_one_exposure_fails_where_copies_are_decided_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = with_copies(random_signals(3, 300, days=3), 60, seed=3)

    def forgetful(enriched: pl.DataFrame, configuration):
        return resolve_signals(enriched, NO_IDEAS)

    assert resolution.resolution_claims("all", frame, ONE_ACCOUNT)[-1].holds
    monkeypatch.setattr(resolution, "resolve_signals", forgetful)
    broken = resolution.resolution_claims("all", frame, ONE_ACCOUNT)[-1]
    assert broken.claim.endswith("posts it too, makes one decision of an account")
    assert not broken.holds
