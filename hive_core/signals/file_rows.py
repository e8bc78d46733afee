"""Files cut into rows: JSON lines, and CSV with a header. A bad row costs only itself.

What the rows mean stands with their readers: `message_rows` for messages, `feeds.records` for signals.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Any

from hive_core.contracts.base import ContractError, strict_json
from hive_core.contracts.rejection import RefusedFile
from hive_core.signals.posts import FieldFault, shown

MAX_LINE_BYTES = 256 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_HEADER_CHARACTERS = 4_096
_DELIMITERS = (",", ";", "\t")


def lines_of(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, counted from 1."""
    for number, line in enumerate(payload.removeprefix(BYTE_ORDER_MARK).split(b"\n"), start=1):
        if line.strip():
            yield number, line


def json_row(line: bytes) -> dict[str, Any]:
    """A line as one JSON object.

    Raises:
        FieldFault: it is not UTF-8, not JSON that has one meaning, or not an object.
    """
    try:
        value = strict_json(line, max_bytes=MAX_LINE_BYTES)
    except ContractError as error:
        raise FieldFault(error.field, bytes_shown(line), error.reason) from None
    except ValueError as error:  # Python refuses integers of thousands of digits
        raise FieldFault("", bytes_shown(line), str(error)) from None
    if not isinstance(value, dict):
        raise FieldFault("", bytes_shown(line), "not a JSON object")
    return value


def json_rows(payload: bytes) -> Iterator[tuple[int, dict[str, Any] | FieldFault]]:
    """One JSON object a line, with its line. A line that is none is a fault."""
    for number, line in lines_of(payload):
        try:
            row: dict[str, Any] | FieldFault = json_row(line)
        except FieldFault as fault:
            row = fault
        yield number, row


def csv_rows(
    payload: bytes, missing: Callable[[list[str]], str]
) -> tuple[list[str], Iterator[tuple[int, dict[str, str] | FieldFault]]]:
    """CSV separated by comma, semicolon or tab: its columns in lower case, and every row with the line
    where it begins.

    Args:
        payload: the file.
        missing: what columns like these still need, in words; nothing when they are enough.

    Raises:
        RefusedFile: no delimiter gives the needed columns, or a column is named twice.
    """
    # Bytes that are not UTF-8 pass through as surrogates, so that only their own row is lost.
    lines = payload.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "surrogateescape").split("\n")
    first = lines[0][:_MAX_HEADER_CHARACTERS].replace("\r", "")
    wanted = ""
    for delimiter in _DELIMITERS:
        header = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        wanted = missing(header)
        if not wanted:
            if len(set(header)) != len(header):
                raise RefusedFile(f"The header names a column twice: {shown(', '.join(header))}.")
            return header, _rows(lines, delimiter, header)
    raise RefusedFile(f"The header lacks a needed column. It must name {wanted}; it is {first[:80]!r}.")


def _rows(
    lines: list[str], delimiter: str, header: list[str]
) -> Iterator[tuple[int, dict[str, str] | FieldFault]]:
    for number, record in _records(lines, delimiter):
        if isinstance(record, FieldFault):
            yield number, record
        elif len(record) != len(header):
            reason = f"{len(record)} cells, the header has {len(header)}"
            yield number, FieldFault("", delimiter.join(record), reason)
        else:
            yield number, _undecoded(header, record) or dict(zip(header, record, strict=True))


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | FieldFault]]:
    """Every record after the header with the line it begins at. A record that is not CSV (a quote
    that never closes) costs its first line only: reading begins again at the next one."""
    start = 1
    while start < len(lines):
        ahead = (lines[index] + "\n" for index in range(start, len(lines)))
        reader = csv.reader(ahead, delimiter=delimiter, strict=True)
        done = 0
        try:
            for record in reader:
                if record:
                    yield start + done + 1, record
                done = reader.line_num
            return
        except csv.Error as error:
            first = start + done
            yield first + 1, FieldFault("", lines[first], f"not CSV: {error}")
            start = first + 1


def _undecoded(header: list[str], record: list[str]) -> FieldFault | None:
    for column, cell in zip(header, record, strict=True):
        raw = cell.encode("utf-8", "surrogateescape")
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            return FieldFault(column, bytes_shown(raw), f"not UTF-8 at byte {error.start} of the cell")
    return None


def bytes_shown(raw: bytes) -> str:
    """The beginning of bytes as a report shows them."""
    return raw[:200].decode("utf-8", "backslashreplace").strip()
