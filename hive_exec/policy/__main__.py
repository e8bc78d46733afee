"""`python -m hive_exec.policy FOLDER [POLICIES]`: write what an OPA server loads, and say its revision."""

from __future__ import annotations

import sys
from pathlib import Path

from hive_exec.policy.bundle import PolicyUnusable, policy_folder, read_bundle


def main(arguments: list[str]) -> int:
    """Write the policies that Hive ships, or those of a folder, with their revision; 2 where they cannot be.

    The folder must be new or empty: a file left there would be loaded too.
    """
    if len(arguments) not in {1, 2}:
        sys.stderr.write("usage: python -m hive_exec.policy FOLDER [POLICIES]\n")
        return 2
    folder = Path(arguments[0])
    try:
        bundle = read_bundle(Path(arguments[1]) if len(arguments) > 1 else policy_folder())
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise PolicyUnusable(f"{folder} is not empty")
        for name, payload in bundle.served_files().items():
            (folder / name).write_bytes(payload)
    except (PolicyUnusable, OSError) as error:
        sys.stderr.write(f"ERROR {error}\n")
        return 2
    sys.stdout.write(f"{bundle.revision}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
