"""A copy of Hive's packages in a folder, with single places of the source changed: a planted bug.

A change that does not fit the source exactly once is an error, never a bug that was not planted.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("hive_core", "hive_exec", "hive_cli")


class PatchDoesNotFit(ValueError):
    """The text to replace stands in the source not at all, or more than once."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One place of one file: `old` becomes `new`."""

    path: str
    old: str
    new: str

    def applied(self, source: str) -> str:
        """The source with the change.

        Raises:
            PatchDoesNotFit: `old` does not stand in it exactly once, or nothing would change.
        """
        found = source.count(self.old)
        if found != 1 or self.old == self.new:
            raise PatchDoesNotFit(
                f"{self.path}: {self.old.strip().splitlines()[0]!r} stands there {found} times, not once: "
                "the code was changed; write the patch for what it is now"
            )
        return source.replace(self.old, self.new)


def copy_of_packages(folder: Path, patches: tuple[Patch, ...] = ()) -> Path:
    """Copy the packages into a folder and plant the patches.

    Returns:
        the folder, to stand first in PYTHONPATH.

    Raises:
        PatchDoesNotFit: a patch is for other source than there is.
    """
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for patch in patches:
        path = folder / patch.path
        path.write_text(patch.applied(path.read_text("utf-8")), "utf-8")
    return folder
