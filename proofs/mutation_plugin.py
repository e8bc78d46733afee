"""How pytest asks the tests of one mutant: those that are fast first, and no time spent on small examples.

mutmut names a mutant's tests in no order, and one that fails ends the run. Hypothesis takes the same examples
every time, so that a score can be measured again, and does not shrink them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

DURATIONS = Path("mutmut-stats.json")
"""What mutmut measured before the first mutant; in the folder where the mutants' tests run."""

settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """The fastest first; those of one duration stay in their order."""
    if DURATIONS.exists():
        durations = json.loads(DURATIONS.read_text("utf-8"))["duration_by_test"]
        items.sort(key=lambda item: durations.get(item.nodeid, 0.0))
