"""The daemon's HTTP face: a table of routes, and a plain ASGI application made from it.

Strict parsing in, one error shape out. A handler is a thin shell over the service functions, which run
in the cell's thread.
"""

from hive_exec.http.application import create_app
from hive_exec.http.queries import MAX_PAGE

__all__ = ["MAX_PAGE", "create_app"]
