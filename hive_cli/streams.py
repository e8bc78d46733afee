"""Lines of a file in and out: packed files are unpacked, and a file appears when all of it is written."""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hive_cli.console import printable
from hive_cli.failure import Failure
from hive_core.landing.home import replacing

_GZIP_MAGIC = b"\x1f\x8b"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def reading(file: str) -> Iterator[io.BufferedReader]:
    """The bytes of a file; `-` is stdin.

    Raises:
        Failure: it cannot be opened.
    """
    is_stdin = file == "-"
    try:
        source = open(0 if is_stdin else file, "rb", closefd=not is_stdin)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise _unreadable(file, error, exit_code=2) from None
    with source:
        yield source


def lines_in(source: io.BufferedReader, file: str) -> Iterator[bytes]:
    """The lines of what `reading` opened, as they come; gzip is known by its first bytes.

    Raises:
        Failure: reading fails on the way, or the gzip file is not whole.
    """
    try:
        is_packed = source.peek(2)[:2] == _GZIP_MAGIC
        yield from io.BufferedReader(gzip.GzipFile(fileobj=source)) if is_packed else source
    except gzip.BadGzipFile as error:
        raise _broken_gzip(file, error) from None
    except OSError as error:
        raise _unreadable(file, error, exit_code=1) from None
    except (EOFError, zlib.error) as error:
        raise _broken_gzip(file, error) from None


@contextmanager
def writing(out: str) -> Iterator[Callable[[str], object]]:
    """How lines are written to a file: all of them or none. To stdout (`-`), a pipe or a device they go
    at once.

    Raises:
        Failure: it cannot be opened or written.
    """
    try:
        if out == "-" or _is_same(out, 1):
            yield sys.stdout.write
            sys.stdout.flush()
        elif os.path.exists(out) and not os.path.isfile(out):
            with open(out, "w", encoding="utf-8") as stream:
                yield stream.write
        else:
            with replacing(Path(out).resolve(), mode=0o666) as file:
                yield lambda text: file.write(text.encode())
    except BrokenPipeError:
        raise  # the reader has seen enough: no failure
    except OSError as error:
        is_full = error.errno in _FULL
        raise Failure(
            f"cannot write ({error.strerror})",
            where="stdout" if out == "-" else printable(out),
            next_step="free some space there" if is_full else "name a file in a folder that is there",
            exit_code=1 if is_full else 2,
        ) from None


def is_one_file(source: io.BufferedReader, out: str) -> bool:
    """Whether what is read is the file that will be written, by whatever name."""
    return _is_same(1 if out == "-" else out, source.fileno())


def _is_same(one: str | int, other: int) -> bool:
    try:
        first, second = os.stat(one), os.fstat(other)
    except OSError:  # one of them is not there
        return False
    return stat.S_ISREG(first.st_mode) and os.path.samestat(first, second)


def _unreadable(file: str, error: OSError, *, exit_code: int) -> Failure:
    return Failure(f"cannot read the messages ({error.strerror})", where=printable(file), exit_code=exit_code)


def _broken_gzip(file: str, error: Exception) -> Failure:
    return Failure(
        f"not a whole gzip file ({error})", where=printable(file), next_step="fetch or pack it again"
    )
