"""Who may ask the daemon for what: roles, principals, and the file that holds them.

The file (`HIVE_HOME/exec/principals.toml`) holds SHA-256 hashes, never tokens: a token is 256 random
bits, which no dictionary holds, so a plain hash is as good as a slow one and costs nothing on each
request. Reading the header of a request belongs to `hive_exec.http.authentication`.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_urlsafe
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from hive_core.contracts.base import Contract, Sha256
from hive_core.landing.daemon_token import OWNER, PIPELINES, TokenUnusable, refuse_if_shared
from hive_core.landing.home import HiveHome, publish
from hive_exec.logs import SCRUBBER

PrincipalName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
MAX_PRINCIPALS = 64
"""Each presented token is compared with every stored hash."""


class Permission(StrEnum):
    """What a route can ask for."""

    READ = "read"
    """See accounts, orders, the journal, metrics."""
    SUBMIT = "submit"
    """Hand in signals, decisions, quotes, and let replay accounts go on."""
    STOP = "stop"
    """The kill switch: whatever only lowers risk."""
    OPERATE = "operate"
    """Resume, and reset what has latched."""
    APPROVE = "approve"
    """Judge what waits for a person: reviews, and orders whose fate is unknown."""


class Role(StrEnum):
    """What a principal is. A closed list: a role cannot be put together in the file."""

    VIEWER = "viewer"
    SUBMITTER = "submitter"
    OPERATOR = "operator"
    APPROVER = "approver"
    OWNER = "owner"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.SUBMITTER: frozenset({Permission.READ, Permission.SUBMIT}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.STOP, Permission.OPERATE}),
    Role.APPROVER: frozenset({Permission.READ, Permission.STOP, Permission.APPROVE}),
    Role.OWNER: frozenset(Permission),
}
"""Submitter, operator and approver are apart so that one leaked token neither submits and approves nor
trades after a stop."""


class Principal(Contract):
    """One caller that the daemon knows."""

    name: PrincipalName
    role: Role
    token_sha256: Sha256

    @field_validator("role", mode="before")
    @classmethod
    def _role_by_its_name(cls, value: object) -> object:
        return Role(value) if isinstance(value, str) and value in set(Role) else value

    def may(self, permission: Permission) -> bool:
        """Whether its role has a permission."""
        return permission in PERMISSIONS[self.role]


class _PrincipalsFile(Contract):
    principal: Annotated[tuple[Principal, ...], Field(max_length=MAX_PRINCIPALS)] = ()

    @field_validator("principal", mode="before")
    @classmethod
    def _list_of_tables(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class PrincipalsUnusable(Exception):
    """The file of principals, or a change to it, cannot be used. Nobody is let in by it."""


@dataclass(frozen=True, slots=True)
class Principals:
    """Everyone whom the daemon knows at a moment."""

    all: tuple[Principal, ...]

    def of_token(self, token: str) -> Principal | None:
        """The principal whose token this is. Every hash is compared, in constant time."""
        digest = hashlib.sha256(token.encode("utf-8")).hexdigest()
        found = None
        for principal in self.all:
            if hmac.compare_digest(digest, principal.token_sha256):
                found = principal
        return found


def read_principals(home: HiveHome) -> Principals:
    """The principals in the home's file.

    Raises:
        PrincipalsUnusable: it is missing, readable by others, or not what it must be.
    """
    path = home.principals_file
    try:
        refuse_if_shared(path)
        held = _PrincipalsFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except TokenUnusable as error:
        raise PrincipalsUnusable(str(error)) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PrincipalsUnusable(f"{path}: {where}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise PrincipalsUnusable(f"{path} cannot be used: {error}") from None
    names = [principal.name for principal in held.principal]
    hashes = {principal.token_sha256 for principal in held.principal}
    if len(set(names)) != len(names) or len(hashes) != len(names):
        raise PrincipalsUnusable(f"{path}: a name or a token stands twice")
    return Principals(held.principal)


def ensure_principals(home: HiveHome) -> Principals:
    """The principals of a home; at its first start an owner and the pipelines, with a token file each.

    Raises:
        PrincipalsUnusable: there is a file, but not one that can be used.
    """
    with _locked(home):
        if not home.principals_file.exists():
            made = [_make(home, OWNER, Role.OWNER), _make(home, PIPELINES, Role.SUBMITTER)]
            _write(home, made)
    return read_principals(home)


def add_principal(home: HiveHome, name: str, role: Role) -> str:
    """Add a principal; returns the path of the file that holds its new token.

    Raises:
        PrincipalsUnusable: the name is taken or no name, or there are too many.
    """
    ensure_principals(home)
    with _locked(home):
        known = list(read_principals(home).all)
        if any(principal.name == name for principal in known):
            raise PrincipalsUnusable(
                f"there is a principal {name} already; next: remove it, or take another name"
            )
        if len(known) >= MAX_PRINCIPALS:
            raise PrincipalsUnusable(f"there are {MAX_PRINCIPALS} principals, which is all there can be")
        try:
            known.append(_make(home, name, role))
        except ValidationError:
            raise PrincipalsUnusable(
                f"{name!r} is no name: up to 32 of a-z, 0-9, - and _, beginning with a letter or digit"
            ) from None
        _write(home, known)
    return str(home.tokens / name)


def remove_principal(home: HiveHome, name: str) -> None:
    """Take a principal and its token file away; the daemon stops knowing it within a second.

    Raises:
        PrincipalsUnusable: there is none of this name, or it is the last owner.
    """
    with _locked(home):
        known = read_principals(home).all
        stays = [principal for principal in known if principal.name != name]
        if len(stays) == len(known):
            names = ", ".join(principal.name for principal in known)
            raise PrincipalsUnusable(f"there is no principal {name}; there are: {names}")
        if not any(principal.role is Role.OWNER for principal in stays):
            raise PrincipalsUnusable(f"{name} is the last owner; next: add another owner first")
        _write(home, stays)
        (home.tokens / name).unlink(missing_ok=True)


def _make(home: HiveHome, name: str, role: Role) -> Principal:
    token = token_urlsafe(32)
    SCRUBBER.hide(token)
    digest = hashlib.sha256(token.encode("ascii")).hexdigest()
    principal = Principal(name=name, role=role, token_sha256=digest)
    home.tokens.mkdir(parents=True, exist_ok=True, mode=0o700)
    publish(home.tokens / name, token.encode("ascii") + b"\n")
    return principal


def _write(home: HiveHome, principals: list[Principal]) -> None:
    lines = ["# Who may ask the daemon for what. Made and changed by: hive principals", ""]
    for principal in principals:
        lines += [
            "[[principal]]",
            f'name = "{principal.name}"',
            f'role = "{principal.role.value}"',
            f'token_sha256 = "{principal.token_sha256}"',
            "",
        ]
    publish(home.principals_file, "\n".join(lines).encode("utf-8"))


@contextmanager
def _locked(home: HiveHome) -> Iterator[None]:
    """One change at a time, over processes: each reads the file, then writes all of it."""
    path = home.principals_file.with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
