"""Routes as data: what a route is, and finding the one that a request asks for.

Dispatch, permissions and the OpenAPI document are all made from the same `Route`; there is no other place
where a path could be served from.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel

from hive_core.contracts.base import Contract
from hive_exec.commands import CommandRefused
from hive_exec.http.answers import Answer
from hive_exec.http.face import Face
from hive_exec.http.later import Later
from hive_exec.http.queries import QueryItem
from hive_exec.http.requests import Request
from hive_exec.principals import Permission

Handler = Callable[[Face, Request], Awaitable[Answer] | Later]


class Everybody(StrEnum):
    """The declaration that a route needs no authentication. It must be made; silence is no declaration."""

    MAY_ASK = "everybody may ask"


class Lane(StrEnum):
    """Which routes can keep each other waiting. Each lane has places of its own."""

    CONTROL = "control"
    """Kill switch, health, what a person needs while all else is overloaded."""
    READ = "read"
    WRITE = "write"
    SIGNALS = "signals"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a path, `{name}`: what it may hold. Anything else is 404, with `field` as its name."""

    field: str
    pattern: str


ACCOUNT = Place("account", r"[a-z0-9][a-z0-9_-]{0,95}")
DECISION = Place("decision_id", r"[A-Za-z0-9._:-]{1,128}")
ORDER = Place("client_order_id", r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path: who may ask, who answers, what comes in and what goes out.

    `answers` maps each status of success to the shape of its body; None stands for one that is not JSON.
    `unlike_errors` are shapes of other statuses that do not have the error shape.
    """

    method: Literal["GET", "POST"]
    path: str
    permission: Permission | Everybody
    handler: Handler
    summary: str
    answers: Mapping[int, type[BaseModel] | None]
    refusals: tuple[int, ...] = ()
    body: type[Contract] | None = None
    query: tuple[QueryItem, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    is_idempotent: bool = False
    lane: Lane = Lane.READ


class RouteTable:
    """The routes, found by method and path."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._fixed: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            methods = by_path.setdefault(route.path, {})
            if route.method in methods:
                raise ValueError(f"{route.method} {route.path} is routed twice")
            if set(re.findall(r"\{(\w+)\}", route.path)) != set(route.places):
                raise ValueError(f"{route.path}: its places are not those that it declares")
            methods[route.method] = route
        for path, methods in by_path.items():
            if "{" not in path:
                self._fixed[path] = methods
                continue
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            self._patterns.append((re.compile(pattern), methods))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request and what stands in the places of its path.

        Raises:
            CommandRefused: 404 no such path.
            WrongMethod: the path has other methods.
        """
        places: dict[str, str] = {}
        methods = self._fixed.get(path)
        if methods is None:
            for pattern, candidates in self._patterns:
                found = pattern.fullmatch(path)
                if found is not None:
                    methods, places = candidates, found.groupdict()
                    break
            else:
                raise CommandRefused(404, "path", "Not Found")
        route = methods.get(method)
        if route is None:
            raise WrongMethod(", ".join(sorted(methods)))
        return route, places


def check_places(route: Route, places: dict[str, str]) -> None:
    """What stands in a path must be what can stand there. After authentication: a stranger learns nothing.

    Raises:
        CommandRefused: 404.
    """
    for name, text in places.items():
        place = route.places[name]
        if not re.fullmatch(place.pattern, text, re.ASCII):
            raise CommandRefused(404, place.field, f"{place.field} is never called so")


class WrongMethod(Exception):
    """The path is there, but not for this method. `allowed` is what the Allow header says."""

    def __init__(self, allowed: str) -> None:
        super().__init__(f"only {allowed}")
        self.allowed = allowed
