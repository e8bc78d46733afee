"""ParsedSignal on the wire: the first version byte for byte, both versions for each other's readers."""

from __future__ import annotations

import io
import json
from typing import Any

import avro.datafile
import avro.io
import avro.schema
import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from hypothesis import given
from hypothesis import strategies as st

from hive_core.contracts.parsed_signal import (
    VERSIONS,
    AvroFault,
    Version,
    fingerprint,
    read_records,
    schema,
    to_single_object,
    write_container,
)

FIRST = {
    "signal_id": "a-1",
    "timestamp": 1_767_607_200_000,
    "symbol": "EURUSD",
    "direction": "BUY",
    "entry": 1.0512,
    "stop_loss": 1.0483,
    "take_profit": 1.0561,
    "confidence": 0.75,
    "source": "room",
}
LATER = {
    "order_type": "limit",
    "is_entry_at_market": False,
    "entry_low": 1.051,
    "entry_high": 1.0514,
    "further_targets": [1.06, 1.065],
    "target_shares": [0.5, 0.25, 0.25],
    "has_runner": False,
    "valid_until": 1_767_614_400_000,
    "message_sha256": "ab" * 32,
}
DEFAULTS = {
    "order_type": "unstated",
    "is_entry_at_market": False,
    "entry_low": None,
    "entry_high": None,
    "further_targets": [],
    "target_shares": [],
    "has_runner": False,
    "valid_until": None,
    "message_sha256": None,
}


def as_version(version: Version) -> dict[str, Any]:
    return FIRST if version == 1 else FIRST | LATER


def apache(version: Version) -> Any:
    return avro.schema.parse(json.dumps(schema(version)))


def test_the_first_version_is_the_published_one_name_by_name() -> None:
    text = ("signal_id", "symbol", "direction", "source")
    order = (
        "signal_id",
        "timestamp",
        "symbol",
        "direction",
        "entry",
        "stop_loss",
        "take_profit",
        "confidence",
    )
    assert schema(1) == {
        "type": "record",
        "name": "ParsedSignal",
        "fields": [
            {"name": name, "type": "long" if name == "timestamp" else "string" if name in text else "double"}
            for name in (*order, "source")
        ],
    }
    # A published schema never changes: its fingerprint is on the wire.
    assert [fingerprint(version).hex() for version in VERSIONS] == ["5408e7212d4ccae0", "f926c3252940b895"]


@pytest.mark.parametrize("version", VERSIONS)
def test_fingerprints_and_bodies_are_those_of_apaches_own_library(version: Version) -> None:
    assert fingerprint(version) == apache(version).fingerprint()
    body = io.BytesIO()
    avro.io.DatumWriter(apache(version)).write(as_version(version), avro.io.BinaryEncoder(body))
    assert to_single_object(as_version(version), version) == (
        b"\xc3\x01" + apache(version).fingerprint() + body.getvalue()
    )


@pytest.mark.parametrize("reader", VERSIONS)
@pytest.mark.parametrize("writer", VERSIONS)
def test_each_version_reads_the_other_by_apaches_rules(reader: Version, writer: Version) -> None:
    found = ReaderWriterCompatibilityChecker().get_compatibility(apache(reader), apache(writer))
    assert found.compatibility is SchemaCompatibilityType.compatible


def test_a_new_reader_reads_what_an_old_writer_wrote() -> None:
    for payload in (write_container([FIRST, FIRST], 1), to_single_object(FIRST, 1)):
        assert next(read_records(payload)) == FIRST | DEFAULTS


def test_an_old_reader_reads_what_a_new_writer_wrote() -> None:
    for payload in (write_container([FIRST | LATER], 2), to_single_object(FIRST | LATER, 2)):
        assert list(read_records(payload, reader_version=1)) == [FIRST]
    with_apache = avro.datafile.DataFileReader(
        io.BytesIO(write_container([FIRST | LATER], 2)), avro.io.DatumReader(None, apache(1))
    )
    assert list(with_apache) == [FIRST]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_written_is_read_back(version: Version) -> None:
    record = as_version(version)
    assert list(read_records(write_container([record] * 3, version), reader_version=version)) == [record] * 3
    assert list(read_records(to_single_object(record, version), reader_version=version)) == [record]
    file = io.BytesIO()
    writer = avro.datafile.DataFileWriter(file, avro.io.DatumWriter(), apache(version))
    writer.append(record)
    writer.flush()
    assert list(read_records(file.getvalue(), reader_version=version)) == [record]


@pytest.mark.parametrize("changes", [{"entry": "1.05"}, {"symbol": None}, {"colour": "green"}])
def test_a_record_that_is_not_the_schemas_is_not_written(changes: dict[str, Any]) -> None:
    for write in (
        lambda: write_container([FIRST | changes], 1),
        lambda: to_single_object(FIRST | changes, 1),
    ):
        with pytest.raises(AvroFault, match="version 1"):
            write()


def written_with(written_schema: Any, record: dict[str, Any], codec: str = "null") -> bytes:
    file = io.BytesIO()
    fastavro.writer(file, written_schema, [record], codec=codec)
    return file.getvalue()


def of_fields(*fields: dict[str, Any], name: str = "ParsedSignal") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [*schema(1)["fields"], *fields]}


def test_a_writer_that_knows_more_than_we_do_is_understood() -> None:
    third = of_fields({"name": "mood", "type": ["null", "string"], "default": None})
    assert list(read_records(written_with(third, FIRST | {"mood": "bold"}))) == [FIRST | DEFAULTS]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "neither"),
        (b"{}", "neither"),
        (b"Obj\x01", "cannot be read"),
        (write_container([FIRST], 1)[:-20], "cannot be read after record"),
        (to_single_object(FIRST, 1)[:-1], "cannot be read"),
        (to_single_object(FIRST, 1) + b"x", "left over"),
        (b"\xc3\x01" + bytes(8), "a schema that Hive does not have"),
        (written_with(of_fields(), FIRST, codec="deflate"), "compressed"),
        (written_with(of_fields(name="Other"), FIRST), "named ParsedSignal"),
        (
            written_with(
                of_fields({"name": "endless", "type": {"type": "array", "items": "null"}}),
                FIRST | {"endless": [None] * 9},
            ),
            "plain fields",
        ),
        (
            written_with(
                {"type": "record", "name": "ParsedSignal", "fields": schema(1)["fields"][:-1]}, FIRST
            ),
            "cannot be read after record 0",
        ),
    ],
)
def test_what_is_no_file_of_parsed_signals_is_a_fault_that_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(AvroFault, match=reason):
        list(read_records(payload))


SOUND = (write_container([FIRST | LATER] * 2, 2), to_single_object(FIRST | LATER, 2))


@given(
    st.sampled_from(SOUND), st.integers(4, len(SOUND[0])), st.binary(min_size=1, max_size=8), st.booleans()
)
def test_broken_bytes_are_a_fault_or_records_and_never_another_error(
    payload: bytes, place: int, noise: bytes, is_cut: bool
) -> None:
    broken = payload[:place] + noise + (b"" if is_cut else payload[place + len(noise) :])
    try:
        records = list(read_records(broken))
    except AvroFault:
        return
    assert all(set(record) == {field["name"] for field in schema(2)["fields"]} for record in records)
