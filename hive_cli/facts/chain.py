"""Whether the journal's chain holds, and whether it is still the one that the lake was told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from hive_cli.settings import Settings


def examine(path: Path, settings: Settings | None) -> dict[str, Any]:
    """Walk a journal file; with settings, compare it with the reports in the lake too.

    A chain alone cannot show that its end was cut off; the lake's copy of the hashes can.
    """
    from hive_cli.facts.journal import snapshot
    from hive_core.evidence.chain import first_fault
    from hive_exec.journal.reading import read_links

    hashes: list[str] = []
    with snapshot(path) as copy:

        def watched() -> Any:
            for link in read_links(copy):
                hashes.append(link.record_hash)
                yield link

        records, head_hash, fault = first_fault(watched())
    told = None if fault is None else {"seq": fault.seq, "reason": fault.reason}
    in_lake = 0
    if settings is not None and told is None:
        in_lake, told = _compare(settings, hashes)
    return {
        "journal": str(path),
        "records": records,
        "head_hash": head_hash,
        "in_lake": in_lake,
        "fault": told,
    }


def _compare(settings: Settings, hashes: list[str]) -> tuple[int, dict[str, Any] | None]:
    from hive_cli.facts.lake import LakeFacts

    reports = LakeFacts.of(settings.home).read("execution_reports")
    if reports is None:
        return 0, None
    for seq, sha256 in reports.sort("seq").select("seq", "record_sha256").iter_rows():
        if seq > len(hashes):
            return 0, {"seq": seq, "reason": "the lake was told of it, the journal does not have it"}
        if hashes[seq - 1] != sha256:
            return 0, {"seq": seq, "reason": "the lake was told another content"}
    return reports.height, None
