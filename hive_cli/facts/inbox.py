"""What lies in the inbox, and what the inbox sensor refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hive_core.landing.home import HiveHome

REASON_ENDING = ".reason.txt"
"""The sensor writes why beside each file that it moved to `inbox/refused`."""


def inbox(home: HiveHome) -> dict[str, Any]:
    """Files that wait, and refused ones with their reason; names are `source/file`."""
    found = [*home.inbox.glob("messages/*/*"), *home.inbox.glob("news/*")]
    waiting = [path for path in found if path.is_file()]
    reasons = sorted(home.inbox.glob(f"refused/*/*{REASON_ENDING}"))
    return {
        "waiting": sorted(f"{path.parent.name}/{path.name}" for path in waiting if path.name[0] != "."),
        "refused": [
            {
                "source": path.parent.name,
                "file": path.name.removesuffix(REASON_ENDING),
                "reason": path.read_text("utf-8").strip(),
            }
            for path in reasons
        ],
    }
