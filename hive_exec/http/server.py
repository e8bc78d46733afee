"""The server under the application: uvicorn with our protocol, on uvloop where there is one."""

from __future__ import annotations

import uvicorn

from hive_exec.http.application import Application
from hive_exec.http.protocol import DaemonProtocol

STOP_TIMEOUT_S = 5


def server_of(app: Application, host: str, port: int) -> uvicorn.Server:
    """A server, not started yet. Names and addresses in headers of proxies count for nothing: there is no
    proxy before a daemon on loopback."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=DaemonProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
        )
    )
