"""How this command is called here: a line that it prints must work when it is typed again."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def own_name() -> str:
    """`hive` where a shell finds it; else the path by which it stands, from the working folder on."""
    here = Path(sys.executable).with_name("hive")
    found = shutil.which("hive")
    if (found is not None and Path(found).resolve() == here.resolve()) or not here.exists():
        return "hive"
    relative = os.path.relpath(here)
    return str(here) if relative.startswith("..") else relative
