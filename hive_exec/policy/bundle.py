"""The policies as they are loaded: modules, data, and the revision that names exactly these bytes.

Evaluating them is the engines'. The policies that Hive ships stand in `policies/` of a checkout and inside
the package of a wheel; an operator may keep others in a folder of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hive_core.contracts.base import ContractError, strict_json
from hive_core.evidence.canonical import canonical_bytes, content_hash, sha256_hex
from hive_exec.policy.question import fault_of_value
from hive_exec.policy.subset import faults_of_module

DATA_FILE = "data.json"
MAX_FILE_BYTES = 256 * 1024

_HERE = Path(__file__).resolve().parents[1]


class PolicyUnusable(ValueError):
    """The policies cannot be loaded as they are: nothing starts with them."""


@dataclass(frozen=True, slots=True)
class PolicyBundle:
    """Modules by file name, the data beside them, and the revision.

    `revision` is the SHA-256 of the canonical JSON of every file's name with the SHA-256 of its bytes, sorted
    by name. It names what was read, not what a server does with it: see `served_files`.
    """

    modules: Mapping[str, str]
    data: Mapping[str, Any]
    revision: str

    def served_data(self) -> dict[str, Any]:
        """The data with the revision at `hive.bundle.revision`, from where an answer takes it."""
        return {**self.data, "hive": {**self.data["hive"], "bundle": {"revision": self.revision}}}

    def served_files(self) -> dict[str, bytes]:
        """What an OPA server loads: the modules, and the data with the revision in it."""
        files = {name: source.encode() for name, source in self.modules.items()}
        return {**files, DATA_FILE: canonical_bytes(self.served_data())}


def policy_folder() -> Path:
    """The policies that Hive ships.

    Raises:
        FileNotFoundError: neither the checkout nor the installed package has them.
    """
    for candidate in (_HERE / "bundled" / "policies", _HERE.parent / "policies"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("the policies are missing from the installation: install hive-trading again")


def read_bundle(folder: Path) -> PolicyBundle:
    """Read every policy of a folder, and its data. Tests (`*_test.rego`) are not loaded.

    Raises:
        PolicyUnusable: a file of another kind, which a server would load and this does not; a module outside
            the subset that every engine reads alike; data that is no JSON, or not within the field `hive`.
    """
    modules: dict[str, str] = {}
    digests: dict[str, str] = {}
    data: object = None
    for path in sorted(folder.iterdir()):
        if path.name.endswith("_test.rego"):
            continue
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            raise PolicyUnusable(f"{path.name}: no file, or larger than {MAX_FILE_BYTES} bytes")
        payload = path.read_bytes()
        digests[path.name] = sha256_hex(payload)
        if path.name == DATA_FILE:
            data = _data_of(payload)
        elif path.suffix == ".rego":
            modules[path.name] = _module_of(path.name, payload)
        else:
            raise PolicyUnusable(f"{path.name}: only .rego files and {DATA_FILE} belong to policies")
    if not modules or not isinstance(data, dict):
        raise PolicyUnusable(f"policies are modules (.rego) and {DATA_FILE}; one of them is missing")
    return PolicyBundle(MappingProxyType(modules), MappingProxyType(data), content_hash(digests))


def _module_of(name: str, payload: bytes) -> str:
    try:
        source = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyUnusable(f"{name}: not UTF-8 at byte {error.start}") from None
    faults = faults_of_module(source)
    if faults:
        raise PolicyUnusable("; ".join(f"{name}, {fault}" for fault in faults))
    return source


def _data_of(payload: bytes) -> dict[str, Any]:
    try:
        data = strict_json(payload, max_bytes=MAX_FILE_BYTES)
    except ContractError as error:
        raise PolicyUnusable(f"{DATA_FILE}: {error}") from None
    if not isinstance(data, dict) or data.keys() != {"hive"} or not isinstance(data["hive"], dict):
        raise PolicyUnusable(f"{DATA_FILE}: one object within the field hive is expected")
    if "bundle" in data["hive"]:
        raise PolicyUnusable(f"{DATA_FILE}: hive.bundle is where the revision is put")
    fault = fault_of_value(data)
    if fault is not None:
        raise PolicyUnusable(f"{DATA_FILE}: {fault}")
    return data
