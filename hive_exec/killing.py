"""The kill switch that needs nothing: a file. Its watcher is a thread of its own and sets a flag that
desks read before an order leaves, so that it works with cell, journal and network stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY_S = 0.1
MAX_REASON_CHARACTERS = 200


class KillFile:
    """Watches for a file. While it lies there the switch is thrown; what it says is the reason."""

    def __init__(self, path: Path, appeared: Callable[[str], None]) -> None:
        self.path = path
        self._appeared = appeared
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kill-file", daemon=True)
        self.is_thrown = self._lies_there()
        self._is_told = False

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while True:
            self.is_thrown = self._lies_there()
            if self.is_thrown and not self._is_told:
                self._appeared(self._reason())
            self._is_told = self.is_thrown
            if self._stopping.wait(LOOK_EVERY_S):
                return

    def _lies_there(self) -> bool:
        """Where nobody can say whether it does, it does."""
        try:
            self.path.stat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def _reason(self) -> str:
        try:
            text = self.path.read_text("utf-8", errors="replace")
        except OSError as error:  # thrown all the same
            return f"the kill file cannot be read: {error}"
        return " ".join(text.split())[:MAX_REASON_CHARACTERS]
