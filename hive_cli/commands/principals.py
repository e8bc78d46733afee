"""`hive principals`: who may ask the execution daemon for what."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="Who may ask the execution daemon for what. The daemon sees a change within a second.",
    no_args_is_help=True,
)

ROLES = {
    "viewer": "sees everything, changes nothing",
    "submitter": "hands in signals, decisions and quotes",
    "operator": "stops, resumes, and resets what has latched",
    "approver": "judges what waits for a person; stops",
    "owner": "everything",
}


@app.command("list")
def list_principals() -> None:
    """Every principal with its role."""
    from hive_cli.console import print_plain
    from hive_core.landing.home import HiveHome
    from hive_exec.principals import PrincipalsUnusable, ensure_principals

    try:
        known = ensure_principals(HiveHome.from_environment()).all
    except PrincipalsUnusable as error:
        raise _failure("the principals cannot be read", error) from None
    width = max((len(principal.name) for principal in known), default=0)
    for principal in known:
        role = principal.role.value
        print_plain([f"{principal.name:<{width}}  {role:<9}  {ROLES[role]}"])


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, - and _.")],
    role: Annotated[str, typer.Option(help="viewer, submitter, operator, approver or owner.")],
) -> None:
    """Add a principal, and tell where its token stands."""
    from hive_cli.console import print_plain
    from hive_cli.failure import Faults
    from hive_core.landing.home import HiveHome
    from hive_exec.principals import PrincipalsUnusable, Role, add_principal

    if role not in ROLES:
        told = [f"{each}: {meaning}" for each, meaning in ROLES.items()]
        raise Faults(f"there is no role {role!r}", told)
    try:
        path = add_principal(HiveHome.from_environment(), name, Role(role))
    except PrincipalsUnusable as error:
        raise _failure(f"{name} was not added", error) from None
    print_plain([f"added {name} ({role})", f"its token: {path}"])


@app.command()
def remove(name: Annotated[str, typer.Argument(help="Who is no longer let in.")]) -> None:
    """Take a principal and its token away."""
    from hive_cli.console import print_plain
    from hive_core.landing.home import HiveHome
    from hive_exec.principals import PrincipalsUnusable, remove_principal

    try:
        remove_principal(HiveHome.from_environment(), name)
    except PrincipalsUnusable as error:
        raise _failure(f"{name} was not removed", error) from None
    print_plain([f"removed {name}"])


def _failure(what: str, error: Exception) -> Exception:
    from hive_cli.failure import Failure

    return Failure(what, details=[str(error)])
