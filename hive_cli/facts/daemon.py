"""What the execution daemon says over HTTP: health, accounts, orders, reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hive_cli.facts.http import local_client

if TYPE_CHECKING:
    import httpx

    from hive_cli.settings import Settings

PAGE = 500


class DaemonUnreachable(Exception):
    """The daemon does not answer, or not as it should. `what` says so in a few words."""

    what = "the daemon does not answer"
    next_step = "hive up, or hive exec"


class DaemonForbids(DaemonUnreachable):
    """It is there, and does not let us in."""

    what = "the daemon is up, and does not let us in"
    next_step = (
        "hive principals list shows whom it knows; --as NAME asks as one of them, where a command has it"
    )


class DaemonRefused(Exception):
    """The daemon understood, and will not."""


class DaemonFacts:
    """Questions to the execution daemon. Use as a context manager."""

    def __init__(
        self, base_url: str, *, timeout_s: float = 10.0, headers: Mapping[str, str] | None = None
    ) -> None:
        self._url = base_url
        self._client = local_client(base_url, timeout_s=timeout_s, headers=headers)

    def __enter__(self) -> DaemonFacts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def _get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        import httpx

        try:
            answer = self._client.get(path, params=parameters)
        except httpx.HTTPError as error:
            raise DaemonUnreachable(f"{self._url}{path}: {error}") from None
        if answer.status_code == 404:
            raise KeyError(path)
        self._refuse_if_forbidden(path, answer)
        if answer.status_code != 200:
            raise DaemonUnreachable(f"{self._url}{path}: HTTP {answer.status_code} {answer.text[:200]}")
        try:
            body = answer.json()
        except ValueError:
            raise DaemonUnreachable(f"{self._url}{path}: the answer is not JSON") from None
        if not isinstance(body, dict):
            raise DaemonUnreachable(f"{self._url}{path}: the answer is not an object")
        return body

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Order something.

        Raises:
            DaemonRefused: it will not; its reason is the text.
            DaemonUnreachable: it does not answer.
        """
        import httpx

        try:
            answer = self._client.post(path, json=None if body is None else dict(body))
        except httpx.HTTPError as error:
            raise DaemonUnreachable(f"{self._url}{path}: {error}") from None
        try:
            found = answer.json()
        except ValueError:
            raise DaemonUnreachable(f"{self._url}{path}: the answer is not JSON") from None
        self._refuse_if_forbidden(path, answer)
        if answer.status_code >= 500 or not isinstance(found, dict):
            raise DaemonUnreachable(f"{self._url}{path}: HTTP {answer.status_code} {answer.text[:200]}")
        if answer.status_code >= 400:
            raise DaemonRefused(str(found["error"]["reason"]))
        return found

    def _refuse_if_forbidden(self, path: str, answer: httpx.Response) -> None:
        if answer.status_code == 401:
            raise DaemonForbids(f"{self._url}{path}: HTTP 401 {answer.text[:200]}")

    def modes(self) -> dict[str, Any]:
        """Kill switch, breakers, health and modes."""
        return self._get("/modes")

    def reviews(self) -> list[dict[str, Any]]:
        """Decisions that wait for a person."""
        return list(self._get("/reviews")["reviews"])

    def positions(self) -> list[dict[str, Any]]:
        """What is open, ours or not."""
        return list(self._get("/positions")["positions"])

    def health(self) -> dict[str, Any]:
        """Status, version, mode, the head of the journal, the process id."""
        return self._get("/health")

    def accounts(self) -> list[dict[str, Any]]:
        """Every account with its clock, balance, equity and headroom."""
        return list(self._get("/accounts")["accounts"])

    def account(self, name: str) -> dict[str, Any]:
        """One account with every limit of its rules, used and left."""
        return self._get(f"/accounts/{name}")

    def orders(self, account: str | None = None) -> list[dict[str, Any]]:
        """Every order, or those of one account."""
        return list(self._get("/orders", **({"account": account} if account else {}))["orders"])

    def order(self, client_order_id: str) -> dict[str, Any]:
        """One order with its records and the delivery that caused it.

        Raises:
            KeyError: there is no such order.
        """
        return self._get(f"/orders/{client_order_id}")

    def reports(self, *, after_seq: int = 0) -> list[dict[str, Any]]:
        """Every report after a sequence number."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._get("/reports", after_seq=after_seq, limit=PAGE)
            reports = list(page["reports"])
            found.extend(reports)
            if not reports or reports[-1]["seq"] >= page["head_seq"]:
                return found
            after_seq = int(reports[-1]["seq"])


@contextmanager
def daemon_of(settings: Settings, principal: str | None = None) -> Iterator[DaemonFacts]:
    """The daemon of this home, proven to answer, asked as the owner or as another principal of the home.

    Raises:
        DaemonUnreachable: nothing answers on its port, the daemon of another home does, or our token
            cannot be used.
    """
    from hive_core.landing.daemon_token import OWNER, TokenUnusable, bearer_headers

    try:
        headers = bearer_headers(settings.home, principal or OWNER)
    except TokenUnusable as error:
        raise DaemonUnreachable(f"{settings.exec_url}: {error}") from None
    with DaemonFacts(settings.exec_url, headers=headers) as daemon:
        home = daemon.health().get("home", str(settings.home.root))
        if home != str(settings.home.root):
            raise DaemonUnreachable(f"{settings.exec_url} is the daemon of {home}")
        yield daemon
