"""Taking a payload out of its zip or gzip, up to a bound, and its text out of its bytes.

What the text means belongs in `formats`.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import IO

from hive_core.contracts.rejection import RefusedFile

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""Twenty years of M1 quote bars are about 450 MiB of text; more is a bomb or should be split."""


def _bounded(stream: IO[bytes] | gzip.GzipFile, limit: int) -> bytes:
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise RefusedFile(
            f"unpacks to more than {limit // 2**20} MiB; split it into years and import them one by one"
        )
    return content


def unzip_one_csv(payload: bytes, *, limit: int = MAX_UNPACKED_BYTES) -> tuple[str, bytes]:
    """The only `.csv` of a zip: its name in there, and its content.

    Reads no more than `limit` bytes, whatever the archive says of itself.

    Raises:
        RefusedFile: not a whole zip, encrypted, too large, or not exactly one `.csv` in it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                raise RefusedFile(
                    f"the zip holds {len(names)} .csv files, one is expected; take it out and import it alone"
                )
            if archive.getinfo(names[0]).flag_bits & 0x1:
                raise RefusedFile("the zip is encrypted; unpack it and import its .csv")
            with archive.open(names[0]) as stream:
                return names[0], _bounded(stream, limit)
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as error:
        raise RefusedFile(f"not a whole zip ({error}); it was cut or damaged: fetch it again") from None


def unpack(payload: bytes, *, limit: int = MAX_UNPACKED_BYTES) -> bytes:
    """The content of a gzip or a one-file zip, or the payload itself when it is neither.

    Raises:
        RefusedFile: a cut or damaged archive, or one that unpacks to more than `limit` bytes.
    """
    if payload.startswith(b"PK\x03\x04"):
        return unzip_one_csv(payload, limit=limit)[1]
    if payload.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(payload)) as stream:
                return _bounded(stream, limit)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise RefusedFile(f"not a whole gzip ({error}); it was cut or damaged: fetch it again") from None
    return payload


def text_of(content: bytes) -> str:
    """The text of UTF-8 bytes, without a byte order mark.

    Raises:
        RefusedFile: nothing in it, or not UTF-8, naming the line and the byte.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = "UTF-16; " if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
        raise RefusedFile(
            f"row {line}: not UTF-8 at byte {error.start}; {hint}save the file as UTF-8 and import it again"
        ) from None
    if not text.strip():
        raise RefusedFile("the file is empty; export it again")
    return text
