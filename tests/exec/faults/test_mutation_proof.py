"""What counts mutants counts only what it saw: a planted survivor survives, an excuse excuses one mutant and
no other, and a part that was not measured is no part that is covered."""

from __future__ import annotations

import pytest

from proofs.branches import branch_claims, taken
from proofs.mutants import mutant_claims
from proofs.mutation_names import Mutant
from proofs.mutation_run import MutmutBroken, Outcome, all_mutants, outcomes, sampled
from proofs.mutation_score import Score, change_of, equivalents, interval, misfits, scores, together

SETTINGS = """
[tool.mutmut]
source_paths = ["counted"]
process_isolation = "forkserver"
use_git_change_detection = false
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = ["tests"]
"""
CODE = """
def is_late(age, most):
    return age > most


def is_big(lots):
    return lots > 5
"""
TESTS = """
from counted.ages import is_big, is_late


def test_late():
    assert is_late(2, 1) and not is_late(1, 1) and not is_late(0, 1)


def test_big():
    assert is_big(9) and not is_big(1)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of two functions: the tests notice every change of one, not every change of the other."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    for path, text in (("counted/__init__.py", ""), ("counted/ages.py", CODE), ("tests/test_ages.py", TESTS)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.mark.slow
def test_a_planted_survivor_survives_and_the_others_do_not(project):
    mutants = all_mutants(project)
    ended = outcomes(project, mutants, workers=1)
    assert {each.mutant.function for each in ended} == {"is_late", "is_big"}
    survivors = {(each.mutant.function, each.mutant.becomes) for each in ended if not each.is_noticed}
    assert survivors == {("is_big", "return lots >= 5"), ("is_big", "return lots > 6")}
    assert all(each.mutant.was == "return lots > 5" for each in ended if not each.is_noticed)
    score = scores(mutants, ended, [])["counted/ages.py"]
    assert (score.killed, score.timed_out, score.survived, score.equivalent) == (len(ended) - 2, 0, 2, 0)


@pytest.mark.slow
def test_tests_that_fail_without_a_mutant_say_nothing(project):
    (project / "tests" / "test_ages.py").write_text(TESTS.replace("is_big(9)", "is_big(4)"))
    with pytest.raises(MutmutBroken):
        outcomes(project, all_mutants(project), workers=1)


def test_code_that_is_no_code_has_no_mutants(project):
    (project / "pyproject.toml").write_text("")
    with pytest.raises(MutmutBroken, match="no mutants can be made"):
        all_mutants(project)


def mutant(number: int, file: str = "hive_exec/core/a.py") -> Mutant:
    return Mutant(f"{file}.{number}", file, "f", f"return {number}", f"return {number + 1}")


def ends(*counts: tuple[str, int]) -> list[Outcome]:
    names = [end for end, count in counts for _ in range(count)]
    return [Outcome(mutant(number), end) for number, end in enumerate(names)]


def claims_of(ended: list[Outcome], listed=()):
    mutants = [each.mutant for each in ended]
    return mutant_claims(mutants, ended, {change_of(each): "the same" for each in listed})


@pytest.mark.parametrize(("survived", "holds"), [(10, True), (11, False)])
def test_too_many_survivors_fail_the_proof(survived, holds):
    ended = ends(("killed", 99 - survived), ("timed out", 1), ("survived", survived))
    score, _ = claims_of(ended)
    assert score.holds is holds
    assert score.measured.startswith(f"{(100 - survived) / 100:.1%} (95 %: ")


def test_a_mutant_whose_tests_did_not_run_is_not_noticed():
    score, _ = claims_of(ends(("killed", 8), ("not asked", 2)))
    assert not score.holds
    assert score.measured.startswith("80.0%")


def test_a_listed_survivor_does_not_count_and_a_listed_mutant_that_is_noticed_fails_the_proof():
    ended = ends(("killed", 9), ("survived", 2))
    score, listed = claims_of(ended, [ended[-1].mutant])
    assert score.measured.startswith("90.0%")
    assert listed.holds
    score, listed = claims_of(ended, [ended[0].mutant])
    assert score.measured.startswith("81.8%")
    assert not listed.holds
    assert "1 are noticed" in listed.measured


def test_an_entry_that_fits_no_mutant_or_several_fails_the_proof():
    one, twin = mutant(1), Mutant("another", *change_of(mutant(1)))
    assert misfits([change_of(one)], [one, mutant(2)]) == []
    assert misfits([change_of(one)], [one, twin]) == [change_of(one)]
    assert misfits([change_of(one)], [mutant(2)]) == [change_of(one)]
    _, listed = claims_of(ends(("killed", 1)), [mutant(7)])
    assert not listed.holds


def test_an_entry_has_a_reason_and_stands_there_once(tmp_path):
    path = tmp_path / "listed.toml"
    entry = '[[mutant]]\nfile = "a"\nfunction = "f"\nwas = "1"\nbecomes = "2"\n'
    path.write_text(f'{entry}because = "the same"\n')
    assert equivalents(path) == {("a", "f", "1", "2"): "the same"}
    for text in (entry, f'{entry}because = " "\n', f'{entry}because = "x"\n' * 2):
        path.write_text(text)
        with pytest.raises((KeyError, ValueError)):
            equivalents(path)


def test_what_is_listed_can_be_read():
    assert all(len(reason) > 20 for reason in equivalents().values())


def test_a_sample_is_of_each_file_and_the_same_again():
    mutants = [mutant(number, file) for file in ("a.py", "b.py") for number in range(20)]
    first = sampled(mutants, 5, 7)
    assert [each.file for each in first] == ["a.py"] * 5 + ["b.py"] * 5
    assert len({each.name for each in first}) == 10
    assert first == sampled(mutants, 5, 7) != sampled(mutants, 5, 8)
    assert sorted(sampled(mutants, 21, 7), key=change_of) == sorted(mutants, key=change_of)
    assert sampled(mutants, None, 7) == mutants


def test_the_interval_is_wilsons():
    """Against figures that Newcombe printed (Statistics in Medicine 17, 1998, table I): 81 of 263, 15 of 148,
    0 of 20, 1 of 29."""
    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert interval(hits / n, n) == pytest.approx((low, high), abs=5e-5)
    assert interval(1 / 29, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert interval(1.0, 0) == (0.0, 1.0)


def test_a_small_file_of_which_all_are_asked_weighs_no_more_than_it_has():
    small, large = Score(10, 0, 0, 10, 0), Score(990, 10, 0, 0, 0)
    share, (low, high) = together([small, large])
    assert share == pytest.approx(0.99)
    assert low < 0.75 < high <= 1.0
    whole, (low, high) = together([Score(1000, 900, 0, 100, 0)])
    assert (whole, *interval(0.9, 1000)) == (0.9, low, high)


def covered(missing_lines=(), missing_branches=()):
    summary = {
        "num_statements": 8,
        "num_branches": 2,
        "covered_lines": 8 - len(missing_lines),
        "covered_branches": 2 - len(missing_branches),
    }
    return {
        "summary": summary,
        "missing_lines": list(missing_lines),
        "missing_branches": list(missing_branches),
    }


def test_a_branch_that_is_not_taken_fails_the_proof_where_all_must_be():
    files = {
        "hive_exec/core/step.py": covered(missing_branches=[[3, 5]]),
        "hive_exec/journal/store.py": covered(),
        "hive_exec/engine.py": covered(missing_lines=[4]),
        "hive_exec/brokers/desk.py": covered(),
    }
    claims = branch_claims({"files": files})
    assert [claim.holds for claim in claims] == [False, True, True, True]
    assert claims[0].measured == "9 of 10 (90.0%); not reached: hive_exec/core/step.py:3->5"
    del files["hive_exec/journal/store.py"]
    with pytest.raises(KeyError, match="nothing was measured of hive_exec/journal"):
        taken({"files": files}, "hive_exec/journal")
