"""The client of the bridge: connect, prove the token, ask one thing, hear one answer.

What is asked and what an answer means belong to `terminal`. A channel reconnects before a question, never
during one: what was cut off is not sent again.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
from typing import Any, BinaryIO

from hive_core.contracts.base import ContractError, strict_json
from hive_exec.brokers.metatrader.bridge import BUSY, MAX_ANSWER_BYTES, PROTOCOL, mac_of

CONNECT_S = 5.0


class NotAsked(Exception):
    """The question certainly did not reach the vendor's package. `is_passing` as of `port.NotSent`."""

    def __init__(self, text: str, *, is_passing: bool = False) -> None:
        super().__init__(text)
        self.is_passing = is_passing


class NoAnswer(Exception):
    """The question may have been called, and its answer is not known."""


class Channel:
    """One connection to the bridge, made on first use and after each loss. For one thread."""

    def __init__(self, host: str, port: int, token: str, answer_timeout_s: float) -> None:
        self._address = (host, port)
        self._token = token.encode()
        self._answer_timeout_s = answer_timeout_s
        self._socket: socket.socket | None = None
        self._lines: BinaryIO | None = None
        self._key = b""
        self._number = 0

    def ask(self, function: str, arguments: dict[str, Any]) -> tuple[Any, str]:
        """Call a function of the vendor's package.

        Returns:
            its result, floats as the decimals that their `repr` spells, and its `last_error` as text.

        Raises:
            NotAsked: no connection, or the bridge says that it did not call.
            NoAnswer: connection lost, time-out, or an answer that is none, after the first byte was sent.
        """
        self._connect()
        number, self._number = self._number, self._number + 1
        body = json.dumps({"id": number, "function": function, "arguments": arguments})
        line = f"{mac_of(self._key, 'request', str(number), body)} {body}\n".encode()
        connection, lines = self._held()
        try:
            connection.sendall(line)
            raw = lines.readline(MAX_ANSWER_BYTES + 128)
            answer = self._read(raw, number)
        except (OSError, ContractError, UnicodeDecodeError) as error:
            self.close()
            raise NoAnswer(f"{function}: {error or type(error).__name__}") from None
        if answer.get("called") is not True:
            # Also an answer that does not say: only an explicit "not called" is one.
            if answer.get("called") is False:
                raise NotAsked(f"{function}: {answer.get('error')}", is_passing=answer.get("error") == BUSY)
            self.close()
            raise NoAnswer(f"{function}: an answer that does not say whether it called")
        if "error" in answer or "result" not in answer:
            raise NoAnswer(f"{function}: {answer.get('error', 'an answer without a result')}")
        return answer["result"], str(answer.get("last_error"))

    def close(self) -> None:
        """Let go of the connection; the next question makes another."""
        if self._lines is not None:
            self._lines.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._lines = None

    def _held(self) -> tuple[socket.socket, BinaryIO]:
        if self._socket is None or self._lines is None:
            raise NotAsked("no connection to the bridge")
        return self._socket, self._lines

    def _read(self, raw: bytes, number: int) -> dict[str, Any]:
        if not raw.endswith(b"\n"):
            raise ContractError("", "the bridge closed the connection" if not raw else "an answer cut off")
        mac, _, body = raw[:-1].decode("utf-8").partition(" ")
        expected = mac_of(self._key, "answer", str(number), body)
        if not hmac.compare_digest(mac.encode(), expected.encode()):
            raise ContractError("", "an answer that the bridge did not write")
        answer = strict_json(body.encode(), max_bytes=MAX_ANSWER_BYTES)
        if not isinstance(answer, dict) or answer.get("id") != number:
            raise ContractError("", "an answer to another question")
        return answer

    def _connect(self) -> None:
        if self._socket is not None:
            return
        host, port = self._address
        try:
            self._socket = socket.create_connection(self._address, timeout=CONNECT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._lines = self._socket.makefile("rb")
            self._shake_hands(self._socket, self._lines)
            self._socket.settimeout(self._answer_timeout_s)
        except NotAsked:
            self.close()
            raise
        except (OSError, ContractError, UnicodeDecodeError) as error:
            self.close()
            raise NotAsked(
                f"the bridge at {host}:{port} cannot be reached: {error}",
                is_passing=isinstance(error, OSError),
            ) from None

    def _shake_hands(self, connection: socket.socket, lines: BinaryIO) -> None:
        """Both prove that they know the token, the client first; a server that does not is left."""
        theirs = self._said(lines)
        if theirs.get("bridge") != PROTOCOL or not isinstance(theirs.get("nonce"), str):
            raise NotAsked(f"what answers there is not Hive's bridge ({PROTOCOL})")
        ours = secrets.token_hex(32)
        mac = mac_of(self._token, "client", theirs["nonce"], ours)
        connection.sendall(json.dumps({"nonce": ours, "mac": mac}).encode() + b"\n")
        proof = self._said(lines).get("mac")
        expected = mac_of(self._token, "server", theirs["nonce"], ours)
        if not isinstance(proof, str) or not hmac.compare_digest(proof.encode(), expected.encode()):
            raise NotAsked("the bridge and Hive do not hold the same token")
        self._key = bytes.fromhex(mac_of(self._token, "session", theirs["nonce"], ours))
        self._number = 0

    @staticmethod
    def _said(lines: BinaryIO) -> dict[str, Any]:
        raw = lines.readline(4096)
        if not raw.endswith(b"\n"):
            text = "the bridge closed the connection (it serves four clients at most)"
            raise NotAsked(text, is_passing=True)
        said = strict_json(raw[:-1])
        if not isinstance(said, dict):
            raise NotAsked("what answers there is not Hive's bridge")
        return said
