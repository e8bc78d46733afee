"""ParsedSignal as Avro: the schemas' versions, and records as bytes and back.

Version 1 is the one that others wrote first; version 2 adds what a call really says (zone, several
targets, order type, validity). Records are plain mappings here; what they mean stands in
`signals.feeds`. Formats: https://avro.apache.org/docs/1.12.0/specification/ (object container files,
single-object encoding).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Version = Literal[1, 2]
VERSIONS: tuple[Version, ...] = (1, 2)

CONTAINER_MAGIC = b"Obj\x01"
SINGLE_OBJECT_MAGIC = b"\xc3\x01"
_FINGERPRINT_BYTES = 8
_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "string", "bytes"})


class AvroFault(ValueError):
    """Bytes that are not ParsedSignals. The text says why."""


@cache
def schema(version: Version) -> dict[str, Any]:
    """A version's schema, as its file has it."""
    found = files("hive_core.contracts.avro") / f"ParsedSignal.v{version}.avsc"
    parsed: dict[str, Any] = json.loads(found.read_text("utf-8"))
    return parsed


@cache
def fingerprint(version: Version) -> bytes:
    """The 64-bit Rabin fingerprint of a version's canonical form, little-endian as it travels."""
    from fastavro.schema import fingerprint as fingerprint_of
    from fastavro.schema import to_parsing_canonical_form

    # fastavro writes the eight bytes in the order in which they travel, as hexadecimal digits.
    return bytes.fromhex(fingerprint_of(to_parsing_canonical_form(schema(version)), "CRC-64-AVRO"))


def write_container(records: Iterable[Mapping[str, Any]], version: Version) -> bytes:
    """An object container file with these records, uncompressed.

    Raises:
        AvroFault: a record is not what the schema says.
    """
    from fastavro import writer

    target = io.BytesIO()
    checked = [_checked(record, version) for record in records]
    writer(target, schema(version), checked, codec="null")
    return target.getvalue()


def to_single_object(record: Mapping[str, Any], version: Version) -> bytes:
    """One record as a single object: marker, fingerprint of its schema, body. What a topic carries.

    Raises:
        AvroFault: the record is not what the schema says.
    """
    from fastavro import schemaless_writer

    target = io.BytesIO()
    schemaless_writer(target, schema(version), _checked(record, version))
    return SINGLE_OBJECT_MAGIC + fingerprint(version) + target.getvalue()


def read_records(payload: bytes, *, reader_version: Version = 2) -> Iterator[dict[str, Any]]:
    """The records of a container file or of one single object, resolved to the reader's version.

    The writer may have any schema that resolves to it. Compressed containers are refused: a few bytes
    may hold more than memory.

    Raises:
        AvroFault: not Avro, another schema, broken off, or with bytes left over.
    """
    if payload.startswith(CONTAINER_MAGIC):
        return _container(payload, schema(reader_version))
    if payload.startswith(SINGLE_OBJECT_MAGIC):
        return iter([_single_object(payload, schema(reader_version))])
    raise AvroFault("neither an Avro container file nor a single object")


def _checked(record: Mapping[str, Any], version: Version) -> dict[str, Any]:
    from fastavro.validation import ValidationError, validate

    unknown = sorted(record.keys() - {field["name"] for field in schema(version)["fields"]})
    if unknown:
        raise AvroFault(f"{', '.join(unknown)}: no field of ParsedSignal version {version}")
    try:
        validate(dict(record), schema(version))
    except ValidationError as error:
        reason = " ".join(str(error).split())
        raise AvroFault(f"not a ParsedSignal of version {version}: {reason}") from None
    return dict(record)


def _container(payload: bytes, reader_schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from fastavro import reader

    done = 0
    try:
        records = reader(io.BytesIO(payload), reader_schema=reader_schema)
        if records.codec != "null":
            raise AvroFault(f"compressed ({str(records.codec)[:20]}): write it with the codec null")
        if not _is_plain(records.writer_schema):
            raise AvroFault("its schema is not a record of plain fields named ParsedSignal")
        for record in records:
            yield _as_mapping(record)
            done += 1
    except AvroFault:
        raise
    except Exception as error:  # noqa: BLE001 (fastavro raises whatever it meets in broken bytes)
        raise AvroFault(f"cannot be read after record {done}: {type(error).__name__}: {error}") from None


def _single_object(payload: bytes, reader_schema: dict[str, Any]) -> dict[str, Any]:
    from fastavro import schemaless_reader

    head = len(SINGLE_OBJECT_MAGIC)
    told = payload[head : head + _FINGERPRINT_BYTES]
    written = next((version for version in VERSIONS if fingerprint(version) == told), None)
    if written is None:
        raise AvroFault(f"written with a schema that Hive does not have (fingerprint {told.hex()})")
    body = io.BytesIO(payload[head + _FINGERPRINT_BYTES :])
    try:
        record = schemaless_reader(body, schema(written), reader_schema)
    except Exception as error:  # noqa: BLE001 (fastavro raises whatever it meets in broken bytes)
        raise AvroFault(f"cannot be read: {type(error).__name__}: {error}") from None
    if body.read(1):
        raise AvroFault("bytes are left over after the record")
    return _as_mapping(record)


def _as_mapping(record: object) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise AvroFault("a record is expected")
    return record


def _is_plain(written: object) -> bool:
    """Whether a writer's schema can only make records that take bytes: nothing nested, and no arrays of
    nothing, of which a few bytes make endless ones."""
    if not isinstance(written, dict) or written.get("type") != "record":
        return False
    if str(written.get("name")).rpartition(".")[2] != "ParsedSignal":
        return False
    return all(_is_plain_type(field["type"]) for field in written["fields"])


def _is_plain_type(of_field: object) -> bool:
    if isinstance(of_field, str):
        return of_field in _PRIMITIVES
    if isinstance(of_field, list):
        return all(_is_plain_type(branch) for branch in of_field)
    if not isinstance(of_field, dict):
        return False
    if of_field.get("type") == "array":
        return isinstance(of_field["items"], str) and of_field["items"] in _PRIMITIVES - {"null"}
    return of_field.get("type") == "enum" or of_field.get("type") in _PRIMITIVES
