"""Settings of an account at OANDA (v20). The token is a secret and does not stand here.

How the venue is spoken to belongs to `hive_exec.brokers.oanda`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.contracts.base import AccountName, Contract

HEARTBEAT_S = 5
"""How often the venue sends a heartbeat on each of its streams (developer.oanda.com, streaming)."""

_HOSTS = {
    "practice": ("api-fxpractice.oanda.com", "stream-fxpractice.oanda.com"),
    "live": ("api-fxtrade.oanda.com", "stream-fxtrade.oanda.com"),
}
_SITES = {"practice": "101", "live": "001"}
_ADDRESS = re.compile(r"(?P<scheme>https?)://(?P<netloc>(?P<host>[A-Za-z0-9.-]+)(:[0-9]{1,5})?)", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class OandaSettings(Contract):
    """One v20 account: where it is, and how long to wait for it.

    The environment decides the addresses; `rest_url` and `stream_url` replace them only by an address on
    this machine, for a simulator. The token comes from the environment variable `token_variable`, or from
    the file that `<token_variable>_FILE` names. `hedging` is compared with what the venue says.
    `mt4_linked`: the venue forbids client ids on accounts linked to MetaTrader 4, and without these an order
    cannot be recognised again, so such an account is read and never traded. `settle_s` is how long after a
    request the venue may still act on it. Times in seconds.
    """

    name: AccountName
    kind: Literal["oanda"] = "oanda"
    environment: Literal["practice", "live"] = "practice"
    account_id: Annotated[str, Field(pattern=r"^(001|101)-[0-9]{3}-[0-9]{1,10}-[0-9]{3}$")]
    rest_url: str | None = None
    stream_url: str | None = None
    token_variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")] = "HIVE_OANDA_TOKEN"  # noqa: S105 - a name
    connect_timeout_s: Annotated[int, Field(ge=1, le=60)] = 5
    answer_timeout_s: Annotated[int, Field(ge=1, le=120)] = 10
    heartbeat_timeout_s: Annotated[int, Field(gt=HEARTBEAT_S, le=60)] = 10
    settle_s: Annotated[int, Field(ge=2, le=3_600)] = 60
    hedging: bool = False
    mt4_linked: bool = False

    @model_validator(mode="after")
    def _account_belongs_to_the_environment(self) -> Self:
        site = self.account_id[:3]
        if site != _SITES[self.environment]:
            raise ValueError(
                f"account_id begins with {site}, and accounts of the {self.environment} environment begin "
                f"with {_SITES[self.environment]}: set the environment that the account belongs to"
            )
        return self

    @model_validator(mode="after")
    def _addresses_belong_to_the_environment(self) -> Self:
        rest, stream = _HOSTS[self.environment]
        for field, url, host in (("rest_url", self.rest_url, rest), ("stream_url", self.stream_url, stream)):
            if url is not None:
                self._check_address(field, url, host)
        return self

    def _check_address(self, field: str, url: str, host: str) -> None:
        # Scheme and host, nothing else: no path, no query, no name and password.
        parts = _ADDRESS.fullmatch(url)
        if parts is not None and parts["scheme"] == "https" and parts["netloc"] == host:
            return
        is_local = parts is not None and parts["scheme"] == "http" and parts["host"] in _LOOPBACK
        if is_local and self.environment == "practice":
            return
        raise ValueError(
            f"{field}: {url!r} is no address of the {self.environment} environment, which is https://{host}"
            + (" (or a simulator at http://127.0.0.1)" if self.environment == "practice" else "")
        )

    @model_validator(mode="after")
    def _settles_after_the_answer_is_given_up(self) -> Self:
        given_up_s = self.connect_timeout_s + self.answer_timeout_s
        if self.settle_s <= given_up_s:
            raise ValueError(
                f"settle_s is {self.settle_s}, and a request is under way for up to {given_up_s} s "
                "(connect_timeout_s + answer_timeout_s): absence could be proved while it is still on its way"
            )
        return self

    @property
    def rest_base(self) -> str:
        """Address of the REST interface, without a slash at its end."""
        return (self.rest_url or f"https://{_HOSTS[self.environment][0]}").rstrip("/")

    @property
    def stream_base(self) -> str:
        """Address of the streams, without a slash at its end."""
        return (self.stream_url or f"https://{_HOSTS[self.environment][1]}").rstrip("/")
