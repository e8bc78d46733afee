"""What the core says is spelled to the letter: every record, effect and refusal of the scenes in
`tests/support/spelled_scenes.py`. Journals hold these records for ever, so the records as they are spelled
here must also be read to the state that is spelled beside them."""

from __future__ import annotations

import json

import pytest
from broker_bench import BrokerBench
from spelled_scenes import FOLDER, SCENES, path_of, records_in, spelled, told

from hive_exec.core.folding import apply
from hive_exec.core.records import CELL, Kind, Record
from hive_exec.core.snapshot import state_as_data
from hive_exec.core.state import CellState

OF_THE_SHELL = {Kind.ADVANCE_REQUESTED, Kind.DELIVERY_CONFLICT, Kind.SIGNAL_CONFLICT}
OF_THE_SHELL |= {Kind.SIGNAL_RECEIVED, Kind.SIGNAL_SUBMITTED_AGAIN, Kind.SIGNAL_JUDGED}
"""What the core reads or passes over, and never says."""


def kept(name: str) -> list[str]:
    return path_of(name).read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_told_to_the_letter(name):
    assert told(name) == kept(name)


@pytest.mark.parametrize("name", sorted(set(SCENES) - {"breached", "on paper"}))
def test_the_records_of_a_scene_are_read_to_its_state(name):
    lines = kept(name)
    state = CellState("local", BrokerBench().execution)
    for record in records_in(lines):
        apply(state, record)
    again = json.loads(spelled("state", state_as_data(state)))
    assert again == json.loads(lines[-1])


def test_every_kind_of_record_is_spelled_and_every_file_is_of_a_scene():
    there = {record.kind for name in SCENES for record in records_in(kept(name))}
    assert there == set(Kind) - OF_THE_SHELL
    assert {path.name for path in FOLDER.iterdir()} == {path_of(name).name for name in SCENES}


@pytest.mark.parametrize(
    "kind", sorted(OF_THE_SHELL & {Kind.SIGNAL_RECEIVED, Kind.SIGNAL_CONFLICT, Kind.SIGNAL_JUDGED})
)
def test_what_the_core_passes_over_changes_nothing(kind):
    state = CellState("local", BrokerBench().execution)
    before = spelled("state", state_as_data(state))
    apply(state, Record(CELL, kind, (1, 0, "key"), {"key": "key"}))
    assert spelled("state", state_as_data(state)) == before
