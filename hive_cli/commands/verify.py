"""`hive verify`: a journal against its hash chain, its signed heads, and what the lake was told; and proofs
of single records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hive_cli.failure import Failure

if TYPE_CHECKING:
    from hive_cli.facts.chain import Evidence
    from hive_cli.settings import Settings


def verify(
    journal: Annotated[
        str, typer.Option(help="A journal file, or postgresql+psycopg://...; this home's when not given.")
    ] = "",
    heads: Annotated[
        list[Path] | None, typer.Option(help="A file of signed heads, such as a witness keeps. Repeatable.")
    ] = None,
    key: Annotated[
        list[Path] | None, typer.Option(help="A public key (.pub) whose heads count. Repeatable.")
    ] = None,
    record: Annotated[int, typer.Option(help="Write a proof of this record; with --proof.")] = 0,
    proof: Annotated[Path | None, typer.Option(help="Where to write the proof.")] = None,
    check_proof: Annotated[
        Path | None, typer.Option(help="Check a proof; it needs the key, not the journal.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Check that no record of the journal was changed, removed or put in between."""
    from dataclasses import replace

    from hive_cli.facts.chain import examine, read_keys
    from hive_cli.settings import load_settings

    if bool(record) != (proof is not None) or (check_proof is not None and record):
        raise Failure(
            "a proof is written with --record and --proof, and checked with --check-proof",
            next_step="hive verify --record 5 --proof record-5.json",
            exit_code=2,
        )
    settings = load_settings()
    given = read_keys(key or ())
    where = journal or _address_of_home(settings)
    evidence = _evidence(settings, is_of_home=not journal)
    evidence = replace(
        evidence, heads_files=(*evidence.heads_files, *(heads or ())), keys={**evidence.keys, **given}
    )
    if check_proof is not None:
        _check(check_proof, evidence, as_json=as_json)
    elif proof is not None:
        _export(where, record, proof, evidence)
    else:
        _tell(examine(where, evidence, None if journal else settings), as_json=as_json)


def _evidence(settings: Settings, *, is_of_home: bool) -> Evidence:
    from hive_cli.facts.chain import Evidence, home_keys

    return Evidence.of_home(settings) if is_of_home else Evidence((), home_keys(settings))


def _address_of_home(settings: Settings) -> str:
    import os

    from hive_exec.journal.home import ADDRESS, ADDRESS_FILE, journal_address

    if not os.environ.get(ADDRESS) and not os.environ.get(ADDRESS_FILE):
        return str(settings.home.journal)
    try:
        return journal_address(os.environ) or ""
    except ValueError as error:
        raise Failure("the journal's address cannot be used", details=[str(error)], exit_code=2) from None


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    from hive_cli.console import facts, print_json, print_plain, table, totals_line

    fault = found["fault"]
    if as_json:
        print_json(found)
    elif fault is None:
        rows = [
            ("journal", found["journal"]),
            ("head", found["head_hash"]),
            ("Merkle root", found["root"]),
            (
                "signed heads",
                found["heads"] or "none: that its end was not cut off is not shown",
            ),
            ("snapshots", found["snapshots"]),
        ]
        if found["in_lake"]:
            rows.append(("lake", f"holds {found['in_lake']:,} of the records, all the same"))
        facts().print(table("", ("what", "found"), rows))
        print_plain([totals_line({"records": found["records"]})])
    else:
        print_plain(
            [
                f"ERROR record {fault['seq']}: {fault['reason']}",
                f"  where: {found['journal']}",
                f"  the {found['records']:,} records before it hold",
                "  next: keep the file as it is; compare it with a backup",
                totals_line({"records": found["records"]}, errors=1),
            ],
            stderr=True,
        )
    if fault is not None:
        raise typer.Exit(1)


def _export(where: str, seq: int, target: Path, evidence: Evidence) -> None:
    from hive_cli.console import print_plain
    from hive_cli.facts.chain import proof_of

    proof = proof_of(where, seq, evidence)
    if (fault := proof.fault(evidence.keys)) is not None:
        raise Failure("the journal does not hold", details=[fault], next_step="hive verify")
    try:
        target.write_bytes(proof.as_bytes())
    except OSError as error:
        raise Failure("the proof cannot be written", where=str(target), details=[str(error)]) from None
    print_plain(
        [
            f"proof of record {seq} in {proof.head.head.tree_size:,} records: {target}",
            f"it is checked with the key {proof.head.key_id[:12]}: hive verify --check-proof {target}",
        ]
    )


def _check(file: Path, evidence: Evidence, *, as_json: bool) -> None:
    from hive_cli.console import facts, moment, print_json, print_plain, table
    from hive_core.evidence.record_proof import ProofMalformed, RecordProof

    try:
        proof = RecordProof.parse(file.read_bytes())
    except (OSError, ProofMalformed) as error:
        raise Failure("the proof cannot be read", where=str(file), details=[str(error)]) from None
    head, fault = proof.head.head, proof.fault(evidence.keys)
    found = {
        "record": proof.link.seq,
        "body": proof.link.body.decode("utf-8"),
        "journal_id": head.journal_id,
        "environment": head.environment,
        "tree_size": head.tree_size,
        "signed_at": moment(head.ts_ns),
        "key_id": proof.head.key_id,
        "fault": fault,
    }
    if as_json:
        print_json(found)
    elif fault is None:
        facts().print(table("", ("what", "found"), [(name, value) for name, value in found.items() if value]))
        print_plain(["PASS the record stands in the journal that was signed"])
    else:
        print_plain([f"ERROR {fault}", f"  where: {file}"], stderr=True)
    if fault is not None:
        raise typer.Exit(1)
