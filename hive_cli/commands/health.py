"""`hive health`: one question to the daemon, answered by the exit code. For containers and monitors."""

from __future__ import annotations


def health() -> None:
    """Ask the execution daemon whether it works: exit code 0, or 1 and why not."""
    from hive_cli.console import print_plain
    from hive_cli.facts.daemon import DaemonUnreachable, daemon_of
    from hive_cli.failure import Failure
    from hive_cli.settings import load_settings

    settings = load_settings()
    try:
        with daemon_of(settings) as daemon:
            found = daemon.health()
    except DaemonUnreachable as error:
        raise Failure(
            "the execution daemon does not answer as it should",
            details=[str(error)],
            next_step="read its log, then start it with: hive exec (or: hive up)",
        ) from None
    print_plain([f"! {line}" for line in found.get("attention", [])])
    print_plain([f"{found['status']}, mode {found['mode']}, journal at record {found['journal_head_seq']}"])
