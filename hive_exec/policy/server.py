"""Policies evaluated by an OPA server: POST /v1/data/<path> (openpolicyagent.org, REST API, "Data API").

The server says which policies answered: its data holds the revision (`PolicyBundle.served_files`), and the
same evaluation repeats it. That finds a server with older or other policies; it is no proof against one that
lies.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import httpx

from hive_core.contracts.base import ContractError, strict_json
from hive_core.evidence.canonical import Spelled, canonical_bytes
from hive_exec.policy.answer import NoAnswer, PolicyAnswer, PolicyCode
from hive_exec.policy.deadline import Deadline
from hive_exec.policy.port import answer_of
from hive_exec.policy.question import Question
from hive_exec.policy.reading import ENTRY

ANSWER_TIMEOUT_S = 1.0
MAX_ANSWER_BYTES = 16 * 1024
"""A decision with sixty-four reasons is under 5 KiB."""

_ADDRESS = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[::1\])(:[0-9]{1,5})?", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ServerEngine:
    """A policy engine at an address."""

    def __init__(
        self,
        address: str,
        revision: str,
        *,
        timeout_s: float = ANSWER_TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Nothing is sent yet.

        Args:
            address: `https://host[:port]`, or `http://` and this machine (127.0.0.1, localhost, [::1]).
            revision: of the policies that must answer, `PolicyBundle.revision`.
            timeout_s: for the whole answer, connecting included.

        Raises:
            ValueError: another address, or no SHA-256.
        """
        parts = _ADDRESS.fullmatch(address)
        if parts is None or (parts["scheme"] == "http" and parts["host"] not in _LOOPBACK):
            raise ValueError(f"{address!r} is neither https://host[:port] nor http:// on this machine")
        if not _SHA256.fullmatch(revision):
            raise ValueError("a revision is a SHA-256 in hexadecimal digits")
        self._revision = revision
        self._timeout_s = timeout_s
        self._url = f"{address}/v1/data/{'/'.join(ENTRY)}"
        self._deadline = Deadline("hive-policy-server", timeout_s)
        self._client = httpx.Client(
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",  # no body can grow while it is unpacked
                "User-Agent": "hive",
            },
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=5.0),
            timeout=httpx.Timeout(timeout_s),
            transport=transport,
        )

    @property
    def revision(self) -> str:
        """The SHA-256 of the policies that are expected to answer."""
        return self._revision

    def decide(self, document: Mapping[str, Any]) -> PolicyAnswer:
        """Ask about one order, once; whatever fails denies."""
        return answer_of(document, self._revision, self._decision, self._deadline)

    def close(self) -> None:
        """Let go of the connection; answer nothing any more."""
        self._deadline.close()
        self._client.close()

    def _decision(self, question: Question) -> object:
        content = canonical_bytes({"input": Spelled(question.payload)})
        until = time.monotonic() + self._timeout_s
        try:
            with self._client.stream(
                "POST",
                self._url,
                # A built-in that fails is an error then, as it is in process, and not merely undefined.
                params={"strict-builtin-errors": "true"},
                content=content,
                headers={"Content-Type": "application/json"},
            ) as response:
                _check_head(response)
                body = _whole_body(response, until)
        except httpx.TimeoutException as error:
            raise NoAnswer(PolicyCode.TIMED_OUT, type(error).__name__) from None
        except httpx.TransportError as error:
            raise NoAnswer(PolicyCode.UNREACHABLE, type(error).__name__) from None
        return _result_of(body)


def _check_head(response: httpx.Response) -> None:
    status = response.status_code
    if 300 <= status < 400:
        raise NoAnswer(PolicyCode.REDIRECTED, f"status {status}")
    if status != 200:
        raise NoAnswer(PolicyCode.UNEXPECTED_STATUS, f"status {status}")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or response.headers.get("Content-Encoding", "identity") != "identity":
        raise NoAnswer(PolicyCode.MALFORMED_ANSWER, "the body is no plain application/json")


def _whole_body(response: httpx.Response, until: float) -> bytes:
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise NoAnswer(PolicyCode.ANSWER_TOO_BIG, f"more than {MAX_ANSWER_BYTES} bytes")
        if time.monotonic() > until:
            raise NoAnswer(PolicyCode.TIMED_OUT, "the body did not end in time")
    return body


def _result_of(body: bytes) -> object:
    """The result in OPA's envelope. `decision_id` is OPA's own, there where it logs decisions."""
    try:
        envelope = strict_json(body, max_bytes=MAX_ANSWER_BYTES)
    except ContractError as error:
        raise NoAnswer(PolicyCode.MALFORMED_ANSWER, str(error)) from None
    if not isinstance(envelope, dict):
        raise NoAnswer(PolicyCode.MALFORMED_ANSWER, "the body is no object")
    logged = envelope.pop("decision_id", "")
    if not envelope:
        raise NoAnswer(PolicyCode.UNDEFINED, "the server has no such decision")
    if envelope.keys() != {"result"} or not isinstance(logged, str):
        raise NoAnswer(PolicyCode.MALFORMED_ANSWER, "the body is no object of result")
    result: object = envelope["result"]
    return result
