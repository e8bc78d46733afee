"""OPA's Data API over the real Go engine (opa-golib-python-bindings): for tests.

Runs in an environment of its own, with nothing of Hive in it. Its argument is the folder that is served; it
says its port. Parsing, compiling and evaluating are OPA's. Written here after the published semantics (REST
API, "Get a Document (with Input)" and "Errors") are paths, statuses, `{}` for undefined, and errors.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from opa_bindings import OpaEngine, OpaError, OpaUndefinedError

PREFIX = "/v1/data"


class Handler(BaseHTTPRequestHandler):
    """One request. Built-in errors are always errors here: a client must ask for that, as ours does."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    engine: OpaEngine

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/health":
            self.answer(200, {})
        else:
            self.fail(404, "resource_not_found", "only /health is asked for by GET here")

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not address.path.startswith(PREFIX):
            self.fail(404, "resource_not_found", "no such route")
            return
        if parse_qs(address.query).get("strict-builtin-errors") != ["true"]:
            self.fail(400, "invalid_parameter", "this stand-in evaluates with strict-builtin-errors only")
            return
        try:
            document = json.loads(body) if body else {}
            if not isinstance(document, dict):
                raise ValueError("the body is no object")
        except ValueError as error:
            self.fail(400, "invalid_parameter", f"body contains malformed input document: {error}")
            return
        warning = {"code": "api_usage_warning", "message": "'input' key missing from the request"}
        envelope = {} if "input" in document else {"warning": warning}
        path = ".".join(part for part in address.path.removeprefix(PREFIX).split("/") if part)
        try:
            envelope["result"] = self.engine.eval_document(path, document.get("input"))
        except OpaUndefinedError:
            pass  # no result is what undefined looks like
        except OpaError as error:
            self.fail(500, "internal_error", f"error(s) occurred while evaluating query: {error}")
            return
        self.answer(200, envelope)

    def fail(self, status: int, code: str, message: str) -> None:
        self.answer(status, {"code": code, "message": message})

    def answer(self, status: int, body: object) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


def serve(folder: Path) -> None:
    """Serve the policies and the data of a folder until the process is ended."""
    Handler.engine = OpaEngine()
    for path in sorted(folder.iterdir()):
        if path.suffix == ".rego":
            Handler.engine.add_policy(path.name, path.read_text("utf-8"))
        elif path.suffix == ".json":
            Handler.engine.add_data(json.loads(path.read_bytes()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)  # noqa: T201 - the port is what this says
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
