"""A process whose clocks lie: libfaketime under it, moved from outside while it runs.

`is_elapsed` moves what counts elapsed time as well, as real time does that passes while a process is stopped;
without it only the wall's clock is set.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class FakeTime:
    """The environment of a process, and how far its clocks are off."""

    def __init__(self, folder: Path, *, is_elapsed: bool) -> None:
        if not _LIBRARIES:
            reason = "no libfaketime here: install it (Debian: apt-get install faketime)"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        self._file = folder / "faketime"
        self.environment = {
            "LD_PRELOAD": str(_LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            **({} if is_elapsed else {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}),
        }
        self.set(0)

    def set(self, ahead_s: int) -> None:
        """Seconds by which its clocks are ahead of the true ones, from now on."""
        temporary = self._file.with_suffix(".new")
        temporary.write_text(f"{ahead_s:+d}\n", "utf-8")
        temporary.replace(self._file)
