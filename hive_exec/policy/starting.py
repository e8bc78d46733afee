"""The policy engine that the settings ask for."""

from __future__ import annotations

from pathlib import Path

from hive_core.configuration.policy import PolicySettings
from hive_exec.policy.bundle import policy_folder, read_bundle
from hive_exec.policy.port import PolicyEngine


def started_engine(settings: PolicySettings | None) -> PolicyEngine | None:
    """An engine with the policies read and, in this process, compiled; None where none are to be asked.

    Raises:
        PolicyUnusable: the policies cannot be used: better no daemon than one that denies everything.
        OSError: their folder cannot be read.
        ValueError: the address of the server.
    """
    if settings is None:
        return None
    bundle = read_bundle(policy_folder() if settings.folder is None else Path(settings.folder))
    timeout_s = float(settings.timeout_s)
    if settings.url is not None:
        from hive_exec.policy.server import ServerEngine

        return ServerEngine(settings.url, bundle.revision, timeout_s=timeout_s)
    from hive_exec.policy.in_process import InProcessEngine

    return InProcessEngine(bundle, timeout_s=timeout_s)
