"""The bridge: a small server beside the MetaTrader 5 terminal, on Windows. It needs no other file of Hive.

    set HIVE_METATRADER_BRIDGE_TOKEN=<at least 32 characters>
    python -m hive_exec.brokers.metatrader.bridge        (or: python bridge.py)

It lets its one kind of client call a closed list of the vendor's functions, with arguments of known names
and types, and answers in JSON. Remote-object libraries (rpyc in its classic mode, pickle over a socket) hand
whoever connects the whole interpreter, and are why this exists.

Wire: lines of UTF-8 over TCP, one request, one answer. First a challenge both ways with HMAC-SHA256 of a
shared token; then every line is `<mac> <json>`, its mac made with a key of this connection over direction
and number, so that no line can be altered, repeated or left out. Nothing is encrypted: away from loopback,
put a tunnel round it. It logs in nowhere: a person logs the terminal in. It decides nothing about trading.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import importlib
import ipaddress
import json
import math
import os
import re
import secrets
import socket
import sys
import threading
from typing import Any

PROTOCOL = "hive-metatrader-1"
TOKEN_VARIABLE = "HIVE_METATRADER_BRIDGE_TOKEN"  # noqa: S105  (the name of a variable, not a token)
DEFAULT_PORT = 18813
MIN_TOKEN_CHARACTERS = 32
MAX_REQUEST_BYTES = 16 * 1024
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_CONNECTIONS = 4
SLOT_S = 1.0
HANDSHAKE_S = 5.0
IDLE_S = 600.0
BUSY_S = 5.0
"""How long a request may wait for the one before it. Later it is refused, uncalled: its client is about to
give up, and an order must not be sent behind its back."""
BUSY = "the terminal is busy"

EXIT_CONFIGURATION = 78
EXIT_UNAVAILABLE = 69

_INTEGERS = frozenset(
    {"action", "magic", "order", "deviation", "type", "type_filling", "type_time", "expiration", "position"}
)
_DECIMALS = frozenset({"volume", "price", "sl", "tp"})
_TEXTS = frozenset({"symbol", "comment"})
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?", re.ASCII)
_TEXT = re.compile(r"[\x20-\x7e]{0,64}", re.ASCII)
_WINDOW = frozenset({"date_from", "date_to"})

FUNCTIONS: dict[str, tuple[frozenset[str], ...]] = {
    "account_info": (frozenset(),),
    "terminal_info": (frozenset(),),
    "symbol_info": (frozenset({"symbol"}),),
    "symbol_info_tick": (frozenset({"symbol"}),),
    "symbol_select": (frozenset({"symbol"}),),
    "order_check": (frozenset({"request"}),),
    "order_send": (frozenset({"request"}),),
    "orders_get": (frozenset(),),
    "positions_get": (frozenset(),),
    "history_orders_get": (_WINDOW, frozenset({"ticket"}), frozenset({"position"})),
    "history_deals_get": (_WINDOW, frozenset({"ticket"}), frozenset({"position"})),
}
"""What may be called, and the sets of arguments that each takes."""


class Refused(ValueError):
    """A request that is not called. The text says why."""


class Broken(Exception):
    """The connection is not worth another line: garbage, a wrong token, an altered line."""


def mac_of(key: bytes, *parts: str) -> str:
    """HMAC-SHA256 over texts, unambiguous about where one ends, as 64 hexadecimal digits."""
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise Refused("a key stands twice")
    return held


def _no_float(text: str) -> Any:
    raise Refused(f"{text[:32]}: prices and volumes travel as text")


def strict(text: str) -> dict[str, Any]:
    """A JSON object without floats, constants or duplicate keys.

    Raises:
        Refused: anything else.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_float=_no_float, parse_constant=_no_float
        )
    except Refused:
        raise
    except (ValueError, RecursionError):
        raise Refused("not JSON") from None
    if not isinstance(value, dict):
        raise Refused("not a JSON object")
    return value


def _integer(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    raise Refused(f"{name}: a whole number from 0 to 2^63 - 1 is expected")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise Refused(f"{name}: at most 64 printable ASCII characters are expected")
    return value


def _order_request(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise Refused("request: a JSON object is expected")
    made: dict[str, Any] = {}
    for name, held in value.items():
        if name in _INTEGERS:
            made[name] = _integer(name, held)
        elif name in _TEXTS:
            made[name] = _text(name, held)
        elif name in _DECIMALS:
            if not isinstance(held, str) or not _DECIMAL.fullmatch(held):
                raise Refused(f'{name}: a decimal travels as text, such as "1.0523"')
            # The vendor's package takes C doubles: the nearest one is what it would make of the text.
            made[name] = float(held)
        else:
            raise Refused(f"request: {name[:32]!r} is no field of a trade request")
    return made


def checked(request: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """The function that a request names, with positional and named arguments as the vendor wants them.

    Raises:
        Refused: an unknown function, or arguments that it does not take.
    """
    if request.keys() != {"id", "function", "arguments"}:
        raise Refused("id, function and arguments are expected")
    name, given = request["function"], request["arguments"]
    if not isinstance(name, str) or name not in FUNCTIONS:
        raise Refused(f"function {str(name)[:32]!r} is not on the list")
    if not isinstance(given, dict) or frozenset(given) not in FUNCTIONS[name]:
        raise Refused(f"{name} does not take these arguments")
    if "request" in given:
        return name, [_order_request(given["request"])], {}
    if name == "symbol_select":
        return name, [_text("symbol", given["symbol"]), True], {}
    if "symbol" in given:
        return name, [_text("symbol", given["symbol"])], {}
    if "date_from" in given:
        return name, [_integer(side, given[side]) for side in ("date_from", "date_to")], {}
    return name, [], {key: _integer(key, value) for key, value in given.items()}


def plain(value: Any) -> Any:
    """What the vendor answers, as JSON can hold it. A float stays the float it is: JSON spells it by
    `repr`, the shortest text that means it, which the other side reads as a decimal.

    Raises:
        TypeError: something that is no number, text, row or list.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        # Null where a number is expected is refused by who reads it, and rows have fields that nobody reads.
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "_asdict"):
        return {key: plain(held) for key, held in value._asdict().items()}
    if isinstance(value, (tuple, list)):
        return [plain(held) for held in value]
    raise TypeError(f"{type(value).__name__} cannot be sent")


class Bridge:
    """The server. `package` is the vendor's module, or one that behaves like it."""

    def __init__(self, package: Any, token: str, host: str, port: int) -> None:
        self._package = package
        self._token = token.encode()
        # The package speaks to the terminal over one pipe and promises nothing about threads.
        self._one_call = threading.Lock()
        self._slots = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._listener = socket.create_server((host, port))
        # On Windows an accept that waits for ever cannot be interrupted from the keyboard.
        self._listener.settimeout(1)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]

    def serve(self) -> None:
        """Accept clients until `close`."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            # A client that comes back at once may find its own last connection not yet cleared away.
            if not self._slots.acquire(timeout=SLOT_S):
                connection.close()
                continue
            threading.Thread(target=self._client, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Stop accepting."""
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _client(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(HANDSHAKE_S)
                key = self._shake_hands(connection, lines)
                connection.settimeout(IDLE_S)
                number = 0
                while self._one_request(connection, lines, key, number):
                    number += 1
        except (Broken, OSError) as error:
            sys.stderr.write(f"bridge: a connection ended: {error}\n")
        finally:
            self._slots.release()

    def _shake_hands(self, connection: socket.socket, lines: Any) -> bytes:
        ours = secrets.token_hex(32)
        _send(connection, json.dumps({"bridge": PROTOCOL, "nonce": ours}))
        try:
            said = strict(_line(lines))
        except Refused:
            raise Broken("no handshake") from None
        theirs, mac = said.get("nonce"), said.get("mac")
        if not isinstance(theirs, str) or not isinstance(mac, str) or len(theirs) != 64:
            raise Broken("no handshake")
        expected = mac_of(self._token, "client", ours, theirs)
        if not hmac.compare_digest(mac.encode("utf-8", "replace"), expected.encode()):
            _send(connection, json.dumps({"error": "denied: the token is another one"}))
            raise Broken("a client with a wrong token")
        _send(connection, json.dumps({"mac": mac_of(self._token, "server", ours, theirs)}))
        return bytes.fromhex(mac_of(self._token, "session", ours, theirs))

    def _one_request(self, connection: socket.socket, lines: Any, key: bytes, number: int) -> bool:
        line = _line(lines)
        if not line:
            return False
        mac, _, body = line.partition(" ")
        expected = mac_of(key, "request", str(number), body)
        if not hmac.compare_digest(mac.encode("utf-8", "replace"), expected.encode()):
            raise Broken("a line that its sender did not write")
        answer = self._answer(body)
        _send(connection, f"{mac_of(key, 'answer', str(number), answer)} {answer}")
        return True

    def _answer(self, body: str) -> str:
        identity: Any = None
        try:
            request = strict(body)
            identity = _integer("id", request.get("id"))
            name, positional, named = checked(request)
        except Refused as refusal:
            return json.dumps({"id": identity, "called": False, "error": str(refusal)})
        if not self._one_call.acquire(timeout=BUSY_S):
            return json.dumps({"id": identity, "called": False, "error": BUSY})
        try:
            result = plain(getattr(self._package, name)(*positional, **named))
            held = {"result": result, "last_error": plain(self._package.last_error())}
            answer = json.dumps({"id": identity, "called": True, **held}, allow_nan=False)
        except Exception as error:  # noqa: BLE001  (whatever the package raises, the client must hear of it)
            answer = json.dumps({"id": identity, "called": True, "error": f"{type(error).__name__}: {error}"})
        finally:
            self._one_call.release()
        if len(answer) > MAX_ANSWER_BYTES:
            return json.dumps({"id": identity, "called": True, "error": "the answer is too long"})
        return answer


def _line(lines: Any) -> str:
    """One line without its end; "" where the other side has closed.

    Raises:
        Broken: longer than allowed, cut off, or not UTF-8.
    """
    raw: bytes = lines.readline(MAX_REQUEST_BYTES + 1)
    if not raw:
        return ""
    if not raw.endswith(b"\n"):
        raise Broken("a line that is too long" if len(raw) > MAX_REQUEST_BYTES else "a line cut off")
    try:
        return raw[:-1].decode("utf-8")
    except UnicodeDecodeError:
        raise Broken("a line that is not UTF-8") from None


def _send(connection: socket.socket, line: str) -> None:
    connection.sendall(line.encode() + b"\n")


def _stop(text: str, code: int) -> int:
    sys.stderr.write(f"ERROR {text}\n")
    return code


def main(arguments: list[str] | None = None) -> int:
    """Serve in the foreground.

    Returns:
        78 when a setting or the vendor's package is missing, 69 when the terminal cannot be reached.
    """
    parser = argparse.ArgumentParser(description="Hive's bridge to a MetaTrader 5 terminal on this machine.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: loopback only)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--terminal", help="path of terminal64.exe, where several are installed")
    chosen = parser.parse_args(arguments)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if len(token) < MIN_TOKEN_CHARACTERS:
        return _stop(
            f"{TOKEN_VARIABLE} holds {len(token)} characters, at least {MIN_TOKEN_CHARACTERS} are needed.\n"
            '  next: python -c "import secrets; print(secrets.token_hex(32))", and set it here and there',
            EXIT_CONFIGURATION,
        )
    try:
        package = importlib.import_module("MetaTrader5")
    except ImportError as error:
        return _stop(
            f"the package MetaTrader5 cannot be imported: {error}\n"
            "  next: run the bridge on the Windows machine of the terminal, after: pip install MetaTrader5",
            EXIT_CONFIGURATION,
        )
    if not (package.initialize(chosen.terminal) if chosen.terminal else package.initialize()):
        return _stop(
            f"the terminal cannot be reached: {package.last_error()}\n"
            "  next: start MetaTrader 5, log in, and allow algorithmic trading",
            EXIT_UNAVAILABLE,
        )
    bridge = Bridge(package, token, chosen.host, chosen.port)
    host, port = bridge.address
    sys.stdout.write(f"bridge listens on {host}:{port}\n")
    sys.stdout.flush()
    if not ipaddress.ip_address(host).is_loopback:
        sys.stderr.write("bridge: not on loopback, and nothing is encrypted: put a tunnel round it\n")
    try:
        bridge.serve()
    except KeyboardInterrupt:
        bridge.close()
    finally:
        package.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
