"""A planted bug is really planted, and only where it was meant; and the copy is what then runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from proofs.package_copy import Patch, PatchDoesNotFit, copy_of_packages


@pytest.mark.parametrize("old", ["PRAGMA asynchronous", "PRAGMA"])
def test_a_patch_that_fits_nowhere_or_twice_is_refused(tmp_path, old):
    with pytest.raises(PatchDoesNotFit, match="not once"):
        copy_of_packages(tmp_path, (Patch("hive_exec/sqlite_file.py", old, "x"),))


def test_a_patch_that_changes_nothing_is_refused():
    with pytest.raises(PatchDoesNotFit):
        Patch("a.py", "same", "same").applied("same")


def test_the_copy_is_imported_with_its_change_and_the_rest_is_the_same(tmp_path):
    patch = Patch("hive_exec/__init__.py", '"""The execution daemon', '"""The spoiled daemon')
    package = copy_of_packages(tmp_path / "package", (patch,))
    ran = subprocess.run(
        [sys.executable, "-c", "import hive_exec, hive_core; print(hive_exec.__doc__, hive_core.__file__)"],
        env={**os.environ, "PYTHONPATH": str(package)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "The spoiled daemon" in ran.stdout
    assert str(package) in ran.stdout
