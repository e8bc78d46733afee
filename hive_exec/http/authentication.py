"""Who asks: the bearer token of a request, checked, and what happens to those who have none.

Which role may do what stands in `hive_exec.principals`; which route asks for what, in the routes.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from hive_core.landing.home import HiveHome
from hive_exec.commands import CommandRefused
from hive_exec.http.requests import Headers
from hive_exec.principals import Permission, Principal, Principals, PrincipalsUnusable, read_principals

_log = logging.getLogger("hive_exec.principals")
_audit = logging.getLogger("hive_exec.audit")

RELOAD_EVERY_S = 1.0
MAX_FAILURES = 20
FAILURE_WINDOW_S = 60.0
MAX_TOKEN_BYTES = 256


class Gatekeeper:
    """Lets principals in, and nobody else. The file of principals is looked at again when it changes:
    within `RELOAD_EVERY_S`, and at once when somebody unknown asks.

    After `MAX_FAILURES` in `FAILURE_WINDOW_S` further failures are 429 and not told one by one: the log
    stays readable. A good token always counts: nobody can lock the owner out.
    """

    def __init__(
        self,
        home: HiveHome,
        principals: Principals,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._home = home
        self._principals = principals
        self._monotonic_s = monotonic_s
        self._on_failure = on_failure
        self._looked_s = monotonic_s()
        self._stamp = self._stamp_now()
        self._failures: deque[float] = deque(maxlen=MAX_FAILURES)

    def known(self) -> Principals:
        """Everyone who is let in now; another object after every change."""
        now_s = self._monotonic_s()
        if now_s - self._looked_s >= RELOAD_EVERY_S:
            self._look_again(now_s)
        return self._principals

    def admit(self, headers: Headers, permission: Permission, what: str) -> Principal:
        """The principal that asks for `what`, which needs `permission`.

        Raises:
            CommandRefused: 401 nobody we know, 403 one who may not, 429 too many of either.
        """
        self.known()
        now_s = self._monotonic_s()
        header = headers.get(b"authorization", b"")
        principal = self._who(header)
        if principal is None:  # perhaps added just now
            self._look_again(now_s)
            principal = self._who(header)
        if principal is None:
            self._count_failure(now_s, f"nobody known asked for {what}")
            raise CommandRefused(401, "Authorization", "a bearer token of a known principal is expected")
        if not principal.may(permission):
            self._count_failure(now_s, f"{principal.name} asked for {what} without the permission")
            raise CommandRefused(
                403,
                "Authorization",
                f"{principal.name} is {principal.role.value}, which may not {permission.value}",
            )
        return principal

    def reload(self) -> None:
        """Look at the file of principals now."""
        self._look_again(self._monotonic_s(), always=True)

    def _who(self, header: bytes) -> Principal | None:
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or not token or len(token) > MAX_TOKEN_BYTES:
            return None
        return self._principals.of_token(token.decode("latin-1"))

    def _count_failure(self, now_s: float, text: str) -> None:
        self._on_failure()
        is_full = len(self._failures) == MAX_FAILURES
        if is_full and now_s - self._failures[0] < FAILURE_WINDOW_S:
            raise CommandRefused(429, "Authorization", "too many failures; wait a minute")
        self._failures.append(now_s)
        _audit.warning("refused: %s", text)
        if is_full is False and len(self._failures) == MAX_FAILURES:
            _audit.warning("refused: further failures within %g s are counted, not told", FAILURE_WINDOW_S)

    def _look_again(self, now_s: float, *, always: bool = False) -> None:
        self._looked_s = now_s
        stamp = self._stamp_now()
        if stamp == self._stamp and not always:
            return
        self._stamp = stamp
        try:
            self._principals = read_principals(self._home)
        except PrincipalsUnusable as error:
            # Those known before stay known: an edit that went wrong must not take the kill switch away.
            _log.error("the principals stay as they were: %s", error)
            return
        _audit.info("principals read again: %s", ", ".join(p.name for p in self._principals.all))

    def _stamp_now(self) -> tuple[int, int, int, int] | None:
        try:
            found = self._home.principals_file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode
