"""A machine without PostgreSQL: its tests are skipped by hand, and fail in CI."""

from __future__ import annotations

import postgres_server
import pytest
from _pytest.outcomes import Failed, Skipped


@pytest.mark.parametrize(("in_ci", "outcome"), [("true", Failed), ("", Skipped)])
def test_in_ci_a_missing_server_is_a_failure(monkeypatch, in_ci, outcome):
    monkeypatch.setenv("CI", in_ci)
    monkeypatch.delenv("HIVE_TEST_POSTGRES", raising=False)
    monkeypatch.setattr(postgres_server, "_programs", lambda: None)
    with pytest.raises(outcome, match="apt-get install postgresql"), postgres_server.shared_server():
        pass
