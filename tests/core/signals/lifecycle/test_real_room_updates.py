"""Updates of a real room against a sample that was read by hand."""

import os

import pytest

from proofs.gold_updates import attached_updates, labels


def test_the_sample_has_a_hundred_updates_each_once_with_a_signal_and_actions():
    sample = labels()
    assert len({label["id"] for label in sample}) == len(sample) == 100
    assert all(label["signal"] != label["id"] and label["actions"] for label in sample)


@pytest.mark.skipif("HIVE_REAL_DATA" not in os.environ, reason="HIVE_REAL_DATA is not set: no real room")
def test_every_update_of_the_sample_is_read_and_belongs_to_the_right_signal():
    right, total, disagreements = attached_updates()
    assert disagreements == []
    assert (right, total) == (100, 100)


@pytest.mark.skipif("HIVE_REAL_DATA" not in os.environ, reason="HIVE_REAL_DATA is not set: no real room")
def test_a_wrong_label_is_a_disagreement(monkeypatch):
    spoilt = labels()
    spoilt[0] = {**spoilt[0], "signal": "3"}
    spoilt[1] = {**spoilt[1], "actions": [{"kind": "stop_hit"}]}
    monkeypatch.setattr("proofs.gold_updates.labels", lambda: spoilt)
    right, total, disagreements = attached_updates()
    assert (right, total) == (98, 100)
    assert "belongs to 3" in disagreements[0]
