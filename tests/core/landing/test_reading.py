"""Files are read whole, but never more than the bound."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hive_core.contracts.rejection import RefusedFile
from hive_core.landing.reading import MAX_FILE_BYTES, read_bounded


def test_a_file_up_to_the_bound_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "f"
    for size in (0, 1, 10):
        file.write_bytes(b"x" * size)
        assert read_bounded(file, limit=10) == b"x" * size


def test_a_file_over_the_bound_is_refused_by_its_size_without_reading(tmp_path: Path) -> None:
    file = tmp_path / "f"
    with file.open("wb") as sparse:
        sparse.truncate(2**36)  # 64 GiB, which nobody could read here
    with pytest.raises(RefusedFile, match=r"68,719,476,736 bytes are more than the 536,870,912 .*Split it"):
        read_bounded(file)
    assert MAX_FILE_BYTES == 512 * 2**20
    with file.open("wb") as one_more:
        one_more.write(b"x" * 11)
    with pytest.raises(RefusedFile, match="11 bytes are more than the 10"):
        read_bounded(file, limit=10)


def test_what_has_no_size_is_read_no_further_than_the_bound(tmp_path: Path) -> None:
    with pytest.raises(RefusedFile, match="11 bytes are more than the 10"):
        read_bounded(Path("/dev/zero"), limit=10)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"abc",))
    writer.start()
    assert read_bounded(pipe, limit=10) == b"abc"
    writer.join()
