"""The harness of planted bugs says only what it saw: a bug that no test finds survives, a suite that cannot
run says nothing, and a suite that finds faults where there are none is no proof."""

from __future__ import annotations

import pytest

from proofs.daemon_bugs import MUTANTS, SUITES
from proofs.daemon_mutants import Mutant, SuiteBroken, by_tests, examine, mutant_claims
from proofs.package_copy import ROOT, Patch, PatchDoesNotFit

HARMLESS = (Patch("hive_exec/__init__.py", '"""The execution daemon', '"""The trading daemon'),)
FITS_NOWHERE = (Patch("hive_exec/__init__.py", "no such text", ""),)


def test_names_are_told_apart_and_every_suite_is_there_and_used():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
    assert {mutant.suite for mutant in MUTANTS} == set(SUITES)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_bug_is_planted_in_the_code_of_today(mutant):
    for patch in mutant.patches:
        assert (ROOT / patch.path).read_text("utf-8").count(patch.old) == 1, patch


def test_a_bug_that_is_not_found_survives_and_fails_the_proof(tmp_path):
    found = Mutant("found", HARMLESS, "sees the change")
    survives = Mutant("survives", HARMLESS, "sees nothing")

    def sees_the_change(package, _):
        text = (package / "hive_exec" / "__init__.py").read_text("utf-8")
        return "changed" if "trading daemon" in text else None

    suites = {"sees the change": sees_the_change, "sees nothing": lambda *_: None}
    claims = mutant_claims(tmp_path, (found, survives), suites)
    assert [claim.holds for claim in claims] == [True, False, False]
    assert "1 survive, 0 false alarms" in claims[-1].measured


def test_a_suite_that_finds_faults_without_a_bug_fails_the_proof(tmp_path):
    mutants = tuple(Mutant(str(number), HARMLESS, "alarms") for number in range(20))
    claims = mutant_claims(tmp_path, mutants, {"alarms": lambda *_: "always"})
    assert not any(claim.holds for claim in claims)
    assert "without a bug too" in claims[0].measured
    assert "1 false alarms" in claims[-1].measured


def test_a_bug_for_other_source_is_an_error(tmp_path):
    with pytest.raises(PatchDoesNotFit):
        examine(Mutant("old", FITS_NOWHERE, "any"), lambda *_: None, tmp_path)


def test_what_cannot_be_said_is_neither_found_nor_sound(tmp_path):
    def breaks(package, _):
        raise SuiteBroken("it does not run")

    old, unknown = Mutant("old", FITS_NOWHERE, "any"), Mutant("unknown", HARMLESS, "breaks")
    claims = mutant_claims(tmp_path, (old, unknown), {"any": lambda *_: None, "breaks": breaks})
    assert [claim.holds for claim in claims] == [False, False, False]
    assert "not once" in claims[0].measured
    assert "it does not run" in claims[1].measured
    assert "2 survive, 1 false alarms" in claims[2].measured


@pytest.mark.slow
def test_tests_that_cannot_be_run_say_nothing(tmp_path):
    broken = (Patch("hive_exec/__init__.py", '"""The execution daemon', 'import no_such_module\n"""'),)
    suite = by_tests("tests/exec/test_feed.py")
    with pytest.raises(SuiteBroken):
        examine(Mutant("broken", broken, "feed"), suite, tmp_path / "broken")
    assert examine(Mutant("sound", (), "feed"), suite, tmp_path / "sound").text is None
